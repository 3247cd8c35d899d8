"""The comparison: which tickets are not in the source as they were staged.

SmarterTrack keeps no date of change on tickets. So the source is compared with what is staged: every row of the tickets
and of what hangs on them is reduced to a number, and the numbers of a ticket are folded into one. A ticket whose sums
differ has changed, whatever the way: no watermark can miss it. Memory is a number for each ticket that differs.

Of all tickets, all columns are compared but the bodies of messages: to read those again would take as long as a new
extract, and SmarterTrack has no way to edit a message that was sent. Of chosen tickets, the bodies are compared, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.chunks import Row
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import IDS, slices, staged_pages
from migrator_lib.smartertrack.tables import (
    DEFINITIONS,
    TAGS_IN_TASKS,
    TICKET_CHILDREN,
    TICKETS,
    SourceTable,
    narrow,
    source_table,
)
from migrator_lib.staging import Staged

BODIES = ("BodyText", "BodyHTML")
COMPARED: tuple[SourceTable, ...] = (TICKETS, *TICKET_CHILDREN)


@dataclass(frozen=True)
class Changes:
    """What is different in the source."""

    tickets: frozenset[int] = frozenset()
    """Tickets to be read again."""
    merged: frozenset[int] = frozenset()
    """Staged tickets that were merged away since: their parts are in the surviving ticket, which changed."""
    purged: frozenset[int] = frozenset()
    """Staged tickets that the source does not hold any more (SmarterTrack purges deleted ones), or that cannot be read
    any more. They stay as they are staged."""
    ownerless: frozenset[int] = frozenset()
    """Ids of tickets that never were there, which rows that came or went since refer to. Those are left where they
    are."""
    by_table: Mapping[str, int] = field(default_factory=dict)
    """Table to number of tickets for which it differs."""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.tickets or self.merged)


def changes(
    source: SourceDatabase,
    staged: Staged,
    progress: Progress,
    *,
    page_rows: int = 10_000,
    only: Collection[int] | None = None,
    leave_out: Collection[int] = frozenset(),
) -> Changes:
    """Compare the source with what is staged.

    Args:
        source: the database.
        staged: all stages, later ones laid over.
        progress: told of every row that is compared.
        page_rows: rows that are read at once.
        only: tickets to compare, with the bodies of their messages; None compares all, without bodies.
        leave_out: tickets whose differences are not told.
    """
    by_table: dict[str, set[int]] = {}
    for table in COMPARED:
        if table.name in source.binding.tables:
            by_table[table.name] = differing(source, staged, table, progress, page_rows=page_rows, only=only)
    by_table[TAGS_IN_TASKS.name] = retagged(source, staged, page_rows)
    told = {name: _restricted(tickets, only, leave_out) for name, tickets in by_table.items()}
    tickets = set().union(*told.values())
    there = present(source, tickets)
    there -= unreadable_now(source, staged, there)
    merged, purged = _whereabouts(source, staged, tickets - there, page_rows)
    return Changes(
        tickets=frozenset(there),
        merged=frozenset(merged),
        purged=frozenset(purged),
        ownerless=frozenset(tickets - there - merged - purged),
        by_table={name: len(tickets) for name, tickets in told.items() if tickets},
    )


def _restricted(tickets: set[int], only: Collection[int] | None, leave_out: Collection[int]) -> set[int]:
    return (tickets if only is None else tickets & set(only)) - set(leave_out)


# --- one table -----------------------------------------------------------------------------------------


def differing(
    source: SourceDatabase,
    staged: Staged,
    table: SourceTable,
    progress: Progress,
    *,
    page_rows: int,
    only: Collection[int] | None = None,
) -> set[int]:
    """Return the tickets of which a table holds other rows than are staged; ``only`` is as in :func:`changes`."""
    sums: dict[int, int] = {}
    if only is None:
        table = narrow(table.name, [column for column in table.columns if column not in BODIES])
        progress.begin(f"Comparing {table.name} with the source", 2 * (source.count(table.name) or 0))
        fold(sums, table, staged.columns(table.name, table.columns), progress)
        fold(sums, table, _rows(source, table, page_rows), progress)
    else:
        progress.begin(f"Comparing {table.name} of {len(only):,} tickets with the source", 0)
        fold(sums, table, staged.columns_of(only, table.name, table.columns), progress)
        for ids in slices(only):
            fold(sums, table, _rows(source, table, page_rows, ids), progress)
    progress.end()
    return set(sums)


def fold(sums: dict[int, int], table: SourceTable, rows: Iterable[Row], progress: Progress) -> None:
    """Fold rows into their ticket's number; folding the same row twice takes it out again."""
    for row in rows:
        ticket = row["TicketID"]
        folded = sums.get(ticket, 0) ^ _number(table, row)
        if folded:
            sums[ticket] = folded
        else:
            sums.pop(ticket, None)
        progress.advance()


