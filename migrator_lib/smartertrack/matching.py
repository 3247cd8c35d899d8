"""Which file an attachment's row means: by its name on disk, then by size and checksum.

Rows name a file, not its folder. Several files of one name are told apart by what the row says of size and checksum;
where that does not tell, none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from migrator_lib.smartertrack.contents import Contents, row_checksum, row_length
from migrator_lib.smartertrack.files import as_compared

Row = Mapping[str, Any]
State = Literal["matched", "missing", "ambiguous", "differs", "unreadable"]
BOTH, CHECKSUM, LENGTH, NEITHER = 3, 2, 1, 0
"""How well a file agrees with its row, best first."""


@dataclass(frozen=True)
class IndexedFile:
    """A file of the index. Where it was not read (no row names it), there are no checksums."""

    path: str
    size: int
    crc: int | None = None
    sha256: str | None = None
    packing: str = ""
    unpacked_size: int | None = None
    unpacked_crc: int | None = None
    error: str = ""
    """Why it could not be read."""
    unpacked_sha256: str | None = None
    """None also where it was indexed by a version that did not note it."""

    @classmethod
    def of(cls, path: str, read: Contents) -> IndexedFile:
        """Return a file as it was read."""
        return cls(
            path, read.size, read.crc, read.sha256, read.packing, read.unpacked_size, read.unpacked_crc,
            unpacked_sha256=read.unpacked_sha256,
        )  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What was found for a row; ``size`` and ``crc`` are those of what goes up.

    Of a file that was not read, ``crc`` is the row's own, if that is known to be ours: so what goes up is verified.
    """

    state: State
    file: IndexedFile | None = None
    unpack: bool = False
    size: int = 0
    crc: int | None = None
    agrees: int = NEITHER
    candidates: int = 0
    """Files of this name."""

    @property
    def sha256(self) -> str | None:
        """SHA-256 of what goes up, as the file was read when it was indexed; None where it was not read."""
        if self.file is None or self.state != "matched":
            return None
        return self.file.unpacked_sha256 if self.unpack else self.file.sha256


def name_on_disk(row: Row) -> str:
    """Return the name that a row's file is looked for under: without folders, as names are compared."""
    return as_compared(re.split(r"[\\/]", row["FileNameOnDisk"] or "")[-1])


def match(row: Row, candidates: Sequence[IndexedFile], *, checksums_hold: bool) -> Match:
    """Return which of the files of its name a row means; the same for any order of ``candidates``.

    A file is taken where size and checksum agree, or one of them, or where the row says nothing of either.

    Args:
        row: of an attachment; ``Length`` and ``Crc`` are looked at.
        candidates: the files of that name.
        checksums_hold: whether rows' checksums are known to be ours; then one that differs tells of a damaged file.
    """
    n = len(candidates)
    if not candidates:
        return Match("missing")
    ordered = sorted(candidates, key=lambda file: file.path)
    forms = [form for file in ordered if not file.error for form in _forms(row, file, n, checksums_hold)]
    if not forms:
        return Match("unreadable", ordered[0], candidates=n)
    best = max(form.agrees for form in forms)
    if best == NEITHER:
        return Match("differs", forms[0].file, candidates=n)
    chosen = [form for form in forms if form.agrees == best]
    if len({form.file for form in chosen}) > 1 and len({_content(form) for form in chosen}) > 1:
        return Match("ambiguous", candidates=n)
    return chosen[0]


def _content(form: Match) -> tuple[object, ...]:
    """Return what tells apart what would go up; of a file that was not read, its place."""
    is_read = form.file is not None and form.file.crc is not None
    return (form.size, form.crc) if is_read else (form.file,)


def _forms(row: Row, file: IndexedFile, n: int, checksums_hold: bool) -> list[Match]:
    """Return a file as it is, and as it is unpacked, each with how well it agrees with its row."""
    length, said = row_length(row.get("Length")), row_checksum(row.get("Crc"))
    if length is None and said is None:
        return [Match("matched", file, False, file.size, file.crc, LENGTH, n)]
    plain = _agreement(file.size == length, said, file.crc, checksums_hold)
    expected = said if file.crc is None and checksums_hold else file.crc
    found = [Match("matched", file, False, file.size, expected, plain, n)]
    if file.packing and file.unpacked_size is not None:
        is_size = file.unpacked_size == length
        # the checksum may be of what lies on the disk
        crc = file.crc if is_size and said is not None and said == file.crc else file.unpacked_crc
        agrees = _agreement(is_size, said, crc, checksums_hold)
        found.append(Match("matched", file, True, file.unpacked_size, file.unpacked_crc, agrees, n))
    return found


def _agreement(is_length: bool, said: int | None, crc: int | None, checksums_hold: bool) -> int:
    if said is not None and crc is not None:
        if said == crc:
            return BOTH if is_length else CHECKSUM
        if checksums_hold:
            return NEITHER
    return LENGTH if is_length else NEITHER


class Files:
    """Files by name (as compared), in memory. :class:`~migrator_lib.smartertrack.file_index.FileIndex` is on disk."""

    def __init__(
        self, files: Mapping[str, Sequence[IndexedFile]] | None = None, *, checksums_hold: bool = False
    ) -> None:
        self._files = files or {}
        self._checksums_hold = checksums_hold

    @property
    def checksums_hold(self) -> bool:
        """Whether some row's checksum is its file's, which chance would not do: so rows' checksums are ours."""
        return self._checksums_hold

    def named(self, name: str) -> Sequence[IndexedFile]:
        """Return the files of a name."""
        return self._files.get(name, ())

    def match(self, row: Row) -> Match:
        """Return which file a row means: below the files root, else what the database holds of it."""
        name = name_on_disk(row)
        found = self.named(name) if name else ()
        return match(row, found or self.named(blob_name(row["AttachmentKey"])), checksums_hold=self.checksums_hold)


def blob_name(key: str) -> str:
    """Return the name in the index of what the database itself holds of an attachment; no file has such a name."""
    return f"attachment:{key}"
