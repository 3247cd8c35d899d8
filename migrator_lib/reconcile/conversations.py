"""Tickets, chats and call logs, each compared with the ticket that it became: its fields, its thread, its files."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, replace

from migrator_lib.errors import RecordUnusable
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import Entry
from migrator_lib.load.messages import sent
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.base import Record, Resolver, Send, created
from migrator_lib.objects.conversation import Conversation, compared_message
from migrator_lib.progress import Progress
from migrator_lib.reconcile.differences import Difference
from migrator_lib.reconcile.files import FileComparer, Sent
from migrator_lib.reconcile.records import NOT_EXPECTED, REFERS_TO, Records
from migrator_lib.reconcile.result import CHANGED, TOUCHED, Finding
from migrator_lib.reconcile.since import is_touched
from migrator_lib.reconcile.strays import Strays
from migrator_lib.reconcile.threads import OTHERS, Threads
from migrator_lib.staging import ConversationRecord


@dataclass(frozen=True)
class Uploaded(Sent):
    """The uploaded files of a batch of tickets."""

    resolver: Resolver
    """Resolves what the payloads of these tickets refer to."""


class Conversations:
    """Compares everything that becomes a ticket in one account."""

    def __init__(
        self, records: Records, files: FileComparer, strays: Strays, threads: Threads, progress: Progress
    ) -> None:
        self._records, self._context = records, records.context
        self._files, self._strays, self._threads, self._progress = files, strays, threads, progress

    def compare(self, obj: Conversation) -> None:
        """Compare all records of one kind."""
        self._progress.begin(f"Comparing: {obj.title}", self._context.staged.count(obj.family.root.name))
        for batch in self._context.staged.batches(obj.family):
            known = self._context.ledger.known(self._context.target, obj.name, [str(one.id) for one in batch])
            uploaded = self._uploaded(batch)
            for one in batch:
                self._conversation(obj, one, known.get(str(one.id)), uploaded)
                self._progress.advance()
        self._progress.end()

    def _uploaded(self, batch: list[ConversationRecord]) -> Uploaded:
        rows = {row["AttachmentKey"]: row for one in batch for row in one.attachments}
        known = self._context.ledger.known(self._context.target, ATTACHMENT.name, list(rows))
        urls = {key: entry.target_id for key, entry in known.items() if entry.target_id and entry.state == "created"}
        ids = {(ATTACHMENT.name, key): url for key, url in urls.items()}
        resolver = Resolver(ChainMap(ids, self._records.ids), self._records.resolver.fallback_user)
        return Uploaded({url: key for key, url in urls.items()}, rows, resolver)

    def _conversation(
        self, obj: Conversation, one: ConversationRecord, entry: Entry | None, uploaded: Uploaded
    ) -> None:  # fmt: skip
        outcome = obj.transform(Record(str(one.id), one), self._context.lookups)
        if entry is not None and entry.state in NOT_EXPECTED:
            return
        if not isinstance(outcome, Send):
            if entry is not None and entry.state == "created":
                self._kept(obj, one, entry, uploaded)
            elif entry is not None and entry.target_id:
                self.in_the_trash(entry)
            return
        found = self._context.read.by_key(obj.name, str(one.id), meant=entry.target_id if entry else None)
        if not found:
            renamed = self._records.by_id(obj, str(one.id), entry)
            if renamed is None:
                self._missing(obj, one, outcome, entry, uploaded)
                return
            self._strays.renamed(int(renamed["id"]))
            found = [renamed]
        touched = self._touched(entry, found[0])
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            self._records.witness.saw(obj.name, str(one.id), {REFERS_TO: error.message}, obj.verified_form(found[0]))
            differences, wrong = [Difference("customer", "in Gorgias", error.message)], True
        else:
            differences = self._records.differences(obj, str(one.id), expected, obj.verified_form(found[0]))
            right = not any(difference.field.startswith("custom_fields") for difference in differences)
            values = created(outcome.children.get(obj.values, {}))
            different = CHANGED if touched else "mismatched"
            self._records.result.counts[obj.values]["validated" if right else different] += values
            of_thread = self._threads.compare(expected["messages"], found[0], entry, uploaded)
            differences, wrong = differences + of_thread, any(one.field != OTHERS for one in of_thread)
        self._records.judge(obj.name, str(one.id), found[0], differences, touched=touched and not wrong)

    def _touched(self, entry: Entry | None, there: Json) -> bool:
        """Whether somebody changed a ticket in Gorgias since, which is counted."""
        touched = is_touched(entry, there)
        self._records.result.news[TOUCHED] += touched
        return touched

    def in_the_trash(self, entry: Entry) -> None:
        """Check a ticket that the source deleted or merged away since: by rule it lies in the trash, or is nowhere."""
        found = self._context.read.by_key(entry.object, entry.source_key)
        if not found or found[0].get("trashed_datetime"):
            return
        self._records.saw_unexpected(entry.object, entry.source_key, int(found[0]["id"]))
        state = CHANGED if self._touched(entry, found[0]) else "mismatched"
        words = "is to lie in the trash by rule, and does not"
        self._records.result.add(
            Finding(entry.object, entry.source_key, state, target_id=int(found[0]["id"]), words=words)
        )

    def _kept(self, obj: Conversation, one: ConversationRecord, entry: Entry, uploaded: Uploaded) -> None:
        """Check a ticket that was loaded and that the source has left out since: it stays, and only its thread counts.

        SmarterTrack changes a ticket's status when it deletes it, so the ticket's own fields say nothing any more. What
        came to it since was left out with it.
        """
        there = self._context.read.by_key(obj.name, str(one.id), meant=entry.target_id)
        alive = replace(one, row={**one.row, "IsDeleted": False, "IsSpam": False})
        outcome = obj.transform(Record(str(one.id), alive), self._context.lookups)
        if not there:
            self._records.not_there(obj, str(one.id), entry, "was loaded, and is not there")
            return
        touched = self._touched(entry, there[0])
        if not isinstance(outcome, Send):  # left out by a rule of the engagement's: nothing says what it should hold
            self._records.judge(obj.name, str(one.id), there[0], [])
            return
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            gone = [Difference("customer", "in Gorgias", error.message)]
            self._records.judge(obj.name, str(one.id), there[0], gone)
            return
        were = sent(entry, outcome.payload["messages"])
        messages = [message for message, was in zip(expected["messages"], were, strict=True) if was]
        differences = self._threads.compare(messages, there[0], entry, uploaded, whole=False)
        self._records.result.counts[obj.values]["validated"] += created(outcome.children.get(obj.values, {}))
        wrong = any(difference.field != OTHERS for difference in differences)
        self._records.judge(obj.name, str(one.id), there[0], differences, touched=touched and not wrong)

    def _missing(
        self, obj: Conversation, one: ConversationRecord, outcome: Send, entry: Entry | None, uploaded: Uploaded
    ) -> None:  # fmt: skip
        """Note a ticket that is not there, and count what went with it."""
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            self._records.witness.saw(obj.name, str(one.id), {REFERS_TO: error.message}, None)
        else:
            self._records.witness.saw(obj.name, str(one.id), obj.verified_form(expected), None)
            for message in expected["messages"]:
                named = parse(message.get("external_id"), self._context.lookups.parameters.engagement)
                if named is not None:
                    self._records.witness.saw(*named, compared_message(message), None)
                self._files.gone(message, uploaded)
        state = self._records.not_there(obj, str(one.id), entry, "no ticket carries its external id")
        self._records.result.news[TOUCHED] += state == CHANGED
        for part, states in outcome.children.items():
            self._records.result.counts[part][state] += created(states)
        own = {row["AttachmentKey"] for row in one.attachments}
        self._records.result.counts[ATTACHMENT.name][state] += len(own.intersection(uploaded.keys.values()))
