"""Loading the attachments of a ticket: each file goes up once, just before its ticket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from migrator_lib.errors import OutcomeUnknown, RecordError, Unanswered
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import PENDING, Entry
from migrator_lib.load.context import SENDS, LoadContext, entry_of, is_same
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.attachment import read_file
from migrator_lib.objects.base import Record, Send
from migrator_lib.staging import TicketRecord

NOT_MOVED = "ticket_not_moved"


class Uploads:
    """The files of tickets, and their entries in the ledger."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context

    def _known(self, ticket: TicketRecord) -> dict[str, Entry]:
        keys = [str(row["TicketAttachmentID"]) for row in ticket.attachments]
        return self.context.ledger.known(self.context.target, ATTACHMENT.name, keys)

    def of(self, ticket: TicketRecord) -> dict[tuple[str, str], str]:
        """Upload the attachments of a ticket; return their URLs. What is up already is not sent again."""
        known = self._known(ticket)
        urls: dict[tuple[str, str], str] = {}
        for row in ticket.attachments:
            key = str(row["TicketAttachmentID"])
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
                entry = self._sent(record.key, outcome)
            else:
                entry = entry_of(record, ATTACHMENT, outcome)
                if is_same(known, entry):
                    return entry
        self.context.settle(entry)
        self.context.count(ATTACHMENT.name, entry.state)
        return entry

    def _sent(self, key: str, outcome: Send) -> Entry:
        entry = Entry(ATTACHMENT.name, key, PENDING, payload_hash=outcome.hash)
        try:
            content = read_file(self.context.files_root or Path(), outcome.payload)
            self.context.ledger.intend(self.context.target, entry)
            return replace(entry, state="created", target_id=self._url(outcome.payload, content))
        except RecordError as error:
            return replace(entry, state="quarantined", reason=str(error))

    def _url(self, payload: Json, content: bytes) -> str:
        """Upload one file. Sent again after a cut-off: a file that nothing refers to is seen by nobody."""
        for _ in range(SENDS):
            try:
                reply = self.context.api.upload(
                    payload["name"], content, payload["content_type"], public=payload["public"]
                )
                return str(reply["url"])
            except Unanswered:
                continue
        raise OutcomeUnknown(
            f"The upload of a file of {len(content):,} bytes was cut off {SENDS} times.",
            next_step="check the line to Gorgias, and run again.",
        )

    def left_behind(self, ticket: TicketRecord, state: str, reason: str | None) -> list[Entry]:
        """Return the entries of attachments whose ticket does not move; a URL stays, in case it does later."""
        known = self._known(ticket)
        entries = []
        for row in ticket.attachments:
            key = str(row["TicketAttachmentID"])
            before = known.get(key)
            url, digest = (before.target_id, before.payload_hash) if before else (None, None)
            entries.append(
                Entry(
                    ATTACHMENT.name, key, "quarantined" if state == "quarantined" else "skipped",
                    rule=NOT_MOVED, reason=reason, target_id=url, payload_hash=digest,
                )
            )  # fmt: skip
        return entries

    def new_on(self, ticket: TicketRecord) -> list[Entry]:
        """Return entries for attachments that came after their ticket was loaded, and stay behind with it."""
        known = self._known(ticket)
        return [entry for entry in self.left_behind(ticket, "skipped", None) if entry.source_key not in known]
