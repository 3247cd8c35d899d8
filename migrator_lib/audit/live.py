"""The source itself, read as if it were staged: so the audit counts with the very code that moves the records later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from migrator_lib.chunks import Row
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import ALL_TABLES, narrow, source_table
from migrator_lib.staging import Staged


class Live(Staged):
    """A stage that was never written: it is read from the database when asked for."""

    def __init__(self, source: SourceDatabase, page_rows: int) -> None:
        super().__init__([])
        self.source = source
        self.page_rows = page_rows
        self._kept: dict[str, list[Row]] = {}

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a small table, read once; none of one that no step reads whole."""
        if table not in self._kept:
            readable = {entry.stage for entry in ALL_TABLES if entry.key}
            found = self.columns(table, source_table(table).columns) if table in readable else ()
            self._kept[table] = list(found)
        return self._kept[table]

    def stream(self, table: str, columns: Sequence[str] | None = None, size: int = 10_000) -> Iterator[Row]:
        """Yield the same in constant memory."""
        known = source_table(table)
        if known.name in self.source.binding.tables:
            for page in pages(self.source, narrow(table, columns or known.columns), min(size, self.page_rows)):
                yield from page

    def columns(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield a few columns of a table behind its key, in constant memory."""
        for page in pages(self.source, narrow(table, columns), self.page_rows):
            yield from page

    def distinct(self, table: str, column: str) -> set[Any]:
        """Return the values that a column of a large table has."""
        return {value for value, _ in self.source.frequencies(table, column, limit=100_000)}

    def lookups(self, parameters: Parameters) -> Lookups:
        """Return look-ups under an empty mapping: enough to tell agents from requesters, and to count."""
        return Lookups.of(self, EngagementMapping(), parameters)
