"""Staged data: what was read from the source, as Parquet chunks, unchanged in meaning.

A stage is a folder of tables; a table is a folder of numbered chunks. Tickets and what belongs to them are in
the order of the ticket, so that a batch of tickets is a short range of every table, whatever the size. So are chats and
call logs: see :class:`~migrator_lib.smartertrack.tables.Family`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from migrator_lib.chunks import HIDDEN, write_chunk
from migrator_lib.chunks import Row as Row
from migrator_lib.inline import is_embedded
from migrator_lib.smartertrack.tables import FAMILIES, TICKET_FAMILY, Family, family_of, source_table
from migrator_lib.staged_table import StagedTable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ConversationRecord:
    """One ticket, chat or call log with everything that belongs to it.

    An attachment's row also says by which key it is known (``AttachmentKey``), whether it belongs to a draft
    (``OfDraft``), and whether some message shows it in its HTML (``Embedded``).
    """

    kind: str
    """Name of its family, and of the object that it becomes."""
    row: Row
    messages: list[Row]
    comments: list[Row]
    attachments: list[Row]
    fields: list[Row]

    @property
    def id(self) -> int:
        """Return the source's id."""
        return int(self.row[_KEYS[self.kind]])


@dataclass(frozen=True)
class TicketRecord(ConversationRecord):
    """One ticket: it has further parts."""

    kind: str = field(default=TICKET_FAMILY.name, kw_only=True)
    merges: list[Row]
    tag_ids: list[int]
    tasks: list[Row] = field(default_factory=list)
    time_logs: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)


_KEYS = {family.name: family.key for family in FAMILIES}


