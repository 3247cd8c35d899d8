"""Auto-merge: open tickets of one customer that were created within some days become one.

Source: docs.gorgias.com, tickets-auto-merge: open ones alone, within up to 180 days. How a merged ticket shows in the
API is not documented: its messages are in the other one, and it lies in the trash.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.switches import AUTO_MERGE, number, switched_on
from migrator_lib.simulators.gorgias.store import Document

MOST_DAYS = 180
USUAL_DAYS = 5


def merge(account: Account, ticket_id: int) -> None:
    """Move the thread of an open ticket into the oldest one that it belongs with, if the setting is on."""
    setting = switched_on(account, AUTO_MERGE)
    ticket = account.store.get("ticket", ticket_id) if setting is not None else None
    if setting is None or ticket is None or not _is_open(ticket) or not ticket["customer"]:
        return
    within = timedelta(days=min(number(setting, "days", USUAL_DAYS), MOST_DAYS))
    others = account.store.by("ticket", "parent", ticket["customer"]["id"])
    close = [
        o for o in others if o["id"] != ticket_id and _is_open(o) and abs(_created(o) - _created(ticket)) <= within
    ]
    if close:
        _move(account, ticket, close[0])


def _is_open(ticket: Document) -> bool:
    return ticket["status"] == "open" and not ticket.get("trashed_datetime") and not ticket.get("spam")


def _created(ticket: Document) -> datetime:
    return datetime.fromisoformat(ticket["created_datetime"])


def _move(account: Account, ticket: Document, into: Document) -> None:
    now = account.now()
    for message in account.store.by("message", "parent", ticket["id"]):
        message.update(ticket_id=into["id"], uri=f"/api/tickets/{into['id']}/messages/{message['id']}/")
        account.store.put("message", message, parent=into["id"])
    known = {tag["id"] for tag in into["tags"]}
    into["tags"] = [*into["tags"], *(tag for tag in ticket["tags"] if tag["id"] not in known)]
    into["messages_count"] += ticket["messages_count"]
    into["last_message_datetime"] = max(into["last_message_datetime"] or "", ticket["last_message_datetime"] or "")
    into["updated_datetime"] = now
    ticket.update(messages_count=0, trashed_datetime=now, updated_datetime=now)
    for one in (into, ticket):
        account.save_ticket(one)
    account.store.fire("auto-merge", f"into {into['id']}", "ticket-created", ticket["id"], now)
