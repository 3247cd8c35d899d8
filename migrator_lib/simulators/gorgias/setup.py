"""Teams, tags and custom fields of a simulated account."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import (
    CustomFieldCreate,
    CustomFieldUpdate,
    TagCreate,
    TagUpdate,
    TeamCreate,
    TeamUpdate,
)
from migrator_lib.simulators.gorgias.account import Account, active, reference_problem
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

FIELD_LIMIT = 25


def _members(account: Account, references: list[Document] | None) -> list[Document]:
    found = []
    for reference in references or []:
        user = account.store.get("user", reference["id"])
        if user is None:
            raise Refused(400, "Failed to save team", reference_problem("members"))
        found.append({"id": user["id"], "name": user["name"], "email": user["email"]})
    return found


def create_team(account: Account, body: Any) -> Document:
    """``POST /api/teams``."""
    given = parse(TeamCreate, body, "create team").model_dump(exclude_unset=True)
    team_id = account.store.next_id("team")
    document = {
        "id": team_id, "uri": f"/api/teams/{team_id}/", "name": given["name"],
        "description": given.get("description"), "decoration": given.get("decoration") or {},
        "members": _members(account, given.get("members")), "created_datetime": account.now(),
    }  # fmt: skip
    account.store.put("team", document, name=given["name"])
    return document


def update_team(account: Account, team: Document, body: Any) -> Document:
    """``PUT /api/teams/{id}``; members replace."""
    given = parse(TeamUpdate, body, "update team").model_dump(exclude_unset=True)
    if "members" in given:
        given["members"] = _members(account, given["members"])
    team.update(given)
    account.store.put("team", team, name=team["name"])
    return team


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


def _check_limit(account: Account, object_type: str) -> None:
    if len(active(account.store.by("custom_field", "name", object_type))) >= FIELD_LIMIT:
        words = f"At most {FIELD_LIMIT} may be active."
        raise Refused(400, "Failed to save custom field", {"object_type": [words]})


def tag_of_id(account: Account, tag_id: int) -> Document:
    """Return the tag of this id.

    Raises:
        Refused: there is none.
    """
    found = account.store.get("tag", tag_id)
    if found is None:
        raise Refused(400, "Failed to save tags", reference_problem("ids"))
    return found


def create_custom_field(account: Account, body: Any) -> Document:
    """``POST /api/custom-fields``; 25 may be active for tickets."""
    given = parse(CustomFieldCreate, body, "create custom field").model_dump(exclude_unset=True)
    if not given.get("deactivated_datetime"):
        _check_limit(account, given["object_type"])
    field_id = account.store.next_id("custom_field")
    now = account.now()
    document = {
        "id": field_id, "uri": f"/api/custom-fields/{field_id}/", "external_id": None, "description": None,
        "priority": 0, "required": False, "managed_type": None, "deactivated_datetime": None, **given,
        "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put("custom_field", document, name=given["object_type"])
    return document


def update_custom_field(account: Account, field: Document, body: Any) -> Document:
    """``PUT /api/custom-fields/{id}``; the only way to be rid of a field is to deactivate it."""
    given = parse(CustomFieldUpdate, body, "update custom field").model_dump(exclude_unset=True)
    if field["deactivated_datetime"] and given.get("deactivated_datetime", "") is None:
        _check_limit(account, field["object_type"])
    field.update(given)
    field["updated_datetime"] = account.now()
    account.store.put("custom_field", field, name=field["object_type"])
    return field


def check_values(account: Account, values: list[Document] | None, object_type: str) -> list[Document]:
    """Return custom field values as they are stored; the id is the definition's.

    Raises:
        Refused: unknown field, wrong type, or not among the choices.
    """
    found = []
    for index, given in enumerate(values or []):
        field = account.store.get("custom_field", given["id"])
        if field is None or field["object_type"] != object_type:
            raise Refused(400, "Failed to save values", {"custom_fields": {str(index): {"id": ["Does not exist."]}}})
        _check_value(field, given["value"], index)
        found.append({"field": {"id": field["id"], "label": field["label"]}, "value": given["value"]})
    return found


def _check_value(field: Document, value: Any, index: int) -> None:
    kind = field["definition"]["data_type"]
    choices = field["definition"]["input_settings"].get("choices")
    right = {
        "text": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
    }[kind]
    if value is not None and not right:
        data = {"custom_fields": {str(index): {"value": [f"Not a valid {kind}."]}}}
        raise Refused(400, "Failed to save values", data)
    if value is not None and choices and value not in choices:
        data = {"custom_fields": {str(index): {"value": ["Not a valid choice."]}}}
        raise Refused(400, "Failed to save values", data)
