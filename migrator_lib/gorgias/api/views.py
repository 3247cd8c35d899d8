"""Views. Source: list-views, create-view, update-view."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Views(Resource[replies.View]):
    """``/api/views``."""

    path = "views"
    reply = replies.View

    def every(self) -> Iterator[replies.View]:
        """``GET /api/views``: all of them."""
        return self._every()

    def get(self, view_id: int) -> replies.View:
        """``GET /api/views/{id}``."""
        return self._one(view_id)

    def create(self, body: Json) -> replies.View:
        """``POST /api/views``."""
        return self._made(bodies.ViewCreate, body)

    def update(self, view_id: int, body: Json) -> None:
        """``PUT /api/views/{id}``."""
        self._changed(view_id, bodies.ViewUpdate, body)

    def delete(self, view_id: int) -> None:
        """``DELETE /api/views/{id}``; the views Trash and Spam are refused, one that is gone is no error."""
        self._gone(f"views/{view_id}")
