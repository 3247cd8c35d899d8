"""One ticket with its thread, in the order in which it was written."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html, tag
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.surveys import KIND as SURVEY
from migrator_lib.simulators.gorgias.inspector.shell import Site, facts, moment, person, raw, tags
from migrator_lib.simulators.gorgias.inspector.ticket_list import state
from migrator_lib.simulators.gorgias.store import Document

BREAKS = re.compile(r"<(?:br|/p|/li|/tr|/h\d|/blockquote)\b|[^>\s]\s*</div\b", re.IGNORECASE)
MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
PICTURE = re.compile(r"<img\b", re.IGNORECASE)
DOWNLOAD = re.compile(r"https?://[^\s\"'<>]*/download/(?:[^\s\"'<>/?]+/)*([^\s\"'<>/?]+)(?:\?[^\s\"'<>]*)?")
"""The address of an uploaded file; its last part is its name in the store."""
LETTER = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; padding: .7rem .9rem; background: #fff; color: #1c2430; overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "Liberation Sans", Arial, sans-serif; }}
img, table {{ max-width: 100%; }} blockquote {{ margin: .5rem 0; padding-left: .8rem; border-left: 3px solid #d5dae0; }}
</style><body>{}"""


def page(account: Account, site: Site, ticket_id: int) -> Response:
    """Return a ticket's page."""
    with account.store.lock:
        ticket = account.store.get("ticket", ticket_id)
        messages = account.store.by("message", "parent", ticket_id)
        surveys = account.store.by(SURVEY, "parent", ticket_id)
    if ticket is None:
        return site.missing(f"ticket no. {ticket_id}")
    thread = sorted(messages, key=lambda m: (m["created_datetime"], m["id"]))
    shown = [message(site, one, number) for number, one in enumerate(thread, start=1)]
    count = f"{len(thread):,} message" + ("" if len(thread) == 1 else "s")
    own = values(ticket.get("custom_fields"))
    return site.page(
        ticket.get("subject") or "(no subject)",
        _facts(site, ticket),
        pages.join([pages.heading("Custom fields"), facts(own)]) if own else "",
        *map(_rating, surveys),
        pages.heading(count),
        *(shown or [pages.note("This ticket has no messages.")]),
        pages.heading("Behind it"),
        pages.folded("Meta", raw(ticket.get("meta"))),
        pages.folded("The whole ticket as the API has it", raw(ticket)),
        subtitle=pages.join([f"Ticket no. {ticket['id']} ", state(ticket)]),
    )


def _rating(survey: Document) -> Html:
    """Return what a ticket's customer said of it."""
    score = f"{survey['score']} of 5" if survey.get("score") is not None else "none"
    told = {"Score": score, "Said": survey.get("body_text"), "Scored": moment(survey.get("scored_datetime"))}
    return pages.join([pages.heading("Satisfaction survey"), facts(told)])


def values(given: list[Document] | None) -> dict[str, object]:
    """Return custom fields by their labels."""
    return {str(value["field"].get("label") or value["field"]["id"]): value["value"] for value in given or []}


def _facts(site: Site, ticket: Document) -> Html:
    dates = {
        "Created": "created", "Opened": "opened", "Closed": "closed", "Snoozed until": "snooze", "Trashed": "trashed",
        "Last message": "last_message", "Last from the customer": "last_received_message", "Updated": "updated",
    }  # fmt: skip
    given = {
        "Customer": person(site, ticket.get("customer"), "customers"),
        "Assignee": person(site, ticket.get("assignee_user"), "users"),
        "Team": (ticket.get("assignee_team") or {}).get("name"),
        "Channel": ticket.get("channel"),
        "Via": ticket.get("via"),
        "Priority": ticket.get("priority"),
        "Language": ticket.get("language"),
        "Tags": tags(tag["name"] for tag in ticket.get("tags") or []),
        "External id": ticket.get("external_id"),
    }
    moments = {name: moment(ticket.get(f"{key}_datetime")) for name, key in dates.items()}
    return facts({**given, **moments})


