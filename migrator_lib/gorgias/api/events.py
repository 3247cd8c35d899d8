"""Events: what happened in the account. They are read only. Source: list-events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator_lib.gorgias.api.resource import Resource
from migrator_lib.gorgias.contract import replies


class Events(Resource[replies.Event]):
    """``/api/events``."""

    path = "events"
    reply = replies.Event

    def pages(self, **filters: Any) -> Iterator[list[replies.Event]]:
        """``GET /api/events`` by pages, oldest first.

        Args:
            filters: object_type with object_id, user_ids, types; ``created_datetime[gte]`` and its like, which are no
                names of Python, are given as ``**{"created_datetime[gte]": ...}``.
        """
        return self._pages(**{"order_by": "created_datetime:asc", **filters})

    def get(self, event_id: int) -> replies.Event:
        """``GET /api/events/{id}``."""
        return self._one(event_id)
