"""What a file holds: size and checksums, and how it is compressed, found in one read of constant memory.

How SmarterTrack makes a row's ``Crc`` and what its ``CompressionType`` codes mean is not published. CRC-32 is likely
(the column is a C# long, so it is unsigned), and compression is told by a file's first bytes.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

BLOCK = 1 << 20
UNPACKED_MAXIMUM = 1_000_000_000
"""Bytes beyond which nobody unpacks: it is a bomb, or nothing that could be attached."""
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
ZIP_END, ZIP_END_BYTES = b"PK\x05\x06", 22
"""What a zip without a comment ends with."""
ZIP_ENTRY_MAXIMUM = 46 + 3 * 65_535
"""Bytes that a zip's list takes of one file."""
ENCRYPTED = 1
_NOT_UNPACKED = (zlib.error, zipfile.BadZipFile, ValueError, RuntimeError, EOFError)
"""What unpacking a damaged file may end with; RuntimeError: it is encrypted."""
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "zlib": zlib.MAX_WBITS}


@dataclass(frozen=True)
class Contents:
    """What one read found. Sizes in bytes; the checksums are those of :func:`checksum`."""

    size: int
    crc: int
    sha256: str
    packing: str = ""
    """gzip, zlib or zip (of one file) where the whole file is that, else empty."""
    unpacked_size: int | None = None
    unpacked_crc: int | None = None
    unpacked_sha256: str | None = None
    """None also where the file says what it holds, and cannot be unpacked."""


def row_length(length: object) -> int | None:
    """Return a row's ``Length`` in bytes; None where the row says nothing: empty, 0, or a number that is no size."""
    return length if isinstance(length, int) and length > 0 else None


def checksum(data: bytes, before: int = 0) -> int:
    """Return the checksum that a row's ``Crc`` is taken for: CRC-32, 0 to 2^32 - 1 (UNVERIFIED)."""
    return zlib.crc32(data, before)


def row_checksum(crc: object) -> int | None:
    """Return a row's ``Crc`` as :func:`checksum` gives it, whatever its sign; None where the row says nothing."""
    return (crc & 0xFFFFFFFF) or None if isinstance(crc, int) else None


def examine(stream: BinaryIO, told: Callable[[int], None] = lambda n: None) -> Contents:
    """Read a file once and say what it holds.

    Args:
        stream: the file, at its beginning; it can seek.
        told: called with the number of bytes of every block.

    Raises:
        OSError: it cannot be read.
    """
    tally = _Tally()
    blocks = tally.of(_blocks(stream, told))
    first = next(blocks, b"")
    packing = _packing(first)
    unpacked: tuple[int, int, str | None] | None = None
    if packing in _WINDOWS:
        unpacked = _measured(chain([first], blocks), packing)
    for _ in blocks:
        pass
    if packing == "zip":
        unpacked = _of_zip(stream, tally.size)
    if unpacked is None:
        return Contents(tally.size, tally.crc, tally.sha256.hexdigest())
    return Contents(tally.size, tally.crc, tally.sha256.hexdigest(), packing, *unpacked)


class _Tally:
    """Adds up what passes."""

    def __init__(self) -> None:
        self.size, self.crc, self.sha256 = 0, 0, hashlib.sha256()

    def of(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.size += len(block)
            self.crc = checksum(block, self.crc)
            self.sha256.update(block)
            yield block


def _blocks(stream: BinaryIO, told: Callable[[int], None]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        told(len(block))
        yield block


def _packing(start: bytes) -> str:
    if start.startswith(GZIP):
        return "gzip"
    if start.startswith(ZIP):
        return "zip"
    is_zlib = len(start) > 2 and start[0] == 0x78 and (start[0] << 8 | start[1]) % 31 == 0
    return "zlib" if is_zlib else ""


def _measured(blocks: Iterable[bytes], packing: str) -> tuple[int, int, str] | None:
    """Return size, checksum and SHA-256 of what is packed, or None where it is damaged or a bomb."""
    tally = _Tally()
    try:
        for _ in tally.of(_inflated(blocks, packing)):
            if tally.size > UNPACKED_MAXIMUM:
                return None
    except zlib.error:
        return None
    return tally.size, tally.crc, tally.sha256.hexdigest()


def _inflated(blocks: Iterable[bytes], packing: str) -> Iterator[bytes]:
    """Yield what is packed, in pieces of at most a block.

    Raises:
        zlib.error: it is damaged, cut off, or something else follows it.
    """
    machine = zlib.decompressobj(_WINDOWS[packing])
    for block in blocks:
        data = block
        while data:
            if machine.eof:
                if packing != "gzip":
                    raise zlib.error("something follows")
                machine = zlib.decompressobj(_WINDOWS[packing])  # a gzip may be several, one behind the other
            yield machine.decompress(data, BLOCK)
            data = machine.unused_data if machine.eof else machine.unconsumed_tail
    while not machine.eof:
        piece = machine.decompress(b"", BLOCK)
        if not piece:
            raise zlib.error("cut off")
        yield piece


def _of_zip(stream: BinaryIO, size: int) -> tuple[int, int, str | None] | None:
    """Return what :func:`_measured` does of the one file of a zip, or None where it has more, or an encrypted one.

    Its list of files, which takes memory, is only read where the zip ends by saying that it is of one. Size and
    checksum are those that the list tells; where the file is none of that size, or larger than is unpacked, it has no
    SHA-256.
    """
    stream.seek(max(0, size - ZIP_END_BYTES))
    end = stream.read(ZIP_END_BYTES)
    is_of_one = end.startswith(ZIP_END) and end[10:12] == b"\x01\x00"
    if not is_of_one or int.from_bytes(end[12:16], "little") > ZIP_ENTRY_MAXIMUM:
        return None
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            (member,) = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    is_plain = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not member.flag_bits & ENCRYPTED
    return (member.file_size, member.CRC, _sha256_of_zip(stream, member.file_size)) if is_plain else None


def _sha256_of_zip(stream: BinaryIO, size: int) -> str | None:
    tally = _Tally()
    try:
        for _ in tally.of(_members(stream)) if size <= UNPACKED_MAXIMUM else ():
            if tally.size > size:
                return None
    except _NOT_UNPACKED:
        return None
    return tally.sha256.hexdigest() if tally.size == size else None


def unpacked(stream: BinaryIO, packing: str, size: int) -> bytes | None:
    """Return what a compressed file holds, or None where that is not just ``size`` bytes.

    Never more than that and a block are in memory: what is packed may be a bomb.

    Raises:
        OSError: the file cannot be read.
    """
    content = bytearray()
    try:
        for piece in _members(stream) if packing == "zip" else _inflated(_blocks(stream, lambda n: None), packing):
            content += piece
            if len(content) > size:
                return None
    except _NOT_UNPACKED:
        return None
    return bytes(content) if len(content) == size else None


def _members(stream: BinaryIO) -> Iterator[bytes]:
    with zipfile.ZipFile(stream) as archive:
        (member,) = archive.infolist()
        with archive.open(member) as packed:
            while piece := packed.read(BLOCK):
                yield piece
