"""Custom fields of a simulated account. Source: developers.gorgias.com, create-custom-field and others.

A field can be archived and never deleted, and 25 may be active at a time; source:
docs.gorgias.com/en-US/ticket-fields-101-215324.
"""

from __future__ import annotations

from typing import Any, Literal

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import CustomFieldBulkUpdate, CustomFieldCreate, CustomFieldUpdate
from migrator_lib.simulators.gorgias.account import Account, active
from migrator_lib.simulators.gorgias.resources.handlers import changed, create, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import by_external_id, listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, parse_list, refuse

FIELD_LIMIT = 25
OBJECTS = ("Ticket", "Customer")
ORDERS = ("created_datetime", "updated_datetime", "id")
NEVER_NULL = ("label", "definition", "priority", "required")


def _check_limit(account: Account, object_type: str) -> None:
    kinds = (object_type,) if account.knobs.customer_fields_have_own_limit else OBJECTS
    held = [field for kind in kinds for field in active(account.store.by("custom_field", "name", kind))]
    if len(held) >= FIELD_LIMIT:
        raise refuse(400, "save custom field", "object_type", f"At most {FIELD_LIMIT} may be active.")


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
    return _change(account, field, parse(CustomFieldUpdate, body, "update custom field").model_dump(exclude_unset=True))


def _change(account: Account, field: Document, given: Document) -> Document:
    if field["deactivated_datetime"] and given.get("deactivated_datetime", "") is None:
        _check_limit(account, field["object_type"])
    field.update({name: value for name, value in given.items() if value is not None or name not in NEVER_NULL})
    field["updated_datetime"] = account.now()
    account.store.put("custom_field", field, name=field["object_type"])
    return field


def check_values(account: Account, values: list[Document] | None, object_type: str) -> list[Document]:
    """Return custom field values as they are stored, the last of each field; the id is the definition's.

    Raises:
        Refused: unknown field, wrong type, or not among the choices.
    """
    found = {}
    for index, given in enumerate(values or []):
        field = account.store.get("custom_field", given["id"])
        words = _problem(account, field, object_type, given["value"])
        if words:
            raise Refused(400, "Failed to save values", {"custom_fields": {str(index): words}})
        assert field is not None
        found[field["id"]] = {"field": {"id": field["id"], "label": field["label"]}, "value": given["value"]}
    return list(found.values())


def _problem(account: Account, field: Document | None, object_type: str, value: Any) -> dict[str, list[str]] | None:
    """Return what is wrong with a value, under the name of its key."""
    if field is None or field["object_type"] != object_type:
        return {"id": ["Does not exist."]}
    words = None if value is None else _misfit(account, field["definition"], value)
    return {"value": [words]} if words else None


def _misfit(account: Account, definition: Document, value: Any) -> str | None:
    """Return what keeps a value out of a field."""
    kind, settings = definition["data_type"], definition["input_settings"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    right = {"text": isinstance(value, str), "boolean": isinstance(value, bool), "number": is_number}
    if not right[kind]:
        return f"Not a valid {kind}."
    if settings.get("choices") and value not in settings["choices"] and account.knobs.choices_enforced:
        return "Not a valid choice."
    least, most = settings.get("min"), settings.get("max")
    if kind == "number" and least is not None and value < least:
        return f"Must be greater than or equal to {least}."
    if kind == "number" and most is not None and value > most:
        return f"Must be less than or equal to {most}."
    return None


def _update_many(account: Account, call: Call) -> Any:
    """``PUT /api/custom-fields``: an array of changes, each with its field's id; all of them or none."""
    fields = []
    for given in parse_list(CustomFieldBulkUpdate, call.body, "update custom fields"):
        values = given.model_dump(exclude_unset=True)
        fields.append(_change(account, required(account, "custom_field", values.pop("id")), values))
    return changed(account, fields)


def _list(account: Account, call: Call) -> Any:
    object_type = call.query.get("object_type")
    if object_type not in OBJECTS:
        words = "Missing data for required field." if object_type is None else "Not a valid choice."
        raise refuse(400, "list custom fields", "object_type", words)
    archived = call.flag("archived", False)
    where, keep = by_external_id(account, call.query["external_id"]) if "external_id" in call.query else ({}, None)

    def kept(field: Document) -> bool:
        return (archived or not field.get("deactivated_datetime")) and (keep is None or keep(field))

    return listed(account, "custom_field", call, where={"name": object_type, **where}, keep=kept, orders=ORDERS)


ROUTES = (
    Endpoint(
        "GET", "custom-fields", 200, _list, "List custom fields", reply=replies.CustomField, listed=True,
        query=(
            Query("object_type", Literal["Ticket", "Customer"], "Whose fields.", required=True), *PAGING,
            Query("archived", bool, "Whether archived ones come too."), Query("external_id"), order_by(*ORDERS),
        ),
    ),
    Endpoint(
        "POST", "custom-fields", 201, create(create_custom_field), "Create a custom field; 25 may be active",
        CustomFieldCreate, replies.CustomField,
    ),
    Endpoint(
        "PUT", "custom-fields", 202, _update_many, "Change many custom fields", list[CustomFieldBulkUpdate],
        errors=(404,),
    ),
    Endpoint("GET", "custom-fields/{id}", 200, get("custom_field"), "Get a custom field", reply=replies.CustomField),
    Endpoint(
        "PUT", "custom-fields/{id}", 202, put("custom_field", update_custom_field),
        "Change a custom field; a deactivation date archives it", CustomFieldUpdate,
    ),
)  # fmt: skip
