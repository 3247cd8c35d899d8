"""Extract: from the source to staged Parquet chunks, page by page in the order of the key.

A chunk is one page: written beside its place, flushed, renamed, and noted in the ledger with its hash. A chunk that is
complete is never read again, so an extract that died goes on behind its last chunk; one whose file was lost or changed
is read again, with all behind it. Memory is one page, whatever the size.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrator_lib.chunks import Row, bad_dates, is_intact, path_of, remove_from, to_staged, write_chunk
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FileOnDisk, walk
from migrator_lib.smartertrack.tables import DEFINITIONS, TAGS_IN_TASKS, TICKET_CHILDREN, TICKETS, SourceTable
from migrator_lib.storage import refusals

FILES = "Files"
FILE_PAGE = 50_000
SLICE = 500
"""Ids in one statement; SQL Server takes 2,100 parameters."""


@dataclass
class ExtractReport:
    """Rows of every table of a stage, and how many of them were read by this run."""

    stage: str
    rows: dict[str, int] = field(default_factory=dict)
    read_now: dict[str, int] = field(default_factory=dict)
    bad_dates: dict[str, int] = field(default_factory=dict)
    """Column to number of values that are no date; they are staged as empty."""


class Extractor:
    """Reads one stage."""

    def __init__(
        self, *, source: SourceDatabase, ledger: Ledger, folder: Path, stage: str, page_rows: int, progress: Progress
    ) -> None:
        self.source = source
        self.ledger = ledger
        self.folder = folder / stage
        self.stage = stage
        self.page_rows = page_rows
        self.progress = progress
        self.report = ExtractReport(stage)

    def definitions(self) -> None:
        """Read the small tables that define things."""
        self._tables((*DEFINITIONS, TAGS_IN_TASKS), None)

    def tickets(self, ids: Sequence[int] | None = None) -> None:
        """Read tickets and what belongs to them: all of them, or those of ``ids``."""
        self._tables((TICKETS, *TICKET_CHILDREN), ids)

    def files(self, root: Path | None) -> None:
        """Index the files root. An index that was not finished is begun anew, since files come and go meanwhile."""
        done = self._intact_chunks(FILES)
        self.report.rows[FILES] = sum(chunk["rows"] for chunk in done)
        if root is None or (done and done[-1]["final"]):
            return
        self._forget(FILES, 0)
        self.report.rows[FILES] = 0
        self.progress.begin("Indexing files", 0)
        names: list[FileOnDisk] = []
        part = 0
        for file in walk(root):
            names.append(file)
            self.progress.advance()
            if len(names) == FILE_PAGE:
                self._write_files(part, names, final=False)
                names, part = [], part + 1
        self._write_files(part, names, final=True)

    def _write_files(self, part: int, names: Sequence[FileOnDisk], *, final: bool) -> None:
        data = pa.table(
            {
                "Name": pa.array([_storable(file.name).lower() for file in names], pa.string()),
                "Path": pa.array([_storable(file.path) for file in names], pa.string()),
                "Size": pa.array([file.size for file in names], pa.int64()),
            }
        )
        self._note(FILES, part, data, last_key="", final=final)

    def _tables(self, tables: Sequence[SourceTable], ids: Sequence[int] | None) -> None:
        present = [table for table in tables if table.name in self.source.binding.tables]
        for table in present:
            self._table(table, ids)

    def _table(self, table: SourceTable, ids: Sequence[int] | None) -> None:
        chunks = self._intact_chunks(table.name)
        self.report.rows[table.name] = rows = sum(chunk["rows"] for chunk in chunks)
        for part in range(len(chunks)):
            self._count_bad_dates(table.name, pq.read_schema(path_of(self.folder / table.name, part)))
        if chunks and chunks[-1]["final"]:
            return
        self._forget(table.name, len(chunks))
        total = (self.source.count_readable(table) or 0) if ids is None else 0
        self.progress.begin(f"Reading {table.name}", total, done=rows)
        self._read(table, ids, len(chunks), json.loads(chunks[-1]["last_key"]) if chunks else None)

    def _read(self, table: SourceTable, ids: Sequence[int] | None, part: int, after: list[Any] | None) -> None:
        slices = _slices(ids, after)
        for only in slices:
            last_page = False
            while not last_page:
                page = self.source.page(table, after=after, rows=self.page_rows, only=only)
                last_page = len(page) < self.page_rows
                final = last_page and only is slices[-1]
                after = [page[-1][column] for column in table.key] if page else after
                if page or final:
                    self._write(table, part, page, after, final=final)
                    part += 1

    def _write(self, table: SourceTable, part: int, page: list[Row], after: list[Any] | None, *, final: bool) -> None:
        data = to_staged(table, page)
        self._count_bad_dates(table.name, data.schema)
        self._note(table.name, part, data, last_key=json.dumps(after or []), final=final)
        self.progress.advance(len(page))

    def _note(self, name: str, part: int, data: Any, *, last_key: str, final: bool) -> None:
        """Write a chunk, and then into the ledger that it is complete."""
        rows: int = data.num_rows
        digest = write_chunk(self.folder / name, part, data)
        self.ledger.add_chunk(self.stage, name, part, rows=rows, last_key=last_key, sha256=digest, final=final)
        self.report.rows[name] = self.report.rows.get(name, 0) + rows
        self.report.read_now[name] = self.report.read_now.get(name, 0) + rows

    def _count_bad_dates(self, table: str, schema: Any) -> None:
        for column, bad in bad_dates(schema).items():
            name = f"{table}.{column}"
            self.report.bad_dates[name] = self.report.bad_dates.get(name, 0) + bad

    def _intact_chunks(self, name: str) -> list[dict[str, Any]]:
        """Return the complete chunks up to the first whose file is gone or is not what was written."""
        chunks = self.ledger.chunks(self.stage, name)
        for part, chunk in enumerate(chunks):
            if not is_intact(self.folder / name, part, chunk["sha256"]):
                self._forget(name, part)
                return chunks[:part]
        return chunks

    def _forget(self, name: str, part: int) -> None:
        """Forget the chunks of a table from ``part`` on, in the ledger and on disk."""
        self.ledger.forget_chunks(self.stage, name, part)
        remove_from(self.folder / name, part)

    def start_again(self) -> None:
        """Forget this stage, on disk and in the ledger.

        Raises:
            StorageError: the files cannot be removed.
        """
        self.ledger.forget_stage(self.stage)
        mend = "give this user the right to write there, and run again."
        with refusals(f"{self.folder} could not be removed", next_step=mend):
            if self.folder.exists():
                shutil.rmtree(self.folder)


def _storable(name: str) -> str:
    """Return a file's name as text; a name that is no UTF-8 gets U+FFFD, and no row of the source can mean it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _slices(ids: Sequence[int] | None, after: Sequence[Any] | None) -> list[Sequence[int] | None]:
    """Return ids that are not behind us in slices that fit a statement's parameters; [None] for everything."""
    if ids is None:
        return [None]
    ordered = sorted({number for number in ids if after is None or number >= after[0]})
    return [ordered[i : i + SLICE] for i in range(0, len(ordered), SLICE)] or [[]]
