"""The handlers that most resources share: create, list, get, change and delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator_lib.gorgias.contract.bodies import Ids
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Handler
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import parse

Remove = Callable[[Account, Document], None]
Find = Callable[[Account, int], Document]


def create(make: Callable[[Account, Any], Document]) -> Handler:
    """Return the handler that makes a thing of the body."""
    return lambda account, call: make(account, call.body)


def listing(kind: str, *, size: int = 30, default: str = "id:asc") -> Handler:
    """Return the handler that lists a kind page by page: ``size`` a page unless told otherwise."""
    return lambda account, call: listed(account, kind, call, size=size, default=default)


def _find(kind: str) -> Find:
    return lambda account, thing_id: required(account, kind, thing_id)


def get(kind: str) -> Handler:
    """Return the handler that shows the thing of the path's id."""
    return lambda account, call: required(account, kind, call.id())


def changed(account: Account, document: Any) -> Any:
    """Return what a change is answered with: nothing, unless the account's knob wants the thing itself."""
    return document if account.knobs.puts_answer_with_the_object else None


def put(kind: str, change: Callable[[Account, Document, Any], Document], find: Find | None = None) -> Handler:
    """Return the handler that changes the thing of the path's id."""
    look_up = find or _find(kind)
    return lambda account, call: changed(account, change(account, look_up(account, call.id()), call.body))


def _removal(kind: str) -> Remove:
    return lambda account, document: account.store.delete(kind, document["id"])


def delete(kind: str, remove: Remove | None = None, find: Find | None = None) -> Handler:
    """Return the handler that deletes the thing of the path's id."""
    act, look_up = remove or _removal(kind), find or _find(kind)
    return lambda account, call: act(account, look_up(account, call.id()))


def bulk_delete(kind: str, remove: Remove | None = None) -> Handler:
    """Return the handler that deletes those of the body's ids that are there, and returns them; there is no reply."""
    act = remove or _removal(kind)

    def handler(account: Account, call: Call) -> list[int]:
        deleted = []
        for thing_id in parse(Ids, call.body, "delete").ids:
            found = account.store.get(kind, thing_id)
            if found is not None:
                act(account, found)
                deleted.append(thing_id)
        return deleted

    return handler


def stamped(account: Account, kind: str, collection: str, given: Document) -> Document:
    """Return a new thing with its id, its place and its dates, and store it under its name."""
    thing_id, now = account.store.next_id(kind), account.now()
    document = {
        "id": thing_id, "uri": f"/api/{collection}/{thing_id}/", **given,
        "created_datetime": given.get("created_datetime") or now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put(kind, document, name=given.get("name"))
    return document


def restamped(account: Account, kind: str, document: Document, given: Document) -> Document:
    """Change a thing, note when, and store it under its name."""
    document.update(given, updated_datetime=account.now())
    account.store.put(kind, document, name=document.get("name"))
    return document
