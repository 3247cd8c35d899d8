"""Tags of a simulated account: their names are case-sensitive, and a search is not.

Deleting one takes it from tickets and switches off the views that ask for it; one that a macro or a rule uses stays.
Source: developers.gorgias.com, create-tag, delete-tag, merge-tags and others.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import Ids, TagCreate, TagMerge, TagUpdate
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.resources.handlers import bulk_delete, changed, create, delete, get, put
from migrator_lib.simulators.gorgias.resources.references import switch_off_views, users_of_tag
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse

ORDERS = ("created_datetime", "name", "usage", "id")


def _check_free(account: Account, name: str) -> None:
    if account.store.by("tag", "name", name):
        raise Refused(409, "Failed to save tag", {"name": ["A tag with this name already exists."]})


def create_tag(account: Account, body: Any) -> Document:
    """``POST /api/tags``; names are case-sensitive, and one name is one tag."""
    given = parse(TagCreate, body, "create tag").model_dump(exclude_unset=True)
    _check_free(account, given["name"])
    tag_id = account.store.next_id("tag")
    document = {
        "id": tag_id, "uri": f"/api/tags/{tag_id}/", "name": given["name"], "description": given.get("description"),
        "decoration": given.get("decoration"), "usage": 0, "created_datetime": account.now(),
    }  # fmt: skip
    account.store.put("tag", document, name=given["name"])
    return document


def update_tag(account: Account, tag: Document, body: Any) -> Document:
    """``PUT /api/tags/{id}``."""
    given = parse(TagUpdate, body, "update tag").model_dump(exclude_unset=True)
    given = {name: value for name, value in given.items() if value is not None or name != "name"}
    renamed = given.get("name", tag["name"]) != tag["name"]
    if renamed:
        _check_free(account, given["name"])
    tag.update(given)
    account.store.put("tag", tag, name=tag["name"])
    if renamed:
        _put_on_tickets(account, tag, tag)
    return tag


def tag_named(account: Account, name: str) -> Document:
    """Return the tag of this name, made on the fly if need be."""
    found = account.store.by("tag", "name", name)
    return found[0] if found else create_tag(account, {"name": name})


def tag_of_id(account: Account, tag_id: int) -> Document:
    """Return the tag of this id.

    Raises:
        Refused: there is none.
    """
    found = account.store.get("tag", tag_id)
    if found is None:
        raise Refused(400, "Failed to save tags", reference_problem("ids"))
    return found


def _put_on_tickets(account: Account, tag: Document, instead: Document | None) -> None:
    """Have every ticket with a tag show another in its place (or the same, under its new name), or none."""
    for ticket in account.store.listing("ticket", "$.tags", tag["id"]):
        shown = [{"id": instead["id"], "name": instead["name"]}] if instead else []
        tags = [other for held in ticket["tags"] for other in (shown if held["id"] == tag["id"] else [held])]
        ticket["tags"] = list({held["id"]: held for held in tags}.values())
        ticket["updated_datetime"] = account.now()
        account.save_ticket(ticket)


def _remove(account: Account, tag: Document) -> None:
    if users := users_of_tag(account, tag["name"]):
        raise Refused(409, f"Tag with id {tag['id']} is used by {users[0]}", {"id": users})
    _put_on_tickets(account, tag, None)
    switch_off_views(account, tag["name"])
    account.store.delete("tag", tag["id"])


def _merge(account: Account, call: Call) -> Any:
    """``PUT /api/tags/{id}/merge``: the others end in this one, and cannot be had back."""
    into = required(account, "tag", call.id())
    for source_id in parse(TagMerge, call.body, "merge tags").source_tags_ids:
        source = account.store.get("tag", source_id)
        if source is None or source_id == into["id"]:
            raise Refused(400, "Failed to merge tags", reference_problem("source_tags_ids"))
        _put_on_tickets(account, source, into)
        account.store.delete("tag", source_id)
    return changed(account, into)


def _list(account: Account, call: Call) -> Any:
    search = call.query.get("search", "").lower()
    return listed(account, "tag", call, keep=lambda tag: search in tag["name"].lower(), orders=ORDERS)


ROUTES = (
    Endpoint(
        "GET", "tags", 200, _list, "List tags", reply=replies.Tag, listed=True,
        query=(*PAGING, Query("search", str, "Part of the name, in any case."), order_by(*ORDERS)),
    ),
    Endpoint("POST", "tags", 201, create(create_tag), "Create a tag", TagCreate, replies.Tag, errors=(409,)),
    Endpoint("DELETE", "tags", 204, bulk_delete("tag", _remove), "Delete many tags", Ids, errors=(409,)),
    Endpoint("GET", "tags/{id}", 200, get("tag"), "Get a tag", reply=replies.Tag),
    Endpoint("PUT", "tags/{id}", 202, put("tag", update_tag), "Change a tag", TagUpdate, errors=(409,)),
    Endpoint("PUT", "tags/{id}/merge", 202, _merge, "Merge other tags into this one", TagMerge),
    Endpoint("DELETE", "tags/{id}", 204, delete("tag", _remove), "Delete a tag", errors=(409,)),
)  # fmt: skip
