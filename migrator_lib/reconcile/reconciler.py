"""Reconcile: what should be in Gorgias, compared field by field with what is.

What should be there follows from the staged data and the mapping alone; references are resolved by what was read
back, not by what the loader noted. The ledger tells only three things: what was in Gorgias before (matched, so its
fields are not ours), what is in quarantine or handed over (so not expected), and the URL of an uploaded file.
"""

from __future__ import annotations

from collections import ChainMap, Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from migrator_lib.canary.content import OBJECT as CANARY
from migrator_lib.errors import RecordUnusable
from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import GONE, Entry, Ledger
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import ATTACHMENT, PEOPLE, SETUP, TICKET
from migrator_lib.objects.base import MigrationObject, Record, Resolver, Send
from migrator_lib.objects.ticket import compared_message
from migrator_lib.progress import Progress
from migrator_lib.reconcile.differences import Difference, compare, ours
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.staging import Staged, TicketRecord

KEPT = 1000
"""Findings that are listed in full; all are counted."""
VALUES = "ticket_field_value"
NOT_EXPECTED = ("quarantined", "handed_over")


@dataclass(frozen=True)
class Finding:
    """One record that is not as it should be."""

    object: str
    source_key: str
    state: str
    """mismatched, missing or unexpected."""
    differences: tuple[Difference, ...] = ()
    target_id: int | None = None
    words: str = ""


@dataclass
class Reconciliation:
    """What a reconciliation found."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Object to state (validated, mismatched, missing, unexpected) to number."""
    findings: list[Finding] = field(default_factory=list)
    rule_messages: int = 0
    """Outgoing messages in migrated tickets that a rule of the account sent."""
    read: dict[str, int] = field(default_factory=dict)
    """Object to number of things read back."""

    def count(self, obj: str, state: str) -> None:
        """Count one record."""
        self.counts[obj][state] += 1

    def add(self, finding: Finding) -> None:
        """Count a record that is not as it should be, and keep it for the report."""
        self.count(finding.object, finding.state)
        if len(self.findings) < KEPT:
            self.findings.append(finding)

    @property
    def validated(self) -> int:
        """Records that are in Gorgias as they should be."""
        return sum(states["validated"] for states in self.counts.values())

    @property
    def wrong(self) -> int:
        """Records that are not."""
        return sum(n for states in self.counts.values() for state, n in states.items() if state != "validated")


@dataclass(frozen=True)
class Uploaded:
    """The uploaded files of a batch of tickets."""

    resolver: Resolver
    """Resolves what the payloads of these tickets refer to."""
    keys: Mapping[str, str]
    """URL to source key of the attachment."""


