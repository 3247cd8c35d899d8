"""Attachment: a file on disk becomes an attachment of its message; inline images are put back into the HTML.

A row names a file somewhere below the files root, and one file may serve several rows. Where a database holds bytes
itself, they were staged beside the index, and are found there.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups, content_type
from migrator_lib.objects.base import MappedField, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.smartertrack.matching import Match
from migrator_lib.smartertrack.tables import FAMILIES, source_table
from migrator_lib.staging import Row, Staged

UPLOAD_NAME_MAXIMUM = 255
MISSING = "its file is not below the files root (files are purged with their parents)"
AMBIGUOUS = "{n} files have its name on disk, and the row does not tell which of them it means"
DIFFERS = "the file's checksum and length differ from the row's: it was damaged or replaced"
UNREADABLE = "its file cannot be read: {why}"


def _fields(table: str, owner: str) -> Iterator[MappedField]:
    """Yield the fields of one table of attachments; those that a table has not are left out."""
    known = source_table(table).columns
    for columns, target, how in (
        (f"{owner} {owner.removesuffix('ID')}MessageID", "message.attachments", "the message that it hangs on"),
        (f"{table.removesuffix('s')}ID", "", "its key here; an attachment has none in Gorgias"),
        ("FileNameOriginal", "attachment.name, attachment.content_type", "the type by the name's ending"),
        ("FileNameOnDisk", "attachment.file", "finds it below the files root"),
        ("CidTagName", "message.body_html, attachment.public", "puts an inline image back into its message"),
        ("Length", "attachment.length", "compared with the file on disk, and as size with what went up"),
        ("Crc", "attachment.crc", "compared with the file on disk"),
        ("CreationDateUTC", "", "tells a delta which are new; of a chat, which line has it"),
        ("IsDeleted", "", "deleted ones are left out"),
        ("IsOutgoing UserID", "message.attachments", "whose message it stands on"),
    ):
        given = [f"{table}.{column}" for column in columns.split() if column in known]
        if given:
            yield MappedField(" + ".join(given), target, how)


class Attachment(MigrationObject):
    """Attachments of tickets, chats and call logs. Loaded with what they belong to, just before it."""

    name = "attachment"
    title = "Attachment"
    becomes = "Attachment"
    reads = (*(family.attachments for family in FAMILIES), "files on disk")
    path = "upload"
    undo = "goes with its ticket; Gorgias cannot delete the uploaded file itself"
    verified = (
        "read back with its message; name, type, size and the digest of what was sent compared with the source's; some "
        "contents downloaded each time, those never seen first"
    )
    fields = tuple(mapped for family in FAMILIES for mapped in _fields(family.attachments, family.key))

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the attachment rows of all tickets, chats and call logs."""
        for family in FAMILIES:
            for batch in staged.batches(family):
                for one in batch:
                    yield from (Record(row["AttachmentKey"], row) for row in one.attachments)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Where its file is and how it is uploaded; what has no file is quarantined."""
        row: Row = record.data
        if row["IsDeleted"]:
            return Skip("deleted_attachment")
        if row["OfDraft"]:
            return Skip("draft_message")
        found = lookups.files.match(row)
        limit = lookups.parameters.target.upload_limit_bytes
        problem = problem_of(found, row, limit)
        if found.file is None or problem:
            return Quarantine(problem)
        name = upload_name(row)
        return Send(
            {
                "file": found.file.path,
                "name": name,
                "content_type": content_type(name),
                "public": bool(row.get("Embedded")),
                "crc": row.get("Crc"),
                "length": row.get("Length"),
            }
        )


def problem_of(found: Match, row: Row, limit: int) -> str:
    """Return why an attachment cannot go up, or nothing where it can.

    Args:
        found: what was found for its row.
        row: of its attachments.
        limit: largest file that is tried, bytes.
    """
    match found.state:
        case "missing":
            return MISSING
        case "ambiguous":
            return AMBIGUOUS.format(n=found.candidates)
        case "differs":
            return DIFFERS
        case "unreadable":
            return UNREADABLE.format(why=found.file.error if found.file else "")
    if max(found.size, row.get("Length") or 0) > limit:
        return f"the file is larger than target.upload_limit_bytes ({limit:,})"
    return ""


def upload_name(row: Row) -> str:
    """Return the name that the file gets in Gorgias."""
    return (row["FileNameOriginal"] or "").strip()[-UPLOAD_NAME_MAXIMUM:] or f"attachment-{row['AttachmentKey']}"


def can_go_up(row: Row, lookups: Lookups) -> bool:
    """Whether an attachment has a file that is not too large."""
    return isinstance(Attachment().transform(Record("", row), lookups), Send)
