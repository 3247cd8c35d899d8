"""Macros, which are canned replies. Source: list-macros, create-macro, archive-macros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Macros(Resource[replies.Macro]):
    """``/api/macros``."""

    path = "macros"
    reply = replies.Macro

    def every(self, *, archived: bool = False) -> Iterator[replies.Macro]:
        """``GET /api/macros``: those in use, or the archived ones."""
        return self._every(**({"archived": "true"} if archived else {}))

    def get(self, macro_id: int) -> replies.Macro:
        """``GET /api/macros/{id}``."""
        return self._one(macro_id)

    def create(self, body: Json) -> replies.Macro:
        """``POST /api/macros``."""
        return self._made(bodies.MacroCreate, body)

    def update(self, macro_id: int, body: Json) -> None:
        """``PUT /api/macros/{id}``; the actions are replaced as a whole."""
        self._changed(macro_id, bodies.MacroUpdate, body)

    def delete(self, macro_id: int) -> None:
        """``DELETE /api/macros/{id}``; one that rules use is refused with 409, one that is gone is no error."""
        self._gone(f"macros/{macro_id}")

    def archive(self, ids: Sequence[int]) -> None:
        """``PUT /api/macros/archive``: up to 30."""
        self._put("macros/archive", bodies.MacroIds, {"ids": list(ids)})

    def unarchive(self, ids: Sequence[int]) -> None:
        """``PUT /api/macros/unarchive``: up to 30."""
        self._put("macros/unarchive", bodies.MacroIds, {"ids": list(ids)})
