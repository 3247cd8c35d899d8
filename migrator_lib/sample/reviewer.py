"""Reading the sample back and comparing every field of every record and message with what was meant.

Both sides are compared with references in place of Gorgias ids (``user:3``, ``st-attachment:55``), so that a difference
means the same in every account.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.engagement import Engagement
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.load import references
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, PEOPLE, SETUP
from migrator_lib.objects.base import HandOver, Outcome, Quarantine, Record, Resolver, Send, Skip
from migrator_lib.objects.conversation import Conversation, compared_message, meant_message
from migrator_lib.reconcile.differences import Difference, compare, matched_by, ours
from migrator_lib.reconcile.neutral import Neutral
from migrator_lib.sample.choice import Choice, key_of
from migrator_lib.side_effects import Done
from migrator_lib.staging import ConversationRecord, Staged

REHEARSED = "rehearsed"
MOVED = "moved"
THE_RECORD = "ticket"
"""Field of a difference that is about the whole record: in Gorgias each is a ticket."""
NUMBERS = ("TicketNumber", "ChatNumber", "CallNumber")
REHEARSED_FALLBACK = -1
"""Id that stands for the fallback agent where nothing is loaded."""


@dataclass(frozen=True)
class Part:
    """A message or note: as it was meant, as it is there, what differs."""

    expected: Json | None
    actual: Json | None
    differences: list[Difference]


@dataclass
class Reviewed:
    """One record of the sample: a ticket, a chat, a call log."""

    record: ConversationRecord
    reasons: list[str]
    is_random: bool
    outcome: str
    """``moved``, ``rehearsed``, ``left out: rule``, or why it could not move."""
    payload_hash: str | None = None
    target_id: str | None = None
    expected: Json | None = None
    """Canonical fields as they were meant, with references."""
    actual: Json | None = None
    differences: list[Difference] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return the source key."""
        return str(self.record.id)

    @property
    def name(self) -> str:
        """Return object and source key: ``ticket:17``."""
        return key_of(self.record.kind, self.record.id)

    @property
    def title(self) -> str:
        """Return what people call it, by the number that they know."""
        row = self.record.row
        number = next((row[column] for column in NUMBERS if row.get(column)), self.record.id)
        return f"{self.record.kind.replace('_', ' ').capitalize()} {number}"

    @property
    def all_differences(self) -> list[Difference]:
        """Differences of the record and of everything in it."""
        return [*self.differences, *(d for part in self.parts for d in part.differences)]

    @property
    def fingerprint(self) -> str:
        """Return the hash of what it became and of what differs: a person's verdict is about that."""
        content = [self.payload_hash or self.outcome, sorted(self.differences_for_digest())]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def differences_for_digest(self) -> Iterator[list[str]]:
        """Yield what differs; of dates and of ids by no reference only that they do."""
        for difference in self.all_differences:
            steady = not difference.field.endswith("_datetime")
            yield [self.name, difference.field, *((difference.expected, difference.actual) if steady else ())]

    @property
    def is_right(self) -> bool:
        """Whether everything is as it was meant."""
        return not self.all_differences and (self.outcome in (MOVED, REHEARSED) or self.outcome.startswith("left out"))


@dataclass
class Review:
    """The whole sample."""

    mapping_hash: str
    lookups: Lookups
    rehearsal: bool
    not_found: list[str] = field(default_factory=list)
    population: int = 0
    """How many the random ones were drawn from."""
    records: list[Reviewed] = field(default_factory=list)
    restored: list[Done] = field(default_factory=list)
    """What was switched off in the account for the sample, and is put back."""

    @property
    def right(self) -> int:
        """Records that are as they were meant."""
        return sum(one.is_right for one in self.records)


