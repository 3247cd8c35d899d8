"""Files are fetched back: by a link that ends, and private ones by whoever has the key. Facts: download-file."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from tests.simulators.gorgias.asking import Asker


def upload(ask: Asker, *files: tuple[str, bytes, str], kind: str = "attachment") -> list[dict[str, Any]]:
    parts = [(label, (label, content, content_type)) for label, content, content_type in files]
    reply = ask("POST", "upload", params={"type": kind}, files=parts)
    assert reply.status_code == 201, reply.text
    return list(reply.json())


def get(ask: Asker, url: str, *, key: bool = False) -> requests.Response:
    auth = ("migration@demo.example", "demo-key") if key else None
    return ask.session.get(url, auth=auth, allow_redirects=False, timeout=30)


@pytest.mark.parametrize("kind", ["attachment", "public_attachment", "profile_picture", "widget_picture"])
def test_a_file_is_fetched_by_its_url_and_a_private_one_wants_the_key(ask: Asker, kind: str) -> None:
    (file,) = upload(ask, ('Grüße "1".txt', b"\x00\xffbytes", "text/plain; charset=utf-8"), kind=kind)
    assert f"/api/{kind}/download/" in file["url"]
    assert get(ask, file["url"]).status_code == (401 if kind == "attachment" else 307)
    leads = get(ask, file["url"], key=True)
    assert (leads.status_code, leads.content) == (307, b"")
    reply = get(ask, leads.headers["Location"])  # without any key, as from a storage
    assert (reply.status_code, reply.content) == (200, b"\x00\xffbytes")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_being_led_to_a_file_is_a_call_of_whoever_signs_it_and_the_storage_counts_none(ask: Asker) -> None:
    (file,) = upload(ask, ("a.txt", b"a", "text/plain"), kind="public_attachment")
    before = ask.account.stats.calls
    leads = get(ask, file["url"], key=True)
    assert ask.account.stats.calls == before + 1
    assert leads.headers["X-Gorgias-Account-Api-Call-Limit"].endswith(f"/{ask.account.limit.limit}")
    assert get(ask, get(ask, file["url"]).headers["Location"]).status_code == 200
    assert ask.account.stats.calls == before + 1


def test_a_link_ends_with_its_time_and_cannot_be_made_up(ask: Asker) -> None:
    (file,) = upload(ask, ("a.txt", b"a", "text/plain"), kind="public_attachment")
    link = get(ask, file["url"]).headers["Location"]
    ask.account.cursor_seconds = -1.0
    assert get(ask, get(ask, file["url"]).headers["Location"]).status_code == 403
    assert get(ask, link).status_code == 200
    base, _, _ = link.rpartition("/")
    name = file["url"].rsplit("/", 1)[-1]
    made_up = base64.urlsafe_b64encode(bytes(8) + f"99999999999.0 {name}".encode()).decode()
    for forged in (made_up, "AAAA", "not base64"):
        assert get(ask, f"{base}/{forged}").status_code == 403, forged


def test_a_link_is_no_cursor_and_a_cursor_no_link(ask: Asker) -> None:
    for n in range(2):
        ask.make("tags", {"name": f"tag {n}"})
    cursor = ask("GET", "tags?limit=1").json()["meta"]["next_cursor"]
    (file,) = upload(ask, ("a.txt", b"a", "text/plain"), kind="public_attachment")
    base, _, link = get(ask, file["url"]).headers["Location"].rpartition("/")
    assert get(ask, f"{base}/{cursor}").status_code == 403
    assert "cursor" in ask.refusal("GET", f"tags?cursor={link}")


def test_what_was_not_uploaded_so_is_not_found(ask: Asker) -> None:
    (private,) = upload(ask, ("a.txt", b"a", "text/plain"))
    for url in (private["url"].replace("attachment", "public_attachment"), private["url"] + "0"):
        assert get(ask, url, key=True).status_code == 404


def test_a_label_names_one_file_of_a_request(ask: Asker) -> None:
    files = upload(ask, ("a", b"1", "text/plain"), ("b", b"2", "text/plain"), ("a", b"3", "text/plain"))
    assert [file["name"] for file in files] == ["a", "b"]


def test_a_content_type_that_is_none_is_not_served(ask: Asker) -> None:
    (file,) = upload(ask, ("a", b"1", "nonsense"), kind="public_attachment")
    reply = get(ask, get(ask, file["url"]).headers["Location"])
    assert (reply.headers["Content-Type"], reply.content) == ("application/octet-stream", b"1")
