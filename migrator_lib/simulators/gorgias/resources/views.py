"""Views of tickets. Source: developers.gorgias.com, create-view, list-view-items, search-view-items and others."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import ViewCreate, ViewUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources import tickets
from migrator_lib.simulators.gorgias.resources.filters import chosen_by, of_view
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get, listing, put, restamped, stamped
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

DEFAULTS: Document = {
    "name": "", "slug": "", "type": "ticket-list", "visibility": "public", "decoration": {}, "fields": [],
    "filters": "", "order_by": "updated_datetime", "order_dir": "desc", "search": None, "category": "user",
    "shared_with_teams": [], "shared_with_users": [], "deactivated_datetime": None,
}  # fmt: skip
ITEM_ORDERS = ("created_datetime", "updated_datetime", "id")
SYSTEM = "system"


class ViewSearch(BaseModel):
    """What ``PUT /api/views/{id}/items`` takes: a view that is not stored."""

    model_config = ConfigDict(extra="forbid", strict=True)

    view: ViewUpdate | None = None


def create_view(account: Account, body: Any) -> Document:
    """``POST /api/views``."""
    given = parse(ViewCreate, body, "create view").model_dump(exclude_none=True)
    chosen_by(account, given.get("filters"))
    return stamped(account, "view", "views", {**DEFAULTS, **given})


def update_view(account: Account, view: Document, body: Any) -> Document:
    """``PUT /api/views/{id}``: what is left out stays."""
    given = parse(ViewUpdate, body, "update view").model_dump(exclude_unset=True)
    chosen_by(account, given.get("filters"))
    return restamped(account, "view", view, {k: v for k, v in given.items() if v is not None or k == "search"})


def _remove(account: Account, view: Document) -> None:
    if view.get("category") == SYSTEM:
        raise Refused(400, "A view of the system cannot be deleted")
    account.store.delete("view", view["id"])


def _list_items(account: Account, call: Call, view: Document) -> Any:
    order = view.get("order_by") or DEFAULTS["order_by"]
    default = f"{order}:{view.get('order_dir') or 'desc'}" if order in ITEM_ORDERS else "updated_datetime:desc"
    search = (view.get("search") or "").lower()
    keep = of_view(account, view)
    return listed(
        account, "ticket", call, keep=lambda t: keep(t) and search in str(t.get("subject") or "").lower(),
        show=lambda ticket: tickets.summary(ticket, custom_fields=False), orders=ITEM_ORDERS, default=default,
    )  # fmt: skip


def _items(account: Account, call: Call) -> Any:
    return _list_items(account, call, required(account, "view", call.id()))


def _search_items(account: Account, call: Call) -> Any:
    """``PUT /api/views/{id}/items``: a view as the body has it, over the stored one; 0 is none."""
    stored = required(account, "view", call.id()) if call.id() else {}
    given = parse(ViewSearch, call.body if call.body is not None else {}, "search view items").view
    return _list_items(account, call, {**stored, **(given.model_dump(exclude_unset=True) if given else {})})


ITEMS = (*PAGING, order_by(*ITEM_ORDERS))
ROUTES = (
    Endpoint(
        "GET", "views", 200, listing("view"), "List views", reply=replies.View, listed=True,
        query=(*PAGING, order_by("created_datetime", "name", "id")),
    ),
    Endpoint("POST", "views", 201, create(create_view), "Create a view", ViewCreate, replies.View),
    Endpoint("GET", "views/{id}", 200, get("view"), "Get a view", reply=replies.View),
    Endpoint("PUT", "views/{id}", 202, put("view", update_view), "Change a view", ViewUpdate),
    Endpoint("DELETE", "views/{id}", 204, delete("view", _remove), "Delete a view", errors=(400,)),
    Endpoint("GET", "views/{id}/items", 200, _items, "List its tickets", None, replies.Ticket, True, ITEMS),
    Endpoint(
        "PUT", "views/{id}/items", 200, _search_items, "List the tickets of a view as it would be", ViewSearch,
        replies.Ticket, listed=True, query=ITEMS,
    ),
)  # fmt: skip
