"""SQL Server's types: how a column of each is described, how its values are written, and parameters read."""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

COLLATION = bytes.fromhex("0904d00034")
COLLATION_NAME = "SQL_Latin1_General_CP1_CI_AS"
PLP_NULL, PLP_UNKNOWN = (1 << 64) - 1, (1 << 64) - 2
CHUNK = 5001
"""Bytes of a long value's parts; odd, so that they split characters."""
MAX = -1
ZERO_DAY, LEGACY_ZERO_DAY = date(1, 1, 1), date(1900, 1, 1)


@dataclass(frozen=True)
class SqlType:
    """One type as the wire has it: TYPE_INFO, the value and its length, and what stands for NULL."""

    name: str
    info: bytes
    encode: Callable[[Any], bytes]
    null: bytes = b"\0"
    length: int = 0
    """Bytes, as sys.columns.max_length has it."""
    precision: int = 0
    scale: int = 0

    @property
    def is_text(self) -> bool:
        return self.name in ("nvarchar", "varchar", "ntext")

    @property
    def characters(self) -> int | None:
        """What INFORMATION_SCHEMA calls CHARACTER_MAXIMUM_LENGTH."""
        if self.name == "ntext":
            return 1073741823
        return (
            self.length // 2 if self.name == "nvarchar" and self.length > 0 else self.length if self.is_text else None
        )


def sql_type(declared: str) -> SqlType:
    """Return the type of a declaration such as ``NVARCHAR(512)``.

    Raises:
        KeyError: this server does not know it.
    """
    found = re.fullmatch(r"(\w+)(?: *\((.*)\))?", declared.strip().lower())
    name, given = (found.group(1), found.group(2)) if found else (declared, None)
    numbers = [MAX if part.strip() == "max" else int(part) for part in given.split(",")] if given else []
    return MAKERS[name](*numbers)


def _integer(name: str, size: int, precision: int) -> Callable[[], SqlType]:
    def encode(value: Any) -> bytes:
        return bytes([size]) + int(value).to_bytes(size, "little", signed=size > 1)

    return lambda: SqlType(name, bytes([0x26, size]), encode, length=size, precision=precision)


def _bit() -> SqlType:
    return SqlType("bit", b"\x68\x01", lambda value: bytes([1, bool(value)]), length=1, precision=1)


def _float(_precision: int = 53) -> SqlType:
    return SqlType("float", b"\x6d\x08", lambda value: struct.pack("<Bd", 8, value), length=8, precision=53)


def _numeric(precision: int = 18, scale: int = 0) -> SqlType:
    def encode(value: Any) -> bytes:
        unscaled = int((Decimal(str(value)) * 10**scale).to_integral_value())
        return bytes([17, unscaled >= 0]) + abs(unscaled).to_bytes(16, "little")

    info = bytes([0x6C, 17, precision, scale])
    return SqlType("numeric", info, encode, length=17, precision=precision, scale=scale)


def _text(value: Any, room: int) -> bytes:
    # a half of a surrogate pair passes, as it does on SQL Server, which cuts between the halves
    data = str(value).encode("utf-16-le", "surrogatepass")
    return data if room == MAX else data[: room * 2]


def _nvarchar(length: int = 30) -> SqlType:
    if length == MAX:
        info = b"\xe7\xff\xff" + COLLATION
        return SqlType("nvarchar", info, lambda v: _plp(_text(v, MAX)), struct.pack("<Q", PLP_NULL), MAX)
    info = struct.pack("<BH", 0xE7, length * 2) + COLLATION
    return SqlType("nvarchar", info, lambda v: _short(_text(v, length)), b"\xff\xff", length * 2)


def _varchar(length: int = 30) -> SqlType:
    def ansi(value: Any) -> bytes:
        return str(value).encode("cp1252", "replace")

    if length == MAX:
        return SqlType(
            "varchar", b"\xa7\xff\xff" + COLLATION, lambda v: _plp(ansi(v)), struct.pack("<Q", PLP_NULL), MAX
        )
    info = struct.pack("<BH", 0xA7, length) + COLLATION
    return SqlType("varchar", info, lambda v: _short(ansi(v)[:length]), b"\xff\xff", length)


