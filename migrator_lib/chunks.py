"""Chunks: rows of the source as Parquet files of a fixed schema, each complete or not there at all.

Engines give the same value in different forms (0 and 1, text dates, bytes); those end here. A column whose values are
all of one plain kind is made an Arrow column at once; any other is converted value by value, which gives the same.
What cannot be read as its column's type never stops a run by itself: a date is staged as empty and counted, any other
value is staged as empty and listed with its row's key, and a row that lacks what it cannot do without (its key, or a
required number or flag) is not staged but listed as unreadable. All three travel in the chunk's metadata.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.database import as_utc
from migrator_lib.smartertrack.tables import SourceTable
from migrator_lib.storage import beside, flush, refusals

Row = dict[str, Any]
ROW_GROUP = 2000
BAD_DATES = b"bad_dates"
"""Key of a chunk's metadata: JSON of column to number of values that were no date."""
BAD_VALUES = b"bad_values"
"""Key of a chunk's metadata: JSON of a list of :class:`BadValue`."""
HIDDEN = "?"
"""What a part of a key begins with that cannot be read itself."""
ANOTHER_COLUMN = 10
"""A column of which so many values in one page, and more than half, cannot be read is another than the one meant."""
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
PLAIN: dict[str, set[type]] = {
    "int": {int},
    "short": {int},
    "long": {int},
    "string": {str, bytes},
    "guid": {str, bytes},
    "bool": {bool},
    "double": {float, int},
}
"""What drivers give that Arrow reads as it is; it refuses bytes that are no UTF-8."""
TRUTH = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}
LONGEST = 2**63
FIRST, LAST = (pa.scalar(moment, pa.timestamp("us")) for moment in (datetime.min, datetime.max))


@dataclass(frozen=True)
class BadValue:
    """A value that is not of its column's type. The value itself may be personal, so it is shown nowhere."""

    table: str
    key: tuple[str, ...]
    """The row's key; a part that cannot be read itself is "?" and the begin of its hash."""
    column: str
    staged: bool
    """Whether the row was staged, with this value empty; if not, the row as a whole cannot be read."""


# --- values --------------------------------------------------------------------------------------------


def as_int(value: Any) -> int:
    """Return a whole number.

    Raises:
        ValueError: it is none, or has more than 64 bits.
    """
    number = int(value)
    if not -LONGEST <= number < LONGEST or not (isinstance(value, str | bytes) or number == value):
        raise ValueError(type(value).__name__)
    return number


def as_bool(value: Any) -> bool:
    """Return a flag: bits come as 0/1, as words (SQLite, in bytes too) or as the bytes 0 and 1 (MySQL).

    Raises:
        ValueError: a word that is neither yes nor no.
    """
    if isinstance(value, bytes):
        if value and not value.strip(b"\0\1"):
            return any(value)
        value = value.decode("latin-1")
    if isinstance(value, str):
        try:
            return TRUTH[value.strip().lower()]
        except KeyError:
            raise ValueError(value) from None
    if not isinstance(value, int | float | Decimal):
        raise ValueError(type(value).__name__)
    return bool(value)


