"""Old links lead to new tickets: by the page, from a disk and from a server, and by the maps of web servers."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from migrator_lib.handoff import redirects
from migrator_lib.handoff.redirects import OldLink, Redirects, hashed, write_links
from migrator_lib.ledger import Entry, Ledger
from tests.browser_support import Chromium, chromium  # noqa: F401, a fixture
from tests.shop import Shop

BASE = "https://demo.gorgias.invalid/app/ticket/"
LINKS = (
    OldLink("ticket", "168-24F24A57-000E", 7, "1000"),
    OldLink("ticket", "069-24F284AF-0020", 8, "1001"),
    OldLink("merged ticket", "001-24F284B0-0021", 8, "1001"),
    OldLink("live chat", "C-55", 7, "2000"),
    OldLink("ticket", '~odd"</script>&<Ü$1', 9, "1002"),
    OldLink("call log", "default", 4, "3000"),
    OldLink("article", "/kb/a7/", 7, "https://help.example/en-US/returns-12"),
    OldLink("article", "/kb/a8/", 8, ""),
)
LEADING = LINKS[:-1]


def write(folder: Path, links: tuple[OldLink, ...] = LINKS) -> Redirects:
    return write_links(lambda: iter(links), BASE, "Fernhill & Sons", folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Redirects:
    return write(tmp_path_factory.mktemp("redirects"))


def scripts(made: Redirects) -> dict[str, str]:
    return {file.stem: file.read_text() for file in (made.page.parent / "redirects").iterdir()}


# --- what is written -----------------------------------------------------------------------------------


def test_every_number_is_in_the_one_script_of_its_hash(made: Redirects) -> None:
    found = scripts(made)
    for link in LEADING:
        (name,) = (name for name, text in found.items() if f'"{link.target_id}"' in text and "Ü" not in text
                   and hashed(link.number).startswith(name))  # fmt: skip
        assert len(name) == 1


def test_the_hash_is_fnv_1a_whatever_the_case_and_spaces() -> None:
    assert hashed("") == "811c9dc5"
    assert hashed(" a ") == hashed("A") == f"{((0x811C9DC5 ^ ord('A')) * 0x01000193) & 0xFFFFFFFF:08x}"


def test_many_numbers_are_spread_so_that_no_script_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "CHUNK", 50)
    many = tuple(OldLink("ticket", f"100-{n:08X}-{n % 65536:04X}", n, str(n)) for n in range(10_000))
    found = scripts(write(tmp_path, many))
    sizes = [text.count("\n") for text in found.values()]
    assert sum(sizes) == 10_000
    assert len(found) == 256
    assert max(sizes) < 2 * redirects.CHUNK


def test_numbers_that_are_not_there_any_more_go_when_it_is_written_again(tmp_path: Path) -> None:
    write(tmp_path)
    made = write(tmp_path, LINKS[:1])
    assert "".join(scripts(made).values()).count("found(") == 1
    assert "1001" not in made.nginx.read_text()


def test_the_list_opens_in_a_spreadsheet(made: Redirects) -> None:
    with made.table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0] == {"what": "ticket", "old_number": "168-24F24A57-000E", "old_id": "7", "new_address": f"{BASE}1000"}
    assert len(rows) == len(LINKS)
    assert [row["new_address"] for row in rows[-2:]] == ["https://help.example/en-US/returns-12", ""]


def test_the_map_of_iis_is_xml_with_every_number_once(tmp_path: Path) -> None:
    again = OldLink("live chat", "168-24f24a57-000e", 99, "4000")
    tree = ET.parse(write(tmp_path, (*LINKS, again)).iis)
    found = {one.attrib["key"]: one.attrib["value"] for one in tree.iter("add")}
    numbers = {link.number: BASE + link.target_id for link in LEADING if link.what != "article"}
    assert found == {**numbers, "7": "https://help.example/en-US/returns-12"}


def test_only_what_is_in_gorgias_leads_there(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("Tickets", *({"TicketID": n, "TicketNumber": f"N-{n}"} for n in (1, 2, 3, 4)))
    shop.add("Tickets", {"TicketID": 5, "TicketNumber": None}).add("TicketMerges", {"TicketID": 1, "TicketNumber": "M"})
    shop.add("Chats", {"ChatID": 1, "ChatNumber": "C-1"}).add("CallLogs", {"CallLogID": 1, "CallNumber": "L-1"})
    ledger = Ledger.in_folder(tmp_path / "state", inline=True)
    ledger.settle("production", [
        Entry("ticket", "1", "created", target_id="11"), Entry("ticket", "2", "skipped", rule="deleted_ticket"),
        Entry("ticket", "3", "quarantined", reason="x"), Entry("ticket", "5", "created", target_id="15"),
        Entry("live_chat", "1", "created", target_id="21"), Entry("call_log", "1", "quarantined", reason="x"),
    ])  # fmt: skip
    assert list(redirects.old_links(ledger, shop.stage())) == [
        OldLink("ticket", "N-1", 1, "11"), OldLink("merged ticket", "M", 1, "11"), OldLink("live chat", "C-1", 1, "21"),
    ]  # fmt: skip
    ledger.close()


# --- the page ------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_number_is_found_from_a_disk_without_a_network(made: Redirects, chromium: Chromium) -> None:  # noqa: F811
    with chromium.open(made.page) as opened:
        page = opened.page
        assert opened.headings_in_order()
        assert opened.low_contrast() == []
        for typed, target in ((" 168-24f24a57-000e ", f"{BASE}1000"), ("C-55", f"{BASE}2000"),
                              (LINKS[4].number, f"{BASE}1002"),
                              ("https://old.example/kb/a7/send-it-back.aspx", LEADING[-1].target_id)):  # fmt: skip
            page.fill("#number", typed)
            page.click("button")
            page.wait_for_selector(f"#answer a[href='{target}']")
        page.fill("#number", "100-00000000-0000")
        page.press("#number", "Enter")
        page.wait_for_function("() => document.getElementById('answer').textContent.includes('No ticket in Gorgias')")
        scripts = {url.rsplit("/", 1)[-1] for url in opened.requests}
        assert scripts == {f"{hashed(n)[0]}.js" for n in ("168-24F24A57-000E", "C-55", LINKS[4].number,
                                                            "/KB/A7/", "100-00000000-0000")}  # fmt: skip


@pytest.mark.browser
def test_an_address_with_a_number_leads_on_at_once(made: Redirects, chromium: Chromium) -> None:  # noqa: F811
    with chromium.open(made.page) as opened:
        page = opened.page
        page.route("https://demo.gorgias.invalid/**", lambda route: route.fulfill(body="the ticket"))
        page.context.set_offline(False)
        page.goto(f"{made.page.as_uri()}?number=001-24f284b0-0021")
        page.wait_for_url(f"{BASE}1001")


@pytest.mark.browser
def test_the_page_fits_a_telephone(made: Redirects, chromium: Chromium) -> None:  # noqa: F811
    with chromium.open(made.page, width=390, scheme="dark") as opened:
        assert opened.overflow() == 0
        assert opened.low_contrast() == []


# --- nginx ---------------------------------------------------------------------------------------------


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def portal(made: Redirects, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The old portal's address, served by nginx with the maps, and the page beside them."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        absent = "no nginx"
        pytest.fail(absent) if os.environ.get("MIGRATOR_CI") else pytest.skip(absent)
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {made.nginx};\n"
        f"server {{ listen 127.0.0.1:{port}; root {made.page.parent};\n"
        'if ($st_ticket_of_number) { return 302 "$st_ticket_of_number"; }\n'
        'if ($st_ticket_of_id) { return 302 "$st_ticket_of_id"; }\n'
        'if ($st_address_of_article) { return 302 "$st_address_of_article"; } } }\n'
    )
    with subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")]) as running:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield f"http://127.0.0.1:{port}"
        running.terminate()


def answer(address: str) -> tuple[int, str]:
    try:
        with build_opener(_Stay).open(Request(address), timeout=5) as found:
            return found.status, ""
    except OSError as refused:
        return refused.code, refused.headers.get("Location", "")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "target"), [
    ("/Main/frmTicket.aspx?number=168-24F24A57-000E", "1000"), ("/tickets/168-24f24a57-000e/view", "1000"),
    ("/x/ticket-001-24F284B0-0021", "1001"), ("/Main/View.aspx?ticketid=8", "1001"),
])  # fmt: skip
def test_nginx_leads_old_links_on(portal: str, path: str, target: str) -> None:
    assert answer(portal + path) == (302, BASE + target)


@pytest.mark.parametrize("path", ["/kb/a7/send-it-back.aspx", "/KB/a7", "/portal/kb/a7?x=1"])
def test_nginx_leads_old_articles_on(portal: str, path: str) -> None:
    assert answer(portal + path) == (302, "https://help.example/en-US/returns-12")


def test_nginx_leaves_everything_else_alone(portal: str) -> None:
    assert answer(f"{portal}/tickets/999-24F24A57-000E") == (404, "")
    assert answer(f"{portal}/Main/View.aspx?ticketid=99") == (404, "")
    assert answer(f"{portal}/kb/a77/other.aspx") == (404, "")
    assert answer(f"{portal}/kb/a8/of-no-address.aspx") == (404, "")
    assert answer(f"{portal}/redirects.html") == (200, "")


@pytest.mark.browser
def test_the_page_works_from_a_web_server(portal: str, chromium: Chromium) -> None:  # noqa: F811
    with chromium.visit(f"{portal}/redirects.html") as opened:
        opened.page.fill("#number", "C-55")
        opened.page.click("button")
        opened.page.wait_for_selector(f"#answer a[href='{BASE}2000']")
