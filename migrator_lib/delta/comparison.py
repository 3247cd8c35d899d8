"""The comparison: which tickets (chats, call logs) are not in the source as they were staged.

SmarterTrack keeps no date of change on tickets. So the source is compared with what is staged: every row of the tickets
and of what hangs on them is reduced to a number, and the numbers of a ticket are folded into one. A ticket whose sums
differ has changed, whatever the way: no watermark can miss it. Memory is a number for each ticket that differs.

Of all tickets, all columns are compared but the bodies of messages: to read those again would take as long as a new
extract, and SmarterTrack has no way to edit a message that was sent. Of chosen tickets, the bodies are compared, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.chunks import Row
from migrator_lib.pages import counted
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import IDS, slices, staged_pages
from migrator_lib.smartertrack.tables import (
    DEFINITIONS,
    FAMILIES,
    TAGS_IN_TASKS,
    TICKET_FAMILY,
    TICKETS,
    Chosen,
    Family,
    SourceTable,
    chosen_of,
    family_of,
    narrow,
    source_table,
)
from migrator_lib.staging import Staged

BODIES = ("BodyText", "BodyHTML")
Named = tuple[str, int]
"""A chat or a call log: name of its family, and its id."""


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
    others: frozenset[Named] = frozenset()
    """Chats and call logs to be read again."""
    others_purged: frozenset[Named] = frozenset()
    """Staged chats and call logs that the source does not hold any more, or that cannot be read any more."""
    by_table: Mapping[str, int] = field(default_factory=dict)
    """Table to number of tickets (chats, call logs) for which it differs."""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.tickets or self.merged or self.others)

    def ids(self, family: Family) -> frozenset[int]:
        """Return what is to be read again of a family."""
        if family is TICKET_FAMILY:
            return self.tickets
        return frozenset(one for name, one in self.others if name == family.name)

    def __or__(self, other: Changes) -> Changes:
        """Return both; what differs of a table counts in each."""
        return Changes(
            self.tickets | other.tickets, self.merged | other.merged, self.purged | other.purged,
            self.ownerless | other.ownerless, self.others | other.others, self.others_purged | other.others_purged,
            dict(Counter(self.by_table) + Counter(other.by_table)),
        )  # fmt: skip

    @property
    def touched(self) -> dict[str, frozenset[int]]:
        """Return what changed of each family, merged tickets too."""
        found = {family.name: self.ids(family) for family in FAMILIES}
        return found | {TICKET_FAMILY.name: self.tickets | self.merged}

    @property
    def number(self) -> int:
        """Return how many tickets, chats and call logs changed."""
        return sum(map(len, self.touched.values()))

    @property
    def words(self) -> str:
        """Return the same in words: ``3 tickets, 1 chat``; nothing is ``0 tickets``."""
        counts = {name: len(ids) for name, ids in self.touched.items()}
        told = [counted(n, *WORDS[name]) for name, n in counts.items() if n]
        return ", ".join(told) or counted(0, *WORDS[TICKET_FAMILY.name])


WORDS = {"ticket": ("ticket", "tickets"), "live_chat": ("chat", "chats"), "call_log": ("call", "calls")}


def changes(
    source: SourceDatabase,
    staged: Staged,
    progress: Progress,
    *,
    page_rows: int = 10_000,
    only: Chosen | None = None,
    leave_out: Chosen = frozenset(),
) -> Changes:
    """Compare the source with what is staged.

    Args:
        source: the database.
        staged: all stages, later ones laid over.
        progress: told of every row that is compared.
        page_rows: rows that are read at once.
        only: what to compare, with the bodies of messages; None compares all, without bodies.
        leave_out: that whose differences are not told.
    """
    found = Changes()
    for family in FAMILIES:
        some = None if only is None else chosen_of(only, family)
        if some is None or some:
            found |= _of_family(source, staged, family, progress, page_rows, some, chosen_of(leave_out, family))
    return found


def _of_family(
    source: SourceDatabase, staged: Staged, family: Family, progress: Progress, page_rows: int,
    only: Collection[int] | None, leave_out: Collection[int],
) -> Changes:  # fmt: skip
    by_table: dict[str, set[int]] = {}
    for table in family.tables:
        if table.name in source.binding.tables:
            by_table[table.name] = differing(source, staged, table, progress, page_rows=page_rows, only=only)
    if family is TICKET_FAMILY:
        by_table[TAGS_IN_TASKS.name] = retagged(source, staged, page_rows)
    told = {name: _restricted(ids, only, leave_out) for name, ids in by_table.items()}
    ids = set().union(*told.values())
    there = present(source, ids, family)
    there -= unreadable_now(source, staged, there, family)
    counted = {name: len(ids) for name, ids in told.items() if ids}
    if family is TICKET_FAMILY:
        merged, purged = _whereabouts(source, staged, ids - there, page_rows)
        ownerless = frozenset(ids - there - merged - purged)
        return Changes(frozenset(there), frozenset(merged), frozenset(purged), ownerless, by_table=counted)
    purged = (ids - there) & staged.ids(family)
    return Changes(
        others=frozenset((family.name, one) for one in there),
        others_purged=frozenset((family.name, one) for one in purged),
        by_table=counted,
    )


def _restricted(ids: set[int], only: Collection[int] | None, leave_out: Collection[int]) -> set[int]:
    return (ids if only is None else ids & set(only)) - set(leave_out)


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
    """Return the ids of those of which a table holds other rows than are staged; ``only`` is as in :func:`changes`."""
    sums: dict[int, int] = {}
    family = family_of(table.name) or TICKET_FAMILY
    if only is None:
        table = narrow(table.name, [column for column in table.columns if column not in BODIES])
        progress.begin(f"Comparing {table.name} with the source", 2 * (source.count(table.name) or 0))
        fold(sums, table, staged.columns(table.name, table.columns), progress)
        fold(sums, table, _rows(source, table, page_rows), progress)
    else:
        progress.begin(f"Comparing {table.name} of {counted(len(only), *WORDS[family.name])} with the source", 0)
        fold(sums, table, staged.columns_of(only, table.name, table.columns), progress)
        for ids in slices(only):
            fold(sums, table, _rows(source, table, page_rows, ids), progress)
    progress.end()
    return set(sums)


def fold(sums: dict[int, int], table: SourceTable, rows: Iterable[Row], progress: Progress) -> None:
    """Fold rows into the number of their first key, a ticket's id; the same row twice takes it out again."""
    key = table.key[0]
    for row in rows:
        one = row[key]
        folded = sums.get(one, 0) ^ _number(table, row)
        if folded:
            sums[one] = folded
        else:
            sums.pop(one, None)
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


def present(source: SourceDatabase, ids: Collection[int], family: Family = TICKET_FAMILY) -> set[int]:
    """Return those of these tickets (chats, call logs) that the source holds."""
    return _read(source, narrow(family.root.name, ()), ids)


def unreadable_now(source: SourceDatabase, staged: Staged, ids: Collection[int], family: Family) -> set[int]:
    """Return those of these that could be read when they were staged, and cannot be now."""
    unreadable = set(ids) - _read(source, family.root, ids)
    return unreadable & staged.ids(family) if unreadable else set()


def _read(source: SourceDatabase, table: SourceTable, ids: Collection[int]) -> set[int]:
    if table.name not in source.binding.tables:
        return set()
    return {int(row[table.key[0]]) for some in slices(ids) for row in _rows(source, table, IDS, some)}


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
            if now != {_number(table, row) for row in staged.stream(table.stage)}:
                found.append(table.name)
    return found
