"""Tables of the source, read in the form they are staged in: by the audit, the extract and the delta."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from migrator_lib.chunks import Row, columns_to_staged, joined
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import SourceTable

IDS = 500
"""Ids in one statement; SQL Server takes 2,100 parameters."""


def slices(ids: Iterable[int]) -> list[list[int]]:
    """Return ids in their order, in slices that fit a statement's parameters."""
    ordered = sorted(ids)
    return [ordered[start : start + IDS] for start in range(0, len(ordered), IDS)]


class StagedPage(NamedTuple):
    """A page in the form it is staged in."""

    data: Any
    """An Arrow table, without the rows that cannot be read."""
    read: int
    """Rows that were read of the source."""
    last_key: list[Any] | None
    """Key of the last row that was read, as the database compares it; None where there was none."""
    last: bool
    """Whether no row is behind these."""


def staged_pages(
    source: SourceDatabase,
    table: SourceTable,
    rows: int,
    *,
    after: Sequence[Any] | None = None,
    only: Sequence[int] | None = None,
) -> Generator[StagedPage, None, None]:
    """Yield a table as :meth:`SourceDatabase.stream` does, every page in the form it is staged in.

    Raises:
        SchemaMismatch: a column holds something else than its type throughout.
        SourceUnreachable: the database went away, and did not come back.
    """
    blocks: list[Any] = []
    read = 0
    last_key: list[Any] | None = None
    for columns, number, key, ends_page, last in source.stream(table, rows=rows, after=after, only=only):
        blocks.append(columns_to_staged(table, columns, number))
        read += number
        last_key = key or last_key
        columns.clear()  # or they would be held until the next block is read
        if ends_page:
            yield StagedPage(joined(blocks), read, last_key, last)
            blocks, read, last_key = [], 0, None


def pages(source: SourceDatabase, table: SourceTable, rows: int) -> Iterator[list[Row]]:
    """Yield a table page by page, in the order of its key, every row in the form it would be staged in.

    Raises:
        SchemaMismatch: a column holds something else than its type throughout.
    """
    for page in staged_pages(source, table, rows):
        if page.data.num_rows:
            yield page.data.to_pylist()
