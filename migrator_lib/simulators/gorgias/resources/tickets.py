"""Tickets of a simulated account. Source: developers.gorgias.com, create-ticket, update-ticket and others."""

from __future__ import annotations

from itertools import chain
from typing import Any

from migrator_lib.gorgias.contract.bodies import TagChoice, TicketCreate, TicketUpdate
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.behaviour import happened, notices, surveys
from migrator_lib.simulators.gorgias.behaviour.events import ASSIGNED, CLOSED, CREATED, MESSAGE_CREATED, OPENED, UPDATED
from migrator_lib.simulators.gorgias.behaviour.sending import SEND
from migrator_lib.simulators.gorgias.behaviour.snoozing import UNSNOOZE, snooze
from migrator_lib.simulators.gorgias.resources import custom_fields, messages
from migrator_lib.simulators.gorgias.resources import tags as tag_store
from migrator_lib.simulators.gorgias.resources.channels import check_channel
from migrator_lib.simulators.gorgias.resources.nested_persons import nested_person
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

DATES = (
    "closed_datetime", "opened_datetime", "snooze_datetime", "trashed_datetime", "last_message_datetime",
    "last_received_message_datetime",
)  # fmt: skip


def _assignee(account: Account, kind: str, given: Document | None, field: str) -> Document | None:
    if given is None:
        return None
    found = account.store.get(kind, given["id"])
    if found is None:
        raise Refused(400, "Failed to save ticket", reference_problem(field))
    return {"id": found["id"], "name": found["name"], **({"email": found["email"]} if kind == "user" else {})}


def _kept(account: Account, given: Document) -> Document:
    """Return what is kept of a ticket's body, as far as nobody knows."""
    knobs = account.knobs
    kept = {
        "updated_datetime": knobs.honours_updated_datetime,
        "last_message_datetime": knobs.honours_last_message_datetime,
        "priority": knobs.priority_is_kept,
    }
    return {name: value for name, value in given.items() if kept.get(name, True)}


def create_ticket(account: Account, body: Any) -> Document:
    """``POST /api/tickets``: a ticket with its whole thread of 1 to 500 messages."""
    given = _kept(account, parse(TicketCreate, body, "create ticket").model_dump(exclude_unset=True, by_alias=True))
    check_channel(account, given, "create ticket")
    thread = given.pop("messages")
    for index, message in enumerate(thread):
        messages.check(account, message, index)
    document = _document(account, given, thread)
    stored = [messages.make(account, document["id"], message, in_ticket=True) for message in thread]
    received = [message["created_datetime"] for message in stored if not message["from_agent"]]
    latest = {
        "last_message_datetime": max(message["created_datetime"] for message in stored),
        "last_received_message_datetime": max(received, default=None),
    }
    document.update({name: given.get(name) or moment for name, moment in latest.items()}, messages_count=len(stored))
    reply = {**document, "messages": stored}
    for message in thread:
        notices.act(account, document, message)
    account.save_ticket(document)
    snooze(account, document["id"], document["snooze_datetime"])
    happened(account, document["id"], CREATED, MESSAGE_CREATED, *_turns({}, document))
    return reply


def _document(account: Account, given: Document, thread: list[Document]) -> Document:
    """Return a new ticket without its thread."""
    now = account.now()
    ticket_id = account.store.next_id("ticket", 100)
    senders = (message["sender"] for message in thread if not message["from_agent"])
    receivers = (message["receiver"] for message in thread if message.get("receiver"))
    customer = given.pop("customer", None) or next(chain(senders, receivers), None)
    customer_id = nested_person(account, customer, agent=False, field="customer") if customer else None
    values = custom_fields.check_values(account, given.pop("custom_fields", None), "Ticket")
    tags = _tags(account, given.pop("tags", None))
    priority = {"priority": "normal"} if account.knobs.priority_is_kept else {}
    return {
        "id": ticket_id, "uri": f"/api/tickets/{ticket_id}/", "external_id": None, "language": "en", **priority,
        "status": "open", "spam": False, "subject": None, "meta": None, "is_unread": False,
        "channel": thread[0]["channel"], "from_agent": thread[0]["from_agent"], **dict.fromkeys(DATES), **given,
        "created_datetime": given.get("created_datetime") or now,
        "updated_datetime": given.get("updated_datetime") or now,
        "assignee_user": _assignee(account, "user", given.get("assignee_user"), "assignee_user"),
        "assignee_team": _assignee(account, "team", given.get("assignee_team"), "assignee_team"),
        "customer": messages.person(account, "customer", customer_id) if customer_id else None,
        "tags": tags, "custom_fields": values,
    }  # fmt: skip


