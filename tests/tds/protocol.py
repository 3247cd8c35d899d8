"""What messages say: the client's prelogin, login and procedure calls, and the server's tokens."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.tds.values import COLLATION, Reader, SqlType, us_varchar

PRODUCT = (16, 0, 4165)
"""SQL Server 2022."""
VERSIONS = {0x730B0003, 0x74000004}
ENCRYPT_OFF, ENCRYPT_ON, ENCRYPT_NOT_SUPPORTED, ENCRYPT_REQUIRED = range(4)
DONE, DONE_PROC, DONE_IN_PROC = 0xFD, 0xFE, 0xFF
MORE, FAILED, COUNTED, ATTENTION_SEEN = 0x01, 0x02, 0x10, 0x20
PROCEDURES = {2: "sp_cursoropen", 10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec",
              15: "sp_unprepare"}  # fmt: skip


class SqlError(Exception):
    """An error as SQL Server would word it."""

    def __init__(self, number: int, message: str, *, severity: int = 16, state: int = 1) -> None:
        super().__init__(message)
        self.number, self.message, self.severity, self.state = number, message, severity, state


@dataclass(frozen=True)
class Login:
    """What a client said of itself."""

    user: str
    password: str
    database: str
    application: str
    host: str
    server: str
    read_only: bool
    version: int
    packet_size: int
    asked_encryption: int
    encrypted: bool


@dataclass(frozen=True)
class Call:
    """A procedure that a client calls; a parameter is its name, value, and whether it is an output."""

    name: str
    parameters: list[tuple[str, Any, bool]]


def prelogin_encryption(body: bytes) -> int:
    """Return what the client wants of encryption."""
    at = 0
    while body[at] != 0xFF:
        option, offset, _length = struct.unpack_from(">BHH", body, at)
        if option == 1:
            return body[offset]
        at += 5
    return ENCRYPT_NOT_SUPPORTED


def prelogin_reply(encryption: int) -> bytes:
    options = {0: struct.pack(">BBHH", *PRODUCT, 0), 1: bytes([encryption]), 2: b"\0", 3: b"", 4: b"\0"}
    head, data, offset = b"", b"", len(options) * 5 + 1
    for option, value in options.items():
        head += struct.pack(">BHH", option, offset + len(data), len(value))
        data += value
    return head + b"\xff" + data


def login(body: bytes, *, asked_encryption: int, encrypted: bool) -> Login:
    """Read a LOGIN7 message."""
    version, packet_size = struct.unpack_from("<II", body, 4)
    fields = []
    for at in range(36, 36 + 9 * 4, 4):
        offset, length = struct.unpack_from("<HH", body, at)
        fields.append(body[offset : offset + length * 2])
    password = bytes(((b ^ 0xA5) << 4 | (b ^ 0xA5) >> 4) & 0xFF for b in fields[2])
    host, user, _, application, server, _, _, _, database = (field.decode("utf-16-le", "replace") for field in fields)
    return Login(
        user=user,
        password=password.decode("utf-16-le"),
        database=database,
        application=application,
        host=host,
        server=server,
        read_only=bool(body[26] & 0x20),
        version=version,
        packet_size=packet_size,
        asked_encryption=asked_encryption,
        encrypted=encrypted,
    )


def without_headers(body: bytes) -> bytes:
    """Return a message without its ALL_HEADERS, which begin with their length."""
    return body[int.from_bytes(body[:4], "little") :]


def calls(body: bytes) -> list[Call]:
    """Read the procedure calls of an RPC message."""
    reader, found = Reader(without_headers(body)), []
    while reader.more:
        length = reader.number(2)
        name = (
            PROCEDURES.get(number := reader.number(2), f"procedure {number}")
            if length == 0xFFFF
            else reader.take(length * 2).decode("utf-16-le")
        )
        reader.take(2)
        parameters: list[tuple[str, Any, bool]] = []
        while reader.more and reader.data[reader.at] not in (0x80, 0xFF, 0xFE):
            given = reader.b_varchar()
            output = bool(reader.number(1) & 1)
            parameters.append((given, reader.parameter(), output))
        if reader.more:
            reader.take(1)
        found.append(Call(name, parameters))
    return found


# --- tokens --------------------------------------------------------------------------------------------


def b_varchar(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _sized(token: int, data: bytes) -> bytes:
    return struct.pack("<BH", token, len(data)) + data


def error(problem: SqlError, server: str) -> bytes:
    head = struct.pack("<iBB", problem.number, problem.state, problem.severity)
    return _sized(0xAA, head + us_varchar(problem.message) + b_varchar(server) + b_varchar("") + struct.pack("<I", 1))


def login_accepted(version: int) -> bytes:
    major, minor, build = PRODUCT
    return _sized(
        0xAD,
        b"\x01"
        + struct.pack(">I", version)
        + b_varchar("Microsoft SQL Server")
        + struct.pack(">BBH", major, minor, build),
    )


def changed_text(kind: int, new: str, old: str = "") -> bytes:
    """Say that the database (1), the language (2) or the packet size (4) is another now."""
    return _sized(0xE3, bytes([kind]) + b_varchar(new) + b_varchar(old))


def changed_bytes(kind: int, new: bytes, old: bytes = b"") -> bytes:
    """Say that the collation (7) or the transaction (8 begun, 9 committed, 10 rolled back) is another now."""
    return _sized(0xE3, bytes([kind, len(new)]) + new + bytes([len(old)]) + old)


COLLATION_CHANGED = changed_bytes(7, COLLATION)


def columns(described: Sequence[tuple[str, SqlType]]) -> bytes:
    """Return COLMETADATA: every column nullable, and its name and type."""
    parts = (struct.pack("<IH", 0, 0x0009) + kind.info + b_varchar(name) for name, kind in described)
    return struct.pack("<BH", 0x81, len(described)) + b"".join(parts)


def row(values: Sequence[Any], types: Sequence[SqlType]) -> bytes:
    """Return a row; one with a NULL is packed behind a bitmap of its NULLs, as SQL Server does."""
    if None not in values:
        return b"\xd1" + b"".join(kind.encode(value) for value, kind in zip(values, types, strict=True))
    bits = sum(1 << n for n, value in enumerate(values) if value is None)
    present = (kind.encode(value) for value, kind in zip(values, types, strict=True) if value is not None)
    return b"\xd2" + bits.to_bytes((len(values) + 7) // 8, "little") + b"".join(present)


def done(token: int, status: int = 0, rows: int | None = None) -> bytes:
    counted, command = (0, 0) if rows is None else (COUNTED, 0xC1)
    return struct.pack("<BHHQ", token, status | counted, command, rows or 0)


def returned(status: int = 0) -> bytes:
    return struct.pack("<Bi", 0x79, status)


def output(ordinal: int, name: str, value: Any, kind: SqlType) -> bytes:
    """Return the value of an output parameter."""
    head = struct.pack("<BH", 0xAC, ordinal) + b_varchar(name) + b"\x01" + struct.pack("<IH", 0, 0)
    return head + kind.info + kind.encode(value)
