"""The handlers that most resources share: create, list, get, change and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator_lib.gorgias.contract.bodies import Ids
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.endpoint import Handler
from migrator_lib.simulators.gorgias.paging import listed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import parse

Remove = Callable[[Account, Document], None]


def create(make: Callable[[Account, Any], Document]) -> Handler:
    """Return the handler that makes a thing of the body."""
    return lambda account, call: make(account, call.body)


def listing(kind: str) -> Handler:
    """Return the handler that lists a kind page by page."""
    return lambda account, call: listed(account, kind, call)


def get(kind: str) -> Handler:
    """Return the handler that shows the thing of the path's id."""
    return lambda account, call: required(account, kind, call.id())


def put(kind: str, change: Callable[[Account, Document, Any], Document]) -> Handler:
    """Return the handler that changes the thing of the path's id."""
    return lambda account, call: change(account, required(account, kind, call.id()), call.body)


def _removal(kind: str) -> Remove:
    return lambda account, document: account.store.delete(kind, document["id"])


def delete(kind: str, remove: Remove | None = None) -> Handler:
    """Return the handler that deletes the thing of the path's id."""
    act = remove or _removal(kind)
    return lambda account, call: act(account, required(account, kind, call.id()))


def bulk_delete(kind: str, remove: Remove | None = None) -> Handler:
    """Return the handler that deletes those of the body's ids that are there."""
    act = remove or _removal(kind)

    def handler(account: Account, call: Call) -> None:
        for thing_id in parse(Ids, call.body, "delete").ids:
            found = account.store.get(kind, thing_id)
            if found is not None:
                act(account, found)

    return handler
