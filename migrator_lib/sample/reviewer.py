"""Reading the sample back and comparing every field of every ticket and message with what was meant.

Both sides are compared with references in place of Gorgias ids (``user:3``, ``st-attachment:55``), so that a difference
means the same in every account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.engagement import Engagement
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.load import references
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import ATTACHMENT, PEOPLE, SETUP, TICKET
from migrator_lib.objects.base import Quarantine, Record, Resolver, Send, Skip
from migrator_lib.objects.ticket import compared_message
from migrator_lib.reconcile.differences import Difference, compare, matched_by, ours
from migrator_lib.reconcile.neutral import Neutral
from migrator_lib.sample.choice import Choice
from migrator_lib.side_effects import Done
from migrator_lib.staging import Staged, TicketRecord

REHEARSED = "rehearsed"
MOVED = "moved"
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
    """One ticket of the sample."""

    ticket: TicketRecord
    reasons: list[str]
    is_random: bool
    outcome: str
    """``moved``, ``rehearsed``, ``left out: rule``, or why it could not move."""
    payload_hash: str | None = None
    target_id: str | None = None
    expected: Json | None = None
    """Canonical fields of the ticket as they were meant, with references."""
    actual: Json | None = None
    differences: list[Difference] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return the source key."""
        return str(self.ticket.id)

    @property
    def all_differences(self) -> list[Difference]:
        """Differences of the ticket and of everything in it."""
        return [*self.differences, *(d for part in self.parts for d in part.differences)]

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
    tickets: list[Reviewed] = field(default_factory=list)
    restored: list[Done] = field(default_factory=list)
    """What was switched off in the account for the sample, and is put back."""

    @property
    def right(self) -> int:
        """Tickets that are as they were meant."""
        return sum(ticket.is_right for ticket in self.tickets)

    def differences_for_digest(self) -> Iterator[list[str]]:
        """Yield what differs; of dates and of ids by no reference only that they do."""
        for ticket in self.tickets:
            for difference in ticket.all_differences:
                steady = not difference.field.endswith("_datetime")
                yield [ticket.key, difference.field, *((difference.expected, difference.actual) if steady else ())]


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
        outcomes = (TICKET.transform(record, self.lookups) for record in TICKET.records(self.staged, self.lookups))
        found = {(ref.partition(":")[0], ref.partition(":")[2]): str(n) for n, ref in enumerate(references(outcomes))}
        rows = (row for batch in self.staged.ticket_batches() for ticket in batch for row in ticket.attachments)
        keys = [str(row["TicketAttachmentID"]) for row in rows]
        return found | {(ATTACHMENT.name, key): f"st-attachment:{key}" for key in keys}

    def _fallback_user(self) -> int | None:
        email = lowered(self.lookups.parameters.agents.fallback)
        users = self.engagement.api(self.target).users.every()
        return next((user.id for user in users if lowered(user.email) == email), None)

    def run(self) -> Review:
        """Compare every ticket."""
        found = Review(self.lookups.mapping.hash, self.lookups, self.engagement.rehearsal)
        found.not_found = list(self.choice.not_found)
        self.engagement.progress.begin("Reading the sample back", len(self.choice.reasons))
        for batch in self.staged.ticket_batches():
            for ticket in batch:
                found.tickets.append(self._review(ticket))
                self.engagement.progress.advance()
        self.engagement.progress.end()
        return found

    def _review(self, ticket: TicketRecord) -> Reviewed:
        reviewed = Reviewed(ticket, self.choice.reasons.get(ticket.id, []), self.choice.is_random(ticket.id), MOVED)
        match TICKET.transform(Record(str(ticket.id), ticket), self.lookups):
            case Skip(rule):
                reviewed.outcome = f"left out: {rule.replace('_', ' ')}"
                reviewed.differences = self._must_be_absent(ticket)
            case Quarantine(reason):
                reviewed.outcome = f"in quarantine: {reason}"
            case Send() as send:
                reviewed.payload_hash = send.hash
                self._compare(reviewed, send)
        return reviewed

    def _must_be_absent(self, ticket: TicketRecord) -> list[Difference]:
        external_id = self.lookups.external_id(TICKET.name, ticket.id)
        if self.engagement.rehearsal or not self.engagement.api(self.target).tickets.by_external_id(external_id):
            return []
        return [Difference("ticket", "not in Gorgias", "is there")]

    def _compare(self, reviewed: Reviewed, send: Send) -> None:
        entry = self.engagement.ledger.entry(self.target, TICKET.name, reviewed.key)
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
        reviewed.expected = self.neutral.ticket(TICKET.compared(expected))
        if reviewed.target_id is not None:
            self._read_back(reviewed, expected)
        else:
            reviewed.parts = [Part(self._neutral(message), None, []) for message in expected["messages"]]

    def _neutral(self, message: Json) -> Json:
        return self.neutral.message(compared_message(message))

    def _read_back(self, reviewed: Reviewed, expected: Json) -> None:
        api = self.engagement.api(self.target)
        found = api.tickets.by_external_id(expected["external_id"])
        there = [ticket for ticket in found if not ticket.trashed_datetime]
        if len(there) != 1:
            reviewed.differences = [Difference("ticket", "once in Gorgias", f"{len(there)} times")]
        if not any(str(ticket.id) == reviewed.target_id for ticket in there):
            return
        ticket_id = int(reviewed.target_id or 0)
        actual = api.tickets.get(ticket_id, custom_fields=True)
        reviewed.actual = self.neutral.ticket(TICKET.compared(actual.as_json()))
        reviewed.differences += ours(compare(reviewed.expected or {}, reviewed.actual), self.lookups.behaviour)
        messages = [message.as_json() for page in api.messages.pages(ticket_id) for message in page]
        reviewed.parts = self._parts(expected["messages"], messages)

    def _parts(self, expected: Sequence[Json], actual: Sequence[Json]) -> list[Part]:
        return [self._part(one, other) for one, other in matched_by("external_id", expected, actual)]

    def _part(self, expected: Json | None, actual: Json | None) -> Part:
        one = expected and self._neutral(expected)
        other = actual and self._neutral(actual)
        if one is None or other is None:
            sides = ("there", "missing") if other is None else ("nothing", "is there")
            return Part(one, other, [Difference(part_name(one or other), *sides)])
        return Part(one, other, [_inside(part_name(one), d) for d in compare(one, other)])


def part_name(message: Mapping[str, Any] | None) -> str:
    """Return what a message is called: ``message 17`` or ``note 4``, by its source key."""
    obj, _, key = str((message or {}).get("external_id") or "").rpartition(":")
    return f"{'note' if obj.endswith('comment') else 'message'} {key}" if key else "note without a number"


def _inside(name: str, difference: Difference) -> Difference:
    return Difference(f"{name}: {difference.field}", difference.expected, difference.actual)
