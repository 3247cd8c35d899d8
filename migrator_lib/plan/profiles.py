"""Profiles of what fills the source's fields, for the proposal of a mapping: page by page, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrator_lib.chunks import Row
from migrator_lib.plan.proposal import ValueProfile
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import source_table

PAGE = 10_000


def ticket_profiles(source: SourceDatabase, progress: Progress) -> dict[int, ValueProfile]:
    """Return what the values of each custom field look like in tickets, by field id."""
    table = "CustomDataFieldsInTickets"
    progress.begin(f"Profiling {table}", source.count(table) or 0)
    found = profiled(_rows(source, progress, table))
    progress.end()
    return found


def profiled(rows: Iterable[Row]) -> dict[int, ValueProfile]:
    """Return what the values of each custom field look like in rows that hold them, by field id."""
    found: dict[int, ValueProfile] = {}
    for row in rows:
        if row["DataContent"]:
            found.setdefault(row["CustomFieldID"], ValueProfile()).add(row["DataContent"])
    return found


def _rows(source: SourceDatabase, progress: Progress, table: str) -> Iterator[Row]:
    for page in pages(source, source_table(table), PAGE):
        yield from page
        progress.advance(len(page))
