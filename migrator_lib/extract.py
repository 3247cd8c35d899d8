"""Extract: from the source to staged Parquet chunks, page by page in the order of the key.

A chunk is one page: written beside its place, flushed, renamed, and noted in the ledger with its hash. A chunk that is
complete is never read again, so an extract that died goes on behind its last chunk; one whose file was lost or changed
is read again, with all behind it. Two chunks are written while the next page is read (a disk takes its time to flush),
and noted in their order, so memory is three pages, whatever the size.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from migrator_lib.chunks import BadValue, bad_dates, bad_values, is_intact, path_of, remove_from, write_chunk
from migrator_lib.knowledge.references import named_by_articles
from migrator_lib.ledger import Ledger
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.blobs import BlobColumn
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.file_index import BLOBS, FILES, FileIndex, Indexer, WantedNames, alive_through, as_table
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.matching import IndexedFile, Row, blob_name, name_on_disk
from migrator_lib.smartertrack.reading import slices, staged_pages
from migrator_lib.smartertrack.tables import (
    DEFINITIONS,
    FAMILIES,
    LOOSE_WORK,
    TAGS_IN_TASKS,
    TICKET_FAMILY,
    Family,
    SourceTable,
)
from migrator_lib.staging import Staged
from migrator_lib.storage import refusals

BLOB_PAGE = 500
FILES_ROOTS = "files_roots"
"""Name in the ledger of the files root that each stage's index is of."""
WRITERS = 2
"""Chunks that are written at the same time."""


