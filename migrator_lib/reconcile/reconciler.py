"""Reconcile: what should be in Gorgias, compared field by field with what is.

What should be there follows from the staged data and the mapping alone; references are resolved by what was read
back, not by what the loader noted. The ledger tells only three things: what was in Gorgias before (matched, so its
fields are not ours), what is in quarantine or handed over (so not expected), and the URL of an uploaded file; and when
a record was last written, so that what others did to it since is told apart (:mod:`migrator_lib.reconcile.since`). Of
what has lost its name it tells which one it was.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, replace
from functools import cached_property

from migrator_lib.canary.content import OBJECT as CANARY
from migrator_lib.errors import RecordUnusable
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import GONE, Entry, Ledger
from migrator_lib.ledger.written import TRASHED
from migrator_lib.load.loader import batched
from migrator_lib.load.messages import sent
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP, TICKET
from migrator_lib.objects.base import MigrationObject, Record, Resolver, Send, created
from migrator_lib.objects.conversation import Conversation, compared_message
from migrator_lib.objects.requester import comparable_values
from migrator_lib.objects.survey import place_of
from migrator_lib.progress import Progress
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.context import Context
from migrator_lib.reconcile.differences import Difference, compare, ours
from migrator_lib.reconcile.files import FileComparer, Sent
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.result import CHANGED, TOUCHED, Finding, Reconciliation
from migrator_lib.reconcile.since import Doing, History, NoHistory, is_touched, were_left
from migrator_lib.reconcile.strays import Strays
from migrator_lib.reconcile.threads import OTHERS, Threads
from migrator_lib.reconcile.witness import NoWitness, Witness
from migrator_lib.side_effects.windows import windows
from migrator_lib.staging import ConversationRecord, Staged
from migrator_lib.sweep.finding import DUPLICATE, find

NOT_EXPECTED = ("quarantined", "handed_over")
REFERS_TO = "refers_to"
"""What the witness is told of a record that refers to what is not there, so that its other fields cannot be known."""


@dataclass(frozen=True)
class Uploaded(Sent):
    """The uploaded files of a batch of tickets."""

    resolver: Resolver
    """Resolves what the payloads of these tickets refer to."""


class Reconciler:
    """Compares one stage with one account."""

    def __init__(
        self, *, ledger: Ledger, target: str, staged: Staged, lookups: Lookups, read: ReadBack, progress: Progress,
        history: History | None = None, witness: Witness | None = None, contents: Contents | None = None,
    ) -> None:  # fmt: skip
        self.ledger = ledger
        self.target = target
        self.staged = staged
        self.lookups = lookups
        self.read = read
        self.progress = progress
        self.history = history or NoHistory()
        self.witness = witness or NoWitness()
        self.result = Reconciliation(read=read.counts(), not_compared=lookups.behaviour.left_out)
        self.contents = contents or Contents(ledger, target)
        self.files = FileComparer(self.contents, read, lookups.files, self.witness, self.result)
        self.strays = Strays(Context(ledger, target, staged, lookups, read))
        self.threads = Threads(
            self.strays.context, self.strays, self.files, self.witness, self.result, windows(ledger, target)
        )
        self.ids: dict[tuple[str, str], str] = {}
        fallback = read.by_natural("user", lowered(lookups.parameters.agents.fallback))
        self.resolver = Resolver(self.ids, int(fallback["id"]) if fallback else None)

    def run(self) -> Reconciliation:
        """Compare everything."""
        for obj in (*SETUP, *PEOPLE):
            self._object(obj)
        for conversation in CONVERSATIONS:
            self._conversations(conversation)
        for obj in ON_TICKETS:
            self._on_tickets(obj)
        self.result.looked = self.contents.looked()
        self._duplicates()
        words = "carries this engagement's external id, and is no record of the source that should be here"
        left = set[tuple[str, str]]()
        for entry in self.ledger.entries(self.target, state=GONE):
            left.add((entry.object, entry.source_key))
            if TRASHED in entry.detail:
                self._in_the_trash(entry)
        for name, key, target_id in self.read.unseen():
            if (name, key) in left:
                continue  # gone from the source after the load, and left in Gorgias: the load has listed it
            if name == CANARY:
                continue  # a synthetic one of ours, which the next load takes away
            if not self._hangs_on_what_left(name, key, target_id):
                self._unexpected(Finding(name, key, "unexpected", target_id=target_id, words=words))
        for finding in self.strays.findings({one.target_id for one in self.result.extras if one.kind == "message"}):
            self._unexpected(finding)
        return self.result

    def _hangs_on_what_left(self, name: str, key: str, target_id: int) -> bool:
        """Whether it is ours, and its ticket is left out by now: what hangs on a ticket stays with it."""
        entry = self.ledger.entry(self.target, name, key) if name in {obj.name for obj in ON_TICKETS} else None
        return entry is not None and entry.target_id == str(target_id)

    def _unexpected(self, finding: Finding) -> None:
        self._saw_unexpected(finding.object, finding.source_key, finding.target_id or 0)
        self.result.add(finding)

    def _duplicates(self) -> None:
        """Note what is there more than once; how it can be mended says :mod:`migrator_lib.sweep`."""
        self.result.extras = find(self.read, self.ledger, self.target, self.staged)
        for extra in self.result.extras:
            self.read.see(extra.kind, extra.target_id)
            self._saw_unexpected(extra.object, extra.source_key, extra.target_id)
            self.result.add(
                Finding(extra.object, extra.source_key, DUPLICATE, target_id=extra.target_id, words=extra.words)
            )

    def _saw_unexpected(self, obj: str, key: str, target_id: int) -> None:
        """Tell the witness of what is there, and should not be."""
        self.witness.saw(obj, key, None, {"id": target_id})

    # --- setup and people --------------------------------------------------------------------------

    def _object(self, obj: MigrationObject) -> None:
        known = {entry.source_key: entry for entry in self.ledger.entries(self.target, obj.name)}
        records = list(obj.records(self.staged, self.lookups))
        self.progress.begin(f"Comparing: {obj.title}", len(records))
        for record in records:
            outcome = obj.transform(record, self.lookups)
            if isinstance(outcome, Send):
                self._compare(obj, record, outcome.payload, known.get(record.key))
            self.progress.advance()
        self.progress.end()

    def _compare(self, obj: MigrationObject, record: Record, payload: Json, entry: Entry | None) -> None:
        if entry is not None and entry.state in NOT_EXPECTED:
            return  # whatever is called so is somebody's own; what carries our external id will be told as unexpected
        actual = self._actual(obj, record.key, payload, entry)
        if actual is None:
            self.witness.saw(obj.name, record.key, obj.verified_form(self.resolver.resolve(payload)), None)
            if not self._merged(obj, record.key, entry):
                self._not_there(obj, record.key, entry, "not found by external id or name")
            return
        self.ids[obj.name, record.key] = str(actual["id"])
        if entry is not None and entry.state == "matched":
            self.result.count(obj.name, "validated")
            return
        expected, there = self.resolver.resolve(payload), obj.verified_form(self._ours_of(obj, actual))
        differences = self._differences(obj, record.key, expected, there)
        left = were_left(entry, differences)
        doing = self.history.last(obj.path, int(actual["id"]), entry) if differences and not left else None
        self._judge(obj.name, record.key, actual, differences, doing=doing, touched=left)

    def _on_tickets(self, obj: MigrationObject) -> None:
        """Compare what hangs on tickets: it is found by its ticket."""
        self.progress.begin(f"Comparing: {obj.title}", self.staged.count(obj.reads[0]))
        for batch in batched(obj.records(self.staged, self.lookups)):
            known = self.ledger.known(self.target, obj.name, [record.key for record in batch])
            for record in batch:
                outcome, place = obj.transform(record, self.lookups), place_of(record.key)
                if isinstance(outcome, Send) and place is not None:
                    self._on_ticket(obj, record, outcome.payload, known.get(record.key), place)
                self.progress.advance()
        self.progress.end()

    def _on_ticket(
        self, obj: MigrationObject, record: Record, payload: Json, entry: Entry | None, place: tuple[str, str]
    ) -> None:
        found = self.read.by_key(*place)
        if entry is not None and entry.state in NOT_EXPECTED:
            return
        owner = next(one for one in CONVERSATIONS if one.name == place[0])
        ticket = found[0] if found else self._by_id(owner, place[1], self.ledger.entry(self.target, *place))
        ids = {place: str(ticket["id"])} if ticket else {}
        try:
            expected = Resolver(ChainMap(ids, self.ids), self.resolver.fallback_user).resolve(payload)
        except RecordUnusable as error:
            self.witness.saw(obj.name, record.key, {REFERS_TO: error.message}, None)
            self._not_there(obj, record.key, entry, error.message)
            return
        actual = self.read.by_natural(obj.name, obj.natural_key(expected)) or self._by_id(obj, record.key, entry)
        if actual is None:
            self.witness.saw(obj.name, record.key, obj.verified_form(expected), None)
            self._not_there(obj, record.key, entry, "its ticket has none")
            return
        differences = self._differences(obj, record.key, expected, obj.verified_form(actual))
        self._judge(obj.name, record.key, actual, differences, touched=were_left(entry, differences))

    def _differences(self, obj: MigrationObject, key: str, expected: Json, there: Json) -> list[Difference]:
        """Return in what a record differs, of a resolved payload and the canonical form of what is there."""
        meant = obj.meant(obj.verified_form(expected), there)
        self.witness.saw(obj.name, key, meant, there)
        return ours(compare(meant, there), self.lookups.behaviour, obj.kind)

    def _ours_of(self, obj: MigrationObject, actual: Json) -> Json:
        """Return a customer without the values of fields that are none of ours."""
        if obj not in PEOPLE:
            return actual
        ours = [{"id": i, "value": v} for i, v in comparable_values(actual) if i in self._person_fields]
        return {**actual, "custom_fields": ours}

    @cached_property
    def _person_fields(self) -> set[int]:
        """The Gorgias ids of the fields of people, which are all compared before the first of them."""
        return {int(i) for (name, _), i in self.ids.items() if name == "person_field"}

    def _merged(self, obj: MigrationObject, key: str, entry: Entry | None) -> bool:
        """Whether somebody merged a customer with another one, who has their tickets now."""
        known = (entry.target_id if entry else None) or ""
        other = self.history.merged_into(int(known)) if obj in PEOPLE and known.isdigit() else None
        if other is None:
            return False
        self.ids[obj.name, key] = str(other)
        words = f"merged in Gorgias with customer {other}"
        self.result.add(Finding(obj.name, key, CHANGED, target_id=int(known), words=words))
        return True

    def _not_there(self, obj: MigrationObject, key: str, entry: Entry | None, words: str) -> str:
        """Note a record that is not in Gorgias, and return its state: missing, if nobody is known to have removed it.

        It would be there under another id, had somebody made it anew; one id is asked for.
        """
        known = (entry.target_id if entry else None) or ""
        target_id = int(known) if known.isdigit() else None
        doing = (
            self.history.trashed(target_id, entry)
            if isinstance(obj, Conversation) and target_id is not None and entry
            else None
        )
        if doing is None and target_id is not None:
            doing = self.history.last(obj.path, target_id, entry)
        removed = doing if doing is not None and doing.kind != "updated" else None
        state = CHANGED if removed else "missing"
        self.result.add(Finding(obj.name, key, state, target_id=target_id, words=removed.words if removed else words))
        return state

    def _actual(self, obj: MigrationObject, key: str, payload: Json, entry: Entry | None) -> Json | None:
        found = self.read.by_key(obj.name, key, meant=entry.target_id if entry else None)
        if found:
            return found[0]
        kind = PEOPLE[0].name if obj in PEOPLE else obj.name
        return self.read.by_natural(kind, obj.natural_key(payload)) or self._by_id(obj, key, entry)

    def _by_id(self, obj: MigrationObject, key: str, entry: Entry | None) -> Json | None:
        """Return what the load made of a record, where it is there and does not carry its name any more.

        So a record that was renamed is told as that, rather than as one that is missing. Nothing that is right is found
        by what the load noted alone.
        """
        known = (entry.target_id if entry else None) or ""
        kind = PEOPLE[0].name if obj in PEOPLE else TICKET.name if isinstance(obj, Conversation) else obj.name
        return self.read.by_id(kind, int(known), (obj.name, key)) if known.isdigit() else None

    def _judge(
        self, obj: str, key: str, actual: Json, differences: list[Difference], *, doing: Doing | None = None,
        touched: bool = False,
    ) -> None:  # fmt: skip
        """Count a record by its differences, which are others' work where somebody touched it since."""
        state, words = CHANGED if touched or doing else "mismatched", doing.words if doing else ""
        self.result.judge(obj, key, int(actual["id"]), differences, state, words)

    # --- tickets, chats and call logs ----------------------------------------------------------------

    def _conversations(self, obj: Conversation) -> None:
        self.progress.begin(f"Comparing: {obj.title}", self.staged.count(obj.family.root.name))
        for batch in self.staged.batches(obj.family):
            known = self.ledger.known(self.target, obj.name, [str(one.id) for one in batch])
            uploaded = self._uploaded(batch)
            for one in batch:
                self._conversation(obj, one, known.get(str(one.id)), uploaded)
                self.progress.advance()
        self.progress.end()

    def _uploaded(self, batch: list[ConversationRecord]) -> Uploaded:
        rows = {row["AttachmentKey"]: row for one in batch for row in one.attachments}
        known = self.ledger.known(self.target, ATTACHMENT.name, list(rows))
        urls = {key: entry.target_id for key, entry in known.items() if entry.target_id and entry.state == "created"}
        ids = {(ATTACHMENT.name, key): url for key, url in urls.items()}
        resolver = Resolver(ChainMap(ids, self.ids), self.resolver.fallback_user)
        return Uploaded({url: key for key, url in urls.items()}, rows, resolver)

    def _conversation(
        self, obj: Conversation, one: ConversationRecord, entry: Entry | None, uploaded: Uploaded
    ) -> None:  # fmt: skip
        outcome = obj.transform(Record(str(one.id), one), self.lookups)
        if entry is not None and entry.state in NOT_EXPECTED:
            return
        if not isinstance(outcome, Send):
            if entry is not None and entry.state == "created":
                self._kept(obj, one, entry, uploaded)
            elif entry is not None and entry.target_id:
                self._in_the_trash(entry)
            return
        found = self.read.by_key(obj.name, str(one.id), meant=entry.target_id if entry else None)
        if not found:
            renamed = self._by_id(obj, str(one.id), entry)
            if renamed is None:
                self._missing(obj, one, outcome, entry, uploaded)
                return
            self.strays.renamed(int(renamed["id"]))
            found = [renamed]
        touched = self._touched(entry, found[0])
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            self.witness.saw(obj.name, str(one.id), {REFERS_TO: error.message}, obj.verified_form(found[0]))
            differences, wrong = [Difference("customer", "in Gorgias", error.message)], True
        else:
            differences = self._differences(obj, str(one.id), expected, obj.verified_form(found[0]))
            right = not any(difference.field.startswith("custom_fields") for difference in differences)
            values = created(outcome.children.get(obj.values, {}))
            different = CHANGED if touched else "mismatched"
            self.result.counts[obj.values]["validated" if right else different] += values
            of_thread = self.threads.compare(expected["messages"], found[0], entry, uploaded)
            differences, wrong = differences + of_thread, any(one.field != OTHERS for one in of_thread)
        self._judge(obj.name, str(one.id), found[0], differences, touched=touched and not wrong)

    def _touched(self, entry: Entry | None, there: Json) -> bool:
        """Whether somebody changed a ticket in Gorgias since, which is counted."""
        touched = is_touched(entry, there)
        self.result.news[TOUCHED] += touched
        return touched

    def _in_the_trash(self, entry: Entry) -> None:
        """Check a ticket that the source deleted or merged away since: by rule it lies in the trash, or is nowhere."""
        found = self.read.by_key(entry.object, entry.source_key)
        if not found or found[0].get("trashed_datetime"):
            return
        self._saw_unexpected(entry.object, entry.source_key, int(found[0]["id"]))
        state = CHANGED if self._touched(entry, found[0]) else "mismatched"
        words = "is to lie in the trash by rule, and does not"
        self.result.add(Finding(entry.object, entry.source_key, state, target_id=int(found[0]["id"]), words=words))

    def _kept(self, obj: Conversation, one: ConversationRecord, entry: Entry, uploaded: Uploaded) -> None:
        """Check a ticket that was loaded and that the source has left out since: it stays, and only its thread counts.

        SmarterTrack changes a ticket's status when it deletes it, so the ticket's own fields say nothing any more. What
        came to it since was left out with it.
        """
        there = self.read.by_key(obj.name, str(one.id), meant=entry.target_id)
        alive = replace(one, row={**one.row, "IsDeleted": False, "IsSpam": False})
        outcome = obj.transform(Record(str(one.id), alive), self.lookups)
        if not there:
            self._not_there(obj, str(one.id), entry, "was loaded, and is not there")
            return
        self._touched(entry, there[0])
        if not isinstance(outcome, Send):  # left out by a rule of the engagement's: nothing says what it should hold
            self._judge(obj.name, str(one.id), there[0], [])
            return
        expected = uploaded.resolver.resolve(outcome.payload)
        were = sent(entry, outcome.payload["messages"])
        messages = [message for message, was in zip(expected["messages"], were, strict=True) if was]
        differences = self.threads.compare(messages, there[0], entry, uploaded, whole=False)
        self.result.counts[obj.values]["validated"] += created(outcome.children.get(obj.values, {}))
        self._judge(obj.name, str(one.id), there[0], differences)

    def _missing(
        self, obj: Conversation, one: ConversationRecord, outcome: Send, entry: Entry | None, uploaded: Uploaded
    ) -> None:  # fmt: skip
        """Note a ticket that is not there, and count what went with it."""
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            self.witness.saw(obj.name, str(one.id), {REFERS_TO: error.message}, None)
        else:
            self.witness.saw(obj.name, str(one.id), obj.verified_form(expected), None)
            for message in expected["messages"]:
                named = parse(message.get("external_id"), self.lookups.parameters.engagement)
                if named is not None:
                    self.witness.saw(*named, compared_message(message), None)
                self.files.gone(message, uploaded)
        state = self._not_there(obj, str(one.id), entry, "no ticket carries its external id")
        self.result.news[TOUCHED] += state == CHANGED
        for part, states in outcome.children.items():
            self.result.counts[part][state] += created(states)
        own = {row["AttachmentKey"] for row in one.attachments}
        self.result.counts[ATTACHMENT.name][state] += len(own.intersection(uploaded.keys.values()))
