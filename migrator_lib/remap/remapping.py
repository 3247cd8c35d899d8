"""Offline re-mapping: all payloads made anew from staged data, and compared with what was sent, without a call.

A record whose payload has the hash that the ledger holds is the same. Else what was sent is made again, by the recipes
that were loaded by (:mod:`migrator_lib.load.recipe`): a payload that has the ledger's hash is proven to be it, and is
compared field by field. One that no recipe makes of the record as it is staged now may have changed in the source: it
is made from the stages that were loaded then. What is left cannot be told but by its hash, and is counted.

Memory is a number for each ticket that no recipe explains, whatever the size.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from migrator_lib.ledger import Entry, Ledger
from migrator_lib.load import recipe
from migrator_lib.load.loader import batched
from migrator_lib.load.messages import SENT, as_set, digest, goes, named_in, planned
from migrator_lib.load.tickets import RESENT_ON_UPDATE
from migrator_lib.load.updates import differs
from migrator_lib.lookups import Lookups
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.objects.base import MigrationObject, Outcome, Record, Send, Skip
from migrator_lib.objects.conversation import Conversation
from migrator_lib.objects.thread import CALL_LIMIT
from migrator_lib.progress import Progress
from migrator_lib.remap.payloads import ADDED, MESSAGES, REMOVED, Change, changes
from migrator_lib.staging import Staged

EXAMPLES = 3
"""Of each field, how many are shown."""
PAGE = 100
"""Rows of one page of a list."""
SAME, DIFFERS, EARLIER, UNKNOWN = "same", "differs", "changed in the source", "cannot be rebuilt"
NEW, LEFT_OUT, MATCHED, NOT_SENT = "newly sent", "no longer sent", "matched", "not sent"
STATES = (SAME, DIFFERS, EARLIER, UNKNOWN, NEW, LEFT_OUT, MATCHED, NOT_SENT)


@dataclass(frozen=True)
class Example:
    """One field of one record, before and after, masked."""

    key: str
    before: str
    after: str


@dataclass
class Remapped:
    """What became of the records of one object."""

    title: str
    states: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    """Field to number of records in which it is another one now."""
    messages: Counter[str] = field(default_factory=Counter)
    """Field of messages to number of messages."""
    examples: dict[str, list[Example]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    """Why records are not sent any more: rule to number."""
    in_place: int = 0
    """Records that are changed without touching a message."""
    by_messages: int = 0
    """Tickets of which messages are added, or deleted and made again."""
    fixed: Counter[str] = field(default_factory=Counter)
    """Field to number of records in which it differs, and stays as it is: nobody can change it in Gorgias."""
    updated: int = 0
    """Records that the next load takes up."""
    calls: int = 0
    """Calls that this takes, if nobody changed them in Gorgias."""

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(self.states.values())


@dataclass
class Remapping:
    """What a load by the current mapping would change, of all that was loaded."""

    objects: dict[str, Remapped]
    recipes: int
    """By how many recipes was loaded so far."""
    is_last: bool
    """Whether the current recipe is the one that was loaded by last."""

    @property
    def calls(self) -> int:
        """All calls that the update takes."""
        return sum(one.calls for one in self.objects.values())

    @property
    def updated(self) -> int:
        """All records that the next load takes up."""
        return sum(one.updated for one in self.objects.values())

    def total(self, state: str) -> int:
        """Return how many records are in a state."""
        return sum(one.states[state] for one in self.objects.values())


class Remapper:
    """Compares what the current mapping makes with what was sent to one account. It writes nothing to the ledger."""

    def __init__(
        self, *, ledger: Ledger, target: str, staged: Staged, lookups: Lookups, folder: Path, progress: Progress
    ) -> None:
        """Take what it reads.

        Args:
            ledger: of the engagement.
            target: name of the account.
            staged: all stages, later ones laid over.
            lookups: of these, by the current recipe.
            folder: where the stages lie.
            progress: told of every record.
        """
        self.ledger, self.target = ledger, target
        self.staged, self.lookups = staged, lookups
        self.folder, self.progress = folder, progress
        now, kept = recipe.recipe_of(lookups), recipe.recipes(ledger, target)
        self._kept = kept
        self._earlier = {digest: recipe.lookups_by(one, lookups) for digest, one in kept.items() if one != now}
        self._ids = ledger.ids(target, [obj.name for obj in (*SETUP, *PEOPLE)])
        self._unexplained: dict[str, set[str]] = defaultdict(set)
        last = next(iter(kept.values()), None)
        self.result = Remapping(
            {obj.name: Remapped(obj.title) for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS)}, len(kept),
            is_last=last == now,
        )  # fmt: skip

    def run(self) -> Remapping:
        """Compare everything that was loaded.

        Raises:
            StopRequested: the progress is asked to stop.
        """
        for obj in (*SETUP, *PEOPLE):
            self._object(obj, obj.records(self.staged, self.lookups), 0)
        for one in CONVERSATIONS:
            self._object(one, one.records(self.staged, self.lookups), one.count(self.staged))
        for obj in ON_TICKETS:
            self._object(obj, obj.records(self.staged, self.lookups), self.staged.count(obj.reads[0]))
        self._explain_by_earlier_stages()
        for name, keys in self._unexplained.items():
            self.result.objects[name].states[UNKNOWN] += len(keys)
        return self.result

    def _object(self, obj: MigrationObject, records: Iterable[Record], total: int) -> None:
        self.progress.begin(f"Mapping anew: {obj.title}", total)
        for batch in batched(records):
            known = self.ledger.known(self.target, obj.name, [record.key for record in batch])
            for record in batch:
                self._record(obj, record, known.get(record.key))
            self.progress.advance(len(batch))
        self.progress.end()

    def _record(self, obj: MigrationObject, record: Record, known: Entry | None) -> None:
        found, outcome = self.result.objects[obj.name], obj.transform(record, self.lookups)
        if known is None or known.target_id is None or known.state not in ("created", "matched"):
            self._not_there(found, obj, record, outcome)
        elif not isinstance(outcome, Send):
            self._left_out(found, obj, outcome, known)
        elif known.state == "matched":
            found.states[MATCHED] += 1
        elif not differs(known, outcome, self._ids):
            found.states[SAME] += 1
        else:
            self._differing(found, obj, record, outcome, known)

    def _not_there(self, found: Remapped, obj: MigrationObject, record: Record, outcome: Outcome) -> None:
        """Note a record that is not in Gorgias because of us: it is sent now, or still is not."""
        hand_over = obj.handed_over_if_absent and self.lookups.parameters.agents.missing == "hand_over"
        if not isinstance(outcome, Send) or hand_over:
            found.states[NOT_SENT] += 1
            return
        found.states[NEW] += 1
        found.updated += 1
        found.calls += 1
        if isinstance(obj, Conversation):
            found.calls += max(0, len(outcome.payload[MESSAGES]) - CALL_LIMIT) + len(self._files_to_send(outcome))

    def _left_out(self, found: Remapped, obj: MigrationObject, outcome: Outcome, known: Entry) -> None:
        """Note a record that is in Gorgias, and would not be sent now: tickets go to the trash by rule, others stay."""
        found.states[LEFT_OUT] += 1
        rule = getattr(outcome, "rule", None) or getattr(outcome, "reason", None) or "handed over"
        found.left_out[rule] += 1
        if (
            isinstance(obj, Conversation)
            and isinstance(outcome, Skip)
            and self.lookups.parameters.delta.deleted_tickets == "trash"
        ):
            found.updated += 1
            found.calls += 2

    # --- what differs ------------------------------------------------------------------------------

    def _differing(self, found: Remapped, obj: MigrationObject, record: Record, outcome: Send, known: Entry) -> None:
        old = self._sent_before(obj, record, known, self._earlier.values(), outcome)
        things = obj in SETUP and not obj.handed_over_if_absent
        told = None if old is None else changes(old.payload, outcome.payload, of_things=things)
        if old is None:
            self._unexplained[obj.name].add(record.key)
        else:
            found.states[DIFFERS] += 1
            self._count(found, obj, record.key, told or [])
        found.updated += 1
        found.calls += self._calls(found, obj, outcome, old, known)

    def _sent_before(
        self, obj: MigrationObject, record: Record, known: Entry, recipes: Iterable[Lookups], now: Send | None
    ) -> Send | None:
        """Return what was sent of a record, proven by its hash; None where no recipe makes it of the record."""
        if now is not None and now.hash == known.payload_hash:
            return now  # what it refers to was not in Gorgias, and is now
        for lookups in recipes:
            outcome = obj.transform(record, lookups)
            if isinstance(outcome, Send) and outcome.hash == known.payload_hash:
                return outcome
        return None

    def _count(self, found: Remapped, obj: MigrationObject, key: str, told: Sequence[Change]) -> None:
        for one in told:
            found.fields[one.field] += 1
            if one.field.startswith(f"{MESSAGES}."):
                found.messages[one.field] += one.times
            shown = found.examples.setdefault(one.field, [])
            if len(shown) < EXAMPLES:
                shown.append(Example(key, one.before, one.after))
            if isinstance(obj, Conversation) and not _can_be_put(one.field):
                found.fixed[one.field] += 1

    def _calls(self, found: Remapped, obj: MigrationObject, outcome: Send, old: Send | None, known: Entry) -> int:
        """Return the calls that bring one record up to date: what is there is read first, of setup with the lists."""
        if isinstance(obj, Conversation):
            return self._calls_of_ticket(found, outcome, old, known)
        found.in_place += 1
        if obj in ON_TICKETS:
            return 2
        fields = {one.field.partition(".")[0] for one in changes(old.payload, outcome.payload)} if old else {"name"}
        if obj not in PEOPLE:
            return 2 if obj.made_anew_if_gone and fields & obj.fixed else 1
        return 1 + bool(fields - {"custom_fields"}) + ("custom_fields" in fields)

    def _calls_of_ticket(self, found: Remapped, outcome: Send, old: Send | None, known: Entry) -> int:
        """Return the calls for a ticket: read before, its thread if a message changed, put, and read after."""
        behaviour, rules = self.lookups.behaviour, self.lookups.parameters.delta
        now, sent = outcome.payload[MESSAGES], as_set(known.detail.get(SENT))
        before = {m["external_id"] for m in old.payload[MESSAGES] if m.get("external_id")} if old else None
        changed = {m["external_id"] for m in now if m.get("external_id") and (sent is None or digest(m) not in sent)}
        there = before if before is not None else _assumed_there(now, sent)
        added, replaced = planned(now, changed if rules.edited_messages == "replace" else (), there)
        lost = there - {m.get("external_id") for m in now}
        removed = sum(goes(name, self.lookups.parameters) for name in lost)
        looks = rules.removed_messages == "remove" or rules.edited_messages == "replace"
        touches = bool(changed or (lost and looks))
        found.by_messages += bool(added or replaced or removed)
        found.in_place += not (added or replaced or removed)
        reads = 2 + (max(1, math.ceil(len(there) / PAGE)) if touches else 0)
        values = not (behaviour.values_in_create and behaviour.values_in_update)
        return reads + added + 2 * replaced + removed + 1 + values + len(self._files_to_send(outcome))

    def _files_to_send(self, outcome: Send) -> set[str]:
        """Return the attachments of a ticket that are not up."""
        named = {
            name.partition(":")[2] for name in named_in(outcome.payload[MESSAGES]) if name.startswith("attachment:")
        }
        if not named:
            return named
        known = self.ledger.known(self.target, ATTACHMENT.name, sorted(named))
        return {key for key in named if key not in known or known[key].target_id is None}

    # --- what no recipe makes of the record as it is now -------------------------------------------

    def _explain_by_earlier_stages(self) -> None:
        """Tell apart what changed in the source: what was sent follows from the stages that were loaded then."""
        current = tuple(folder.name for folder in self.staged.folders)
        for stages in dict.fromkeys(one.stages for one in recipe.loads(self.ledger, self.target)):
            folders = [self.folder / name for name in stages]
            if stages == current or not any(self._unexplained.values()) or not all(f.is_dir() for f in folders):
                continue
            earlier = Staged(folders)
            own = replace(
                Lookups.of(earlier, self.lookups.mapping, self.lookups.parameters, lambda: self.progress.advance(0)),
                behaviour=self.lookups.behaviour,
            )
            recipes = [recipe.lookups_by(one, own) for one in self._kept.values()]
            for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS):
                self._explain(obj, earlier, own, recipes)

    def _explain(self, obj: MigrationObject, earlier: Staged, own: Lookups, recipes: Sequence[Lookups]) -> None:
        waiting = self._unexplained[obj.name]
        if not waiting:
            return
        self.progress.begin(f"What was sent: {obj.title}", len(waiting))
        if isinstance(obj, Conversation):
            every = obj.records(earlier, own, {int(key) for key in waiting})
        else:
            every = obj.records(earlier, own)
        for batch in batched(record for record in every if record.key in waiting):
            known = self.ledger.known(self.target, obj.name, [record.key for record in batch])
            for record in batch:
                if self._sent_before(obj, record, known[record.key], recipes, None) is not None:
                    waiting.discard(record.key)
                    self.result.objects[obj.name].states[EARLIER] += 1
            self.progress.advance(len(batch))
        self.progress.end()


def _assumed_there(now: Sequence[Mapping[str, object]], sent: frozenset[str] | None) -> set[str]:
    """Return the messages that are taken to be there, where nobody knows what was sent: the first so many."""
    names = [str(message["external_id"]) for message in now if message.get("external_id")]
    return set(names if sent is None else names[: len(sent)])


def _can_be_put(name: str) -> bool:
    """Whether a field of a ticket can be changed in Gorgias after it was made."""
    return name in (ADDED, REMOVED) or name.partition(".")[0] in (*RESENT_ON_UPDATE, MESSAGES)
