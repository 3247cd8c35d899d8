"""Tags of a simulated account. Source: developers.gorgias.com, create-tag and others."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import TagCreate, TagUpdate
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.call import Call
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import listed
from migrator_lib.simulators.gorgias.resource import bulk_delete, create, delete, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse


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
    if given.get("name", tag["name"]) != tag["name"]:
        _check_free(account, given["name"])
    tag.update(given)
    account.store.put("tag", tag, name=tag["name"])
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


def _list(account: Account, call: Call) -> Any:
    search = call.query.get("search", "").lower()
    return listed(account, "tag", call, keep=lambda tag: search in tag["name"].lower())


ROUTES = (
    Endpoint("GET", "tags", 200, _list),
    Endpoint("POST", "tags", 201, create(create_tag)),
    Endpoint("DELETE", "tags", 204, bulk_delete("tag")),
    Endpoint("GET", "tags/{id}", 200, get("tag")),
    Endpoint("PUT", "tags/{id}", 202, put("tag", update_tag)),
    Endpoint("DELETE", "tags/{id}", 204, delete("tag")),
)
