"""Loading the attachments of a ticket (of a chat, a call log): each file goes up once, just before its ticket."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from migrator_lib.errors import (
    FilesMissing,
    RecordError,
    RecordRejected,
    RecordUnanswered,
    RecordUnusable,
    StorageError,
    Unanswered,
)
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import PENDING, Entry
from migrator_lib.ledger.sent_files import FILE, digest_of
from migrator_lib.load.context import SENDS, LoadContext, entry_of, is_same
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.base import Record, Send
from migrator_lib.smartertrack.blobs import BLOB, content_file
from migrator_lib.smartertrack.contents import checksum, unpacked
from migrator_lib.smartertrack.files import FilesRoot, LocalRoot, reading
from migrator_lib.smartertrack.matching import Match
from migrator_lib.staging import ConversationRecord

NOT_MOVED = "ticket_not_moved"
"""Rule: so also where a chat or a call log is what does not move."""
IN_A_ROW = 25
"""Files that cannot be read one after the other before it is taken for the root's fault, not theirs."""
AND_THEN = "and load again: the message of a ticket that went without the file is replaced by one that has it."
REFUSED = "refused"
"""In the detail of an attachment's entry: Gorgias did not take it, so it is not sent again for its own sake."""


class Uploads:
    """The files of tickets, and their entries in the ledger."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context
        self._failed = 0
        self._lock = threading.Lock()

    def _known(self, one: ConversationRecord) -> dict[str, Entry]:
        keys = [row["AttachmentKey"] for row in one.attachments]
        return self.context.ledger.known(self.context.target, ATTACHMENT.name, keys)

    def of(self, one: ConversationRecord) -> dict[tuple[str, str], str]:
        """Upload the attachments of a ticket; return their URLs. What is up already is not sent again."""
        known = self._known(one)
        urls: dict[tuple[str, str], str] = {}
        for row in one.attachments:
            key = row["AttachmentKey"]
            entry = self._up(Record(key, row), known.get(key))
            if entry.target_id:
                urls[ATTACHMENT.name, key] = entry.target_id
        return urls

    def _up(self, record: Record, known: Entry | None) -> Entry:
        if known is not None and known.target_id is not None:
            if known.state == "created":
                return known
            entry = replace(known, state="created", rule=None, reason=None)
        else:
            outcome = ATTACHMENT.transform(record, self.context.lookups)
            if isinstance(outcome, Send):
                entry = self._sent(record, outcome)
            else:
                entry = entry_of(record, ATTACHMENT, outcome)
                if is_same(known, entry):
                    return entry
        self.context.settle(entry)
        self.context.count(ATTACHMENT.name, entry.state)
        return entry

    def _sent(self, record: Record, outcome: Send) -> Entry:
        entry = Entry(ATTACHMENT.name, record.key, PENDING, payload_hash=outcome.hash)
        try:
            content = self._read(self.context.lookups.files.match(record.data))
            self.context.ledger.intend(self.context.target, entry)
            return replace(
                entry, state="created", target_id=self._url(outcome.payload, content), detail={FILE: digest_of(content)}
            )
        except RecordRejected as error:
            return replace(entry, state="quarantined", reason=str(error), detail={REFUSED: True})
        except RecordUnanswered as error:
            if not self.context.failing.last_try:
                raise  # its ticket is tried once more, and goes without it only then
            return replace(entry, state="quarantined", reason=str(error))
        except RecordError as error:
            return replace(entry, state="quarantined", reason=str(error))

    def are_back(self, one: ConversationRecord, keys: Collection[str]) -> bool:
        """Whether a file can be read now that could not when its ticket was sent; nothing goes up yet.

        Args:
            one: as it is now.
            keys: source keys of attachments that its payload named, and that it went without.
        """
        known = self._known(one)
        for row in one.attachments:
            key = row["AttachmentKey"]
            entry = known.get(key)
            if key not in keys or entry is None or entry.detail.get(REFUSED):
                continue
            if entry.target_id is not None or self._can_be_read(Record(key, row)):
                return True
        return False

    def _can_be_read(self, record: Record) -> bool:
        if not isinstance(ATTACHMENT.transform(record, self.context.lookups), Send):
            return False
        found = self.context.lookups.files.match(record.data)
        try:
            read_file(self.context.files_root, self.context.blobs, found)
        except (RecordError, FilesMissing):
            return False
        return True

    def _read(self, found: Match) -> bytes:
        try:
            content = read_file(self.context.files_root, self.context.blobs, found)
        except RecordUnusable as error:
            with self._lock:
                self._failed += 1
            if self._failed >= IN_A_ROW:
                raise FilesMissing(
                    f"{IN_A_ROW} attachments in a row have no file that can be read; the last one: {error.message}.",
                    next_step="mount the share again, or mend its rights, and run again: nothing was sent without its "
                    "file but those. If the files are gone for good, 04_extract with start_again = True says so first.",
                ) from error
            raise
        with self._lock:
            self._failed = 0
        return content

    def _url(self, payload: Json, content: bytes) -> str:
        """Upload one file. Sent again after a cut-off: a file that nothing refers to is seen by nobody."""
        last = ""
        for _ in range(SENDS):
            try:
                file = self.context.api.uploads.send(
                    payload["name"], content, payload["content_type"], public=payload["public"]
                )
                return file.url
            except Unanswered as unanswered:
                last = unanswered.message
        raise RecordUnanswered(
            f"Gorgias failed {SENDS} times on a file of {len(content):,} bytes; the last time: {last}",
            next_step="check the line to Gorgias, and run again.",
        )

    def left_behind(self, one: ConversationRecord, state: str, reason: str | None) -> list[Entry]:
        """Return the entries of attachments whose ticket does not move; a URL stays, in case it does later."""
        known = self._known(one)
        entries = []
        for row in one.attachments:
            key = row["AttachmentKey"]
            before = known.get(key)
            url, digest = (before.target_id, before.payload_hash) if before else (None, None)
            sent = {FILE: before.detail[FILE]} if before and FILE in before.detail else {}
            entries.append(
                Entry(
                    ATTACHMENT.name, key, "quarantined" if state == "quarantined" else "skipped",
                    rule=NOT_MOVED, reason=reason, target_id=url, payload_hash=digest, detail=sent,
                )
            )  # fmt: skip
        return entries

    def new_on(self, one: ConversationRecord) -> list[Entry]:
        """Return entries for attachments that came after their ticket was loaded, and stay behind with it."""
        known = self._known(one)
        return [entry for entry in self.left_behind(one, "skipped", None) if entry.source_key not in known]


def read_file(root: FilesRoot | None, blobs: Path, found: Match) -> bytes:
    """Return what goes up for an attachment, unpacked if the disk holds it compressed, if it is what was indexed.

    Args:
        root: the files root.
        blobs: folder of what the database itself holds.
        found: what the index found for its row; its file is no larger than may go up.

    Raises:
        RecordUnusable: the file cannot be read, or is not what was indexed.
        FilesMissing: the root is not there any more.
        StorageError: what was staged is not there any more.
    """
    assert found.file is not None
    path = found.file.path
    is_blob = path.startswith(BLOB)
    if is_blob:
        root, path = LocalRoot(blobs), content_file(Path(), path).as_posix()
    if root is None:
        raise FilesMissing(
            "source.files_root is empty, and it was not when the files were indexed.",
            next_step="set it again in engagement.yaml, and run again.",
        )
    try:
        with reading(root, path) as stream:
            packing = found.file.packing if found.unpack else ""
            content = unpacked(stream, packing, found.size) if packing else stream.read(found.size + 1)
    except OSError as error:
        if is_blob:
            raise StorageError(
                f"What was staged of an attachment that the database holds cannot be read below {blobs}: "
                f"{error.strerror or error}.",
                next_step="restore that folder, or mend its rights; else run 04_extract with start_again = True.",
            ) from error
        if root.is_empty():
            raise FilesMissing(
                f"The files root {root.place} is empty now.",
                next_step="mount the share again, and run again.",
            ) from error
        root.require_mounted(path)
        raise RecordUnusable(
            f"its file cannot be read: {error.strerror or error}", next_step=f"mend the file's rights {AND_THEN}"
        ) from error
    if content is None or len(content) != found.size or found.crc not in (None, checksum(content)):
        raise RecordUnusable(
            "the file is not what it was when it was indexed: it was damaged or replaced",
            next_step=f"restore the file from a backup of the files root {AND_THEN}",
        )
    return content
