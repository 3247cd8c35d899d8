"""Files of the simulated shop: small, but what they say they are."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class Stored:
    """A file on disk as a row describes it."""

    name_on_disk: str
    length: int
    crc: int


def png(rng: Random) -> bytes:
    """Return a valid PNG picture of some dozen pixels a side."""
    width, height = rng.randint(16, 48), rng.randint(16, 48)
    colour, other = bytes(rng.randrange(256) for _ in range(3)), bytes(rng.randrange(256) for _ in range(3))
    rows = b"".join(
        b"\x00" + b"".join(colour if (x // 6 + y // 6) % 2 else other for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", _stored(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _stored(data: bytes) -> bytes:
    """Return a zlib stream that compresses nothing: compressors differ, and the demo is the same on every machine."""
    size = struct.pack("<H", len(data)), struct.pack("<H", len(data) ^ 0xFFFF)
    return b"\x78\x01\x01" + b"".join(size) + data + struct.pack(">I", zlib.adler32(data))


def pdf(rng: Random) -> bytes:
    """Return a one-page PDF with a line of text."""
    line = f"Fernhill Outfitters - document {rng.randint(1000, 9999)}"
    stream = f"BT /F1 14 Tf 60 720 Td ({line}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"xref\n0 5\n0000000000 65535 f \n" + table
    return out + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def csv(rng: Random) -> bytes:
    """Return an order list."""
    lines = ["article;quantity;price"]
    lines += [
        f"A-{rng.randint(100, 999)};{rng.randint(1, 40)};{rng.randint(5, 200)}.90" for _ in range(rng.randint(5, 60))
    ]
    return "\r\n".join(lines).encode()


def wav(rng: Random) -> bytes:
    """Return a twentieth of a second of noise, 8 kHz and 8 bits, as a WAV file."""
    sound = bytes(rng.randrange(118, 138) for _ in range(400))
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    body = b"WAVE" + header + struct.pack("<4sI", b"data", len(sound)) + sound
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def txt(rng: Random) -> bytes:
    """Return a log."""
    return "\n".join(f"{n:03d} scan ok, depot {rng.randint(1, 40)}" for n in range(rng.randint(10, 90))).encode()


def zipped(rng: Random) -> bytes:
    """Return a zip with two texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in ("terms.txt", "list.csv"):
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), csv(rng))
    return buffer.getvalue()


KINDS = (
    ("photo-{n}.png", png), ("IMG_{n}.png", png), ("label {n}.pdf", pdf), ("invoice-{n}.pdf", pdf),
    ("order list.csv", csv), ("tracking.txt", txt), ("Unterlagen (Größe).zip", zipped),
)  # fmt: skip


class FileTree:
    """The files root: a tree by year and month, as App_Data might look (the real layout is not documented)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: set[str] = set()

    def describe(self, content: bytes, rng: Random) -> Stored:
        """Return what a row says of a file, under a name of its own. Nothing is written."""
        return Stored(f"{rng.getrandbits(64):016x}.att", len(content), zlib.crc32(content))

    def put(self, stored: Stored, content: bytes, folder: str, *, packed: bool = False) -> None:
        """Write a file that was described before."""
        place = self.root / "App_Data" / folder
        if folder not in self._made:
            place.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        (place / stored.name_on_disk).write_bytes(gzip.compress(content, mtime=0) if packed else content)

    def store(self, content: bytes, rng: Random, folder: str, *, packed: bool = False) -> Stored:
        """Describe and write a file."""
        stored = self.describe(content, rng)
        self.put(stored, content, folder, packed=packed)
        return stored


def any_file(rng: Random) -> tuple[str, bytes]:
    """Return (name, content) of something that a customer or an agent attaches."""
    name, make = rng.choice(KINDS)
    return name.format(n=rng.randint(1000, 9999)), make(rng)
