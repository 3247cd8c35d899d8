"""Tags. Source: list-tags, create-tag, merge-tags and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Tags(Resource[replies.Tag]):
    """``/api/tags``. Their names are case-sensitive, and they carry no external id."""

    path = "tags"
    reply = replies.Tag

    def every(self) -> Iterator[replies.Tag]:
        """``GET /api/tags``: all of them."""
        return self._every()

    def get(self, tag_id: int) -> replies.Tag:
        """``GET /api/tags/{id}``."""
        return self._one(tag_id)

    def create(self, body: Json) -> replies.Tag:
        """``POST /api/tags``."""
        return self._made(bodies.TagCreate, body)

    def update(self, tag_id: int, body: Json) -> None:
        """``PUT /api/tags/{id}``."""
        self._changed(tag_id, bodies.TagUpdate, body)

    def delete(self, tag_id: int) -> None:
        """``DELETE /api/tags/{id}``; one that macros or rules use is refused, one that is gone is no error."""
        self._gone(f"tags/{tag_id}")

    def delete_many(self, ids: Sequence[int]) -> None:
        """``DELETE /api/tags``: several at once."""
        body = {"ids": list(ids)}
        border.check(bodies.Ids, body, "DELETE /api/tags")
        self._transport.call("DELETE", "tags", body=body)

    def merge(self, into: int, sources: Sequence[int]) -> None:
        """``PUT /api/tags/{id}/merge``: the sources end in that one, for good."""
        self._put(f"tags/{into}/merge", bodies.TagMerge, {"source_tags_ids": list(sources)})