class Staged:
    """Read access to a stage, or to a stage with later ones laid over it (deltas).

    Sees the chunks that are there when a table is first asked for: the footers of its files are read once, however
    many batches there are.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = list(folders)
        self._tables: dict[Path, StagedTable] = {}
        self._overlaid: dict[str, list[set[int]]] = {}

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

    def stream(self, table: str, columns: Sequence[str] | None = None, size: int = 10_000) -> Iterator[Row]:
        """Yield the same in constant memory, ``size`` rows at once, with all columns or some."""
        for folder in reversed(self.folders):
            data = self._table(folder, table)
            if data is not None:
                for batch in data.batches(columns, size):
                    yield from batch.to_pylist()
                return

    def blocks(self, table: str, columns: Sequence[str], size: int = 10_000) -> Iterator[Any]:
        """Yield some columns of any table as Arrow record batches, with later stages laid over, in constant memory."""
        family = family_of(table)
        if family is None:
            found = (self._table(folder, table) for folder in reversed(self.folders))
            data = next((one for one in found if one is not None), None)
            yield from data.batches(columns, size) if data is not None else ()
            return
        names = list(dict.fromkeys((family.key, *columns)))
        for folder, hidden in zip(self.folders, self.overlaid(family), strict=True):
            data, over = self._table(folder, table), pa.array(sorted(hidden), pa.int64())
            for batch in data.batches(names, size) if data is not None else ():
                gone = pc.is_in(batch.column(family.key), value_set=over)
                yield batch.filter(pc.invert(gone)) if hidden else batch

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
        rows = self.columns(table, names) if family_of(table) else self.rows(table)
        return pd.DataFrame([[row[name] for name in names] for row in rows], columns=names)

    def overlaid(self, family: Family) -> list[set[int]]:
        """For every stage, what a later stage holds anew of a family, could not read, or says is gone: ids."""
        if family.name not in self._overlaid:
            ids = [
                {*self._ids(folder, family), *self._unreadable_ids(folder, family), *self._gone(folder, family)}
                for folder in self.folders[1:]
            ]
            self._overlaid[family.name] = [set().union(*ids[i:]) for i in range(len(self.folders))]
        return self._overlaid[family.name]

    def _ids(self, folder: Path, family: Family) -> list[int]:
        data = self._table(folder, family.root.name)
        return [] if data is None else list(data.values(family.key))

    def _unreadable_ids(self, folder: Path, family: Family) -> list[int]:
        """Return the ids of which a stage holds what belongs to them, but not themselves."""
        data = self._table(folder, family.root.name)
        bad = [] if data is None else data.bad_values(family.root.name)
        return [int(each.key[0]) for each in bad if not each.staged and not each.key[0].startswith(HIDDEN)]

    def _gone(self, folder: Path, family: Family = TICKET_FAMILY) -> list[int]:
        data = self._table(folder, GONE) if family is TICKET_FAMILY else None
        return [] if data is None else list(data.values("TicketID"))

    def gone_tickets(self) -> set[int]:
        """Return the tickets of earlier stages that were merged into another one since, and did not come back."""
        gone: set[int] = set()
        for folder in self.folders:
            back = self._ids(folder, TICKET_FAMILY) if gone else ()
            gone = (gone - set(back)) | set(self._gone(folder))
        return gone

    def ids(self, family: Family) -> set[int]:
        """Return all staged ids of a family."""
        shown = zip(self.folders, self.overlaid(family), strict=True)
        return set().union(*(set(self._ids(folder, family)) - hidden for folder, hidden in shown))

    def ticket_ids(self) -> set[int]:
        """Return the ids of all staged tickets."""
        return self.ids(TICKET_FAMILY)

    def attachments(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield a few columns of all attachments, family by family, each with its ``AttachmentKey``."""
        for family in FAMILIES:
            for row in self.columns(family.attachments, [family.attachment_id, *columns]):
                yield {**row, "AttachmentKey": family.attachment_key(row)}

    def columns(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield a few columns of a family's table, with later stages laid over, in constant memory."""
        family = _family(table)
        names = list(dict.fromkeys((family.key, *columns)))
        return self._laid_over(family, table, lambda data: data.batches(names))

    def columns_of(self, ids: Collection[int], table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the same of chosen tickets (chats, calls); no more is read than the row groups that may hold them."""
        family = _family(table)
        names = list(dict.fromkeys((family.key, *columns)))
        return self._laid_over(family, table, lambda data: data.batches_of(ids, names))

    def _laid_over(
        self, family: Family, table: str, batches: Callable[[StagedTable], Iterator[Any]]
    ) -> Iterator[Row]:  # fmt: skip
        for folder, hidden in zip(self.folders, self.overlaid(family), strict=True):
            data = self._table(folder, table)
            if data is None:
                continue
            for batch in batches(data):
                for row in batch.to_pylist():
                    if row[family.key] not in hidden:
                        yield row

    def count(self, table: str) -> int:
        """Return the number of rows of a table; of a family's table, with later stages laid over."""
        family = family_of(table)
        if len(self.folders) == 1 or family is None:
            for folder in reversed(self.folders):
                data = self._table(folder, table)
                if data is not None:
                    return data.rows
            return 0
        total = 0
        for folder, hidden in zip(self.folders, self.overlaid(family), strict=True):
            data = self._table(folder, table)
            if data is not None:
                total += sum(one not in hidden for one in data.values(family.key)) if hidden else data.rows
        return total

    def unreadable(self, table: str) -> dict[str, str]:
        """Return the rows that are not staged, since they cannot be read: key to the column that cannot."""
        family = family_of(table)
        overlaid = self.overlaid(family) if family else [set[int]()] * len(self.folders)
        found: dict[str, str] = {}
        for folder, hidden in zip(self.folders, overlaid, strict=True):
            data = self._table(folder, table)
            if data is None:
                continue
            if family is None:
                found.clear()  # the latest stage holds such a table whole
            anew = set(map(str, hidden))
            for bad in data.bad_values(table):
                if not bad.staged and bad.key[0] not in anew:
                    found.setdefault("-".join(bad.key), bad.column)
        return found

    def batches(
        self, family: Family, size: int = 250, only: Collection[int] | None = None
    ) -> Iterator[list[ConversationRecord]]:
        """Yield all of a family, or only those with these ids, in key order, in batches, in constant memory."""
        wanted = None if only is None else frozenset(only)
        for folder, hidden in zip(self.folders, self.overlaid(family), strict=True):
            data = self._table(folder, family.root.name)
            if data is None:
                continue
            for batch in data.batches(size=size):
                rows = [row for row in batch.to_pylist() if row[family.key] not in hidden]
                if wanted is not None:
                    rows = [row for row in rows if row[family.key] in wanted]
                if rows:
                    yield self._assemble(family, folder, rows)

    def ticket_batches(self, size: int = 250, only: Collection[int] | None = None) -> Iterator[list[TicketRecord]]:
        """Yield tickets as :meth:`batches` does."""
        return map(_tickets, self.batches(TICKET_FAMILY, size, only))

    def in_order(self, family: Family, ids: Sequence[int], size: int = 250) -> Iterator[list[ConversationRecord]]:
        """Yield chosen ones of a family in the order of ``ids``, in batches, in constant memory.

        No more is read for a batch than the row groups that may hold it; an id that is not staged is left out.
        """
        for start in range(0, len(ids), size):
            wanted = ids[start : start + size]
            found: dict[int, ConversationRecord] = {}
            for folder, hidden in zip(self.folders, self.overlaid(family), strict=True):
                there = frozenset(wanted) - hidden
                rows = self._rows_of(folder, family.root.name, there)
                found |= {one.id: one for one in self._assemble(family, folder, rows, there)}
            if found:
                yield [found[one] for one in wanted if one in found]

    def tickets_in_order(self, ids: Sequence[int], size: int = 250) -> Iterator[list[TicketRecord]]:
        """Yield tickets as :meth:`in_order` does."""
        return map(_tickets, self.in_order(TICKET_FAMILY, ids, size))

    def _rows_of(self, folder: Path, table: str, ids: Collection[int]) -> list[Row]:
        data = self._table(folder, table) if ids else None
        if data is None:
            return []
        return [row for batch in data.batches_of(ids) for row in batch.to_pylist()]

    def _assemble(
        self, family: Family, folder: Path, rows: list[Row], only: Collection[int] | None = None
    ) -> list[ConversationRecord]:
        """Return rows with what belongs to them: read by their range, or for ``only`` these, which lie apart."""
        if not rows:
            return []
        key = family.key
        if only is None:
            low, high = rows[0][key], rows[-1][key]
            parts = {one.name: _grouped(key, self._between(folder, one.name, low, high)) for one in family.children}
        else:
            parts = {one.name: _grouped(key, self._rows_of(folder, one.name, only)) for one in family.children}
        return [self._record(family, row, {name: of.get(row[key], []) for name, of in parts.items()}) for row in rows]

    def _record(self, family: Family, row: Row, parts: dict[str, list[Row]]) -> ConversationRecord:
        messages, comments = parts.get(family.messages, []), parts.get(family.comments, [])
        attachments = _noted(family, parts[family.attachments], messages)
        if family is not TICKET_FAMILY:
            return ConversationRecord(family.name, row, messages, comments, attachments, parts[family.fields])
        return TicketRecord(
            row, messages, comments, attachments, parts[family.fields],
            merges=parts["TicketMerges"],
            tag_ids=self._tags(parts["Tasks"], parts["TimeLogs"]),
            tasks=parts["Tasks"],
            time_logs=parts["TimeLogs"],
            links=parts["TicketLinks"],
        )  # fmt: skip

    def _between(self, folder: Path, table: str, low: int, high: int) -> list[Row]:
        data = self._table(folder, table)
        return [] if data is None else data.between(low, high)

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


def _family(table: str) -> Family:
    found = family_of(table)
    assert found is not None, f"{table} is read whole"
    return found


def _tickets(batch: list[ConversationRecord]) -> list[TicketRecord]:
    return [one for one in batch if isinstance(one, TicketRecord)]


def _grouped(key: str, rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Return the ids of a family to their rows, in their order."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _noted(family: Family, attachments: list[Row], messages: Sequence[Row]) -> list[Row]:
    """Return attachments with what is known of them beside their rows."""
    drafts = {message["TicketMessageID"] for message in messages if message.get("IsDraft")}
    for row in attachments:
        row["AttachmentKey"] = family.attachment_key(row)
        row["OfDraft"] = row.get("TicketMessageID") in drafts
        row["Embedded"] = any(is_embedded(message[family.body], row) for message in messages)
    return attachments


GONE = "Gone"
"""Table of a delta: tickets of earlier stages that were merged into another ticket since."""


def write_gone(folder: Path, tickets: Collection[int]) -> None:
    """Note in a delta's folder that these tickets of earlier stages are gone.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    if tickets:
        write_chunk(folder / GONE, 0, pa.table({"TicketID": pa.array(sorted(tickets), type=pa.int64())}))
