"""Attachments that the database itself holds, where it does.

The schema of March 2018 has no bytes in any table (UNVERIFIED for other versions and engines), so everything about it
is here: a binary column of a table of attachments, or of Files, is found by its type, or named by
``source.blob_column``. It is in no page and no Parquet file: each value is read alone, in pieces, into a file named by
its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.connection import translated
from migrator_lib.smartertrack.contents import Contents, examine
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.matching import IndexedFile, Row
from migrator_lib.smartertrack.tables import FAMILIES, TICKET_FAMILY, Family
from migrator_lib.storage import flush, refusals

BLOB = "blob:"
"""Begins the path in the index of what the database itself holds; its SHA-256 follows."""
TOO_LARGE = "too-large"
FILES = "Files"
KEYS = {**{family.attachments: family.attachment_id for family in FAMILIES}, FILES: "FileNameOnDisk"}
"""Tables that may hold bytes, and the column by which an attachment's are found."""
PIECE = 1 << 20
SHORTEST = 64
"""Bytes; a binary column of this length or less holds ids, versions or hashes."""
LENGTHS = {"mssql": "datalength", "sqlite": "length"}
"""Name of the function that gives a binary value's length in bytes; elsewhere octet_length."""


def content_file(folder: Path, path: str) -> Path:
    """Return where a blob's content lies below ``folder``."""
    digest = path.removeprefix(BLOB)
    return folder / digest[:2] / digest


@dataclass(frozen=True)
class BlobColumn:
    """Where the database holds attachments' bytes."""

    table: str
    """Name without prefix, one of :data:`KEYS`."""
    real: sa.TableClause
    key: str
    content: str

    @classmethod
    def find(cls, source: SourceDatabase, named: str = "", family: Family = TICKET_FAMILY) -> BlobColumn | None:
        """Return the column for the attachments of a family, or None where there is none.

        Args:
            source: the database.
            family: tickets, chats or call logs.
            named: ``Table.Column`` (without prefix), ``none`` for no column, or empty to look for one by its type.

        Raises:
            SchemaMismatch: the named column is not there, or several may be meant.
        """
        if named == "none":
            return None
        wanted_table, _, wanted = named.partition(".")
        found = [
            cls(table, sa.table(source.binding.tables[table].name, sa.column(key), sa.column(name, sa.LargeBinary()),
                                schema=source.binding.schema), key, name)
            for table in KEYS
            if (key := source.binding.columns.get(table, {}).get(KEYS[table])) and table in source.binding.tables
            for name, kind in _columns(source, table)
            if (table.lower(), name.lower()) == (wanted_table.lower(), wanted.lower()) or (not named and _holds(kind))
        ]  # fmt: skip
        if named and not found:
            raise SchemaMismatch(
                f"source.blob_column is {named}, and there is no such column.",
                next_step=f"name a binary column of {' or '.join(KEYS)} (without the prefix), or leave it out.",
            )
        found = [one for one in found if one.table in (family.attachments, FILES)]
        if len(found) > 1:
            words = ", ".join(f"{one.table}.{one.content}" for one in found)
            raise SchemaMismatch(
                f"Several columns may hold the bytes of attachments: {words}.",
                next_step="set source.blob_column to the right one, or to none.",
            )
        return found[0] if found else None

    def read(self, source: SourceDatabase, row: Row, folder: Path, limit: int) -> IndexedFile | None:
        """Stage what the database holds of an attachment; None where it holds nothing.

        What is larger than ``limit`` bytes is not read: it has its size alone.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        mine = self.real.c[self.key] == row[KEYS[self.table]]
        content = self.real.c[self.content]
        length = getattr(sa.func, LENGTHS.get(source.engine.dialect.name, "octet_length"))(content)
        (size,) = [
            one["n"] for one in source.select(sa.select(length.label("n")).where(mine).limit(1), self.table)
        ] or [0]
        if not size:
            return None
        if size > limit:
            return IndexedFile(f"{BLOB}{TOO_LARGE}:{size}", int(size))
        found = _stage(self._pieces(source, mine, int(size)), folder)
        return IndexedFile.of(BLOB + found.sha256, found)

    def _pieces(self, source: SourceDatabase, mine: sa.ColumnElement[bool], size: int) -> Iterator[bytes]:
        for start in range(1, size + 1, PIECE):
            part = sa.func.substring(self.real.c[self.content], start, PIECE, type_=sa.LargeBinary())
            for one in source.select(sa.select(part.label("piece")).where(mine).limit(1), self.table):
                yield bytes(one["piece"])


def _columns(source: SourceDatabase, table: str) -> list[tuple[str, Any]]:
    binding = source.binding
    with translated(f"describing {table}"):
        described = sa.inspect(source.engine).get_columns(binding.tables[table].name, schema=binding.schema)
    return [(column["name"], column["type"]) for column in described]


def _holds(kind: Any) -> bool:
    """Return whether a column's type is binary and long enough for a file."""
    length = getattr(kind, "length", None)
    is_binary = isinstance(kind, sa.types._Binary) and type(kind).__name__ not in ("TIMESTAMP", "ROWVERSION")
    return is_binary and not (isinstance(length, int) and 0 < length <= SHORTEST)


def _stage(pieces: Iterator[bytes], folder: Path) -> Contents:
    """Write content to a file named by its SHA-256, whole or not at all; return what it is."""
    arriving = folder / "arriving.tmp"
    with refusals(f"What the database holds of attachments could not be written to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        with arriving.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
        with arriving.open("rb") as stream:
            found = examine(stream)
        place = content_file(folder, found.sha256)
        place.parent.mkdir(exist_ok=True)
        flush(arriving)
        arriving.replace(place)
        flush(place.parent)
    return found
