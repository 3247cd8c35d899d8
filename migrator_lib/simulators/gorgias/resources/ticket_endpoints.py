"""The endpoints of tickets, their tags and the values of their custom fields.

Lists show trashed tickets too, unless they are told not to. Source: developers.gorgias.com, create-ticket,
list-tickets, update-ticket and others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import TagChoice, TicketCreate, TicketUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import happened, surveys
from migrator_lib.simulators.gorgias.behaviour.events import UPDATED
from migrator_lib.simulators.gorgias.resources import tickets
from migrator_lib.simulators.gorgias.resources.field_values import value_routes
from migrator_lib.simulators.gorgias.resources.filters import of_view
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Handler, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import Keep, by_external_id, listed
from migrator_lib.simulators.gorgias.web.request import Call, required

MOST_IDS = 100
ORDERS = ("created_datetime", "updated_datetime", "id", "name")


def find(account: Account, ticket_id: int) -> Document:
    """Return a ticket.

    Raises:
        Refused: 404.
    """
    return required(account, "ticket", ticket_id)


def _filters(account: Account, call: Call) -> tuple[dict[str, Any], list[Keep]]:
    """Return what a list is narrowed to: by the store, and by tests of each ticket."""
    query, tests = call.query, list[Keep]()
    where: dict[str, Any] = {}
    if "external_id" in query:
        where, keep = by_external_id(account, query["external_id"])
        tests.append(keep)
    customer_id = call.number("customer_id")
    if customer_id is not None:
        where["parent"] = customer_id
    if chosen := {*call.numbers("ticket_ids", most=MOST_IDS)}:
        lags = account.knobs.listed_ids_lag
        tests.append(lambda ticket: ticket["id"] in chosen and (not lags or account.is_found(ticket)))
    if not call.flag("trashed", True):
        tests.append(lambda ticket: not ticket.get("trashed_datetime"))
    view_id = call.number("view_id")
    if view_id is not None:
        tests.append(of_view(account, required(account, "view", view_id)))
    rule_id = call.number("rule_id")
    if rule_id is not None:
        touched = {message["ticket_id"] for message in account.store.holding("message", "$.rule_id", rule_id)}
        tests.append(lambda ticket: ticket["id"] in touched)
    return where, tests


def _list(account: Account, call: Call) -> Any:
    where, tests = _filters(account, call)
    with_fields = "custom_fields" in call.texts("relationships")

    def show(ticket: Document) -> Document:
        shown = _with_survey(account, tickets.summary(ticket, custom_fields=with_fields))
        return _with_messages(account, shown) if account.knobs.list_rows_have_messages else shown

    return listed(
        account, "ticket", call, where=where, keep=lambda ticket: all(test(ticket) for test in tests), show=show,
        orders=ORDERS, default="updated_datetime:desc",
    )  # fmt: skip


def _with_messages(account: Account, ticket: Document) -> Document:
    return {**ticket, "messages": account.store.by("message", "parent", ticket["id"])}


def _with_survey(account: Account, ticket: Document) -> Document:
    return {**ticket, "satisfaction_survey": next(iter(account.store.by(surveys.KIND, "parent", ticket["id"])), None)}


def _get(account: Account, call: Call) -> Any:
    with_fields = "custom_fields" in call.texts("relationships")
    shown = tickets.summary(find(account, call.id()), custom_fields=with_fields)
    return _with_messages(account, _with_survey(account, shown))


def _save_values(account: Account, ticket: Document) -> None:
    ticket["updated_datetime"] = account.now()
    account.save_ticket(ticket)
    happened(account, ticket["id"], UPDATED)


def _tags(account: Account, call: Call) -> Any:
    return {"data": find(account, call.id())["tags"]}


def _change_tags(way: str) -> Handler:
    return lambda account, call: tickets.change_tags(account, find(account, call.id()), call.body, way)


RELATIONSHIPS = Query("relationships", list[Literal["custom_fields"]], "What else comes with a ticket.")
QUERY = (
    *PAGING, order_by(*ORDERS), Query("customer_id", int), Query("external_id"), Query("view_id", int),
    Query("rule_id", int, "Tickets that this rule replied to."),
    Query("ticket_ids", Annotated[list[int], Field(max_length=MOST_IDS)]),
    Query("trashed", bool, "Whether trashed tickets come too: they do unless this is false."), RELATIONSHIPS,
)  # fmt: skip
ROUTES = (
    Endpoint(
        "GET", "tickets", 200, _list, "List tickets", reply=replies.Ticket, listed=True, query=QUERY, errors=(404,)
    ),
    Endpoint(
        "POST", "tickets", 201, create(tickets.create_ticket), "Create a ticket with 1 to 500 messages", TicketCreate,
        replies.Ticket, errors=(409,),
    ),
    Endpoint(
        "GET", "tickets/{id}", 200, _get, "Get a ticket with its messages", reply=replies.Ticket, query=(RELATIONSHIPS,)
    ),
    Endpoint(
        "PUT", "tickets/{id}", 202, put("ticket", tickets.update_ticket),
        "Change a ticket; tags and custom fields replace all", TicketUpdate, errors=(409,),
    ),
    Endpoint("DELETE", "tickets/{id}", 204, delete("ticket", tickets.remove), "Delete a ticket and what belongs to it"),
    Endpoint("GET", "tickets/{id}/tags", 200, _tags, "List its tags; without pages", reply=replies.TagsOfTicket),
    Endpoint("POST", "tickets/{id}/tags", 201, _change_tags("add"), "Add tags", TagChoice),
    Endpoint("PUT", "tickets/{id}/tags", 202, _change_tags("replace"), "Replace all tags", TagChoice),
    Endpoint("DELETE", "tickets/{id}/tags", 204, _change_tags("remove"), "Remove tags", TagChoice),
    *value_routes("tickets", "Ticket", find, _save_values),
)  # fmt: skip
