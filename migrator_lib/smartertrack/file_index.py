"""The index of the files root: made once, in chunks that a run goes on behind, and looked up on disk.

Every file is in it with name, path and size; one that an attachment's row names is also read once, for its checksums
and what it holds if it is compressed. Memory is one page, whatever the tree's size.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import pyarrow as pa

from migrator_lib.errors import FilesMissing
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.contents import examine, row_checksum
from migrator_lib.smartertrack.files import FileOnDisk, FilesRoot, as_compared, reading, storable
from migrator_lib.smartertrack.matching import Files, IndexedFile, Row, match, name_on_disk
from migrator_lib.staging import Staged
from migrator_lib.storage import scratch

FILES = "Files"
BLOBS = "Blobs"
PAGE_FILES = 50_000
PAGE_BYTES = 4_000_000_000
"""A chunk is closed behind so many files, or so many bytes to read: what a kill may cost."""
IN_A_ROW = 100
"""Files that cannot be read one after the other before it is taken for the root's fault, not theirs."""
SLICE = 500
WAIT_SECONDS = 10.0
NO_UNICODE = "a folder above it has a name that is no Unicode; rename that"
SCHEMA = pa.schema(
    [
        ("Name", pa.string()), ("Path", pa.string()), ("Size", pa.int64()), ("Crc", pa.int64()),
        ("Sha256", pa.string()), ("Packing", pa.string()), ("UnpackedSize", pa.int64()), ("UnpackedCrc", pa.int64()),
        ("Error", pa.string()), ("UnpackedSha256", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class IndexChunk:
    """A page of the index; ``last`` is the path that the next one begins behind."""

    data: Any
    last: str
    final: bool


def as_table(files: Iterable[tuple[str, IndexedFile]]) -> Any:
    """Return (name, file) as a chunk of the index."""
    rows = [
        {
            "Name": as_compared(name), "Path": storable(file.path), "Size": file.size, "Crc": file.crc,
            "Sha256": file.sha256, "Packing": file.packing, "UnpackedSize": file.unpacked_size,
            "UnpackedCrc": file.unpacked_crc, "Error": file.error, "UnpackedSha256": file.unpacked_sha256,
        }
        for name, file in files
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


class WantedNames:
    """The names that attachments' rows give, in a temporary file that SQLite removes: constant memory."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._names = scratch()
        self._names.execute("CREATE TABLE name (name TEXT PRIMARY KEY) WITHOUT ROWID")
        named = ((name_on_disk(row),) for row in rows if not row["IsDeleted"])
        self._names.executemany("INSERT OR IGNORE INTO name VALUES (?)", (row for row in named if row[0]))

    def among(self, names: Sequence[str]) -> set[str]:
        """Return those of ``names`` that some row gives."""
        found: set[str] = set()
        for start in range(0, len(names), SLICE):
            some = names[start : start + SLICE]
            marks = ",".join("?" * len(some))
            found |= {name for (name,) in self._names.execute(f"SELECT name FROM name WHERE name IN ({marks})", some)}  # noqa: S608
        return found

    def __len__(self) -> int:
        return int(self._names.execute("SELECT count(*) FROM name").fetchone()[0])

    def close(self) -> None:
        """Remove the file."""
        self._names.close()


class Indexer:
    """Indexes a tree, from its beginning or from where an earlier run came to."""

    def __init__(self, root: FilesRoot, wanted: WantedNames, progress: Progress) -> None:
        self.root = root
        self.wanted = wanted
        self.progress = progress
        self._failed = 0
        self._read = 0
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def chunks(self, after: str = "", done: int = 0) -> Iterator[IndexChunk]:
        """Yield the index behind ``after``, of which ``done`` files are indexed.

        What came or went meanwhile before that place is not seen: a file that came is missing, one that went cannot be
        read by the load. The last chunk may be empty.

        Raises:
            FilesMissing: the root went away, most files cannot be read, or it is empty while rows name files.
        """
        self.progress.begin("Indexing files", 0, done=done)
        if after:
            self.root.require_present(after)
        if (done or len(self.wanted)) and self.root.is_empty():
            raise FilesMissing(
                f"The files root {self.root.place} is empty, while attachments name {len(self.wanted):,} files.",
                next_step="mount the share, or correct source.files_root; then run again. Where the files are lost, "
                "leave source.files_root out: their attachments are quarantined then.",
            )
        page: list[tuple[FileOnDisk, bool]] = []
        size = 0
        with ThreadPoolExecutor(self.root.threads, "files") as pool:
            for file, wanted in self._walk(after):
                page.append((file, wanted))
                size += file.size if wanted else 0
                if len(page) == PAGE_FILES or size >= PAGE_BYTES:
                    yield self._chunk(page, pool, final=False)
                    size, page = 0, []
            yield self._chunk(page, pool, final=True)

    def _walk(self, after: str) -> Iterator[tuple[FileOnDisk, bool]]:
        """Yield every file, with whether some row names it."""
        some: list[FileOnDisk] = []
        for file in self.root.walk(after):
            some.append(file)
            if len(some) == SLICE:
                yield from self._with_wanted(some)
                some = []
        yield from self._with_wanted(some)

    def _with_wanted(self, some: Sequence[FileOnDisk]) -> list[tuple[FileOnDisk, bool]]:
        names = [as_compared(file.name) for file in some]
        wanted = self.wanted.among(names)
        return [(file, name in wanted) for file, name in zip(some, names, strict=True)]

    def _chunk(self, page: Sequence[tuple[FileOnDisk, bool]], pool: ThreadPoolExecutor, *, final: bool) -> IndexChunk:
        read = deque(pool.submit(self._examined, file) for file, wanted in page if wanted)
        found: list[tuple[str, IndexedFile]] = []
        try:
            for file, wanted in page:
                indexed = self._awaited(read.popleft()) if wanted else IndexedFile(file.path, file.size)
                if wanted:
                    self._see_failures(indexed)
                found.append((file.name, indexed))
                self.progress.advance()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return IndexChunk(as_table(found), page[-1][0].path if page else "", final)

    def _awaited(self, read: Future[IndexedFile]) -> IndexedFile:
        """Wait for a file without being taken for dead; where not a byte comes, say so."""
        before = self._read
        while not wait([read], WAIT_SECONDS).done:
            if self._read == before:
                self.progress.wait("Indexing files: the files root does not answer, waiting")
            else:
                self.progress.advance(0)
            before = self._read
        return read.result()

    def _examined(self, file: FileOnDisk) -> IndexedFile:
        if storable(file.path) != file.path:
            return IndexedFile(file.path, file.size, error=NO_UNICODE)
        try:
            with reading(self.root, file.path) as stream:
                return IndexedFile.of(file.path, examine(stream, self._told))
        except OSError as error:
            self.root.require_present(file.path)
            return IndexedFile(file.path, file.size, error=error.strerror or str(error) or type(error).__name__)

    def _told(self, n: int) -> None:
        with self._lock:
            self._read += n
            rate = self._read / max(1e-6, time.monotonic() - self._start)
            self.progress.say(f"Indexing files ({self._read / 1e9:,.2f} GB read, {rate / 1e6:,.1f} MB/s)")
        self.progress.advance(0)

    def _see_failures(self, file: IndexedFile) -> None:
        self._failed = self._failed + 1 if file.error else 0
        if self._failed == IN_A_ROW:
            raise FilesMissing(
                f"{IN_A_ROW} files in a row cannot be read below {self.root.place}, the last one for this reason: "
                f"{file.error}.",
                next_step="give this user the right to read the whole tree, or mount the share again; then run again: "
                "what is indexed stays indexed.",
            )


class FileIndex(Files):
    """The index of one or more stages, in a temporary file that SQLite removes. Safe to use from many threads.

    Later stages are laid over earlier ones. A file that a later one has not read, since no row of its own names it,
    keeps its checksums as long as its size is the same; what only an earlier stage has stays,
    but where the latest has it under another path: the tree was moved.

    Args:
        staged: the stages.
        alive: called again and again while the index is filled, and while all rows are gone through: that takes minutes
            where there are millions, and this process must not be taken for dead.
    """

    def __init__(self, staged: Staged, alive: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._staged = staged
        self._alive = alive
        self._lock = threading.RLock()

    @cached_property
    def _database(self) -> sqlite3.Connection:
        """Fill it when it is first asked."""
        database = scratch(threads=True)
        columns = ", ".join(f"{field.name} {'INTEGER' if 'int' in str(field.type) else 'TEXT'}" for field in _COLUMNS)
        table = f"CREATE TABLE file (layer INTEGER, name TEXT, {columns}, PRIMARY KEY (path, name)) WITHOUT ROWID"
        database.execute(table)
        for layer, folder in enumerate(self._staged.folders):
            rows = alive_through(Staged([folder]).layers(FILES), self._alive)
            database.executemany(_LAY_OVER, ((layer, *_values(row)) for row in rows))
        database.execute("CREATE INDEX of_name ON file (name)")
        database.execute(_FORGET_MOVED)
        blobs = alive_through(self._staged.layers(BLOBS), self._alive)
        database.executemany(_LAY_OVER, ((0, *_values(row)) for row in blobs))
        return database

    def ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement over the table ``file``."""
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def named(self, name: str) -> Sequence[IndexedFile]:
        """Return the files of a name."""
        return [IndexedFile(*row) for row in self.ask(_NAMED, (name,))]

    @property
    def checksums_hold(self) -> bool:
        """Whether some row's checksum is its file's, which chance would not do: so rows' checksums are ours."""
        with self._lock:
            return self._checksums_seen

    @cached_property
    def _checksums_seen(self) -> bool:
        rows = self._staged.attachments(["FileNameOnDisk", "Length", "Crc"])
        return any(
            row["Length"] and match(row, self.named(name_on_disk(row)), checksums_hold=False).agrees >= 2
            for row in alive_through(rows, self._alive)
            if row_checksum(row["Crc"]) is not None
        )


def alive_through(rows: Iterable[Row], alive: Callable[[], None]) -> Iterator[Row]:
    """Yield rows, and say now and then that the work goes on."""
    for number, row in enumerate(rows):
        if number % SLICE == 0:
            alive()
        yield row


_COLUMNS = fields(IndexedFile)
_NAMES = ", ".join(field.name for field in _COLUMNS)
_NAMED = f"SELECT {_NAMES} FROM file WHERE name = ? ORDER BY path"  # noqa: S608
_KEPT = ("crc", "sha256", "packing", "unpacked_size", "unpacked_crc", "unpacked_sha256")
_NEW = "excluded.crc IS NOT NULL OR excluded.size <> size OR excluded.error <> ''"
_LAY_OVER = (
    f"INSERT INTO file (layer, name, {_NAMES}) VALUES (?, ?, {', '.join('?' * len(_COLUMNS))}) "  # noqa: S608
    + "ON CONFLICT (path, name) DO UPDATE SET "
    + ", ".join(f"{name} = CASE WHEN {_NEW} THEN excluded.{name} ELSE {name} END" for name in _KEPT)
    + f", error = CASE WHEN {_NEW} THEN excluded.error ELSE error END, size = excluded.size, layer = excluded.layer"
)
_FORGET_MOVED = (
    "DELETE FROM file WHERE layer < (SELECT max(layer) FROM file) AND EXISTS (SELECT 1 FROM file AS there "
    "WHERE there.name = file.name AND there.size = file.size AND there.crc = file.crc "
    "AND there.layer = (SELECT max(layer) FROM file))"
)


def _values(row: Row) -> tuple[Any, ...]:
    return (
        row["Name"], row["Path"], row["Size"], row.get("Crc"), row.get("Sha256"), row.get("Packing") or "",
        row.get("UnpackedSize"), row.get("UnpackedCrc"), row.get("Error") or "", row.get("UnpackedSha256"),
    )  # fmt: skip