def as_text(value: Any) -> str:
    """Return text; bytes are read as UTF-8, with U+FFFD for what is none, and so is half of a surrogate pair."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "int": as_int,
    "short": as_int,
    "long": as_int,
    "bool": as_bool,
    "double": float,
    "string": as_text,
    "guid": as_text,
    "datetime": as_utc,
}


# --- columns -------------------------------------------------------------------------------------------


def arrow_schema(table: SourceTable) -> Any:
    """Return the fixed Parquet schema of a source table: all allow-listed columns, in order."""
    return pa.schema([(column, ARROW_TYPES[table.type_of(column)]) for column in table.columns])


def to_staged(table: SourceTable, rows: Sequence[Row]) -> Any:
    """Return rows as an Arrow table: see :func:`columns_to_staged`."""
    return columns_to_staged(table, {column: [row.get(column) for row in rows] for column in table.columns}, len(rows))


def columns_to_staged(table: SourceTable, columns: Mapping[str, Sequence[Any]], rows: int) -> Any:
    """Return rows, given by columns, as an Arrow table. A column that is not given is empty.

    Raises:
        SchemaMismatch: a column holds something else than its type throughout, so it is not the column that is meant.
    """
    read = {column: _column(table, column, columns.get(column, [None] * rows)) for column in table.columns}
    data = pa.table({name: one.values for name, one in read.items()}, schema=arrow_schema(table))
    bad = {name: one.bad for name, one in read.items() if one.bad}
    if not bad:
        return data
    dates = {name: len(bad.pop(name)) for name in list(bad) if table.type_of(name) == "datetime"}
    lost = {number for name, numbers in bad.items() if _is_needed(table, name) for number in numbers}
    listed = [
        [_key(table, columns, read, number), name, number not in lost]
        for name, numbers in bad.items()
        for number in numbers
    ]
    if lost:
        data = data.filter(pa.array([number not in lost for number in range(rows)]))
    return data.replace_schema_metadata(_metadata(dates, listed))


def joined(blocks: Sequence[Any]) -> Any:
    """Return tables of one schema as one, with what their metadata tells."""
    if len(blocks) == 1:
        return blocks[0]
    dates = sum((Counter(bad_dates(block.schema)) for block in blocks), Counter[str]())
    listed = [each for block in blocks for each in _listed(block.schema)]
    data = pa.concat_tables([block.replace_schema_metadata(None) for block in blocks])
    return data.replace_schema_metadata(_metadata(dates, listed))


def _metadata(dates: Mapping[str, int], listed: Sequence[Any]) -> dict[bytes, bytes] | None:
    told = {BAD_DATES: dict(dates), BAD_VALUES: list(listed)}
    return {name: json.dumps(what).encode() for name, what in told.items() if what} or None


def _listed(schema: Any) -> list[Any]:
    found: list[Any] = json.loads((schema.metadata or {}).get(BAD_VALUES, b"[]"))
    return found


def _is_needed(table: SourceTable, column: str) -> bool:
    """Return whether a row means something else without this value; text is never bad."""
    return column in table.key or column in table.required


def _key(
    table: SourceTable, columns: Mapping[str, Sequence[Any]], read: Mapping[str, _Column], number: int
) -> list[str]:
    parts = []
    for column in table.key:
        part = read[column].values[number].as_py()
        hidden = HIDDEN + hashlib.sha256(repr(columns[column][number]).encode()).hexdigest()[:12]
        parts.append(hidden if part is None else str(part))
    return parts


@dataclass(frozen=True)
class _Column:
    """Values, and the numbers of the rows whose value could not be read."""

    values: Any
    bad: Sequence[int] = field(default=())


def _column(table: SourceTable, column: str, values: Sequence[Any]) -> _Column:
    kind = table.type_of(column)
    with suppress(ValueError, TypeError, OverflowError):  # which Arrow's own errors are, and UnicodeError is
        at_once = _at_once(kind, values)
        if at_once is not None:
            return _Column(at_once)
    read = _one_by_one(kind, values)
    if kind != "datetime" and len(read.bad) >= max(ANOTHER_COLUMN, 1 + sum(v is not None for v in values) // 2):
        raise SchemaMismatch(
            f"{table.name}.{column} holds {len(read.bad)} values in one page that are no {kind}.",
            next_step="check that source.url and source.prefix mean a SmarterTrack database; if they do, report this "
            "column, so that it can be read as what it is.",
        )
    return read


def _at_once(kind: str, values: Sequence[Any]) -> Any | None:
    """Return values as Arrow column where they are of one plain kind and all good; else None, or an error."""
    kinds = set(map(type, values)) - {type(None)}
    arrow = ARROW_TYPES[kind]
    if not kinds:
        return pa.nulls(len(values), arrow)
    if len(kinds) > 1:
        return None
    given = kinds.pop()
    if kind == "datetime":
        return _moments(values) if given in (datetime, bytes, str) else None
    if kind == "bool" and given is int:
        return pa.array(values, pa.int64()).cast(arrow)
    return pa.array(values, arrow) if given in PLAIN[kind] else None


def _moments(values: Sequence[Any]) -> Any | None:
    """Return datetimes, or text in ISO 8601, as Arrow column; None where a year has not four digits."""
    if isinstance(next(value for value in values if value is not None), datetime):
        moments = pa.array(values, ARROW_TYPES["datetime"]).cast(pa.timestamp("us"))
    else:
        moments = pa.array(values, pa.string()).cast(pa.timestamp("us"))
    span = pc.min_max(moments)
    if pc.less(span["min"], FIRST).as_py() or pc.greater(span["max"], LAST).as_py():
        return None
    return moments.cast(ARROW_TYPES["datetime"])


def _one_by_one(kind: str, values: Sequence[Any]) -> _Column:
    """Return values converted one by one; an empty text where a date should be is no date, and no bad one."""
    convert = _CONVERT[kind]
    converted: list[Any] = []
    bad: list[int] = []
    for number, value in enumerate(values):
        result = None
        if value is not None and not (kind == "datetime" and value in ("", b"")):
            with suppress(ValueError, TypeError, OverflowError, ArithmeticError):
                result = convert(value)
            if result is None:
                bad.append(number)
        converted.append(result)
    return _Column(pa.array(converted, ARROW_TYPES[kind]), bad)


# --- files ---------------------------------------------------------------------------------------------


def path_of(folder: Path, part: int) -> Path:
    """Return where a chunk of a table's folder lies."""
    return folder / f"part-{part:05d}.parquet"


def write_chunk(folder: Path, part: int, data: Any) -> str:
    """Write one chunk beside its place, flush it to disk, rename it, flush its folder; return its SHA-256.

    Statistics are kept of the first column alone, by which a range of tickets is found.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    final = path_of(folder, part)
    words = {
        "what": f"Staged data could not be written to {folder}",
        "next_step": "make room on that disk (or move reports/ to a larger one), and run again: complete chunks stay.",
    }
    with beside(final, **words) as place:
        pq.write_table(
            data, place, compression="zstd", row_group_size=ROW_GROUP,
            use_dictionary=[each.name for each in data.schema if not pa.types.is_large_string(each.type)],
            write_statistics=data.schema.names[:1],
        )  # fmt: skip
        digest = _digest(place)
    if part == 0:
        with refusals(**words):  # a run that was killed may have made these folders, and flushed none of them
            for made in list(folder.parents)[:3]:
                flush(made)
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


def bad_values(table: str, schema: Any) -> list[BadValue]:
    """Return what could not be read, from the schema or the footer of a chunk of a table."""
    return [BadValue(table, tuple(key), column, staged) for key, column, staged in _listed(schema)]


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
