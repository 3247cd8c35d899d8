"""What rules, macros and messages can do to a ticket, by the names that Gorgias has for it.

Source: docs.gorgias.com, the glossary of rules; an action that is not in ``ACTIONS`` is recorded and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from migrator_lib.gorgias.contract.bodies import TicketUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import sending
from migrator_lib.simulators.gorgias.behaviour.events import ASSIGNED, CLOSED, MESSAGE_CREATED, OPENED, UPDATED
from migrator_lib.simulators.gorgias.behaviour.snoozing import snooze
from migrator_lib.simulators.gorgias.resources import tags
from migrator_lib.simulators.gorgias.store import Document

SNOOZE = "snooze_datetime"
LONGEST_TAG = 256
Do = Callable[[Account, Document, Document], set[str]]


def carry_out(account: Account, ticket: Document, name: str, given: Document, *, by: str) -> set[str]:
    """Carry out one action; ``ticket`` is changed, for the caller to save. Return the events that follow."""
    known = ACTIONS.get(name)
    if known is None:
        account.store.fire("action", name, f"unknown, by {by}", ticket["id"], account.now())
        return set()
    followed = known(account, ticket, given)
    ticket["updated_datetime"] = account.now()
    return followed | {UPDATED}


def _tag_names(given: Document) -> list[str]:
    """Return the tags that are named: with commas between them, or in a list."""
    named = given.get("tags")
    listed = named.split(",") if isinstance(named, str) else named if isinstance(named, list) else []
    names = (one.get("name") if isinstance(one, dict) else one for one in listed)
    return [name.strip() for name in names if isinstance(name, str) and 0 < len(name.strip()) <= LONGEST_TAG]


def _tagged(account: Account, ticket: Document, names: list[str]) -> None:
    for name in names:
        tag = tags.tag_named(account, name)
        if all(there["id"] != tag["id"] for there in ticket["tags"]):
            ticket["tags"] = [*ticket["tags"], {"id": tag["id"], "name": tag["name"]}]


def _add_tags(account: Account, ticket: Document, given: Document) -> set[str]:
    _tagged(account, ticket, _tag_names(given))
    return set()


def _set_tags(account: Account, ticket: Document, given: Document) -> set[str]:
    ticket["tags"] = []
    return _add_tags(account, ticket, given)


def _remove_tags(_account: Account, ticket: Document, given: Document) -> set[str]:
    names = {*_tag_names(given)}
    ticket["tags"] = [tag for tag in ticket["tags"] if tag["name"] not in names]
    return set()


def _set_status(account: Account, ticket: Document, given: Document) -> set[str]:
    status, before = str(given.get("status")), ticket["status"]
    if status not in ("open", "closed") or status == before:
        return set()
    ticket.update(status=status, closed_datetime=account.now() if status == "closed" else None)
    return {CLOSED if status == "closed" else OPENED}


def _assign(kind: str) -> Do:
    def do(account: Account, ticket: Document, given: Document) -> set[str]:
        chosen = given.get(f"assignee_{kind}")
        number = chosen.get("id") if isinstance(chosen, dict) else None
        found = account.store.get(kind, number) if isinstance(number, int) else None
        email = {"email": found["email"]} if found and kind == "user" else {}
        ticket[f"assignee_{kind}"] = {"id": found["id"], "name": found["name"], **email} if found else None
        return {ASSIGNED} if found else set()

    return do


def _set(field: str) -> Do:
    """Return what sets a field to what a PUT would take; anything else does nothing."""

    def do(account: Account, ticket: Document, given: Document) -> set[str]:
        try:
            ticket.update(TicketUpdate.model_validate({field: given[field]}).model_dump(include={field}))
        except (KeyError, ValidationError):
            return set()
        if field == SNOOZE:
            snooze(account, ticket["id"], ticket[SNOOZE])
        return set()

    return do


def _trash(account: Account, ticket: Document, _given: Document) -> set[str]:
    ticket["trashed_datetime"] = account.now()
    return set()


def _reply(account: Account, ticket: Document, given: Document) -> set[str]:
    """Answer the customer: a message in the thread, and mail."""
    message = _message(account, ticket, given, channel=ticket["channel"], receiver=ticket["customer"], public=True)
    sending.send(account, message, kind="auto-reply", reason=str(given.get("reason") or "a rule replied"))
    return {MESSAGE_CREATED}


def _note(account: Account, ticket: Document, given: Document) -> set[str]:
    _message(account, ticket, given, channel="internal-note", receiver=None, public=False)
    return {MESSAGE_CREATED}


def _text(given: Document, name: str) -> str | None:
    return given[name] if isinstance(given.get(name), str) else None


def _message(
    account: Account, ticket: Document, given: Document, *, channel: str, receiver: Document | None, public: bool
) -> Document:
    message_id, now = account.store.next_id("message", 1000), account.now()
    document: Document = {
        "id": message_id, "uri": f"/api/tickets/{ticket['id']}/messages/{message_id}/", "ticket_id": ticket["id"],
        "external_id": None, "channel": channel, "via": "rule", "from_agent": True, "public": public,
        "rule_id": given.get("rule_id"), "sender": None, "receiver": receiver, "subject": ticket.get("subject"),
        "body_text": _text(given, "body_text"), "body_html": _text(given, "body_html"), "source": None, "meta": None,
        "attachments": [], "imported": False, "created_datetime": now, "sent_datetime": None, "failed_datetime": None,
        "opened_datetime": None, "deleted_datetime": None, "message_id": None,
    }  # fmt: skip
    account.store.put("message", document, parent=ticket["id"])
    ticket["messages_count"] += 1
    ticket["last_message_datetime"] = now
    return document


ACTIONS: dict[str, Do] = {
    "replyToTicket": _reply, "addInternalNote": _note, "addTags": _add_tags, "setTags": _set_tags,
    "removeTags": _remove_tags, "setStatus": _set_status, "setAssignee": _assign("user"),
    "setTeamAssignee": _assign("team"), "setPriority": _set("priority"), "setSubject": _set("subject"),
    "snoozeTicket": _set(SNOOZE), "trashTicket": _trash,
}  # fmt: skip
