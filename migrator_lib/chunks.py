"""Chunks: rows of the source as Parquet files of a fixed schema, each complete or not there at all.

Engines give the same value in different forms (0 and 1, text dates, bytes); those end here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.database import as_utc
from migrator_lib.smartertrack.tables import SourceTable
from migrator_lib.storage import beside, flush, refusals

Row = dict[str, Any]
ROW_GROUP = 2000
BAD_DATES = b"bad_dates"
"""Key of a chunk's metadata: JSON of column to number of values that were no date."""
ARROW_TYPES: dict[str, Any] = {
    "int": pa.int64(),
    "short": pa.int64(),
    "long": pa.int64(),
    "bool": pa.bool_(),
    "double": pa.float64(),
    "string": pa.large_string(),
    "guid": pa.string(),
    "datetime": pa.timestamp("us", tz="UTC"),
}
TRUTH = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


def as_bool(value: Any) -> bool:
    """Return a flag: bits come as 0/1, as words (SQLite) or as bytes (MySQL).

    Raises:
        ValueError: a word that is neither yes nor no.
    """
    if isinstance(value, str):
        try:
            return TRUTH[value.strip().lower()]
        except KeyError:
            raise ValueError(value) from None
    return any(value) if isinstance(value, bytes) else bool(value)


def as_text(value: Any) -> str:
    """Return text; bytes are read as UTF-8, with U+FFFD for what is none."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _maybe(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "int": _maybe(int),
    "short": _maybe(int),
    "long": _maybe(int),
    "bool": _maybe(as_bool),
    "double": _maybe(float),
    "string": _maybe(as_text),
    "guid": _maybe(as_text),
    "datetime": as_utc,
}


def arrow_schema(table: SourceTable) -> Any:
    """Return the fixed Parquet schema of a source table: all allow-listed columns, in order."""
    return pa.schema([(column, ARROW_TYPES[table.type_of(column)]) for column in table.columns])


def to_staged(table: SourceTable, rows: Sequence[Row]) -> Any:
    """Return rows as an Arrow table. What is no date is staged as empty, and counted in the table's metadata.

    Raises:
        SchemaMismatch: a column holds something else than its type, so it is not the column that is meant.
    """
    columns = {column: _column(table, column, rows) for column in table.columns}
    dates = [column for column in table.columns if table.type_of(column) == "datetime"]
    given = {column: sum(1 for row in rows if row.get(column) not in (None, "")) for column in dates}
    bad = {column: n for column in dates if (n := given[column] - (len(rows) - columns[column].null_count))}
    metadata = {BAD_DATES: json.dumps(bad).encode()} if bad else None
    return pa.table(columns, schema=arrow_schema(table).with_metadata(metadata))


def _column(table: SourceTable, column: str, rows: Sequence[Row]) -> Any:
    kind = table.type_of(column)
    convert = _CONVERT[kind]
    try:
        return pa.array([convert(row.get(column)) for row in rows], type=ARROW_TYPES[kind])
    except (ValueError, TypeError, OverflowError, pa.ArrowInvalid) as error:
        raise SchemaMismatch(
            f"{table.name}.{column} holds something that is no {kind} ({type(error).__name__}).",
            next_step="check that source.url and source.prefix mean a SmarterTrack database; if they do, report this "
            "column, so that it can be read as what it is.",
        ) from None  # the error would show the value, which may be personal


def path_of(folder: Path, part: int) -> Path:
    """Return where a chunk of a table's folder lies."""
    return folder / f"part-{part:05d}.parquet"


def write_chunk(folder: Path, part: int, data: Any) -> str:
    """Write one chunk beside its place, flush it to disk, rename it, flush the folder; return its SHA-256.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    final = path_of(folder, part)
    words = {
        "what": f"Staged data could not be written to {folder}",
        "next_step": "make room on that disk (or move reports/ to a larger one), and run again: complete chunks stay.",
    }
    with beside(final, **words) as place:
        pq.write_table(data, place, compression="zstd", row_group_size=ROW_GROUP)
        digest = _digest(place)
    with refusals(**words):  # or a power cut may take back a rename that the ledger knows of
        for changed in (folder, folder.parent, folder.parent.parent):
            flush(changed)
    return digest


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def is_intact(folder: Path, part: int, sha256: str) -> bool:
    """Return whether a chunk is there and is what the ledger says."""
    try:
        return _digest(path_of(folder, part)) == sha256
    except OSError:
        return False


def bad_dates(schema: Any) -> Mapping[str, int]:
    """Return column to number of values that were no date, from the schema of a chunk."""
    counted: dict[str, int] = json.loads((schema.metadata or {}).get(BAD_DATES, b"{}"))
    return counted


def remove_from(folder: Path, part: int) -> None:
    """Remove the chunks of a table from number ``part`` on, half-written ones too.

    Raises:
        StorageError: they cannot be removed.
    """
    mend = "give this user the right to write there, and run again."
    with refusals(f"Old staged data could not be removed from {folder}", next_step=mend):
        for file in folder.glob("part-*"):
            if int(file.name.removeprefix("part-").partition(".")[0]) >= part:
                file.unlink()
