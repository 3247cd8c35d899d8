"""Tables of the source, read in the form they are staged in: for the audit before, and for the delta after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator_lib.chunks import Row, to_staged
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import SourceTable


def pages(source: SourceDatabase, table: SourceTable, rows: int) -> Iterator[list[Row]]:
    """Yield a table page by page, in the order of its key, every row in the form it would be staged in.

    Raises:
        SchemaMismatch: a column holds something else than its type.
    """
    after: list[Any] | None = None
    more = True
    while more:
        page = source.page(table, after=after, rows=rows)
        more = len(page) == rows
        if page:
            after = [page[-1][column] for column in table.key]  # as the database compares it
            page = to_staged(table, page).to_pylist()
            yield page
