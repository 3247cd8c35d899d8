"""The first page of an account: how it stands, and its tickets, searched and filtered as an agent would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.inspector.scan import scan
from migrator_lib.simulators.gorgias.inspector.shell import Site, choice, filters, moment, person, tags, text_field
from migrator_lib.simulators.gorgias.store import Document

STATES = {"": "not trashed", "open": "open", "closed": "closed", "snoozed": "snoozed", "spam": "spam",
          "trashed": "trashed"}  # fmt: skip
NOBODY = "none"
ANYBODY = {"": "any", NOBODY: "nobody"}
CHANNELS = (
    "email", "internal-note", "phone", "chat", "api", "contact_form", "help-center", "sms", "whatsapp", "facebook",
    "instagram-direct-message", "twitter",
)  # fmt: skip


def page(account: Account, site: Site, query: Mapping[str, str]) -> Response:
    """Return the list of tickets, those that changed latest first."""
    found = scan(
        account, "ticket", cursor=query.get("cursor", ""), order="updated_datetime",
        keep=lambda ticket: wanted(account, ticket, query),
    )  # fmt: skip
    more = {**query, "cursor": found.following}
    further = site.link("", "Older tickets", **more) if found.following else ""
    first = site.link("", "Back to the latest", **{**query, "cursor": ""}) if query.get("cursor") else ""
    rows = [row(site, ticket) for ticket in found.rows]
    shown = pages.table(rows, caption="Tickets", empty="No ticket is like that.")
    return site.page(
        f"Tickets of {account.name}", _mail(account, site), _tiles(account), _form(account, site, query),
        pages.tag("div", shown, class_="tickets"), pages.tag("p", pages.join([first, further]), class_="more"),
        subtitle="What a support agent of this simulated account would see.",
    )  # fmt: skip


def _mail(account: Account, site: Site) -> Html:
    with account.store.lock:
        sent = len(account.store.outbox())
    detail = site.link("outbox", "Who it was for, and why" if sent else "The outbox")
    return pages.status(f"Mail that would have been sent: {sent:,}", "bad" if sent else "good", detail=detail)


def _tiles(account: Account) -> Html:
    kinds = {"tickets": "ticket", "messages": "message", "customers": "customer", "users": "user", "tags": "tag"}
    with account.store.lock:
        counts: dict[str, object] = {what: account.store.count(kind) for what, kind in kinds.items()}
    return pages.tiles({**counts, "API calls": account.stats.calls})


def _form(account: Account, site: Site, query: Mapping[str, str]) -> Html:
    with account.store.lock:
        users = {str(user["id"]): str(user["name"]) for user in account.store.by_kind("user")}
        teams = {str(team["id"]): str(team["name"]) for team in account.store.by_kind("team")}
        labels = [str(tag["name"]) for tag in account.store.by_kind("tag")[:200]]
    chosen = {name: query.get(name, "") for name in ("state", "channel", "assignee", "team", "tag", "search")}
    return filters(
        site, "",
        text_field("Number, subject, customer, text ...", "search", chosen["search"], wide=True),
        choice("State", "state", STATES, chosen["state"]),
        choice("Channel", "channel", {"": "any", **{c: c for c in CHANNELS}}, chosen["channel"]),
        choice("Assignee", "assignee", {**ANYBODY, **users}, chosen["assignee"]),
        choice("Team", "team", {**ANYBODY, **teams}, chosen["team"]),
        text_field("Tag", "tag", chosen["tag"], options=labels),
    )  # fmt: skip


def state(ticket: Document) -> Html:
    """Return a ticket's state as badges."""
    flags = [("trashed", "bad", ticket.get("trashed_datetime")), ("spam", "bad", ticket.get("spam")),
             ("snoozed", "plain", ticket.get("snooze_datetime"))]  # fmt: skip
    first = pages.badge("open", "warn") if ticket["status"] == "open" else pages.badge("closed", "good")
    return pages.join([first, *(pages.join([" ", pages.badge(w, t)]) for w, t, on in flags if on)])  # type: ignore[arg-type]


def row(site: Site, ticket: Document) -> dict[str, object]:
    """Return a ticket's line in a list."""
    subject = ticket.get("subject") or "(no subject)"
    return {
        "Subject": site.link(f"tickets/{ticket['id']}", subject),
        "State": state(ticket),
        "Customer": person(site, ticket.get("customer"), "customers"),
        "Channel": ticket.get("channel"),
        "Assignee": person(site, ticket.get("assignee_user"), "users"),
        "Team": (ticket.get("assignee_team") or {}).get("name"),
        "Tags": tags(tag["name"] for tag in ticket.get("tags") or []),
        "Messages": ticket.get("messages_count"),
        "Updated": moment(ticket.get("updated_datetime")),
    }


def wanted(account: Account, ticket: Document, query: Mapping[str, str]) -> bool:
    """Return whether a ticket is among those that are asked for."""
    return (
        _in_state(ticket, query.get("state", ""))
        and query.get("channel", "") in ("", ticket.get("channel"))
        and _assigned(ticket.get("assignee_user"), query.get("assignee", ""))
        and _assigned(ticket.get("assignee_team"), query.get("team", ""))
        and _tagged(ticket, query.get("tag", ""))
        and _found(account, ticket, query.get("search", "").strip().lower())
    )


def _in_state(ticket: Document, asked: str) -> bool:
    trashed = bool(ticket.get("trashed_datetime"))
    if asked in ("open", "closed"):
        return not trashed and ticket["status"] == asked
    if asked in ("snoozed", "spam"):
        return not trashed and bool(ticket.get("snooze_datetime" if asked == "snoozed" else "spam"))
    return trashed == (asked == "trashed")


def _assigned(holder: Document | None, asked: str) -> bool:
    if asked == NOBODY:
        return not holder
    return not asked or str((holder or {}).get("id")) == asked


def _tagged(ticket: Document, asked: str) -> bool:
    return not asked or any(tag["name"] == asked for tag in ticket.get("tags") or [])


def _found(account: Account, ticket: Document, asked: str) -> bool:
    """Return whether words are in what the list shows, or in the text of a message."""
    if not asked:
        return True
    customer = ticket.get("customer") or {}
    shown: list[Any] = [ticket.get("subject"), ticket.get("external_id"), customer.get("name"), customer.get("email")]
    if asked == str(ticket["id"]) or any(asked in str(text).lower() for text in shown if text):
        return True
    texts = account.store.by("message", "parent", ticket["id"])
    return any(asked in str(m.get(part) or "").lower() for m in texts for part in ("body_text", "body_html"))
