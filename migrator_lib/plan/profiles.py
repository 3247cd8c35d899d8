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
FIELD_TABLES = ("CustomDataFieldsInTickets", "CustomDataFieldsInChats", "CustomDataFieldsInCallLogs")
"""Tables of values that Gorgias' one set of ticket fields is for."""


def ticket_profiles(source: SourceDatabase, progress: Progress) -> dict[int, ValueProfile]:
    """Return what the values of each custom field look like in tickets, chats and calls, by field id."""
    found: dict[int, ValueProfile] = {}
    for table in FIELD_TABLES:
        rows = source.count(table)
        if rows is None:
            continue  # a help desk without chats or calls
        progress.begin(f"Profiling {table}", rows)
        profiled(_rows(source, progress, table), found)
        progress.end()
    return found


def profiled(rows: Iterable[Row], found: dict[int, ValueProfile] | None = None) -> dict[int, ValueProfile]:
    """Return what the values of each custom field look like in rows that hold them, by field id; added to ``found``."""
    found = {} if found is None else found
    for row in rows:
        if content := row.get("DataContent"):
            found.setdefault(row["CustomFieldID"], ValueProfile()).add(content)
    return found


def _rows(source: SourceDatabase, progress: Progress, table: str) -> Iterator[Row]:
    for page in pages(source, source_table(table), PAGE):
        yield from page
        progress.advance(len(page))