@dataclass
class ExtractReport:
    """Rows of every table of a stage, and how many of them were read by this run."""

    stage: str
    rows: dict[str, int] = field(default_factory=dict)
    read_now: dict[str, int] = field(default_factory=dict)
    bad_dates: dict[str, int] = field(default_factory=dict)
    """Column to number of values that are no date; they are staged as empty."""
    bad_values: list[BadValue] = field(default_factory=list)
    """Other values that are not of their column's type, and rows that cannot be read because of them."""
    moments: list[dict[str, str]] = field(default_factory=list)
    """When each transaction began in which the source was read, by this run and those before, and its isolation."""


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
        self._tables((*DEFINITIONS, TAGS_IN_TASKS, *LOOSE_WORK), None)

    def family(self, family: Family, ids: Sequence[int] | None = None) -> None:
        """Read tickets (chats, call logs) and what belongs to them: all of them, or those of ``ids``."""
        self._tables(family.tables, ids)

    def tickets(self, ids: Sequence[int] | None = None) -> None:
        """Read tickets alone: all of them, or those of ``ids``."""
        self.family(TICKET_FAMILY, ids)

    def conversations(self) -> None:
        """Read all tickets, chats and call logs, with what belongs to them."""
        for conversation in CONVERSATIONS:
            self.family(conversation.family)

    def files(self, root: FilesRoot | None) -> None:
        """Index the files root, going on behind the last chunk; the files that staged attachments name are read.

        An index of another root is made anew: paths of two trees in one would lead to wrong files, or to none.
        """
        if root is not None:
            self._forget_another(root)
        chunks = self._intact_chunks(FILES)
        self.report.rows[FILES] = rows = sum(chunk["rows"] for chunk in chunks)
        if root is None or (chunks and chunks[-1]["final"]):
            return
        self._forget(FILES, len(chunks))
        self._forget(BLOBS, 0)  # which attachments have no file is known when the index is whole
        staged = Staged([self.folder])
        named = chain(staged.attachments(["FileNameOnDisk", "IsDeleted"]), named_by_articles(staged))
        with closing(WantedNames(alive_through(named, self._alive))) as wanted:
            after = json.loads(chunks[-1]["last_key"]) if chunks else ""
            found = Indexer(root, wanted, self.progress).chunks(after, rows)
            for part, chunk in enumerate(found, start=len(chunks)):
                self._note(FILES, part, chunk.data, last_key=json.dumps(chunk.last), final=chunk.final)

    def _forget_another(self, root: FilesRoot) -> None:
        places = self.ledger.meta(FILES_ROOTS, {})
        if places.get(self.stage) != root.place:
            self._forget(FILES, 0)
            self.ledger.set_meta(FILES_ROOTS, places | {self.stage: root.place})

    def blobs(self, named: str, limit: int) -> None:
        """Stage what the database itself holds of attachments that have no file below the root, where it does.

        Args:
            named: ``source.blob_column``.
            limit: bytes beyond which none is read.

        Raises:
            SchemaMismatch: the named column is not there, or several may be meant.
        """
        columns = {family.name: BlobColumn.find(self.source, named, family) for family in FAMILIES}
        if not any(columns.values()):
            return
        chunks = self._intact_chunks(BLOBS)
        self.report.rows[BLOBS] = rows = sum(chunk["rows"] for chunk in chunks)
        if chunks and chunks[-1]["final"]:
            return
        self._forget(BLOBS, len(chunks))
        self.progress.begin("Reading attachments from the database", 0, done=rows)
        after = json.loads(chunks[-1]["last_key"]) if chunks else []
        after = [0, *after] if len(after) == 2 else after  # as a version noted it that read those of tickets alone
        page: list[tuple[str, IndexedFile]] = []
        part = len(chunks)
        for family, row, key in self._without_file(after):
            column = columns[family.name]
            found = column.read(self.source, row, self.folder.parent / "blobs", limit) if column else None
            self.progress.advance()
            if found is not None:
                page.append((blob_name(family.attachment_key(row)), found))
            if len(page) == BLOB_PAGE:
                self._note(BLOBS, part, as_table(page), last_key=json.dumps(key), final=False)
                page, part = [], part + 1
        self._note(BLOBS, part, as_table(page), last_key=json.dumps(after), final=True)

    def _without_file(self, after: list[int]) -> Iterator[tuple[Family, Row, list[int]]]:
        """Yield the staged attachments behind a key that no file of the index is for, each with its own key."""
        staged = Staged([self.folder])
        index = FileIndex(staged, self._alive)
        for number, family in enumerate(FAMILIES):
            rows = staged.columns(family.attachments, [family.attachment_id, "FileNameOnDisk", "IsDeleted"])
            for row in alive_through(rows, self._alive):
                name, key = name_on_disk(row), [number, row[family.key], row[family.attachment_id]]
                if key > after and not row["IsDeleted"] and not (name and index.named(name)):
                    yield family, row, key

    def _alive(self) -> None:
        self.progress.advance(0)

    def _tables(self, tables: Sequence[SourceTable], ids: Sequence[int] | None) -> None:
        present = [table for table in tables if table.name in self.source.binding.tables]
        for table in present:
            self.table(table, ids)

    def table(self, table: SourceTable, ids: Sequence[int] | None = None) -> None:
        """Read one table: all rows, or those whose first key is one of ``ids``."""
        chunks = self._intact_chunks(table.stage)
        self.report.rows[table.stage] = rows = sum(chunk["rows"] for chunk in chunks)
        for part in range(len(chunks)):
            self._note_bad(table.stage, pq.read_schema(path_of(self.folder / table.stage, part)))
        if chunks and chunks[-1]["final"]:
            return
        self._forget(table.stage, len(chunks))
        total = (self.source.count_readable(table) or 0) if ids is None else 0
        self.progress.begin(f"Reading {table.name}", total, done=rows)
        self._read(table, ids, len(chunks), json.loads(chunks[-1]["last_key"]) if chunks else None)

    def _read(self, table: SourceTable, ids: Sequence[int] | None, part: int, after: list[Any] | None) -> None:
        parts = _behind(ids, after)
        writing: deque[Future[None]] = deque(maxlen=WRITERS)
        with ThreadPoolExecutor(WRITERS, "chunk") as writers:  # whatever happens, it ends when all chunks are written
            for only in parts:
                pages = staged_pages(self.source, table, self.page_rows, after=after, only=only)
                with closing(pages):  # where a chunk cannot be written, the statement is to end at once
                    for page in pages:
                        final = page.last and only is parts[-1]
                        after = page.last_key or after
                        if len(writing) == WRITERS:
                            writing[0].result()
                        self.progress.advance(page.read)
                        if page.read or final:
                            before = writing[-1] if writing else None
                            writing.append(writers.submit(self._write, table, part, page.data, after, final, before))
                            part += 1
            for each in writing:
                each.result()

    def _write(
        self,
        table: SourceTable,
        part: int,
        data: Any,
        after: list[Any] | None,
        final: bool,
        before: Future[None] | None,
    ) -> None:
        """Write a chunk, and note it when the one before it is noted: what the ledger knows has no gap."""
        digest = write_chunk(self.folder / table.stage, part, data)
        if before is not None:
            before.result()
        self._know(table.stage, part, data.num_rows, last_key=json.dumps(after or []), sha256=digest, final=final)
        self._note_bad(table.stage, data.schema)

    def _note(self, name: str, part: int, data: Any, *, last_key: str, final: bool) -> None:
        """Write a chunk, and then into the ledger that it is complete."""
        digest = write_chunk(self.folder / name, part, data)
        self._know(name, part, data.num_rows, last_key=last_key, sha256=digest, final=final)

    def _know(self, name: str, part: int, rows: int, *, last_key: str, sha256: str, final: bool) -> None:
        self.ledger.add_chunk(self.stage, name, part, rows=rows, last_key=last_key, sha256=sha256, final=final)
        self.report.rows[name] = self.report.rows.get(name, 0) + rows
        self.report.read_now[name] = self.report.read_now.get(name, 0) + rows

    def _note_bad(self, table: str, schema: Any) -> None:
        for column, bad in bad_dates(schema).items():
            name = f"{table}.{column}"
            self.report.bad_dates[name] = self.report.bad_dates.get(name, 0) + bad
        self.report.bad_values += bad_values(table, schema)

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


def _behind(ids: Sequence[int] | None, after: Sequence[Any] | None) -> Sequence[Sequence[int] | None]:
    """Return the slices of ids that are still to be read; [None] for everything."""
    if ids is None:
        return [None]
    return slices({number for number in ids if after is None or number >= after[0]}) or [[]]