def _turns(before: Document, after: Document) -> list[str]:
    """Return the events of a ticket that was, or was made, closed, open again, or somebody's."""
    events = []
    if after["status"] == "closed" and before.get("status") != "closed":
        events.append(CLOSED)
    if after["status"] != "closed" and before.get("status") == "closed":
        events.append(OPENED)
    if after["assignee_user"] and after["assignee_user"] != before.get("assignee_user"):
        events.append(ASSIGNED)
    return events


def _tag(tag: Document) -> Document:
    return {"id": tag["id"], "name": tag["name"]}


def _tags(account: Account, named: list[Document] | None) -> list[Document]:
    """Return the tags that a ticket names, each once; unknown ones are made on the fly."""
    names = list(dict.fromkeys(tag["name"] for tag in named or []))
    unknown = [name for name in names if not account.store.by("tag", "name", name)]
    if unknown and not account.knobs.tags_made_on_the_fly:
        raise Refused(400, "Failed to save ticket", {"tags": [f"{len(unknown)} of them do not exist."]})
    return [_tag(tag_store.tag_named(account, name)) for name in names]


def update_ticket(account: Account, ticket: Document, body: Any) -> Document:
    """``PUT /api/tickets/{id}``; tags and custom fields replace; any write moves updated_datetime unless given."""
    given = _kept(account, parse(TicketUpdate, body, "update ticket").model_dump(exclude_unset=True, by_alias=True))
    check_channel(account, given, "update ticket")
    before = dict(ticket)
    for kind in ("user", "team"):
        if f"assignee_{kind}" in given:
            given[f"assignee_{kind}"] = _assignee(account, kind, given[f"assignee_{kind}"], f"assignee_{kind}")
    if given.get("customer"):
        customer = nested_person(account, given["customer"], agent=False, field="customer")
        given["customer"] = messages.person(account, "customer", customer)
    if "tags" in given:
        given["tags"] = _tags(account, given["tags"])
    if "custom_fields" in given:
        given["custom_fields"] = custom_fields.check_values(account, given["custom_fields"], "Ticket")
    if given.get("status") == "closed" and not given.get("closed_datetime"):
        given["closed_datetime"] = account.now()
    if given.get("status") == "open":
        given["closed_datetime"] = None
    ticket.update(given, updated_datetime=given.get("updated_datetime") or account.now())
    account.save_ticket(ticket)
    if "snooze_datetime" in given:
        snooze(account, ticket["id"], given["snooze_datetime"])
    happened(account, ticket["id"], UPDATED, *_turns(before, ticket))
    return ticket


def remove(account: Account, ticket: Document) -> None:
    """Delete a ticket with everything that belongs to it: what did not go out yet never does."""
    store, ticket_id = account.store, ticket["id"]
    for kind, due in (("message", SEND), (surveys.KIND, surveys.SEND)):
        for thing in store.by(kind, "parent", ticket_id):
            store.call_off(due, thing["id"])
        store.delete_children(kind, ticket_id)
    store.call_off(UNSNOOZE, ticket_id)
    store.delete("ticket", ticket_id)


def delete_message(account: Account, ticket: Document, message: Document) -> None:
    """``DELETE /api/tickets/{id}/messages/{id}``: one that did not go out yet never does."""
    account.store.call_off(SEND, message["id"])
    account.store.delete("message", message["id"])
    ticket["messages_count"] -= 1
    if ticket["messages_count"] or account.knobs.deleted_message_leaves_ticket:
        account.save_ticket(ticket)
    else:
        remove(account, ticket)


def change_tags(account: Account, ticket: Document, body: Any, way: str) -> None:
    """``POST`` adds to, ``PUT`` replaces and ``DELETE`` takes from ``/api/tickets/{id}/tags``; none has a reply.

    Raises:
        Refused: there is no tag of such an id, or of such a name where none is made on the fly.
    """
    given = parse(TagChoice, body, f"{way} tags").model_dump(exclude_unset=True)
    names = given.get("names") or []
    if way == "remove":  # which makes no tag
        names = [name for name in names if account.store.by("tag", "name", name)]
    named = _tags(account, [{"name": name} for name in names])
    named += [_tag(tag_store.tag_of_id(account, tag_id)) for tag_id in given.get("ids") or []]
    chosen = {tag["id"]: tag for tag in named}
    kept = [] if way == "replace" else [tag for tag in ticket["tags"] if tag["id"] not in chosen]
    ticket["tags"] = kept if way == "remove" else [*kept, *chosen.values()]
    ticket["updated_datetime"] = account.now()
    account.save_ticket(ticket)
    happened(account, ticket["id"], UPDATED)


def summary(ticket: Document, *, custom_fields: bool) -> Document:
    """Return a ticket as a list shows it: without messages, custom fields only where asked for."""
    return ticket if custom_fields else {k: v for k, v in ticket.items() if k != "custom_fields"}
