"""Staged data: what was read from the source, as Parquet chunks, unchanged in meaning.

A stage is a folder of tables; a table is a folder of numbered chunks. Tickets and what belongs to them are in
the order of the ticket, so that a batch of tickets is a short range of every table, whatever the size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from migrator_lib.chunks import HIDDEN, write_chunk
from migrator_lib.chunks import Row as Row
from migrator_lib.inline import is_embedded
from migrator_lib.smartertrack.tables import TICKET_CHILDREN, source_table
from migrator_lib.staged_table import StagedTable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TicketRecord:
    """One ticket with everything that belongs to it.

    An attachment's row also says whether it belongs to a draft (``OfDraft``), and whether some message shows it in its
    HTML (``Embedded``).
    """

    row: Row
    messages: list[Row]
    comments: list[Row]
    attachments: list[Row]
    fields: list[Row]
    merges: list[Row]
    tag_ids: list[int]

    @property
    def id(self) -> int:
        """Return the source's TicketID."""
        return int(self.row["TicketID"])


class Staged:
    """Read access to a stage, or to a stage with later ones laid over it (deltas).

    Sees the chunks that are there when a table is first asked for: the footers of its files are read once, however
    many batches there are.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = list(folders)
        self._tables: dict[Path, StagedTable] = {}

    def _table(self, folder: Path, table: str) -> StagedTable | None:
        place = folder / table
        if place not in self._tables:
            files = sorted(place.glob("part-*.parquet"))
            if not files:
                return None
            self._tables[place] = StagedTable(files)
        return self._tables[place]

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a small table, from the latest stage that has it."""
        for folder in reversed(self.folders):
            data = self._table(folder, table)
            if data is not None:
                return [row for batch in data.batches() for row in batch.to_pylist()]
        return []

    @property
    def blobs(self) -> Path:
        """Return the folder, beside the stages, of what the database itself holds of attachments."""
        return self.folders[0].parent / "blobs"

    def layers(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table of every stage, earlier stages first, in constant memory."""
        for folder in self.folders:
            data = self._table(folder, table)
            if data is not None:
                for batch in data.batches():
                    yield from batch.to_pylist()

    def distinct(self, table: str, column: str) -> set[Any]:
        """Return the values that a column of a large table has, in any stage."""
        tables = (self._table(folder, table) for folder in self.folders)
        return {value for data in tables if data is not None for value in data.values(column)}

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return a table with later stages laid over, as a data frame: for looking at staged data in JupyterLab."""
        import pandas as pd  # slow to import, and no step needs it

        names = list(columns or source_table(table).columns)
        rows = self.columns(table, names) if table in _OVERLAID else self.rows(table)
        return pd.DataFrame([[row[name] for name in names] for row in rows], columns=names)

    @cached_property
    def overlaid_tickets(self) -> list[set[int]]:
        """For every stage, the tickets that a later stage holds anew, could not read, or says are gone."""
        ids = [
            {*self._ticket_ids(folder), *self._unreadable_tickets(folder), *self._gone(folder)}
            for folder in self.folders[1:]
        ]
        return [set().union(*ids[i:]) for i in range(len(self.folders))]

    def _ticket_ids(self, folder: Path) -> list[int]:
        data = self._table(folder, "Tickets")
        return [] if data is None else list(data.values("TicketID"))

    def _unreadable_tickets(self, folder: Path) -> list[int]:
        """Return the tickets of which a stage holds what belongs to them, but not themselves."""
        data = self._table(folder, "Tickets")
        bad = [] if data is None else data.bad_values("Tickets")
        return [int(each.key[0]) for each in bad if not each.staged and not each.key[0].startswith(HIDDEN)]

    def _gone(self, folder: Path) -> list[int]:
        data = self._table(folder, GONE)
        return [] if data is None else list(data.values("TicketID"))

    def gone_tickets(self) -> set[int]:
        """Return the tickets of earlier stages that were merged into another one since, and did not come back."""
        gone: set[int] = set()
        for folder in self.folders:
            gone = (gone - set(self._ticket_ids(folder) if gone else ())) | set(self._gone(folder))
        return gone

    def ticket_ids(self) -> set[int]:
        """Return the ids of all staged tickets."""
        shown = zip(self.folders, self.overlaid_tickets, strict=True)
        return set().union(*(set(self._ticket_ids(folder)) - hidden for folder, hidden in shown))

    def columns(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield a few columns of a ticket's table, with later stages laid over, in constant memory."""
        names = list(dict.fromkeys(("TicketID", *columns)))
        return self._laid_over(table, lambda data: data.batches(names))

    def columns_of(self, tickets: Collection[int], table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the same of chosen tickets; no more is read than the row groups that may hold them."""
        names = list(dict.fromkeys(("TicketID", *columns)))
        return self._laid_over(table, lambda data: data.batches_of(tickets, names))

    def _laid_over(self, table: str, batches: Callable[[StagedTable], Iterator[Any]]) -> Iterator[Row]:
        for folder, hidden in zip(self.folders, self.overlaid_tickets, strict=True):
            data = self._table(folder, table)
            if data is None:
                continue
            for batch in batches(data):
                for row in batch.to_pylist():
                    if row["TicketID"] not in hidden:
                        yield row

    def count(self, table: str) -> int:
        """Return the number of rows of a table; of a ticket's table, with later stages laid over."""
        if len(self.folders) == 1 or table not in _OVERLAID:
            for folder in reversed(self.folders):
                data = self._table(folder, table)
                if data is not None:
                    return data.rows
            return 0
        total = 0
        for folder, hidden in zip(self.folders, self.overlaid_tickets, strict=True):
            data = self._table(folder, table)
            if data is not None:
                total += sum(t not in hidden for t in data.values("TicketID")) if hidden else data.rows
        return total

    def unreadable(self, table: str) -> dict[str, str]:
        """Return the rows that are not staged, since they cannot be read: key to the column that cannot."""
        found: dict[str, str] = {}
        for folder, hidden in zip(self.folders, self.overlaid_tickets, strict=True):
            data = self._table(folder, table)
            if data is None:
                continue
            if table not in _OVERLAID:
                found.clear()  # the latest stage holds such a table whole
            anew = {str(ticket) for ticket in hidden} if table in _OVERLAID else set()
            for bad in data.bad_values(table):
                if not bad.staged and bad.key[0] not in anew:
                    found.setdefault("-".join(bad.key), bad.column)
        return found

    def ticket_batches(self, size: int = 250, only: Collection[int] | None = None) -> Iterator[list[TicketRecord]]:
        """Yield all tickets, or only those with these ids, in key order, in batches, in constant memory."""
        wanted = None if only is None else frozenset(only)
        for folder, hidden in zip(self.folders, self.overlaid_tickets, strict=True):
            data = self._table(folder, "Tickets")
            if data is None:
                continue
            for batch in data.batches(size=size):
                rows = [row for row in batch.to_pylist() if row["TicketID"] not in hidden]
                if wanted is not None:
                    rows = [row for row in rows if row["TicketID"] in wanted]
                if rows:
                    yield self._assemble(folder, rows)

    def tickets_in_order(self, ids: Sequence[int], size: int = 250) -> Iterator[list[TicketRecord]]:
        """Yield chosen tickets in the order of ``ids``, in batches, in constant memory.

        No more is read for a batch than the row groups that may hold it; an id that is not staged is left out.
        """
        for start in range(0, len(ids), size):
            wanted = ids[start : start + size]
            found: dict[int, TicketRecord] = {}
            for folder, hidden in zip(self.folders, self.overlaid_tickets, strict=True):
                there = frozenset(wanted) - hidden
                rows = self._rows_of(folder, "Tickets", there)
                found |= {ticket.id: ticket for ticket in self._assemble(folder, rows, there)}
            if found:
                yield [found[ticket] for ticket in wanted if ticket in found]

    def _rows_of(self, folder: Path, table: str, tickets: Collection[int]) -> list[Row]:
        data = self._table(folder, table) if tickets else None
        if data is None:
            return []
        return [row for batch in data.batches_of(tickets) for row in batch.to_pylist()]

    def _assemble(self, folder: Path, rows: list[Row], only: Collection[int] | None = None) -> list[TicketRecord]:
        """Return tickets with what belongs to them: read by their range, or for ``only`` these, which lie apart."""
        if not rows:
            return []
        if only is None:
            low, high = rows[0]["TicketID"], rows[-1]["TicketID"]
            parts = {table.name: self._by_ticket(folder, table.name, low, high) for table in TICKET_CHILDREN}
        else:
            parts = {table.name: _grouped(self._rows_of(folder, table.name, only)) for table in TICKET_CHILDREN}
        drafts = {m["TicketMessageID"] for ms in parts["TicketMessages"].values() for m in ms if m["IsDraft"]}
        for ticket, attachments in parts["TicketAttachments"].items():
            bodies = [message["BodyHTML"] for message in parts["TicketMessages"].get(ticket, [])]
            for attachment in attachments:
                attachment["OfDraft"] = attachment["TicketMessageID"] in drafts
                attachment["Embedded"] = any(is_embedded(body, attachment) for body in bodies)
        return [
            TicketRecord(
                row=row,
                messages=parts["TicketMessages"].get(row["TicketID"], []),
                comments=parts["TicketComments"].get(row["TicketID"], []),
                attachments=parts["TicketAttachments"].get(row["TicketID"], []),
                fields=parts["CustomDataFieldsInTickets"].get(row["TicketID"], []),
                merges=parts["TicketMerges"].get(row["TicketID"], []),
                tag_ids=self._tags(parts["Tasks"].get(row["TicketID"], []), parts["TimeLogs"].get(row["TicketID"], [])),
            )
            for row in rows
        ]

    def _by_ticket(self, folder: Path, table: str, low: int, high: int) -> dict[int, list[Row]]:
        data = self._table(folder, table)
        if data is None:
            return {}
        return _grouped(data.of_tickets(low, high))

    @cached_property
    def _tags_of_tasks(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for row in self.rows("TagsInTasks"):
            found.setdefault(row["TaskID"], []).append(row["TagID"])
        return found

    def _tags(self, tasks: list[Row], time_logs: list[Row]) -> list[int]:
        """Return the tags that a ticket has through its tasks and time logs (SmarterTrack 2018 tags no tickets)."""
        ids = [tag for task in tasks if not task["IsDeleted"] for tag in self._tags_of_tasks.get(task["TaskID"], [])]
        ids += [log["TagID"] for log in time_logs if log["TagID"] is not None and not log["IsDeleted"]]
        return sorted(set(ids))


def _grouped(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Return ticket to its rows, in their order."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["TicketID"], []).append(row)
    return found


_OVERLAID = {"Tickets", *(table.name for table in TICKET_CHILDREN)}
GONE = "Gone"
"""Table of a delta: tickets of earlier stages that were merged into another ticket since."""


def write_gone(folder: Path, tickets: Collection[int]) -> None:
    """Note in a delta's folder that these tickets of earlier stages are gone.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    if tickets:
        write_chunk(folder / GONE, 0, pa.table({"TicketID": pa.array(sorted(tickets), type=pa.int64())}))
