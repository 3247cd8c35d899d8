"""Reconcile: what should be in Gorgias, compared field by field with what is.

What should be there follows from the staged data and the mapping alone; references are resolved by what was read
back, not by what the loader noted. The ledger tells only three things: what was in Gorgias before (matched, so its
fields are not ours), what is in quarantine or handed over (so not expected), and the URL of an uploaded file; and when
a record was last written, so that what others did to it since is told apart (:mod:`migrator_lib.reconcile.since`). Of
what has lost its name it tells which one it was.
"""

from __future__ import annotations

from collections import ChainMap
from functools import cached_property

from migrator_lib.canary.content import OBJECT as CANARY
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import GONE, Entry, Ledger
from migrator_lib.ledger.written import TRASHED
from migrator_lib.load.loader import batched
from migrator_lib.lookups import Lookups
from migrator_lib.objects import CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.objects.base import MigrationObject, Record, Resolver, Send
from migrator_lib.objects.requester import comparable_values
from migrator_lib.objects.survey import place_of
from migrator_lib.progress import Progress
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.context import Context
from migrator_lib.reconcile.conversations import Conversations
from migrator_lib.reconcile.files import FileComparer
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.records import NOT_EXPECTED, REFERS_TO, Records
from migrator_lib.reconcile.result import CHANGED, Finding, Reconciliation
from migrator_lib.reconcile.since import History, NoHistory, were_left
from migrator_lib.reconcile.strays import Strays
from migrator_lib.reconcile.threads import Threads
from migrator_lib.reconcile.witness import NoWitness, Witness
from migrator_lib.side_effects.windows import windows
from migrator_lib.staging import Staged
from migrator_lib.sweep.finding import DUPLICATE, find


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
        self.history, self.witness = history or NoHistory(), witness or NoWitness()
        self.result = Reconciliation(read=read.counts(), not_compared=lookups.behaviour.left_out)
        self.contents = contents or Contents(ledger, target)
        context = Context(ledger, target, staged, lookups, read)
        files = FileComparer(self.contents, read, lookups.files, self.witness, self.result)
        self.strays = Strays(context)
        threads = Threads(context, self.strays, files, self.witness, self.result, windows(ledger, target))
        self.records = Records(context, self.history, self.witness, self.result)
        self.ids, self.resolver = self.records.ids, self.records.resolver
        self.conversations = Conversations(self.records, files, self.strays, threads, progress)

    def run(self) -> Reconciliation:
        """Compare everything."""
        for obj in (*SETUP, *PEOPLE):
            self._object(obj)
        for conversation in CONVERSATIONS:
            self.conversations.compare(conversation)
        for obj in ON_TICKETS:
            self._on_tickets(obj)
        self.result.looked = self.contents.looked()
        self._duplicates()
        words = "carries this engagement's external id, and is no record of the source that should be here"
        left = set[tuple[str, str]]()
        for entry in self.ledger.entries(self.target, state=GONE):
            left.add((entry.object, entry.source_key))
            if TRASHED in entry.detail:
                self.conversations.in_the_trash(entry)
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
        self.records.saw_unexpected(finding.object, finding.source_key, finding.target_id or 0)
        self.result.add(finding)

    def _duplicates(self) -> None:
        """Note what is there more than once; how it can be mended says :mod:`migrator_lib.sweep`."""
        self.result.extras = find(self.read, self.ledger, self.target, self.staged)
        for extra in self.result.extras:
            self.read.see(extra.kind, extra.target_id)
            self.records.saw_unexpected(extra.object, extra.source_key, extra.target_id)
            self.result.add(
                Finding(extra.object, extra.source_key, DUPLICATE, target_id=extra.target_id, words=extra.words)
            )

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
                self.records.not_there(obj, record.key, entry, "not found by external id or name")
            return
        self.ids[obj.name, record.key] = str(actual["id"])
        if entry is not None and entry.state == "matched":
            self.result.count(obj.name, "validated")
            return
        expected, there = self.resolver.resolve(payload), obj.verified_form(self._ours_of(obj, actual))
        differences = self.records.differences(obj, record.key, expected, there)
        left = were_left(entry, differences)
        doing = self.history.last(obj.path, int(actual["id"]), entry) if differences and not left else None
        self.records.judge(obj.name, record.key, actual, differences, doing=doing, touched=left)

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
        ticket = found[0] if found else self.records.by_id(owner, place[1], self.ledger.entry(self.target, *place))
        ids = {place: str(ticket["id"])} if ticket else {}
        try:
            expected = Resolver(ChainMap(ids, self.ids), self.resolver.fallback_user).resolve(payload)
        except RecordUnusable as error:
            self.witness.saw(obj.name, record.key, {REFERS_TO: error.message}, None)
            self.records.not_there(obj, record.key, entry, error.message)
            return
        actual = self.read.by_natural(obj.name, obj.natural_key(expected)) or self.records.by_id(obj, record.key, entry)
        if actual is None:
            self.witness.saw(obj.name, record.key, obj.verified_form(expected), None)
            self.records.not_there(obj, record.key, entry, "its ticket has none")
            return
        differences = self.records.differences(obj, record.key, expected, obj.verified_form(actual))
        self.records.judge(obj.name, record.key, actual, differences, touched=were_left(entry, differences))

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

    def _actual(self, obj: MigrationObject, key: str, payload: Json, entry: Entry | None) -> Json | None:
        found = self.read.by_key(obj.name, key, meant=entry.target_id if entry else None)
        if found:
            return found[0]
        kind = PEOPLE[0].name if obj in PEOPLE else obj.name
        return self.read.by_natural(kind, obj.natural_key(payload)) or self.records.by_id(obj, key, entry)