def message(site: Site, one: Document, number: int) -> Html:
    """Return one message: who wrote it when, its text, and its files."""
    internal = not one.get("public", True) or one["channel"] == "internal-note"
    kind = "internal" if internal else "agent" if one["from_agent"] else "customer"
    marks = [pages.badge("internal note", "warn")] if internal else []
    head = [pages.heading(_writer(one), 3), *marks, tag("span", _channel(one), class_="badge plain")]
    when = tag("p", moment(one["created_datetime"]), class_="note")
    parts = [
        tag("header", pages.join([*head, when])), _ends(one), _text(site, one, number), _files(site, one), _more(one)
    ]  # fmt: skip
    return tag("article", pages.join(parts), class_=f"message {kind}")


def _writer(one: Document) -> str:
    sender = one.get("sender") or {}
    origin = (one.get("source") or {}).get("from") or {}
    name = sender.get("name") or origin.get("name") or sender.get("email") or origin.get("address") or "Unknown"
    return f"{name} (agent)" if one["from_agent"] else str(name)


def _channel(one: Document) -> str:
    return str(one["channel"]) if one["channel"] == one.get("via") else f"{one['channel']} via {one.get('via')}"


def _ends(one: Document) -> Html:
    """Return the addresses of a message, one line."""
    source = one.get("source") or {}
    origin = [source["from"]] if source.get("from") else []
    ends = {"From": origin, **{word: source.get(word.lower()) or [] for word in ("To", "Cc", "Bcc")}}
    words = [f"{word}: {', '.join(_address(end) for end in given)}" for word, given in ends.items() if given]
    return tag("p", " · ".join(words), class_="ends") if words else Html("")


def _address(end: Document) -> str:
    return f"{end['name']} <{end['address']}>" if end.get("name") else str(end.get("address"))


def _text(site: Site, one: Document, number: int) -> Html:
    """Return what was written; HTML in a frame of its own, where nothing runs and nothing is loaded."""
    html = one.get("body_html")
    if not html:
        return tag("pre", one.get("body_text") or "(no text)", class_="text")
    local = DOWNLOAD.sub(lambda found: site.at(f"_simulator/files/{quote(found[1])}"), html)
    lines = 2 + len(BREAKS.findall(html)) + len(MARKUP.sub("", html)) // 80 + 4 * len(PICTURE.findall(html))
    height = f"height: {min(max(lines * 1.5, 5.0), 34.0):.1f}rem"
    letter = LETTER.format(local)
    return Html(f'<iframe sandbox="" style="{height}" title="Message {number}" srcdoc="{escape(letter)}"></iframe>')


def _files(site: Site, one: Document) -> Html:
    items = [tag("li", attachment(site, given)) for given in one.get("attachments") or []]
    return tag("ul", pages.join(items), class_="files") if items else Html("")


def attachment(site: Site, given: Document) -> Html:
    """Return a file with a link that downloads it; one that lies elsewhere is only named."""
    found = DOWNLOAD.fullmatch(str(given["url"]))
    name = given.get("name") or "file"
    size = given.get("size")
    about = [str(given.get("content_type") or ""), _size(size) if isinstance(size, int) else "",
             "public" if given.get("public", True) else "private"]  # fmt: skip
    shown = site.link(f"_simulator/files/{quote(found[1])}", name) if found else pages.escaped(name)
    elsewhere = "" if found else ", lies elsewhere"
    return pages.join(["Attached: ", shown, f" ({', '.join(word for word in about if word)}{elsewhere})"])


def _size(size: int) -> str:
    return f"{size:,} B" if size < 1000 else f"{size / 1000:,.1f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _more(one: Document) -> Html:
    shown: dict[str, Any] = {key: value for key, value in one.items() if not key.startswith("body_")}
    return tag("details", pages.join([tag("summary", "Details"), raw(shown)]))
