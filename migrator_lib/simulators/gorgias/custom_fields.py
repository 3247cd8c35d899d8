"""Custom fields of a simulated account, and their values. Source: developers.gorgias.com, create-custom-field."""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract.bodies import CustomFieldCreate, CustomFieldUpdate
from migrator_lib.simulators.gorgias.account import Account, active
from migrator_lib.simulators.gorgias.call import Call
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.paging import listed
from migrator_lib.simulators.gorgias.resource import create, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

FIELD_LIMIT = 25


def _check_limit(account: Account, object_type: str) -> None:
    if len(active(account.store.by("custom_field", "name", object_type))) >= FIELD_LIMIT:
        words = f"At most {FIELD_LIMIT} may be active."
        raise Refused(400, "Failed to save custom field", {"object_type": [words]})


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


def _list(account: Account, call: Call) -> Any:
    object_type = call.query.get("object_type")
    if object_type not in ("Ticket", "Customer"):
        raise Refused(400, "Failed to list", {"object_type": ["Missing data for required field."]})
    archived = call.query.get("archived", "false") == "true"

    def keep(field: Document) -> bool:
        return archived or not field.get("deactivated_datetime")

    return listed(account, "custom_field", call, where={"name": object_type}, keep=keep)


ROUTES = (
    Endpoint("GET", "custom-fields", 200, _list),
    Endpoint("POST", "custom-fields", 201, create(create_custom_field)),
    Endpoint("GET", "custom-fields/{id}", 200, get("custom_field")),
    Endpoint("PUT", "custom-fields/{id}", 202, put("custom_field", update_custom_field)),
)
