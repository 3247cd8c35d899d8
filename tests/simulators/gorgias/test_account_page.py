"""The pages of an account: what they show, that they are safe to open, and how they look."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser_support import DESKTOP, PHONE, Chromium, chromium
from tests.simulators.gorgias.asking import AGENT, Asker, field, incoming, note, outgoing, ticket, without

__all__ = ["chromium"]
EVIL = '<script>document.title="hit"</script>&'
BLOCKED = "Blocked script execution in 'about:srcdoc'"
"""What the browser says of the script in a message."""
PLACES = ("", "customers", "fields", "rules", "outbox", "calls", "docs")


def page(ask: Asker, place: str = "", status: int = 200) -> str:
    reply = ask.session.get(f"{ask.url}/{place}", timeout=30)
    assert reply.status_code == status
    return reply.text


def subjects(ask: Asker, query: str = "") -> list[str]:
    """Return the subjects that the list of tickets shows, in its order."""
    found = re.findall(r'<td><a href="[^"]*/tickets/\d+">([^<]*)</a>', page(ask, query))
    return [unescape(subject) for subject in found]


def upload(ask: Asker, name: str, content: bytes, kind: str = "attachment") -> dict[str, Any]:
    reply = ask("POST", f"upload?type={kind}", files={name: ("x", content, "text/plain")})
    return dict(reply.json()[0])


# --- the list ------------------------------------------------------------------------------------------


@pytest.fixture
def several(ask: Asker) -> Asker:
    """An account with tickets of many kinds."""
    jane = ask.customer(name="Jane Cooper")
    bob = ask.customer("bob@shop.example", name="Bob")
    team = ask.make("teams", {"name": "Care"})["id"]
    later = "2021-01-01T00:00:00Z"
    for subject, customer, more in (
        ("Plain", jane, {}),
        ("Closed", bob, {"status": "closed"}),
        ("Trashed", jane, {"trashed_datetime": later}),
        ("Spam", bob, {"spam": True}),
        ("Tagged", jane, {"tags": [{"name": "vip"}]}),
        ("Assigned", bob, {"assignee_user": {"id": AGENT}, "assignee_team": {"id": team}}),
    ):
        ask.make("tickets", ticket(incoming(customer, body_text=f"words of {subject}"), subject=subject, **more))
    return ask


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Plain", "Closed", "Spam", "Tagged", "Assigned"}),
        ("?state=open", {"Plain", "Spam", "Tagged", "Assigned"}),
        ("?state=closed", {"Closed"}),
        ("?state=trashed", {"Trashed"}),
        ("?state=spam", {"Spam"}),
        ("?tag=vip", {"Tagged"}),
        (f"?assignee={AGENT}", {"Assigned"}),
        ("?assignee=none&state=open", {"Plain", "Spam", "Tagged"}),
        ("?team=1", {"Assigned"}),
        ("?channel=phone", set()),
        ("?search=jane+cooper", {"Plain", "Tagged"}),
        ("?search=WORDS+OF+CLOSED", {"Closed"}),
        ("?search=spam", {"Spam"}),
        ("?cursor=nonsense", {"Plain", "Closed", "Spam", "Tagged", "Assigned"}),
    ],
)
def test_tickets_are_filtered_and_searched(several: Asker, query: str, shown: set[str]) -> None:
    assert set(subjects(several, query)) == shown


def test_the_list_is_read_page_by_page_each_ticket_once(ask: Asker) -> None:
    jane = ask.customer()
    for number in range(120):
        ask.make("tickets", ticket(incoming(jane), subject=f"No. {number}"))
    seen: list[str] = []
    query: str | None = ""
    while query is not None:
        seen += subjects(ask, query)
        further = re.search(r'href="[^"]*(\?[^"]*cursor=[^"]+)">Older', page(ask, query))
        query = unescape(further[1]) if further else None
    assert len(seen) == 120
    assert set(seen) == {f"No. {number}" for number in range(120)}


def test_mail_that_would_have_been_sent_is_told_at_once(ask: Asker) -> None:
    assert "Mail that would have been sent: 0" in page(ask)
    ask.make("tickets", ticket(without(outgoing(ask.customer()), "sent_datetime")))
    assert "Mail that would have been sent: 1" in page(ask)
    assert "jane@shop.example" in page(ask, "outbox")


# --- a ticket ------------------------------------------------------------------------------------------


@pytest.fixture
def threaded(ask: Asker) -> tuple[Asker, int]:
    """A ticket with a whole thread."""
    jane = ask.customer(name="Jane Cooper")
    value = ask.make("custom-fields", field())["id"]
    file = upload(ask, "Rechnung März.txt", b"twelve")
    messages = [
        note(body_text="Carrier asked.", created_datetime="2020-01-02T00:00:00Z"),
        incoming(jane, body_html=f"<p>My <b>order</b></p>{EVIL}", attachments=[{**file, "public": False}]),
        outgoing(jane, body_text="It comes.", created_datetime="2020-01-03T00:00:00Z"),
    ]
    made = ask.make(
        "tickets",
        ticket(*messages, subject=f"Where? {EVIL}", external_id="st:1", tags=[{"name": "vip"}], meta={"n": "A-1"},
               custom_fields=[{"id": value, "value": "1007"}]),
    )  # fmt: skip
    return ask, int(made["id"])


def test_a_thread_is_shown_in_its_order_with_who_wrote_what(threaded: tuple[Asker, int]) -> None:
    ask, number = threaded
    text = page(ask, f"tickets/{number}")
    places = [text.index(words) for words in ("Jane Cooper</h3>", "Carrier asked.", "It comes.")]
    assert places == sorted(places)
    assert text.count("internal note</span>") == 1
    for shown in ("Order number", "1007", "vip", "st:1", "2020-01-03 00:00", "3 messages", "A-1"):
        assert shown in text


def test_an_attachment_is_downloaded_under_its_name(threaded: tuple[Asker, int]) -> None:
    ask, number = threaded
    (link,) = re.findall(r'Attached: <a href="([^"]+)">Rechnung März.txt</a>', page(ask, f"tickets/{number}"))
    reply = ask.session.get(f"http://{urlsplit(ask.url).netloc}{link}", timeout=30)
    assert reply.content == b"twelve"
    assert reply.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Rechnung%20M")
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_what_is_written_in_a_ticket_is_never_part_of_the_page(threaded: tuple[Asker, int]) -> None:
    ask, number = threaded
    for place in (f"tickets/{number}", "", f"?search={EVIL}"):
        assert "<script" not in page(ask, place)
    assert 'sandbox=""' in page(ask, f"tickets/{number}")


@pytest.mark.parametrize("place", ["tickets/999", "customers/999", "users/999", "_simulator/files/nothing"])
def test_what_is_not_there_is_said_to_be_gone(ask: Asker, place: str) -> None:
    assert "Not found" in page(ask, place, 404)


def test_people_have_pages_with_their_tickets(threaded: tuple[Asker, int]) -> None:
    ask, number = threaded
    (link,) = set(re.findall(r'href="/demo/(customers/\d+)"', page(ask, f"tickets/{number}")))
    assert f"/tickets/{number}" in page(ask, link)
    assert "Dana Agent" in page(ask, f"users/{AGENT}")


def test_lists_are_searched(ask: Asker) -> None:
    ask.make("tags", {"name": "vip"})
    ask.make("tags", {"name": "shipping"})
    found = page(ask, "tags?search=VIP")
    assert ">vip</a>" in found
    assert ">shipping</a>" not in found


def test_a_ticket_shows_what_its_customer_said_of_it(threaded: tuple[Asker, int]) -> None:
    ask, number = threaded
    customer = ask.account.store.by_kind("ticket")[-1]["customer"]["id"]
    said = {"ticket_id": number, "customer_id": customer, "score": 4, "body_text": "Quick & kind"}
    assert "Satisfaction survey" not in page(ask, f"tickets/{number}")
    ask.make("satisfaction-surveys", {**said, "sent_datetime": "2021-01-01T00:00:00Z"})
    shown = unescape(page(ask, f"tickets/{number}"))
    assert "Satisfaction survey" in shown
    assert "4 of 5" in shown
    assert "Quick & kind" in shown


def test_macros_show_their_text(ask: Asker) -> None:
    action = {"name": "setResponseText", "title": "Text", "type": "user", "arguments": {"body_text": "Dear {{x}}"}}
    ask.make("macros", {"name": "Orders / Hello", "language": "en", "actions": [action]})
    shown = page(ask, "macros")
    assert "Orders / Hello" in shown
    assert "Dear {{x}}" in shown


def test_rules_and_integrations_show_whether_they_are_on(ask: Asker) -> None:
    with ask.account.store.transaction():
        for number, off in ((1, None), (2, "2026-01-01T00:00:00.000000")):
            ask.account.store.put("rule", {"id": number, "name": f"Rule {number}", "deactivated_datetime": off})
    text = page(ask, "rules")
    assert "1 rule or webhook is on" in text
    assert re.search(r"Rule 1</td><td>[^<]*<span[^>]*>on<", text)
    assert re.search(r"Rule 2</td><td>[^<]*<span[^>]*>off<", text)


def test_what_an_integration_signs_with_is_on_no_page(ask: Asker) -> None:
    http = {"url": "https://erp.example/hook", "method": "POST", "headers": {"Authorization": "Bearer hush-hush"}}
    ask.account.store.put("integration", {"id": 1, "name": "ERP", "type": "http", "http": http})
    shown = page(ask, "rules")
    assert "Authorization" in shown
    assert "hush-hush" not in shown


def test_the_start_page_leads_to_the_account(ask: Asker) -> None:
    start = ask.session.get(f"http://{urlsplit(ask.url).netloc}/", timeout=30)
    assert 'href="/demo/"' in start.text


# --- in a browser --------------------------------------------------------------------------------------


UNNAMED = """() => [...document.querySelectorAll('input, select, iframe, a, button')]
  .filter(e => !(e.labels?.length || e.title || e.textContent.trim() || e.getAttribute('aria-label')))
  .map(e => e.outerHTML)"""
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0500f00048101"
    "80848ca99c0000000049454e44ae426082"
)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_pages_are_readable_on_a_desk_and_on_a_phone(
    threaded: tuple[Asker, int], chromium: Chromium, width: int, scheme: Any
) -> None:
    ask, number = threaded
    for place in (*PLACES, f"tickets/{number}"):
        with chromium.visit(f"{ask.url}/{place}", width=width, scheme=scheme) as opened:
            assert opened.headings_in_order(), place
            assert opened.overflow() <= 0, place
            assert place == "docs" or opened.low_contrast() == [], place  # of as many words, that takes long
            assert [text for text in opened.complaints if BLOCKED not in text] == [], place
            assert all(request.startswith(ask.url) for request in opened.requests), place
            unnamed = opened.page.evaluate(UNNAMED)
            assert unnamed == [], place


@pytest.mark.browser
def test_a_message_shows_its_own_pictures_runs_nothing_and_loads_nothing_from_elsewhere(
    ask: Asker, chromium: Chromium
) -> None:
    picture = ask("POST", "upload?type=public_attachment", files={"dot.png": ("x", DOT, "image/png")}).json()[0]
    html = f'<img src="{picture["url"]}"><img src="http://elsewhere.example/spy.png"><p>Hello</p>{EVIL}'
    made = ask.make("tickets", ticket(incoming(ask.customer(), body_html=html), subject="Picture"))
    with chromium.visit(f"{ask.url}/tickets/{made['id']}") as opened:
        frame = opened.page.frame_locator("iframe")
        assert frame.locator("p").inner_text() == "Hello"
        assert frame.locator("img").first.evaluate("i => i.decode().then(() => i.naturalWidth)") == 1
        assert opened.page.title().startswith("Picture")
        opened.page.wait_for_load_state("networkidle")  # what the policy blocked has been told by then
        assert [request for request in opened.requests if not request.startswith(ask.url)] == []
