"""Walking over a list by its cursor, also when the cursor expires on the way.

Cursors live for a short while (developers.gorgias.com, changelog), so they are never stored, and a walk that was kept
waiting too long begins again. Of a list in ascending order of a date, what was handed out before is passed over: all
that is remembered is the last date, and the ids that have it. Of a list in another order rows are handed out again,
and whoever walks over it takes a row twice for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from migrator_lib.errors import RecordRejected, TargetUnreachable
from migrator_lib.gorgias.api.border import unusable
from migrator_lib.gorgias.transport import Transport

PAGE = 100
"""Rows of a page: as many as there may be."""
RESTARTS = 3
"""So often in a row a walk begins again without getting further than before."""
Row = dict[str, Any]


class _CursorGone(Exception):
    """The cursor has expired."""


def walk(transport: Transport, path: str, params: Mapping[str, Any]) -> Iterator[list[Row]]:
    """Yield the pages of a list endpoint, up to 100 rows each.

    Args:
        transport: the account.
        path: of the list, below ``/api/``.
        params: filters and order; ``order_by=updated_datetime:asc`` lets a walk that begins again pass over what was
            handed out before.

    Raises:
        TargetUnreachable: cursors keep expiring before their page is asked for.
        ReplyUnusable: a reply is no list.
    """
    passed = _Passed(str(params.get("order_by", "")))
    furthest = in_vain = 0
    while True:
        reached = 0
        try:
            for page in _once(transport, path, params):
                reached += len(page)
                if reached > furthest:
                    furthest, in_vain = reached, 0
                rows = passed.new(page)
                if rows:
                    yield rows
            return
        except _CursorGone:
            passed.begin_again()
            in_vain += 1
            if in_vain > RESTARTS:
                raise TargetUnreachable(
                    f"The list GET /api/{path} could not be read to its end: its cursors expired {in_vain} times in a "
                    "row before the next page was asked for.",
                    next_step="run again when the line to Gorgias is quicker, or with fewer workers: nothing is lost.",
                ) from None


def _once(transport: Transport, path: str, params: Mapping[str, Any]) -> Iterator[list[Row]]:
    """Yield pages until the list or its cursor ends."""
    cursor: str | None = None
    while True:
        query = {"limit": PAGE, **params, **({"cursor": cursor} if cursor else {})}
        try:
            reply = transport.call("GET", path, params=query)
        except RecordRejected as error:
            if cursor is not None and _is_about_the_cursor(error):
                raise _CursorGone from None
            raise
        rows = reply.get("data") if isinstance(reply, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unusable(f"GET /api/{path}", "a list without 'data', or with something else than objects in it")
        yield rows
        cursor = (reply.get("meta") or {}).get("next_cursor")
        if not cursor:
            return


def _is_about_the_cursor(error: RecordRejected) -> bool:
    told = error.data if isinstance(error.data, Mapping) else {}
    return error.status == 400 and ("cursor" in told or "cursor" in error.message.lower())


@dataclass(frozen=True)
class _Mark:
    """A place in a list: everything up to a date, and of that date these ids."""

    at: datetime
    ids: frozenset[Any]

    def is_behind(self, row: Row, at: datetime | None) -> bool:
        """Whether a row comes before this place."""
        return at is not None and (at < self.at or (at == self.at and row.get("id") in self.ids))


class _Passed:
    """How far a walk has come, so that one that begins again passes over what was handed out."""

    def __init__(self, order: str) -> None:
        field, _, way = order.partition(":")
        self._field = field if way == "asc" and field.endswith("_datetime") else None
        self._last: datetime | None = None
        self._ids: set[Any] = set()
        self._resume: _Mark | None = None

    def begin_again(self) -> None:
        """From now on pass over what was handed out so far."""
        if self._last is not None:
            self._resume = _Mark(self._last, frozenset(self._ids))

    def new(self, page: list[Row]) -> list[Row]:
        """Return the rows of a page that were not handed out before the walk began again."""
        if self._field is None:
            return page
        dated = [(row, _moment(row.get(self._field))) for row in page]
        for row, at in dated:
            self._note(row, at)
        return [row for row, at in dated if self._resume is None or not self._resume.is_behind(row, at)]

    def _note(self, row: Row, at: datetime | None) -> None:
        if at is None or (self._last is not None and at < self._last):
            return
        if at != self._last:
            self._last, self._ids = at, set()
        self._ids.add(row.get("id"))


def _moment(text: Any) -> datetime | None:
    """Return a date to compare; one without a zone is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
