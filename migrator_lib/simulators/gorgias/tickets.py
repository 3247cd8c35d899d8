"""Tickets and messages of a simulated account, and what the product does by itself when they are written."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import Message, TagChoice, TicketCreate, TicketUpdate
from migrator_lib.simulators.gorgias import custom_fields, people
from migrator_lib.simulators.gorgias import tags as tag_store
from migrator_lib.simulators.gorgias.account import Account, active, reference_problem
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

DATES = (
    "closed_datetime", "opened_datetime", "snooze_datetime", "trashed_datetime", "last_message_datetime",
    "last_received_message_datetime",
)  # fmt: skip
MESSAGE_NULLS = dict.fromkeys((
    "external_id", "subject", "body_html", "body_text", "sent_datetime", "failed_datetime", "opened_datetime",
    "deleted_datetime", "message_id", "source", "meta",
))  # fmt: skip
ACTING = ("actions", "macros", "mention_ids")


def _assignee(account: Account, kind: str, given: Document | None, field: str) -> Document | None:
    if given is None:
        return None
    found = account.store.get(kind, given["id"])
    if found is None:
        raise Refused(400, "Failed to save ticket", reference_problem(field))
    return {"id": found["id"], "name": found["name"], **({"email": found["email"]} if kind == "user" else {})}


def _person(account: Account, kind: str, person_id: int) -> Document:
    found = account.store.get(kind, person_id) or {"id": person_id}
    return {"id": found["id"], "name": found.get("name"), "email": found.get("email")}


def _check_message(message: Document, index: int | None = None) -> None:
    """Check the rules of roles and addresses.

    Raises:
        Refused: 400 under the message's place in its ticket.
    """

    def refuse(field: str, words: str) -> Refused:
        data = {field: [words]}
        return Refused(400, "Failed to create message", data if index is None else {"messages": {str(index): data}})

    note = message["channel"] == "internal-note"
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


def _message_document(account: Account, ticket_id: int, given: Document) -> Document:
    message_id = account.store.next_id("message", 1000)
    now = account.now()
    sender_kind = "user" if given["from_agent"] else "customer"
    sender = people.nested_person(account, given["sender"], agent=given["from_agent"], field="sender")
    receiver = given.get("receiver")
    receiver_id = people.nested_person(account, receiver, agent=False, field="receiver") if receiver else None
    public = given.get("public", True) and given["channel"] != "internal-note"
    document = {
        **MESSAGE_NULLS, **{k: v for k, v in given.items() if k not in ACTING},
        "id": message_id, "uri": f"/api/tickets/{ticket_id}/messages/{message_id}/", "ticket_id": ticket_id,
        "public": public, "sender": _person(account, sender_kind, sender),
        "receiver": _person(account, "customer", receiver_id) if receiver_id else None,
        "created_datetime": given.get("created_datetime") or now, "imported": bool(given.get("sent_datetime")),
        "attachments": given.get("attachments") or [],
    }  # fmt: skip
    account.store.put("message", document, parent=ticket_id)
    if given["from_agent"] and public and not given.get("sent_datetime"):
        account.store.mail("message", str((document["receiver"] or {}).get("email")), "no sent_datetime", now)
    for key in ACTING:
        if given.get(key):
            account.store.mail("action", str(given[key]), key, now)
    return document


def create_ticket(account: Account, body: Any) -> Document:
    """``POST /api/tickets``: a ticket with its whole thread of 1 to 500 messages."""
    given = parse(TicketCreate, body, "create ticket").model_dump(exclude_unset=True, by_alias=True)
    messages = given.pop("messages")
    for index, message in enumerate(messages):
        _check_message(message, index)
    now = account.now()
    ticket_id = account.store.next_id("ticket", 100)
    customer = given.pop("customer", None) or next((m["sender"] for m in messages if not m["from_agent"]), None)
    customer_id = people.nested_person(account, customer, agent=False, field="customer") if customer else None
    values = custom_fields.check_values(account, given.pop("custom_fields", None), "Ticket")
    tags = _tags(account, given.pop("tags", None))
    document: Document = {
        "id": ticket_id, "uri": f"/api/tickets/{ticket_id}/", "external_id": None, "language": "en",
        "priority": "normal",
        "status": "open", "spam": False, "subject": None, "meta": None, "is_unread": False,
        "channel": messages[0]["channel"], "from_agent": messages[0]["from_agent"], **dict.fromkeys(DATES), **given,
        "created_datetime": given.get("created_datetime") or now,
        "updated_datetime": given.get("updated_datetime") or now,
        "assignee_user": _assignee(account, "user", given.get("assignee_user"), "assignee_user"),
        "assignee_team": _assignee(account, "team", given.get("assignee_team"), "assignee_team"),
        "customer": _person(account, "customer", customer_id) if customer_id else None,
        "tags": tags, "custom_fields": values,
    }  # fmt: skip
    stored = [_message_document(account, ticket_id, message) for message in messages]
    document["last_message_datetime"] = given.get("last_message_datetime") or max(m["created_datetime"] for m in stored)
    document["messages_count"] = len(stored)
    _save(account, document)
    _side_effects(account, document, "ticket-created", "ticket-message-created")
    return {**document, "messages": stored}


def create_message(account: Account, ticket: Document, body: Any) -> Document:
    """``POST /api/tickets/{id}/messages``; a customer's message opens a closed ticket again."""
    given = parse(Message, body, "create message").model_dump(exclude_unset=True, by_alias=True)
    _check_message(given)
    message = _message_document(account, ticket["id"], given)
    ticket["updated_datetime"] = account.now()
    ticket["last_message_datetime"] = message["created_datetime"]
    ticket["messages_count"] += 1
    if not given["from_agent"] and ticket["status"] == "closed":
        ticket.update(status="open", closed_datetime=None)
    _save(account, ticket)
    _side_effects(account, ticket, "ticket-message-created")
    return message


