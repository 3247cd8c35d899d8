"""Messages of a simulated account: who may write what to whom, and what becomes of it.

Source: developers.gorgias.com, create-ticket-message and create-a-new-message-in-ticket-via-api.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import Message
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import happened, notices, sending
from migrator_lib.simulators.gorgias.behaviour.events import MESSAGE_CREATED, OPENED
from migrator_lib.simulators.gorgias.resources.channels import has_channel
from migrator_lib.simulators.gorgias.resources.nested_persons import nested_person
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

NULLS = dict.fromkeys((
    "external_id", "subject", "body_html", "body_text", "sent_datetime", "failed_datetime", "opened_datetime",
    "deleted_datetime", "message_id", "source", "meta",
))  # fmt: skip
ACTING = ("actions", "macros", "mention_ids")


def person(account: Account, kind: str, person_id: int) -> Document:
    """Return a person as tickets and messages show one."""
    found = account.store.get(kind, person_id) or {"id": person_id}
    return {"id": found["id"], "name": found.get("name"), "email": found.get("email")}


def check(account: Account, message: Document, index: int | None = None) -> None:
    """Check the rules of roles, addresses and attachments.

    Raises:
        Refused: 400 under the message's place in its ticket.
    """

    def refuse(field: str, words: str) -> Refused:
        data = {field: [words]}
        return Refused(400, "Failed to create message", data if index is None else {"messages": {str(index): data}})

    note = message["channel"] == "internal-note"
    if not has_channel(account, message["channel"]):
        raise refuse("channel", "Not a valid choice.")
    if note and not message["from_agent"]:
        raise refuse("from_agent", "An internal note is from an agent.")
    if note and message.get("receiver"):
        raise refuse("receiver", "An internal note has no receiver.")
    if not message.get("sender"):
        raise refuse("sender", "Missing data for required field.")
    if not note and message["from_agent"] and not message.get("receiver"):
        raise refuse("receiver", "Missing data for required field.")
    if not message["from_agent"] and message.get("receiver"):
        raise refuse("receiver", "An incoming message has no receiver.")
    if message["channel"] == "email" and not ((message.get("source") or {}).get("from")):
        raise refuse("source", "source.from is required on channel email.")
    files = message.get("attachments") or []
    most = account.knobs.max_attachments
    if most is not None and len(files) > most:
        raise refuse("attachments", f"Longer than maximum length {most}.")
    if account.knobs.foreign_attachment_urls == "refused" and any(_is_foreign(account, file) for file in files):
        raise refuse("attachments", "Not the URL of an uploaded file.")


def _is_foreign(account: Account, file: Document) -> bool:
    return not account.store.has_file(str(file["url"]).rsplit("/", 1)[-1])


def _files(account: Account, given: list[Document] | None) -> list[Document]:
    """Return the attachments of a message; those from elsewhere may be copied."""
    files = list(given or ())
    if account.knobs.foreign_attachment_urls != "copied":
        return files
    base = f"https://{account.name}.simulated.invalid/api/attachment/download"
    return [
        {**file, "url": f"{base}/copy-{account.store.next_id('copy')}"} if _is_foreign(account, file) else file
        for file in files
    ]


def make(account: Account, ticket_id: int, given: Document, *, in_ticket: bool = False) -> Document:
    """Store a checked message; one that an agent sends now goes out. ``in_ticket``: it came with its ticket."""
    message_id = account.store.next_id("message", 1000)
    sender_kind = "user" if given["from_agent"] else "customer"
    sender = nested_person(account, given["sender"], agent=given["from_agent"], field="sender")
    receiver = given.get("receiver")
    receiver_id = nested_person(account, receiver, agent=False, field="receiver") if receiver else None
    document = {
        **NULLS, **{k: v for k, v in given.items() if k not in ACTING},
        "id": message_id, "uri": f"/api/tickets/{ticket_id}/messages/{message_id}/", "ticket_id": ticket_id,
        "public": given.get("public", True) and given["channel"] != "internal-note",
        "sender": person(account, sender_kind, sender),
        "receiver": person(account, "customer", receiver_id) if receiver_id else None,
        "created_datetime": given.get("created_datetime") or account.now(),
        "imported": bool(given.get("sent_datetime")), "attachments": _files(account, given.get("attachments")),
    }  # fmt: skip
    account.store.put("message", document, parent=ticket_id)
    silent = given.get("sent_datetime") and (account.knobs.sent_datetime_silences_in_ticket_post or not in_ticket)
    if sending.is_outgoing(document) and not silent:
        sending.send(account, document)
    return document


def create_message(account: Account, ticket: Document, body: Any, action: str | None = None) -> Document:
    """``POST /api/tickets/{id}/messages``; a customer's message opens a closed ticket again.

    ``action=force`` and ``retry`` send whatever was sent before; ``cancel`` sends nothing.
    """
    given = parse(Message, body, "create message").model_dump(exclude_unset=True, by_alias=True)
    check(account, given)
    message = make(account, ticket["id"], given)
    if action is not None:
        account.store.call_off(sending.SEND, message["id"])
    if action in ("force", "retry"):
        sending.send(account, message, reason="action")
    events = _received(account, ticket, message)
    notices.act(account, ticket, given)
    account.save_ticket(ticket)
    happened(account, ticket["id"], *events)
    return message


def _received(account: Account, ticket: Document, message: Document) -> list[str]:
    """Date a ticket anew after a message, and open it again if that was a customer's; return what happened."""
    ticket["updated_datetime"] = account.now()
    ticket["last_message_datetime"] = message["created_datetime"]
    ticket["messages_count"] += 1
    if message["from_agent"]:
        return [MESSAGE_CREATED]
    ticket["last_received_message_datetime"] = message["created_datetime"]
    if ticket["status"] != "closed" or not account.knobs.reopens_on_api_message:
        return [MESSAGE_CREATED]
    ticket.update(status="open", closed_datetime=None)
    return [MESSAGE_CREATED, OPENED]
