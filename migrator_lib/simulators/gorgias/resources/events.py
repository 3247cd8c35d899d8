"""Events: what happened in the account. They are written by it, and can only be read.

Source: developers.gorgias.com, list-events. Which events there are beyond ``<thing>-created``, ``-updated`` and
``-deleted`` is UNVERIFIED; custom fields and surveys have none.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.fields import Moment
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.handlers import get
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import Keep, listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import refuse

OBJECTS = {
    "tickets": ("ticket", "Ticket"), "customers": ("customer", "Customer"), "users": ("user", "User"),
    "teams": ("team", "Team"), "tags": ("tag", "Tag"), "macros": ("macro", "Macro"), "rules": ("rule", "Rule"),
    "integrations": ("integration", "Integration"), "views": ("view", "View"),
}  # fmt: skip
MESSAGES = "tickets/{id}/messages"
RECORDED: dict[tuple[str, str], tuple[str, str]] = {
    **{("POST", path): (f"{word}-created", kind) for path, (word, kind) in OBJECTS.items()},
    **{("PUT", f"{path}/{{id}}"): (f"{word}-updated", kind) for path, (word, kind) in OBJECTS.items()},
    **{("DELETE", f"{path}/{{id}}"): (f"{word}-deleted", kind) for path, (word, kind) in OBJECTS.items()},
    **{("DELETE", path): (f"{OBJECTS[path][0]}-deleted", OBJECTS[path][1]) for path in ("customers", "tags")},
    **{(method, "tickets/{id}/tags"): ("ticket-updated", "Ticket") for method in ("POST", "PUT", "DELETE")},
    ("PUT", "tickets/{id}/custom-fields"): ("ticket-updated", "Ticket"),
    ("PUT", "customers/{id}/custom-fields"): ("customer-updated", "Customer"),
    ("PUT", "customers/merge"): ("customer-merged", "Customer"),
    ("PUT", "tags/{id}/merge"): ("tag-merged", "Tag"),
    ("POST", MESSAGES): ("ticket-message-created", "TicketMessage"),
    ("PUT", f"{MESSAGES}/{{message_id}}"): ("ticket-message-updated", "TicketMessage"),
    ("DELETE", f"{MESSAGES}/{{message_id}}"): ("ticket-message-deleted", "TicketMessage"),
}
"""Which event an endpoint writes, and what kind of object it is about."""


def record(account: Account, kind: str, object_type: str, object_id: int, *, user_id: int | None = None) -> None:
    """Write an event of a user, or of the key's."""
    event_id, now = account.store.next_id("event"), account.now()
    event: Document = {
        "id": event_id, "uri": f"/api/events/{event_id}/", "type": kind, "object_type": object_type,
        "object_id": object_id, "user_id": user_id or account.me()["id"], "context": None, "data": {},
        "created_datetime": now,
    }  # fmt: skip
    account.store.put("event", event, name=kind, parent=object_id)


def _objects(call: Call, result: Any) -> list[int]:
    """Return the ids of what a request was about."""
    for name in ("message_id", "id"):
        if name in call.path and (name == "message_id" or not isinstance(result, dict) or "id" not in result):
            return [call.id(name)]
    if isinstance(result, dict) and isinstance(result.get("id"), int):
        return [result["id"]]
    if "target_id" in call.query:
        return [call.number("target_id") or 0]
    return list(result)


def recorded(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that writes its event, if it has one, when it succeeds."""
    found = RECORDED.get((endpoint.method, endpoint.path))
    if found is None:
        return endpoint
    kind, object_type = found

    def handler(account: Account, call: Call) -> Any:
        result = endpoint.handler(account, call)
        for object_id in _objects(call, result):
            record(account, kind, object_type, object_id)
        return result

    return dataclasses.replace(endpoint, handler=handler)


MOMENT = TypeAdapter[str](Moment)
BOUNDS = ("gt", "gte", "lt", "lte")


def _bounds(call: Call) -> dict[str, str]:
    """Return the moments that bound a list, by how."""
    found = {}
    for way in BOUNDS:
        name = f"created_datetime[{way}]"
        if name in call.query:
            try:
                found[way] = MOMENT.validate_python(call.query[name])
            except ValidationError as error:
                raise refuse(400, "list events", name, "Not a valid datetime.") from error
    return found


def _list(account: Account, call: Call) -> Any:
    bounds, kinds, users = _bounds(call), call.texts("types"), call.numbers("user_ids")
    object_id, object_type = call.number("object_id"), call.query.get("object_type")
    tests: list[Keep] = [
        lambda event: not kinds or event["type"] in kinds,
        lambda event: not users or event["user_id"] in users,
        lambda event: object_type in (None, event["object_type"]),
        lambda event: "gt" not in bounds or event["created_datetime"] > bounds["gt"],
        lambda event: "gte" not in bounds or event["created_datetime"] >= bounds["gte"],
        lambda event: "lt" not in bounds or event["created_datetime"] < bounds["lt"],
        lambda event: "lte" not in bounds or event["created_datetime"] <= bounds["lte"],
    ]
    return listed(
        account, "event", call, where={} if object_id is None else {"parent": object_id},
        keep=lambda event: all(test(event) for test in tests), orders=("created_datetime",),
        default="created_datetime:desc",
    )  # fmt: skip


ROUTES = (
    Endpoint(
        "GET", "events", 200, _list, "List what happened", reply=replies.Event, listed=True,
        query=(
            *PAGING, order_by("created_datetime"), Query("object_id", int),
            Query("object_type", Literal[(*(kind for _, kind in OBJECTS.values()), "TicketMessage")]),
            Query("user_ids", list[int]), Query("types", list[str]),
            *(Query(f"created_datetime[{way}]", str, "A moment, ISO 8601.") for way in BOUNDS),
        ),
    ),
    Endpoint("GET", "events/{id}", 200, get("event"), "Get an event", reply=replies.Event),
)  # fmt: skip
