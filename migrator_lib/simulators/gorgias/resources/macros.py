"""Macros: canned replies. Source: developers.gorgias.com, create-macro, delete-macro, archive-macros and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import MacroCreate, MacroIds, MacroUpdate
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get, put, restamped, stamped
from migrator_lib.simulators.gorgias.resources.references import rules_with
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Handler, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

DEFAULTS: Document = {
    "actions": [], "external_id": None, "intent": None, "language": None, "usage": 0, "archived_datetime": None,
}  # fmt: skip
ORDERS = ("name", "created_datetime", "updated_datetime", "usage", "id")


def create_macro(account: Account, body: Any) -> Document:
    """``POST /api/macros``."""
    given = parse(MacroCreate, body, "create macro").model_dump(exclude_none=True)
    return stamped(account, "macro", "macros", {**DEFAULTS, **given})


def update_macro(account: Account, macro: Document, body: Any) -> Document:
    """``PUT /api/macros/{id}``; actions replace all."""
    return restamped(account, "macro", macro, parse(MacroUpdate, body, "update macro").model_dump(exclude_unset=True))


def _remove(account: Account, macro: Document) -> None:
    if users := rules_with(account, "macro", macro["id"]):
        raise Refused(409, f"Macro with id {macro['id']} is used by {users[0]}", {"id": users})
    account.store.delete("macro", macro["id"])


def _archiving(*, archived: bool) -> Handler:
    """Return the handler that archives up to 30 macros, or brings them back; it tells the result of each."""

    def handler(account: Account, call: Call) -> Any:
        results = []
        for macro_id in parse(MacroIds, call.body, "archive macros").ids:
            macro = account.store.get("macro", macro_id)
            if macro is not None:
                restamped(account, "macro", macro, {"archived_datetime": account.now() if archived else None})
            results.append({"id": macro_id, "status": "success" if macro else "not_found"})
        return {"data": results}

    return handler


def _list(account: Account, call: Call) -> Any:
    archived, search = call.flag("archived", False), call.query.get("search", "").lower()

    def keep(macro: Document) -> bool:
        return bool(macro.get("archived_datetime")) == archived and search in str(macro.get("name")).lower()

    return listed(account, "macro", call, keep=keep, orders=ORDERS)


ROUTES = (
    Endpoint(
        "GET", "macros", 200, _list, "List macros", reply=replies.Macro, listed=True,
        query=(
            *PAGING, Query("search", str, "Part of the name."), Query("archived", bool, "Archived ones instead."),
            order_by(*ORDERS),
        ),
    ),
    Endpoint("POST", "macros", 201, create(create_macro), "Create a macro", MacroCreate, replies.Macro),
    Endpoint("PUT", "macros/archive", 200, _archiving(archived=True), "Archive up to 30", MacroIds, replies.Results),
    Endpoint(
        "PUT", "macros/unarchive", 200, _archiving(archived=False), "Bring back up to 30", MacroIds, replies.Results
    ),
    Endpoint("GET", "macros/{id}", 200, get("macro"), "Get a macro", reply=replies.Macro),
    Endpoint("PUT", "macros/{id}", 202, put("macro", update_macro), "Change a macro", MacroUpdate),
    Endpoint("DELETE", "macros/{id}", 204, delete("macro", _remove), "Delete one that no rule uses", errors=(409,)),
)  # fmt: skip
