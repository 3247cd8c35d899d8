"""The endpoints of tickets, their tags and the values of their custom fields.

Source: developers.gorgias.com, create-ticket, list-tickets, update-ticket and others.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.simulators.gorgias import tickets
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.endpoint import Endpoint, Handler
from migrator_lib.simulators.gorgias.paging import listed, sees
from migrator_lib.simulators.gorgias.resource import create, delete, put
from migrator_lib.simulators.gorgias.store import Document


def _list(account: Account, call: Call) -> Any:
    query = call.query
    with_fields = "custom_fields" in query.getlist("relationships")
    with_trash = query.get("trashed", "true").lower() != "false"
    seen = sees(account) if "external_id" in query else lambda _: True
    where = {"external_id": query.get("external_id"), "parent": call.number("customer_id")}
    chosen = {int(i) for i in query.getlist("ticket_ids") if i.isdecimal()}

    def keep(ticket: Document) -> bool:
        wanted = not chosen or ticket["id"] in chosen
        return wanted and seen(ticket) and (with_trash or not ticket.get("trashed_datetime"))

    return listed(
        account, "ticket", call, where={k: v for k, v in where.items() if v is not None}, keep=keep,
        show=lambda ticket: tickets.summary(ticket, custom_fields=with_fields), default="updated_datetime:desc",
    )  # fmt: skip


def _get(account: Account, call: Call) -> Any:
    ticket = required(account, "ticket", call.id())
    shown = tickets.summary(ticket, custom_fields="custom_fields" in call.query.getlist("relationships"))
    return {**shown, "messages": account.store.by("message", "parent", ticket["id"])}


def remove(account: Account, ticket: Document) -> None:
    """Delete a ticket with everything that belongs to it."""
    account.store.delete_children("message", ticket["id"])
    account.store.delete("ticket", ticket["id"])


def _values(account: Account, call: Call) -> Any:
    return {"data": required(account, "ticket", call.id())["custom_fields"]}


def _put_values(account: Account, call: Call) -> Any:
    ticket = required(account, "ticket", call.id())
    return {"data": tickets.update_ticket(account, ticket, {"custom_fields": call.body})["custom_fields"]}


def _tags(account: Account, call: Call) -> Any:
    return {"data": required(account, "ticket", call.id())["tags"]}


def _change_tags(way: str) -> Handler:
    return lambda account, call: tickets.change_tags(account, required(account, "ticket", call.id()), call.body, way)


ROUTES = (
    Endpoint("GET", "tickets", 200, _list),
    Endpoint("POST", "tickets", 201, create(tickets.create_ticket)),
    Endpoint("GET", "tickets/{id}", 200, _get),
    Endpoint("PUT", "tickets/{id}", 202, put("ticket", tickets.update_ticket)),
    Endpoint("DELETE", "tickets/{id}", 204, delete("ticket", remove)),
    Endpoint("GET", "tickets/{id}/tags", 200, _tags),
    Endpoint("POST", "tickets/{id}/tags", 201, _change_tags("add")),
    Endpoint("PUT", "tickets/{id}/tags", 202, _change_tags("replace")),
    Endpoint("DELETE", "tickets/{id}/tags", 204, _change_tags("remove")),
    Endpoint("GET", "tickets/{id}/custom-fields", 200, _values),
    Endpoint("PUT", "tickets/{id}/custom-fields", 202, _put_values),
)
