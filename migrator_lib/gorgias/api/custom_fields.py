"""Definitions of custom fields. Source: list-custom-fields, create-custom-field, update-custom-field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class CustomFields(Resource[replies.CustomField]):
    """``/api/custom-fields``. Gorgias deletes none: a deactivation date archives a field."""

    path = "custom-fields"
    reply = replies.CustomField

    def every(
        self, object_type: Literal["Ticket", "Customer"], *, archived: bool = False
    ) -> Iterator[replies.CustomField]:
        """``GET /api/custom-fields``: the active ones of an object, or the archived (perhaps with those)."""
        return self._every(object_type=object_type, **({"archived": "true"} if archived else {}))

    def get(self, field_id: int) -> replies.CustomField:
        """``GET /api/custom-fields/{id}``."""
        return self._one(field_id)

    def create(self, body: Json) -> replies.CustomField:
        """``POST /api/custom-fields``; 25 may be active at a time."""
        return self._made(bodies.CustomFieldCreate, body)

    def update(self, field_id: int, body: Json) -> None:
        """``PUT /api/custom-fields/{id}``."""
        self._changed(field_id, bodies.CustomFieldUpdate, body)