def _number(table: SourceTable, row: Row) -> int:
    values = tuple(map(row.get, table.columns))
    if -1 in values:  # whose hash is that of -2
        values = tuple("-1" if value == -1 else value for value in values)
    return hash((table.name, values))


def _rows(
    source: SourceDatabase, table: SourceTable, page_rows: int, only: Sequence[int] | None = None
) -> Iterator[Row]:
    for page in staged_pages(source, table, page_rows, only=only):
        yield from page.data.to_pylist()


# --- where a ticket is ---------------------------------------------------------------------------------


def present(source: SourceDatabase, tickets: Collection[int]) -> set[int]:
    """Return those of these tickets that the source holds."""
    keys = narrow(TICKETS.name, ())
    return {int(row["TicketID"]) for ids in slices(tickets) for row in _rows(source, keys, IDS, ids)}


def unreadable_now(source: SourceDatabase, staged: Staged, tickets: Collection[int]) -> set[int]:
    """Return those of these tickets that could be read when they were staged, and cannot be now."""
    readable = {row["TicketID"] for ids in slices(tickets) for row in _rows(source, TICKETS, IDS, ids)}
    unreadable = set(tickets) - readable
    return unreadable & staged.ticket_ids() if unreadable else set()


def merged_away(source: SourceDatabase, staged: Staged, page_rows: int) -> set[int]:
    """Return the staged tickets whose number lives on as one that was merged into another ticket."""
    table = source_table("TicketMerges")
    if table.name not in source.binding.tables:
        return set()
    numbers = {row["TicketNumber"] for row in _rows(source, table, page_rows)}
    return {row["TicketID"] for row in staged.columns(TICKETS.name, ["TicketNumber"]) if row["TicketNumber"] in numbers}


def _whereabouts(source: SourceDatabase, staged: Staged, gone: set[int], page_rows: int) -> tuple[set[int], set[int]]:
    """Return those of the tickets that are gone which were merged away, and those which were purged."""
    if not gone:
        return set(), set()
    merged = gone & merged_away(source, staged, page_rows)
    return merged, (gone & staged.ticket_ids()) - merged


# --- tags and definitions ------------------------------------------------------------------------------


def retagged(source: SourceDatabase, staged: Staged, page_rows: int) -> set[int]:
    """Return the tickets whose tasks have other tags than are staged: tags hang on tasks, not on tickets."""
    tasks = source_table("Tasks")
    if TAGS_IN_TASKS.name not in source.binding.tables or tasks.name not in source.binding.tables:
        return set()
    pairs = {(row["TaskID"], row["TagID"]) for row in staged.rows(TAGS_IN_TASKS.name)}
    pairs ^= {(row["TaskID"], row["TagID"]) for row in _rows(source, TAGS_IN_TASKS, page_rows)}
    if not pairs:
        return set()
    changed = {task for task, _ in pairs}
    return {row["TicketID"] for row in _rows(source, narrow(tasks.name, ()), page_rows) if row["TaskID"] in changed}


def changed_definitions(
    source: SourceDatabase, staged: Staged, page_rows: int = 10_000, *, leave_out: Collection[str] = ()
) -> list[str]:
    """Return the small tables (users, departments, fields ...) that are not as they were staged.

    Args:
        source: the database.
        staged: all stages.
        page_rows: rows that are read at once.
        leave_out: columns in which a difference does not count.
    """
    found = []
    for known in (*DEFINITIONS, TAGS_IN_TASKS):
        table = narrow(known.name, [column for column in known.columns if column not in leave_out])
        if table.name in source.binding.tables:
            now = {_number(table, row) for row in _rows(source, table, page_rows)}
            if now != {_number(table, row) for row in staged.rows(table.name)}:
                found.append(table.name)
    return found
