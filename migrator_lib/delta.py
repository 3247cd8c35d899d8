"""Delta: which tickets are not in the source as they were staged.

SmarterTrack keeps no date of change on tickets. So the source is compared with what is staged, without the message
bodies: every row of the tickets and of what hangs on them is reduced to a number, and the numbers of a ticket are
folded into one. A ticket whose sums differ has changed, whatever the way: no watermark can miss it. Memory is a number
for each ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from migrator_lib.chunks import Row
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import narrow, source_table
from migrator_lib.staging import Staged

COMPARED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Tickets", source_table("Tickets").columns),
    ("TicketMessages", ("TicketID", "TicketMessageID", "IsDraft", "DateReceivedUTC", "DeliveryStatus")),
    ("TicketComments", ("TicketID", "TicketCommentID", "CommentTypeID", "DateEnteredUTC")),
    ("TicketAttachments", source_table("TicketAttachments").columns),
    ("CustomDataFieldsInTickets", source_table("CustomDataFieldsInTickets").columns),
    ("TicketMerges", source_table("TicketMerges").columns),
    ("Tasks", source_table("Tasks").columns),
    ("TimeLogs", source_table("TimeLogs").columns),
)
"""Tables and the columns that count as a change: all that can change but texts, which SmarterTrack does not edit."""


SLICE = 500
"""Ids that one statement asks for."""


@dataclass(frozen=True)
class Changes:
    """What is different in the source."""

    tickets: frozenset[int]
    """Tickets to be read again."""
    merged: frozenset[int]
    """Staged tickets that were merged away since: their parts are in the surviving ticket, which changed."""
    purged: frozenset[int]
    """Staged tickets that the source does not hold any more: SmarterTrack purges deleted ones. They stay staged."""
    by_table: Mapping[str, int]
    """Table to number of tickets for which it differs."""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.tickets or self.merged)


def fold(sums: dict[int, int], table: str, columns: Sequence[str], rows: Iterable[Row], progress: Progress) -> None:
    """Fold rows into their ticket's number; folding the same row twice takes it out again."""
    for row in rows:
        ticket = row["TicketID"]
        values = tuple(map(row.get, columns))
        if -1 in values:  # whose hash is that of -2
            values = tuple("-1" if value == -1 else value for value in values)
        number = hash((table, values))
        folded = sums.get(ticket, 0) ^ number
        if folded:
            sums[ticket] = folded
        else:
            sums.pop(ticket, None)
        progress.advance()


def changes(source: SourceDatabase, staged: Staged, progress: Progress, *, page_rows: int = 10_000) -> Changes:
    """Compare the source with what is staged."""
    tickets: set[int] = set()
    by_table: dict[str, int] = {}
    for name, columns in COMPARED:
        if name not in source.binding.tables:
            continue
        sums: dict[int, int] = {}
        progress.begin(f"Comparing {name} with the source", 2 * (source.count(name) or 0))
        fold(sums, name, columns, staged.columns(name, columns), progress)
        in_source = pages(source, narrow(name, columns), page_rows)
        fold(sums, name, columns, chain.from_iterable(in_source), progress)
        progress.end()
        if sums:
            by_table[name] = len(sums)
            tickets |= sums.keys()
    there = present(source, tickets)
    merged = merged_away(source, staged, tickets - there, page_rows)
    return Changes(frozenset(there), frozenset(merged), frozenset(tickets - there - merged), by_table)


def merged_away(source: SourceDatabase, staged: Staged, gone: set[int], page_rows: int) -> set[int]:
    """Return those of the tickets that are gone whose number lives on as a merged one."""
    if not gone:
        return set()
    table = source_table("TicketMerges")
    numbers = {row["TicketNumber"] for page in pages(source, table, page_rows) for row in page}
    rows = staged.columns("Tickets", ["TicketNumber"])
    return {row["TicketID"] for row in rows if row["TicketID"] in gone and row["TicketNumber"] in numbers}


def present(source: SourceDatabase, tickets: set[int]) -> set[int]:
    """Return those of these tickets that the source holds."""
    wanted, found = sorted(tickets), set()
    keys = narrow("Tickets", ())
    for start in range(0, len(wanted), SLICE):
        only = wanted[start : start + SLICE]
        found |= {int(row["TicketID"]) for row in source.page(keys, after=None, rows=SLICE, only=only)}
    return found
