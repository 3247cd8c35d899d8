"""The endpoints of messages. Source: developers.gorgias.com, create-ticket-message, list-messages and others."""

from __future__ import annotations

from typing import Any, Literal

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import Message
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources import messages, tickets
from migrator_lib.simulators.gorgias.resources.handlers import changed
from migrator_lib.simulators.gorgias.resources.nested_persons import nested_person
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

ORDERS = ("created_datetime",)
ACTIONS = ("force", "retry", "cancel")


def _pages(account: Account, call: Call, ticket_id: int | None) -> Any:
    where = {} if ticket_id is None else {"parent": ticket_id}
    return listed(account, "message", call, where=where, orders=ORDERS, default="created_datetime:desc")


def _list(account: Account, call: Call) -> Any:
    return _pages(account, call, call.number("ticket_id"))


def _list_of_ticket(account: Account, call: Call) -> Any:
    return _pages(account, call, required(account, "ticket", call.id())["id"])


def _action(call: Call) -> str | None:
    action = call.query.get("action")
    if action not in (None, *ACTIONS):
        raise refuse(400, "save message", "action", "Not a valid choice.")
    return action


def _create(account: Account, call: Call) -> Any:
    ticket = required(account, "ticket", call.id())
    return messages.create_message(account, ticket, call.body, _action(call))


def _message(account: Account, call: Call) -> Document:
    """Return the message that the path names, if it is one of that ticket."""
    message = required(account, "message", call.id("message_id"))
    if message["ticket_id"] != call.id():
        raise Refused(404, f"Message with id {message['id']} was not found in ticket {call.id()}.")
    return message


def _update(account: Account, call: Call) -> Any:
    """``PUT /api/tickets/{id}/messages/{id}``: channel, from_agent and via again; what else is left out stays."""
    message = _message(account, call)
    _action(call)
    given = parse(Message, call.body, "update message").model_dump(exclude_unset=True, by_alias=True)
    messages.check(account, {**message, **given})
    for name, by_agent in (("sender", given["from_agent"]), ("receiver", False)):
        if given.get(name):
            person_id = nested_person(account, given[name], agent=by_agent, field=name)
            given[name] = messages.person(account, "user" if by_agent else "customer", person_id)
    message.update({name: value for name, value in given.items() if name not in messages.ACTING})
    message["created_datetime"] = message["created_datetime"] or account.now()
    account.store.put("message", message, parent=message["ticket_id"])
    ticket = required(account, "ticket", call.id())
    ticket["updated_datetime"] = account.now()
    account.save_ticket(ticket)
    return changed(account, message)


def _delete(account: Account, call: Call) -> None:
    tickets.delete_message(account, required(account, "ticket", call.id()), _message(account, call))


ACTION = Query("action", Literal[ACTIONS], "What is done about sending it: force and retry send it whatever it says.")
ROUTES = (
    Endpoint(
        "GET", "messages", 200, _list, "List messages", reply=replies.Message, listed=True,
        query=(*PAGING, Query("ticket_id", int), order_by(*ORDERS)),
    ),
    Endpoint(
        "GET", "tickets/{id}/messages", 200, _list_of_ticket, "List its messages (deprecated: use /api/messages)",
        reply=replies.Message, listed=True, query=(*PAGING, order_by(*ORDERS)),
    ),
    Endpoint(
        "POST", "tickets/{id}/messages", 201, _create, "Add a message; one without sent_datetime is sent", Message,
        replies.Message, query=(ACTION,), errors=(409,),
    ),
    Endpoint("GET", "tickets/{id}/messages/{message_id}", 200, _message, "Get a message", reply=replies.Message),
    Endpoint(
        "PUT", "tickets/{id}/messages/{message_id}", 202, _update, "Change a message", Message, query=(ACTION,),
        errors=(409,),
    ),
    Endpoint("DELETE", "tickets/{id}/messages/{message_id}", 204, _delete, "Delete a message; the ticket stays"),
)  # fmt: skip
