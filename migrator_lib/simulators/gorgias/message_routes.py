"""The endpoints of messages. Source: developers.gorgias.com, create-ticket-message, list-messages and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.simulators.gorgias import tickets
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import listed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused


def _list(account: Account, call: Call) -> Any:
    ticket_id = call.number("ticket_id")
    return listed(
        account, "message", call, where={} if ticket_id is None else {"parent": ticket_id},
        orders=("created_datetime",), default="created_datetime:desc",
    )  # fmt: skip


def _create(account: Account, call: Call) -> Any:
    message = tickets.create_message(account, required(account, "ticket", call.id()), call.body)
    if call.query.get("action") in ("force", "retry"):
        account.store.mail("message", str((message["receiver"] or {}).get("email")), "action", account.now())
    return message


def _message(account: Account, call: Call) -> Document:
    """Return the message that the path names, if it is one of that ticket."""
    message = required(account, "message", int(call.path["message_id"]))
    if message["ticket_id"] != call.id():
        raise Refused(404, f"Message with id {message['id']} was not found in ticket {call.id()}.")
    return message


def _delete(account: Account, call: Call) -> None:
    tickets.delete_message(account, required(account, "ticket", call.id()), _message(account, call))


ROUTES = (
    Endpoint("GET", "messages", 200, _list),
    Endpoint("POST", "tickets/{id}/messages", 201, _create),
    Endpoint("GET", "tickets/{id}/messages/{message_id}", 200, _message),
    Endpoint("DELETE", "tickets/{id}/messages/{message_id}", 204, _delete),
)