def _varbinary(length: int = 30) -> SqlType:
    if length == MAX:
        return SqlType("varbinary", b"\xa5\xff\xff", lambda v: _plp(bytes(v)), struct.pack("<Q", PLP_NULL), MAX)
    info = struct.pack("<BH", 0xA5, length)
    return SqlType("varbinary", info, lambda v: _short(bytes(v)[:length]), b"\xff\xff", length)


def _ntext() -> SqlType:
    def encode(value: Any) -> bytes:
        data = _text(value, MAX)
        return bytes([16]) + bytes(16) + bytes(8) + struct.pack("<I", len(data)) + data

    # behind the collation: the name of the table, in one part
    info = struct.pack("<BI", 0x63, 0x7FFFFFFE) + COLLATION + b"\x01" + us_varchar("t")
    return SqlType("ntext", info, encode, length=16)


def _short(data: bytes) -> bytes:
    return struct.pack("<H", len(data)) + data


def _plp(data: bytes) -> bytes:
    parts = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    return struct.pack("<Q", len(data)) + b"".join(struct.pack("<I", len(p)) + p for p in parts) + bytes(4)


def _guid() -> SqlType:
    return SqlType(
        "uniqueidentifier", b"\x24\x10", lambda v: b"\x10" + uuid.UUID(str(v)).bytes_le, length=16
    )  # fmt: skip


def _moment(value: Any) -> tuple[date, int]:
    """Return the day, and the ticks of 100 ns in it, of a moment as SQLite has it."""
    day, _, clock = str(value).replace("T", " ").partition(" ")
    whole, _, fraction = clock.partition(".")
    hours, minutes, seconds = (int(part) for part in (whole or "0:0:0").split(":"))
    ticks = ((hours * 60 + minutes) * 60 + seconds) * 10**7 + int(fraction[:7].ljust(7, "0"))
    return date.fromisoformat(day), ticks


