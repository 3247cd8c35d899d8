"""Attachment: a file on disk becomes an attachment of its message; inline images are put back into the HTML.

Bytes are never in the database: a row names a file somewhere below the files root, and one file may serve several rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from migrator_lib.errors import RecordUnusable
from migrator_lib.lookups import Lookups, content_type
from migrator_lib.objects.base import MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Row, Staged

UPLOAD_NAME_MAXIMUM = 255
GZIP_MAGIC = b"\x1f\x8b"
AND_THEN = "before the load; a ticket that is in Gorgias already gets it by hand: attach the file there."
"""A load sends no file behind: a ticket that went without one is not taken up again for it."""


class Attachment(MigrationObject):
    """Attachments of ticket messages. Loaded with their ticket, just before it."""

    name = "attachment"
    title = "Attachment"
    becomes = "Attachment"
    reads = ("TicketAttachments", "files on disk")
    path = "upload"
    undo = "goes with its ticket; Gorgias cannot delete the uploaded file itself"

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the attachment rows of all tickets."""
        for batch in staged.ticket_batches():
            for ticket in batch:
                for row in ticket.attachments:
                    yield Record(str(row["TicketAttachmentID"]), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Where its file is and how it is uploaded; what has no file is quarantined."""
        row: Row = record.data
        if row["IsDeleted"]:
            return Skip("deleted_attachment")
        if row["OfDraft"]:
            return Skip("draft_message")
        file = lookups.files.get((row["FileNameOnDisk"] or "").lower())
        if file is None:
            return Quarantine("its file is not below the files root (files are purged with their parents)")
        limit = lookups.parameters.target.upload_limit_bytes
        if max(file.size, row.get("Length") or 0) > limit:
            return Quarantine(f"the file is larger than target.upload_limit_bytes ({limit:,})")
        name = upload_name(row)
        return Send(
            {
                "file": file.path,
                "name": name,
                "content_type": content_type(name),
                "public": bool(row.get("Embedded")),
                "crc": row.get("Crc"),
                "length": row.get("Length"),
            }
        )


def upload_name(row: Row) -> str:
    """Return the name that the file gets in Gorgias."""
    return (row["FileNameOriginal"] or "").strip()[-UPLOAD_NAME_MAXIMUM:] or f"attachment-{row['TicketAttachmentID']}"


def can_go_up(row: Row, lookups: Lookups) -> bool:
    """Whether an attachment has a file that is not too large."""
    return isinstance(Attachment().transform(Record("", row), lookups), Send)


def read_file(root: Path, payload: dict[str, object]) -> bytes:
    """Return the bytes of an attachment, unpacked if the disk holds it compressed, and checked.

    How the checksum is made is not documented (CRC-32 is likely), so a file is taken where checksum or length agree.

    Raises:
        RecordUnusable: the file cannot be read, or is not what the row says.
    """
    try:
        content = (root / str(payload["file"])).read_bytes()
    except OSError as error:
        raise RecordUnusable(
            f"its file cannot be read: {error.strerror or error}", next_step=f"mend the file's rights {AND_THEN}"
        ) from error
    if _agrees(content, payload):
        return content
    unpacked = _unpacked(content, payload)
    if unpacked is not None and _agrees(unpacked, payload):
        return unpacked
    raise RecordUnusable(
        "the file's checksum and length differ from the row's: it was damaged or replaced",
        next_step=f"restore the file from a backup of the files root {AND_THEN}",
    )


def _agrees(content: bytes, payload: dict[str, object]) -> bool:
    crc, length = payload.get("crc"), payload.get("length")
    if not crc and not length:
        return True  # the row says nothing
    return len(content) == length or (isinstance(crc, int) and zlib.crc32(content) == crc & 0xFFFFFFFF)


def _unpacked(content: bytes, payload: dict[str, object]) -> bytes | None:
    """Return what a gzip holds, but no more than a byte over the expected length: it may be a bomb."""
    length = payload.get("length")
    if content[:2] != GZIP_MAGIC or not isinstance(length, int):
        return None
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, length + 1)
    except zlib.error:
        return None