def _save(account: Account, ticket: Document) -> None:
    account.store.put("ticket", ticket, parent=(ticket["customer"] or {}).get("id"))


def _tag(tag: Document) -> Document:
    return {"id": tag["id"], "name": tag["name"]}


def _tags(account: Account, named: list[Document] | None) -> list[Document]:
    """Return the tags that a ticket names, each once; unknown ones are made on the fly."""
    return [_tag(tag_store.tag_named(account, name)) for name in dict.fromkeys(tag["name"] for tag in named or [])]


def update_ticket(account: Account, ticket: Document, body: Any) -> Document:
    """``PUT /api/tickets/{id}``; tags and custom fields replace; any write moves updated_datetime unless given."""
    given = parse(TicketUpdate, body, "update ticket").model_dump(exclude_unset=True, by_alias=True)
    for kind in ("user", "team"):
        if f"assignee_{kind}" in given:
            given[f"assignee_{kind}"] = _assignee(account, kind, given[f"assignee_{kind}"], f"assignee_{kind}")
    if given.get("customer"):
        customer = people.nested_person(account, given["customer"], agent=False, field="customer")
        given["customer"] = _person(account, "customer", customer)
    if "tags" in given:
        given["tags"] = _tags(account, given["tags"])
    if "custom_fields" in given:
        given["custom_fields"] = custom_fields.check_values(account, given["custom_fields"], "Ticket")
    if given.get("status") == "closed" and not given.get("closed_datetime"):
        given["closed_datetime"] = account.now()
    if given.get("status") == "open":
        given["closed_datetime"] = None
    ticket.update({"updated_datetime": account.now(), **given})
    _save(account, ticket)
    _side_effects(account, ticket, "ticket-updated")
    return ticket


def delete_message(account: Account, ticket: Document, message: Document) -> None:
    """``DELETE /api/tickets/{id}/messages/{id}``: the ticket stays, even an empty one."""
    account.store.delete("message", message["id"])
    ticket["messages_count"] -= 1
    _save(account, ticket)


def change_tags(account: Account, ticket: Document, body: Any, way: str) -> None:
    """``POST`` adds to, ``PUT`` replaces and ``DELETE`` takes from ``/api/tickets/{id}/tags``; none has a reply.

    Raises:
        Refused: there is no tag of such an id.
    """
    given = parse(TagChoice, body, f"{way} tags").model_dump(exclude_unset=True)
    named = [_tag(tag_store.tag_named(account, name)) for name in given.get("names") or []]
    chosen = named + [_tag(tag_store.tag_of_id(account, tag_id)) for tag_id in given.get("ids") or []]
    ids = {tag["id"] for tag in chosen}
    kept = [] if way == "replace" else [tag for tag in ticket["tags"] if tag["id"] not in ids]
    ticket["tags"] = kept if way == "remove" else kept + chosen
    ticket["updated_datetime"] = account.now()
    _save(account, ticket)
    _side_effects(account, ticket, "ticket-updated")


def summary(ticket: Document, *, custom_fields: bool) -> Document:
    """Return a ticket as a list shows it: without messages, custom fields only where asked for."""
    return ticket if custom_fields else {k: v for k, v in ticket.items() if k != "custom_fields"}


def _side_effects(account: Account, ticket: Document, *events: str) -> None:
    """Do what active rules and integrations do. Rules leave tickets of channel api alone."""
    now = account.now()
    recipient = str((ticket["customer"] or {}).get("email"))
    for rule in active(account.store.by_kind("rule")):
        if rule.get("auto_reply") and ticket["channel"] != "api" and {*events} & {*rule.get("event_types", [])}:
            account.store.mail("auto-reply", recipient, f"rule {rule.get('name')}", now)
    for integration in active(account.store.by_kind("integration")):
        for event in events:
            if integration.get("type") == "http" and event in integration.get("triggers", [event]):
                account.store.mail("webhook", str(integration.get("url")), event, now)
