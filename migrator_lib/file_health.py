"""The health of attachments and their files: counted and listed, so that a person can go and look before the load.

One pass over what is staged, in constant memory. Names that people gave their files are customers' data, so the
list has ids, reasons, and names on disk.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator_lib.csv_file import write_csv
from migrator_lib.inline import unresolved
from migrator_lib.objects.attachment import problem_of
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.blobs import BLOB
from migrator_lib.smartertrack.contents import row_checksum, row_length
from migrator_lib.smartertrack.file_index import FileIndex
from migrator_lib.smartertrack.matching import CHECKSUM, LENGTH, Match, Row, name_on_disk
from migrator_lib.smartertrack.tables import FAMILIES, Family, source_table
from migrator_lib.staging import ConversationRecord, Staged
from migrator_lib.storage import scratch

LISTED = 200
COLUMNS = ("what", "ticket_id", "attachment_id", "name_on_disk", "why")
"""Ids of chats, of call logs and of their attachments: see :class:`~migrator_lib.smartertrack.tables.Family`."""
Line = tuple[str, int | str, int | str, str, str]
OVERSIZED = "oversized"
NO_PICTURE = "picture without attachment"
ORPHANED = "orphaned"
NOT_NAMED = (
    "SELECT path FROM file WHERE crc IS NULL AND error = '' AND path NOT LIKE 'blob:%' AND path > ? "
    "ORDER BY path LIMIT 10000"
)
"""Files that were not read, since no row names them."""


@dataclass
class FileHealth:
    """What was found.

    ``counts`` are of attachments that are neither deleted nor of drafts, but for ``files``, ``file_bytes`` and
    ``orphaned``, which are of the tree, and pictures, which are of messages. ``listed`` has the first problems.
    """

    counts: Counter[str] = field(default_factory=Counter)
    listed: list[dict[str, Any]] = field(default_factory=list)
    checksums_hold: bool = False
    """Whether rows' checksums are known to be CRC-32: then one that differs is a damaged file."""

    @property
    def problems(self) -> int:
        """Return how many attachments cannot go up."""
        return sum(self.counts[what] for what in ("missing", "ambiguous", "differs", "unreadable", OVERSIZED))


def look(staged: Staged, limit: int, progress: Progress, file: Path) -> FileHealth:
    """Look at every staged attachment and its file; write all that needs a person to a CSV file.

    Args:
        staged: with the index of files.
        limit: largest file that is tried, bytes.
        progress: of the step.
        file: where the list goes.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    health, index = FileHealth(), FileIndex(staged, lambda: progress.advance(0))
    progress.begin("Looking at attachments", sum(staged.count(family.root.name) for family in FAMILIES))
    health.checksums_hold = index.checksums_hold
    write_csv(file, COLUMNS, _counted(_lines(staged, index, limit, health.counts, progress), health))
    return health


def _counted(lines: Iterator[Line], health: FileHealth) -> Iterator[Line]:
    for line in lines:
        health.counts[line[0]] += 1
        if len(health.listed) < LISTED and line[0] != ORPHANED:
            health.listed.append(dict(zip(COLUMNS, line, strict=True)))
        yield line


def _lines(staged: Staged, index: FileIndex, limit: int, counts: Counter[str], progress: Progress) -> Iterator[Line]:
    with closing(scratch()) as used:
        used.execute("CREATE TABLE used (path TEXT)")
        for family in FAMILIES:
            for batch in staged.batches(family):
                for one in batch:
                    yield from _of(one, family, index, limit, counts, used)
                progress.advance(len(batch))
        (counts["shared"],) = used.execute("SELECT count(*) - count(DISTINCT path) FROM used").fetchone()
    ((files, size),) = index.ask("SELECT count(*), total(size) FROM file WHERE path NOT LIKE 'blob:%'")
    counts["files"], counts["file_bytes"] = files, int(size)
    after = ""
    while some := index.ask(NOT_NAMED, (after,)):
        for (path,) in some:
            yield ORPHANED, "", "", path, "no attachment names it, or only deleted ones"
        after = some[-1][0]


def _of(
    one: ConversationRecord, family: Family, index: FileIndex, limit: int, counts: Counter[str],
    used: sqlite3.Connection,
) -> Iterator[Line]:  # fmt: skip
    named = f"{family.prefix}{one.id}"
    for row in one.attachments:
        if row["IsDeleted"] or row["OfDraft"]:
            continue
        counts["attachments"] += 1
        found = index.match(row)
        why = problem_of(found, row, limit)
        if why:
            what = found.state if found.state != "matched" else OVERSIZED
            yield what, named, row["AttachmentKey"], name_on_disk(row), why
        if found.file is not None and found.state == "matched":
            used.execute("INSERT INTO used VALUES (?)", (found.file.path,))
            counts.update(_marks(found, row))
    live = [row for row in one.attachments if not row["IsDeleted"]]
    for message in one.messages:
        for _ in range(0 if message.get("IsDraft") else unresolved(message[family.body], live)):
            yield NO_PICTURE, named, "", "", f"message {message[source_table(family.messages).key[1]]} shows it"


def _marks(found: Match, row: Row) -> Iterator[str]:
    assert found.file is not None
    yield "matched"
    if found.unpack:
        yield "compressed"
    if found.size == 0:
        yield "empty"
    if found.candidates > 1:
        yield "of several"
    if found.file.path.startswith(BLOB):
        yield "in the database"
    if found.agrees == CHECKSUM and row_length(row.get("Length")) is not None:
        yield "size differs"
    if found.agrees == LENGTH and row_checksum(row.get("Crc")) is not None and found.file.crc is not None:
        yield "checksum differs"
