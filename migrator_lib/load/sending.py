"""Sending one record, exactly once.

Its intent is durable before it leaves. An intent without an outcome is looked up before anything is sent again, and a
POST that was not answered is looked up before it is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrator_lib.errors import (
    RecordError,
    RecordRejected,
    RecordUnanswered,
    RecordUnusable,
    TargetUnreachable,
    Unanswered,
)
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.ledger import GONE, PENDING, Entry
from migrator_lib.load.context import SENDS, LoadContext, is_same, references
from migrator_lib.load.failing import UNSURE, may_be_there
from migrator_lib.load.tickets import TicketWriter, first_call
from migrator_lib.load.updates import Updates, fingerprints, lost, named
from migrator_lib.objects import ON_TICKETS, SETUP
from migrator_lib.objects.base import Children, MigrationObject, Record, Send
from migrator_lib.objects.conversation import Conversation

TRIED_AGAIN = "run again when Gorgias' status page shows nothing: it is looked up first."
Existing = Mapping[str, Thing]
"""What the account held at the start, by natural key."""


def so_far(sent: Children, wanted: Children) -> Children:
    """Return the outcomes of a loaded ticket's parts where a change failed: what came since is in quarantine.

    Args:
        sent: those that the ledger has.
        wanted: those that it would have after the change.
    """
    found: Children = {}
    for name, states in wanted.items():
        there = min(states.get("created", 0), sent.get(name, {}).get("created", 0))
        aside = sum(states.get(state, 0) for state in ("created", "quarantined")) - there
        own = {state: n for state, n in states.items() if state not in ("created", "quarantined")}
        found[name] = own | {state: n for state, n in (("created", there), ("quarantined", aside)) if n}
    return found


class Sender:
    """Sends records of every kind."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context
        self.tickets = TicketWriter(context)
        self.updates = Updates(context)

    def send(
        self, obj: MigrationObject, record: Record, outcome: Send, known: Entry | None, existing: Existing
    ) -> None:
        """Bring one record to Gorgias; one that is refused is quarantined with its reason.

        One that Gorgias fails on each time, while it answers other calls, is put off, and quarantined at the last try.

        Raises:
            HaltError: nothing can go on.
        """
        failing = self.context.failing
        try:
            what = self._patiently(obj, record, outcome, known, existing)
        except RecordUnanswered as error:
            what = self._set_aside(obj, record, outcome, error, unsure=True)
            failing.failed(obj.name, record.key, error)
            self.context.finished(obj.name, what if failing.last_try else "put off")
            return
        except RecordError as error:
            what = self._set_aside(obj, record, outcome, error)
            if isinstance(error, RecordUnusable) and failing.waits(obj.name, record.key, references([outcome])):
                what = "put off"
        if what not in ("unchanged", "put off"):
            failing.passed()
        self.context.finished(obj.name, what)

    def _patiently(
        self, obj: MigrationObject, record: Record, outcome: Send, known: Entry | None, existing: Existing
    ) -> str:
        """Send a record; once more where Gorgias fails on it alone, from where the first try came to.

        Raises:
            RecordUnanswered: it failed both times, and answered other calls meanwhile.
            TargetUnreachable: it answers no other call either.
        """
        try:
            return self._send(obj, record, outcome, known, existing)
        except TargetUnreachable:
            if not self._answers():
                raise
        now = self.context.ledger.entry(self.context.target, obj.name, record.key)
        try:
            return self._send(obj, record, outcome, now, existing)
        except TargetUnreachable as error:
            if not self._answers():
                raise
            raise RecordUnanswered(
                f"Gorgias fails on it, though it answers other calls: {error.message}", next_step=TRIED_AGAIN
            ) from error

    def _answers(self) -> bool:
        """Whether Gorgias answers the cheapest call."""
        try:
            self.context.api.account.get()
        except TargetUnreachable:
            return False
        return True

    def _send(
        self, obj: MigrationObject, record: Record, outcome: Send, known: Entry | None, existing: Existing
    ) -> str:
        if known is not None and known.target_id is not None:
            if isinstance(obj, Conversation):
                return self.tickets.again(record, outcome, known)
            done = self._again(obj, outcome, known, existing)
            if done is not None:
                return done
            existing = {name: thing for name, thing in existing.items() if str(thing.id) != known.target_id}
            known = None
        found = self._already_there(obj, outcome.payload, known, existing)
        if found is not None:
            return self._adopt(obj, record, outcome, found, known)
        if obj.handed_over_if_absent and self.context.lookups.parameters.agents.missing == "hand_over":
            return self._hand_over(obj, record, outcome, known)
        payload, entry = self._ready(obj, record, outcome)
        self.context.ledger.intend(self.context.target, replace(entry, state=PENDING))
        return self._create(obj, record, outcome, payload, entry)

    def _again(self, obj: MigrationObject, outcome: Send, known: Entry, existing: Existing) -> str | None:
        """Bring a record up to date that is in Gorgias; None where it is to be matched or made anew."""
        if known.state != GONE:
            return self.updates.again(obj, outcome, known, existing)
        back = self._back(known)
        done = self.updates.again(obj, outcome, back, existing)
        return back.state if done == "unchanged" else done

    def _back(self, known: Entry) -> Entry:
        """Settle a record that had gone from the source, and is there again, as it had ended before."""
        was, detail = known.detail["was"], {name: value for name, value in known.detail.items() if name != "was"}
        back = replace(known, state=was["state"], rule=was["rule"], detail=detail)
        self.context.settle(back)
        return back

    def _ready(self, obj: MigrationObject, record: Record, outcome: Send) -> tuple[Json, Entry]:
        """Return the payload as it is sent, and the entry of the record when it is made."""
        if isinstance(obj, Conversation):
            return self.tickets.ready(record, outcome)
        resolver = self.context.resolver()
        payload = resolver.resolve(outcome.payload)
        sent = fingerprints(obj.compared(payload))
        entry = Entry(
            obj.name, record.key, "created", payload_hash=outcome.hash, external_id=payload.get("external_id"),
            detail={"parts": outcome.children, "sent": sent, **lost(resolver.lost)},
        )  # fmt: skip
        return payload, entry

    def _already_there(
        self, obj: MigrationObject, payload: Json, known: Entry | None, existing: Existing
    ) -> Thing | None:
        """Return what is in Gorgias already: by natural key, or looked up where an intent has no outcome.

        People and tickets are not asked for one by one: an address that is taken is told by a 409.
        """
        there = existing.get(obj.natural_key(payload) or "") if obj in SETUP else None
        if there is not None:
            return there
        if not may_be_there(known):
            return None
        return self.context.look_up(obj, self.context.resolver().resolve(payload) if obj in ON_TICKETS else payload)

    def _adopt(self, obj: MigrationObject, record: Record, outcome: Send, found: Thing, sent: Entry | None) -> str:
        """Settle a record that is in Gorgias: made by us, there before, or made for another record.

        Args:
            sent: the intent, where the record was sent before, in this run or in one that died.
        """
        obj.check_match(outcome.payload, found)
        was_sent = may_be_there(sent)
        if isinstance(obj, Conversation):
            assert sent is not None
            return self.tickets.found(record, outcome, sent, found)
        carried, engagement = found.external_id, self.context.lookups.parameters.engagement
        owner = parse(carried, engagement)
        entry = Entry(
            obj.name, record.key, "matched", payload_hash=outcome.hash, external_id=carried,
            target_id=str(found.id), detail={"parts": outcome.children, **named(obj, outcome.payload)},
        )  # fmt: skip
        nameless = was_sent and not carried and "external_id" not in outcome.payload
        if owner == (obj.name, record.key) or nameless:
            self._settle_ours(obj, record, outcome, found, sent if was_sent else None)
            return "created" if was_sent else "unchanged"
        taken = self._take_over(obj, record, outcome, found)
        if taken is not None:
            return taken
        if owner is not None:
            entry = replace(entry, state="merged", rule="same_as_another_record", reason=f"into {':'.join(owner)}")
        self.context.settle(entry)
        return entry.state

    def _take_over(self, obj: MigrationObject, record: Record, outcome: Send, found: Thing) -> str | None:
        """Let a record have what was made for one that merges into it now, as a team that another department owns.

        Returns:
            What was done; None where it was not made for such a record.
        """
        known, merged = self.context.given_up.get((obj.name, str(found.id)), (None, None))
        if known is None or merged is None or merged.reason != f"into {record.key}":
            return None
        mine = replace(known, source_key=record.key)
        self.context.settle(merged, mine)
        return self.updates.change(obj, outcome, mine, found) or "unchanged"

    def _settle_ours(
        self, obj: MigrationObject, record: Record, outcome: Send, found: Thing, sent: Entry | None
    ) -> None:
        """Settle what we made; if the source has changed since, or the ledger was lost, it is looked at closely."""
        ready = replace(self._ready(obj, record, outcome)[1], target_id=str(found.id))
        if sent is not None and sent.payload_hash == outcome.hash:
            self.context.settle(ready)
            return
        left = {"sent": fingerprints(obj.compared(found.as_json()))} if sent is not None else {}
        self.updates.change(obj, outcome, replace(ready, detail={"parts": outcome.children, **left}), found)

    def _hand_over(self, obj: MigrationObject, record: Record, outcome: Send, known: Entry | None) -> str:
        entry = Entry(obj.name, record.key, "handed_over", rule=f"{obj.name}_not_in_gorgias", payload_hash=outcome.hash)
        if is_same(known, entry):
            return "unchanged"
        self.context.settle(entry)
        return "handed_over"

    def _create(self, obj: MigrationObject, record: Record, outcome: Send, payload: Json, entry: Entry) -> str:
        first, intent = payload, replace(entry, state=PENDING)
        is_ticket = isinstance(obj, Conversation)
        if is_ticket:
            first = {**payload, "messages": first_call(payload["messages"], self.context.behaviour.call_bytes)}
        last = ""
        for _ in range(SENDS):
            try:
                made = replace(entry, target_id=obj.create(self.context.api, first))
            except Unanswered as unanswered:
                last = unanswered.message
                found = self.context.look_up(obj, payload)
                if found is None:
                    continue
                return self._adopt(obj, record, outcome, found, intent)
            except RecordRejected as error:
                taken = self._is_taken(obj, error)
                found = self.context.look_up(obj, payload, sent=bool(last)) if taken else None
                if found is None and last:
                    raise RecordUnanswered(f"{error.message}; before: {last}", next_step=error.next_step) from error
                if found is None:
                    raise
                return self._adopt(obj, record, outcome, found, intent if last or is_ticket else None)
            if is_ticket:
                return self.tickets.created(made, outcome, payload, sent=len(first["messages"]))
            self.context.settle(made)
            return "created"
        raise RecordUnanswered(
            f"Gorgias failed on it {SENDS} times, and no look-up finds it; the last time: {last}", next_step=TRIED_AGAIN
        )

    def _is_taken(self, obj: MigrationObject, error: RecordRejected) -> bool:
        """Whether a refusal may mean that the record is there: an address that is taken, or an external id."""
        if isinstance(obj, Conversation):
            return self.context.behaviour.external_ids_unique
        return error.status == 409

    def _set_aside(
        self, obj: MigrationObject, record: Record, outcome: Send, error: RecordError, *, unsure: bool = False
    ) -> str:
        """Quarantine a record that was refused. One that is in Gorgias stays accounted as it is, with the reason.

        One of which nobody is sure whether it is in Gorgias is marked, and looked up before it is sent again.
        """
        current = self.context.ledger.entry(self.context.target, obj.name, record.key)
        if current is not None and current.target_id is not None:
            files = self.tickets.uploads.new_on(record.data) if isinstance(obj, Conversation) else []
            parts = so_far(current.detail.get("parts", {}), outcome.children)
            detail = {**current.detail, "parts": parts} if isinstance(obj, Conversation) else current.detail
            self.context.settle(replace(current, reason=str(error), detail=detail), *files)
            if not unsure or self.context.failing.last_try:
                words = "in Gorgias, but a part or a change was refused (the ledger has the reason)"
                self.context.report.conflicts.append(f"{obj.name} {record.key}: {words}")
            return "incomplete"
        parts = {name: {"quarantined": sum(states.values())} for name, states in outcome.children.items()}
        sent = {**current.detail, UNSURE: True} if current is not None and unsure else {}
        detail, files = {**sent, "parts": parts}, []
        if isinstance(obj, Conversation):
            detail["files"] = len(record.data.attachments)
            files = self.tickets.uploads.left_behind(record.data, "quarantined", str(error))
        entry = Entry(
            obj.name, record.key, "quarantined", payload_hash=outcome.hash, reason=str(error), detail=detail,
            external_id=outcome.payload.get("external_id") if unsure else None,
        )  # fmt: skip
        self.context.settle(entry, *files)
        return "quarantined"