class Reconciler:
    """Compares one stage with one account."""

    def __init__(
        self, *, ledger: Ledger, target: str, staged: Staged, lookups: Lookups, read: ReadBack, progress: Progress
    ) -> None:
        self.ledger = ledger
        self.target = target
        self.staged = staged
        self.lookups = lookups
        self.read = read
        self.progress = progress
        self.result = Reconciliation(read=read.counts())
        self.ids: dict[tuple[str, str], str] = {}
        fallback = read.by_natural("user", lowered(lookups.parameters.agents.fallback))
        self.resolver = Resolver(self.ids, int(fallback["id"]) if fallback else None)

    def run(self) -> Reconciliation:
        """Compare everything."""
        for obj in (*SETUP, *PEOPLE):
            self._object(obj)
        self._tickets()
        words = "carries this engagement's external id, and is no record of the source that should be here"
        left = {(entry.object, entry.source_key) for entry in self.ledger.entries(self.target, state=GONE)}
        for name, key, target_id in self.read.unseen():
            if (name, key) in left:
                continue  # gone from the source after the load, and left in Gorgias: the load has listed it
            if name == CANARY:
                continue  # a synthetic one of ours, which the next load takes away
            self.result.add(Finding(name, key, "unexpected", target_id=target_id, words=words))
        return self.result

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
        actual = self._actual(obj, record.key, payload)
        if actual is None:
            if entry is None or entry.state not in NOT_EXPECTED:
                self.result.add(Finding(obj.name, record.key, "missing", words="not found by external id or name"))
            return
        self.ids[obj.name, record.key] = str(actual["id"])
        if entry is not None and entry.state == "matched":
            self.result.count(obj.name, "validated")
            return
        expected = self.resolver.resolve(payload)
        self._judge(obj.name, record.key, actual, compare(obj.compared(expected), obj.compared(actual)))

    def _actual(self, obj: MigrationObject, key: str, payload: Json) -> Json | None:
        found = self.read.by_key(obj.name, key)
        if found:
            return found[0]
        kind = PEOPLE[0].name if obj in PEOPLE else obj.name
        return self.read.by_natural(kind, obj.natural_key(payload))

    def _judge(self, obj: str, key: str, actual: Json, differences: list[Difference]) -> None:
        if differences:
            self.result.add(Finding(obj, key, "mismatched", tuple(differences), int(actual["id"])))
        else:
            self.result.count(obj, "validated")

    # --- tickets -----------------------------------------------------------------------------------

    def _tickets(self) -> None:
        self.progress.begin("Comparing: Ticket", self.staged.count("Tickets"))
        for batch in self.staged.ticket_batches():
            known = self.ledger.known(self.target, TICKET.name, [str(ticket.id) for ticket in batch])
            uploaded = self._uploaded(batch)
            for ticket in batch:
                self._ticket(ticket, known.get(str(ticket.id)), uploaded)
                self.progress.advance()
        self.progress.end()

    def _uploaded(self, batch: list[TicketRecord]) -> Uploaded:
        keys = [str(row["TicketAttachmentID"]) for ticket in batch for row in ticket.attachments]
        known = self.ledger.known(self.target, ATTACHMENT.name, keys)
        urls = {key: entry.target_id for key, entry in known.items() if entry.target_id and entry.state == "created"}
        ids = {(ATTACHMENT.name, key): url for key, url in urls.items()}
        resolver = Resolver(ChainMap(ids, self.ids), self.resolver.fallback_user)
        return Uploaded(resolver, {url: key for key, url in urls.items()})

    def _ticket(self, ticket: TicketRecord, entry: Entry | None, uploaded: Uploaded) -> None:
        outcome = TICKET.transform(Record(str(ticket.id), ticket), self.lookups)
        if entry is not None and entry.state in NOT_EXPECTED:
            return
        if not isinstance(outcome, Send):
            if entry is not None and entry.state == "created":
                self._kept(ticket, uploaded)
            return
        found = self.read.by_key(TICKET.name, str(ticket.id))
        if not found:
            self._missing(ticket, outcome)
            return
        try:
            expected = uploaded.resolver.resolve(outcome.payload)
        except RecordUnusable as error:
            differences = [Difference("customer", "in Gorgias", error.message)]
        else:
            every = compare(TICKET.compared(expected), TICKET.compared(found[0]))
            differences = ours(every, self.lookups.behaviour)
            right = not any(difference.field.startswith("custom_fields") for difference in differences)
            values = outcome.children.get(VALUES, {}).get("created", 0)
            self.result.counts[VALUES]["validated" if right else "mismatched"] += values
            differences += self._thread(expected["messages"], int(found[0]["id"]), uploaded)
        self._judge(TICKET.name, str(ticket.id), found[0], differences)

    def _kept(self, ticket: TicketRecord, uploaded: Uploaded) -> None:
        """Check a ticket that was loaded and that the source has left out since: it stays, and only its thread counts.

        SmarterTrack changes a ticket's status when it deletes it, so the ticket's own fields say nothing any more.
        """
        there = self.read.by_key(TICKET.name, str(ticket.id))
        alive = replace(ticket, row={**ticket.row, "IsDeleted": False, "IsSpam": False})
        outcome = TICKET.transform(Record(str(ticket.id), alive), self.lookups)
        if not there or not isinstance(outcome, Send):
            self.result.add(Finding(TICKET.name, str(ticket.id), "missing", words="was loaded, and is not there"))
            return
        expected = uploaded.resolver.resolve(outcome.payload)
        differences = self._thread(expected["messages"], int(there[0]["id"]), uploaded)
        self.result.counts[VALUES]["validated"] += outcome.children.get(VALUES, {}).get("created", 0)
        self._judge(TICKET.name, str(ticket.id), there[0], differences)

    def _missing(self, ticket: TicketRecord, outcome: Send) -> None:
        self.result.add(Finding(TICKET.name, str(ticket.id), "missing", words="no ticket carries its external id"))
        for part, states in outcome.children.items():
            self.result.counts[part]["missing"] += states.get("created", 0)

    def _thread(self, expected: list[Json], ticket: int, uploaded: Uploaded) -> list[Difference]:
        """Compare a thread message by message, and its order; return what is wrong with it as a whole."""
        there = self.read.messages(ticket)
        ours = {m["external_id"]: m for m in there if m.get("external_id")}
        self.result.rule_messages += sum(1 for m in there if m.get("via") == "rule" and m.get("from_agent"))
        for message in expected:
            self._message(message, ours, uploaded.keys)
        wanted = [m["external_id"] for m in expected if m.get("external_id")]
        ids = set(wanted)
        order = [m["external_id"] for m in there if m.get("external_id") in ids]
        if len(order) > len(set(order)):
            return [Difference("messages", "each once", "some more than once")]
        if len(order) == len(wanted) and order != wanted:
            return [Difference("messages", "in order of time", "in another order")]
        if not wanted and not there:
            return [Difference("messages", "1", "0")]
        return []

    def _message(self, expected: Json, ours: Mapping[str, Json], uploaded: Mapping[str, str]) -> None:
        named = parse(expected.get("external_id"), self.lookups.parameters.engagement)
        attached = [a["url"] for a in expected.get("attachments") or () if a.get("url") in uploaded]
        if named is None:
            return  # the note of a ticket without messages: counted with its ticket
        obj, key = named
        actual = ours.get(expected["external_id"])
        if actual is None:
            self.result.add(Finding(obj, key, "missing", words="its ticket is there, this message is not"))
        else:
            self._judge(obj, key, actual, compare(compared_message(expected), compared_message(actual)))
        there = {a.get("url") for a in (actual or {}).get("attachments") or ()}
        for url in attached:
            if url in there:
                self.result.count(ATTACHMENT.name, "validated")
            else:
                self.result.add(Finding(ATTACHMENT.name, uploaded[url], "missing", words="not on its message"))
