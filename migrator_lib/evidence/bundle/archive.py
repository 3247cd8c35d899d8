"""The archive: a ZIP file of which every byte follows from what it holds.

Moments, rights and the order of members are fixed, nothing is padded, and the manifest, stored as it is, comes last. So
the same content makes the same bytes, and whoever reads an archive can write all of it anew that is not content and
compare: headers, directory, comment, and that there is nothing between them. What is compressed is compared by its own
digest, since another version of zlib may pack the same content otherwise.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from migrator_lib.errors import StorageError

BLOCK = 1 << 20
STORED, DEFLATED = 0, 8
PACKED_ALREADY = {".gz", ".zip", ".xlsx", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf"}
LARGE = 0xF000_0000
"""Bytes from which on a member's sizes are written in 64 bits: below 4 GiB by what packing may add."""
_MANY, _FAR = 0xFFFF, 0xFFFF_FFFF
_UTF8 = 1 << 11
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1
_RIGHTS = 0o100644 << 16
_UNIX = 3 << 8


@dataclass(frozen=True)
class Entry:
    """A member as the archive holds it. Sizes are bytes, digests SHA-256 in hex."""

    path: str
    size: int
    sha256: str
    crc32: int
    packed_size: int
    packed_sha256: str

    @property
    def method(self) -> int:
        """How it is packed."""
        return STORED if is_stored(self.path) else DEFLATED


def is_stored(path: str) -> bool:
    """Whether a member is stored as it is: the manifest, which must be read first, and what is packed already."""
    return path == "manifest.json" or PurePosixPath(path).suffix.lower() in PACKED_ALREADY


class Writer:
    """Writes an archive, member after member, in constant memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offset = 0
        self.entries: list[Entry] = []

    def add(self, path: str, content: BinaryIO, size: int) -> Entry:
        """Add a member of this size.

        Raises:
            OSError: it cannot be read or written.
            StorageError: it is no longer as large as it was.
        """
        self._stream.seek(self._offset + len(local_header(Entry(path, size, "", 0, 0, ""))))
        whole, packed, crc = hashlib.sha256(), hashlib.sha256(), 0
        packer = None if is_stored(path) else zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        read = written = 0
        while block := content.read(BLOCK):
            read, crc = read + len(block), zlib.crc32(block, crc)
            whole.update(block)
            written += self._put(packer.compress(block) if packer else block, packed)
        if packer:
            written += self._put(packer.flush(), packed)
        if read != size:
            raise StorageError(
                f"{path} was changed while it was read.",
                next_step="see that nobody works in this engagement's folder, and make the bundle again.",
            )
        entry = Entry(path, size, whole.hexdigest(), crc, written, packed.hexdigest())
        self._stream.seek(self._offset)
        self._stream.write(local_header(entry))
        self._offset += len(local_header(entry)) + written
        self.entries.append(entry)
        return entry

    def _put(self, data: bytes, digest: hashlib._Hash) -> int:
        digest.update(data)
        return self._stream.write(data)

    def close(self, comment: str) -> None:
        """Write the directory."""
        self._stream.seek(self._offset)
        self._stream.write(directory(self.entries, comment))


def _sizes(entry: Entry) -> tuple[int, int, bytes]:
    """Return packed size, size and extra field as a local header has them."""
    if entry.size < LARGE:
        return entry.packed_size, entry.size, b""
    return _FAR, _FAR, struct.pack("<HHQQ", 1, 16, entry.size, entry.packed_size)


def local_header(entry: Entry) -> bytes:
    """Return what stands before a member."""
    name = entry.path.encode()
    packed, size, extra = _sizes(entry)
    version = 45 if extra else 20
    fields = (version, _UTF8, entry.method, 0, _DATE, entry.crc32, packed, size, len(name), len(extra))
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name + extra


def _listed(entry: Entry, offset: int) -> bytes:
    """Return a member's line of the directory."""
    name = entry.path.encode()
    packed, size, _ = _sizes(entry)
    wide = b"" if entry.size < LARGE else struct.pack("<QQ", entry.size, entry.packed_size)
    far = offset >= _FAR
    wide += struct.pack("<Q", offset) if far else b""
    extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
    version = 45 if extra else 20
    fields = (_UNIX | version, version, _UTF8, entry.method, 0, _DATE, entry.crc32, packed, size, len(name), len(extra))
    return (
        struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields, 0, 0, 0, _RIGHTS, _FAR if far else offset) + name + extra
    )  # fmt: skip


def directory(entries: Sequence[Entry], comment: str) -> bytes:
    """Return what stands behind all members: the directory, and its end."""
    lines, offset = [], 0
    for entry in entries:
        lines.append(_listed(entry, offset))
        offset += len(local_header(entry)) + entry.packed_size
    listed = b"".join(lines)
    return listed + _end(len(entries), len(listed), offset, comment.encode())


def _end(count: int, size: int, offset: int, comment: bytes) -> bytes:
    wide = b""
    if count >= _MANY or offset >= _FAR:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _UNIX | 45, 45, 0, 0, count, count, size, offset)
        wide += struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    few, near = min(count, _MANY), min(offset, _FAR)
    return wide + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, size, near, len(comment)) + comment


# --- reading -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Damage:
    """Something of an archive that is not as it was written. ``path`` is empty for the archive itself."""

    path: str
    words: str


def damages(file: Path, entries: Sequence[Entry], comment: str) -> Iterator[Damage]:
    """Yield what of an archive is not what these members make, reading it once, in constant memory.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        for entry in entries:
            header = local_header(entry)
            if stream.read(len(header)) != header:
                yield Damage("", f"what stands before {entry.path} is not what was written")
            words = _damage(stream, entry)
            if words:
                yield Damage(entry.path, words)
        if stream.read(len(end := directory(entries, comment))) != end:
            yield Damage("", "its directory is not what was written")
        if stream.read(1):
            yield Damage("", "there is something behind its end")


def _damage(stream: BinaryIO, entry: Entry) -> str:
    """Return what is wrong with a member's content, which begins here; empty where nothing is."""
    whole, packed, crc = hashlib.sha256(), hashlib.sha256(), 0
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATED else None
    left, size, broken = entry.packed_size, 0, False
    while left and (block := stream.read(min(BLOCK, left))):
        left -= len(block)
        packed.update(block)
        pieces = [block] if unpacker is None else _unpacked(unpacker, block)
        try:
            for piece in pieces if not broken else ():
                size, crc = size + len(piece), zlib.crc32(piece, crc)
                whole.update(piece)
                broken = size > entry.size
        except zlib.error:
            broken = True
    if left:
        return "the file ends before it does"
    if broken or (size, whole.hexdigest(), crc) != (entry.size, entry.sha256, entry.crc32):
        return "its content is not what the manifest says"
    if packed.hexdigest() != entry.packed_sha256 or (unpacker and (not unpacker.eof or unpacker.unused_data)):
        return "its content is the same, but not packed as it was"
    return ""


def _unpacked(unpacker: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """Yield what a packed block holds, no more than a block at a time: a few bytes may stand for gigabytes."""
    while block:
        piece = unpacker.decompress(block, BLOCK)
        if piece:
            yield piece
        block = unpacker.unconsumed_tail if not unpacker.eof else b""
