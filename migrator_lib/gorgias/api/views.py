"""Views. Source: list-views."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Resource
from migrator_lib.gorgias.contract import replies


class Views(Resource[replies.View]):
    """``/api/views``."""

    path = "views"
    reply = replies.View

    def every(self) -> Iterator[replies.View]:
        """``GET /api/views``: all of them."""
        return self._every()