class Reviewer:
    """Compares the sample with one account."""

    def __init__(self, engagement: Engagement, target: str, choice: Choice, staged: Staged) -> None:
        self.engagement = engagement
        self.target = target
        self.choice = choice
        self.staged = staged
        self.lookups = engagement.lookups(staged)
        names = [obj.name for obj in (*SETUP, *PEOPLE, ATTACHMENT)]
        ids = self._rehearsed_ids() if engagement.rehearsal else engagement.ledger.ids(target, names)
        fallback = REHEARSED_FALLBACK if engagement.rehearsal else self._fallback_user()
        self.resolver, self.neutral = Resolver(ids, fallback), Neutral(ids, fallback)

    def _rehearsed_ids(self) -> dict[tuple[str, str], str]:
        """Return made-up ids for everything that payloads refer to, so that a rehearsal shows what would be sent."""
        records = [(obj, one) for obj in CONVERSATIONS for one in obj.records(self.staged, self.lookups)]
        outcomes = (obj.transform(one, self.lookups) for obj, one in records)
        found = {(ref.partition(":")[0], ref.partition(":")[2]): str(n) for n, ref in enumerate(references(outcomes))}
        rows = (row for _, one in records if isinstance(one.data, ConversationRecord) for row in one.data.attachments)
        keys = [row["AttachmentKey"] for row in rows]
        return found | {(ATTACHMENT.name, key): f"st-attachment:{key}" for key in keys}

    def _fallback_user(self) -> int | None:
        email = lowered(self.lookups.parameters.agents.fallback)
        users = self.engagement.api(self.target).users.every()
        return next((user.id for user in users if lowered(user.email) == email), None)

    def run(self) -> Review:
        """Compare every record."""
        found = Review(self.lookups.mapping.hash, self.lookups, self.engagement.rehearsal)
        found.not_found, found.population = list(self.choice.not_found), self.choice.population
        self.engagement.progress.begin("Reading the sample back", len(self.choice.reasons))
        for obj in CONVERSATIONS:
            for batch in self.staged.batches(obj.family):
                for record in batch:
                    found.records.append(self._review(obj, record))
                    self.engagement.progress.advance()
        self.engagement.progress.end()
        return found

    def _review(self, obj: Conversation, record: ConversationRecord) -> Reviewed:
        key = key_of(record.kind, record.id)
        reviewed = Reviewed(record, self.choice.reasons.get(key, []), self.choice.is_random(key), MOVED)
        match obj.transform(Record(str(record.id), record), self.lookups):
            case Send() as send:
                reviewed.payload_hash = send.hash
                self._compare(obj, reviewed, send)
            case other:
                reviewed.outcome = _left_behind(other)
                reviewed.differences = self._must_be_absent(obj, record)
        return reviewed

    def _must_be_absent(self, obj: Conversation, record: ConversationRecord) -> list[Difference]:
        external_id = self.lookups.external_id(obj.name, record.id)
        if self.engagement.rehearsal or not self.engagement.api(self.target).tickets.by_external_id(external_id):
            return []
        return [Difference(THE_RECORD, "not in Gorgias", "is there")]

    def _compare(self, obj: Conversation, reviewed: Reviewed, send: Send) -> None:
        entry = self.engagement.ledger.entry(self.target, obj.name, reviewed.key)
        if self.engagement.rehearsal:
            reviewed.outcome = REHEARSED
        elif entry is None or entry.target_id is None:
            reviewed.outcome = "in quarantine: " + (entry.reason if entry and entry.reason else "it was not loaded")
        else:
            reviewed.target_id = entry.target_id
        try:
            expected = self.resolver.resolve(send.payload)
        except RecordUnusable as error:
            reviewed.outcome = f"in quarantine: {error.message}"
            return
        reviewed.expected = self.neutral.ticket(obj.verified_form(expected))
        if reviewed.target_id is not None:
            self._read_back(obj, reviewed, expected)
        else:
            reviewed.parts = [Part(self._neutral(message), None, []) for message in expected["messages"]]

    def _neutral(self, message: Json) -> Json:
        return self.neutral.message(compared_message(message))

    def _read_back(self, obj: Conversation, reviewed: Reviewed, expected: Json) -> None:
        api = self.engagement.api(self.target)
        found = api.tickets.by_external_id(expected["external_id"])
        there = [ticket for ticket in found if not ticket.trashed_datetime]
        if len(there) != 1:
            reviewed.differences = [Difference(THE_RECORD, "once in Gorgias", f"{len(there)} times")]
        if not any(str(ticket.id) == reviewed.target_id for ticket in there):
            return
        ticket_id = int(reviewed.target_id or 0)
        actual = api.tickets.get(ticket_id, custom_fields=True)
        reviewed.actual = self.neutral.ticket(obj.verified_form(actual.as_json()))
        meant = obj.meant(reviewed.expected or {}, reviewed.actual)
        reviewed.differences += ours(compare(meant, reviewed.actual), self.lookups.behaviour)
        messages = [message.as_json() for page in api.messages.pages(ticket_id) for message in page]
        reviewed.parts = self._parts(expected["messages"], messages)

    def _parts(self, expected: Sequence[Json], actual: Sequence[Json]) -> list[Part]:
        return [self._part(one, other) for one, other in matched_by("external_id", expected, actual)]

    def _part(self, expected: Json | None, actual: Json | None) -> Part:
        there, form = actual and compared_message(actual), expected and compared_message(expected)
        meant = meant_message(form, there, self.lookups.behaviour) if form and there else form
        one, other = meant and self.neutral.message(meant), there and self.neutral.message(there)
        if one is None or other is None:
            sides = ("there", "missing") if other is None else ("nothing", "is there")
            return Part(one, other, [Difference(part_name(one or other), *sides)])
        return Part(one, other, [_inside(part_name(one), d) for d in compare(one, other)])


def _left_behind(outcome: Outcome) -> str:
    """Return in words what became of a record that is not sent."""
    match outcome:
        case Skip(rule):
            return f"left out: {rule.replace('_', ' ')}"
        case HandOver(document):
            return f"left out: written to {document}"
        case Quarantine(reason):
            return f"in quarantine: {reason}"
    return "left out: merged"


def part_name(message: Mapping[str, Any] | None) -> str:
    """Return what a message is called: ``message 17`` or ``note 4``, by its source key."""
    obj, _, key = str((message or {}).get("external_id") or "").rpartition(":")
    return f"{'note' if obj.endswith(('comment', 'note')) else 'message'} {key}" if key else "note without a number"


def _inside(name: str, difference: Difference) -> Difference:
    return Difference(f"{name}: {difference.field}", difference.expected, difference.actual)
