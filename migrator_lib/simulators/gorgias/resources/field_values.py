"""The values that tickets and customers have in their custom fields.

``PUT .../custom-fields`` replaces all of them; source: developers.gorgias.com, update-ticket-custom-fields. What the
body of ``PUT .../custom-fields/{id}`` is, is in doubt: the account's knob ``single_value_body`` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import CustomFieldValue
from migrator_lib.gorgias.contract.fields import FieldValue
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources.custom_fields import check_values
from migrator_lib.simulators.gorgias.resources.handlers import Find, changed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, parse_list, refuse

Save = Callable[[Account, Document], None]
ACTION = "save values"


def _single(account: Account, field_id: int, body: Any) -> Any:
    """Return the value of a body that is one, or an object with one."""
    form = account.knobs.single_value_body
    if isinstance(body, dict):
        if form == "value":
            raise refuse(400, ACTION, "_schema", "Not a valid value.")
        given = parse(CustomFieldValue, body, ACTION)
        if given.id not in (None, field_id):
            raise refuse(400, ACTION, "id", "Is not the id of the path.")
        return given.value
    if form == "object" or isinstance(body, list):
        raise refuse(400, ACTION, "_schema", "Not a valid value.")
    return body


def _kept(owner: Document, field_id: int) -> list[Document]:
    """Return the values that something has in its other fields."""
    return [value for value in owner["custom_fields"] if value["field"]["id"] != field_id]


def value_routes(collection: str, object_type: str, find: Find, save: Save) -> tuple[Endpoint, ...]:
    """Return the endpoints of values below ``tickets`` or ``customers``.

    Args:
        collection: the path that they are below.
        object_type: ``Ticket`` or ``Customer``, as the fields have it.
        find: returns the ticket or customer of an id.
        save: stores it, changed, and does what follows.
    """

    def all_of(account: Account, call: Call) -> Any:
        return {"data": find(account, call.id())["custom_fields"]}

    def replace_all(account: Account, call: Call) -> Any:
        owner = find(account, call.id())
        given = [value.model_dump() for value in parse_list(FieldValue, call.body, ACTION)]
        owner["custom_fields"] = check_values(account, given, object_type)
        save(account, owner)
        return changed(account, {"data": owner["custom_fields"]})

    def put_one(account: Account, call: Call) -> Any:
        owner, field_id = find(account, call.id()), call.id("field_id")
        given = {"id": field_id, "value": _single(account, field_id, call.body)}
        (value,) = check_values(account, [given], object_type)
        owner["custom_fields"] = [*_kept(owner, field_id), value]
        save(account, owner)
        return changed(account, value)

    def delete_one(account: Account, call: Call) -> None:
        owner, field_id = find(account, call.id()), call.id("field_id")
        kept = _kept(owner, field_id)
        if len(kept) == len(owner["custom_fields"]):
            raise Refused(404, f"There is no value of custom field {field_id}.")
        owner["custom_fields"] = kept
        save(account, owner)

    path = f"{collection}/{{id}}/custom-fields"
    single = CustomFieldValue | str | bool | float | None
    return (
        Endpoint("GET", path, 200, all_of, "List values of custom fields", reply=replies.FieldValues),
        Endpoint("PUT", path, 202, replace_all, "Replace the values of all custom fields", list[FieldValue]),
        Endpoint("PUT", f"{path}/{{field_id}}", 202, put_one, "Set the value of a custom field", single),
        Endpoint("DELETE", f"{path}/{{field_id}}", 204, delete_one, "Remove the value of a custom field"),
    )