def _datetime2(scale: int = 7) -> SqlType:
    size = 3 if scale < 3 else 4 if scale < 5 else 5

    def encode(value: Any) -> bytes:
        day, ticks = _moment(value)
        clock = (ticks // 10 ** (7 - scale)).to_bytes(size, "little")
        return bytes([size + 3]) + clock + (day - ZERO_DAY).days.to_bytes(3, "little")

    return SqlType("datetime2", bytes([0x2A, scale]), encode, length=size + 3, precision=20 + scale, scale=scale)


def _datetime() -> SqlType:
    def encode(value: Any) -> bytes:
        day, ticks = _moment(value)
        days, parts = (day - LEGACY_ZERO_DAY).days, (ticks * 300 + 5 * 10**6) // 10**7  # a 300th of a second
        return struct.pack("<BiI", 8, days + parts // (86400 * 300), parts % (86400 * 300))

    return SqlType("datetime", b"\x6f\x08", encode, length=8, precision=23, scale=3)


MAKERS: dict[str, Callable[..., SqlType]] = {
    "bigint": _integer("bigint", 8, 19),
    "int": _integer("int", 4, 10),
    "integer": _integer("int", 4, 10),
    "smallint": _integer("smallint", 2, 5),
    "tinyint": _integer("tinyint", 1, 3),
    "bit": _bit,
    "float": _float,
    "numeric": _numeric,
    "decimal": _numeric,
    "nvarchar": _nvarchar,
    "varchar": _varchar,
    "ntext": _ntext,
    "varbinary": _varbinary,
    "uniqueidentifier": _guid,
    "datetime": _datetime,
    "datetime2": _datetime2,
}


def us_varchar(text: str) -> bytes:
    """Return text behind its number of characters in two bytes."""
    return struct.pack("<H", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


class Reader:
    """Reads the fields of a message one behind the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    @property
    def more(self) -> bool:
        return self.at < len(self.data)

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        self.at += size
        return part

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

    def b_varchar(self) -> str:
        return self.take(self.number(1) * 2).decode("utf-16-le")

    def parameter(self) -> Any:
        """Read a parameter's TYPE_INFO and value, as SQLite takes it."""
        kind = self.number(1)
        if kind in FIXED:
            size, decode = FIXED[kind]
            return decode(self.take(size))
        if kind in SHORT:
            facts = self.take(SHORT[kind])
            size = self.number(1)
            return _decode(kind, facts, self.take(size)) if size else None
        if kind in (0xE7, 0xEF, 0xA7, 0xAF, 0xA5, 0xAD):
            longest = self.number(2)
            if kind not in (0xA5, 0xAD):
                self.take(len(COLLATION))
            data = self._plp() if longest == 0xFFFF else self._sized(2, 0xFFFF)
        elif kind in (0x63, 0x23, 0x22):
            self.take(4 if kind == 0x22 else 4 + len(COLLATION))
            data = self._sized(4, 0xFFFFFFFF)
        else:
            raise KeyError(f"parameter of type {kind:#x}")
        if data is None or kind in (0xA5, 0xAD, 0x22):
            return data
        return data.decode("utf-16-le", "replace") if kind in (0xE7, 0xEF, 0x63) else data.decode("cp1252", "replace")

    def _sized(self, width: int, null: int) -> bytes | None:
        size = self.number(width)
        return None if size == null else self.take(size)

    def _plp(self) -> bytes | None:
        if self.number(8) == PLP_NULL:
            return None
        data = b""
        while size := self.number(4):
            data += self.take(size)
        return data


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=len(data) > 1)


def _real(data: bytes) -> float:
    value: float = struct.unpack("<d" if len(data) == 8 else "<f", data)[0]
    return value


def _legacy(data: bytes) -> str:
    days, parts = struct.unpack("<iI", data) if len(data) == 8 else struct.unpack("<HH", data)
    seconds = parts / 300 if len(data) == 8 else parts * 60
    return str_of(datetime(1900, 1, 1) + timedelta(days=days, seconds=round(seconds, 3)))


def str_of(moment: datetime) -> str:
    """Return a moment as SQLAlchemy writes it to SQLite."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


FIXED: dict[int, tuple[int, Callable[[bytes], Any]]] = {
    0x30: (1, _signed), 0x32: (1, _signed), 0x34: (2, _signed), 0x38: (4, _signed), 0x7F: (8, _signed),
    0x3B: (4, _real), 0x3E: (8, _real), 0x3A: (4, _legacy), 0x3D: (8, _legacy), 0x1F: (0, lambda _: None),
}  # fmt: skip
SHORT = {0x26: 1, 0x68: 1, 0x6D: 1, 0x6F: 1, 0x24: 1, 0x6A: 3, 0x6C: 3, 0x28: 0, 0x2A: 1}
"""Types whose value begins with its length in one byte, and how many bytes describe them."""


def _decode(kind: int, facts: bytes, data: bytes) -> Any:
    if kind in (0x26, 0x68):
        return _signed(data)
    if kind == 0x6D:
        return _real(data)
    if kind == 0x6F:
        return _legacy(data)
    if kind == 0x24:
        return str(uuid.UUID(bytes_le=data))
    if kind in (0x6A, 0x6C):
        unscaled = int.from_bytes(data[1:], "little") * (1 if data[0] else -1)
        return float(Decimal(unscaled).scaleb(-facts[2])) if facts[2] else unscaled
    day = ZERO_DAY + timedelta(days=int.from_bytes(data[-3:], "little"))
    if kind == 0x28:
        return day.isoformat()
    ticks = int.from_bytes(data[:-3], "little") * 10 ** (7 - facts[0])
    return str_of(datetime.combine(day, datetime.min.time()) + timedelta(microseconds=ticks // 10))
