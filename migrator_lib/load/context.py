"""What all parts of a load share: the account, the ledger, the look-ups, the ids so far, and the report."""

from __future__ import annotations

import threading
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrator_lib.clock import attempts
from migrator_lib.errors import OutcomeUnknown, RecordError, ReplyUnusable, TargetUnreachable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.load.failing import Failing
from migrator_lib.load.running import Count, RunningCount
from migrator_lib.lookups import Lookups
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, ON_TICKETS
from migrator_lib.objects.base import (
    HandOver,
    Merge,
    MigrationObject,
    Outcome,
    Quarantine,
    Record,
    Resolver,
    Send,
    Skip,
)
from migrator_lib.parameters import Target
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.smartertrack.files import FilesRoot

NOT_REFERRED_TO = frozenset({ATTACHMENT.name, *(obj.name for obj in (*CONVERSATIONS, *ON_TICKETS))})
"""Objects that no payload refers to by their Gorgias ids: there are too many to keep them in memory."""
SENDS = 4
"""How often one thing is sent, when every send is cut off and every look-up finds nothing."""


@dataclass(frozen=True)
class First:
    """The open and recent tickets, which went before all others."""

    tickets: int
    at: str = ""
    """When they were in Gorgias, UTC, in whatever run; empty after a rehearsal."""


@dataclass
class LoadReport:
    """What one pass did: (object, what) to number. ``what`` is created, updated, unchanged, matched, ..."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    conflicts: list[str] = field(default_factory=list)
    """What was left alone: changed by an agent in Gorgias, gone from the source since, or refused when changed."""
    first: First | None = None
    """The tickets that went first, so that agents can start; None where all went by number."""
    running: dict[str, Count] = field(default_factory=dict)
    """Object to what was seen of its tickets while they were loaded; empty where nothing was counted."""
    not_counted: str = ""
    """Why the counting ended before the load, in words; empty where it did not."""

    def created(self) -> int:
        """Return how many records were newly created."""
        return self._sum("created")

    def updated(self) -> int:
        """Return how many records that were in Gorgias already were changed there."""
        return self._sum("updated")

    def _sum(self, what: str) -> int:
        return sum(n for (_, done), n in self.counts.items() if done == what)


@dataclass
class LoadContext:
    """One load of one stage into one account. Safe to share between workers."""

    api: GorgiasApi
    target: str
    ledger: Ledger
    lookups: Lookups
    files_root: FilesRoot | None
    blobs: Path
    """Folder of what the database itself holds of attachments."""
    progress: Progress
    ids: dict[tuple[str, str], str]
    """(object, source key) to Gorgias id of everything that tickets refer to."""
    fallback_user: int | None = None
    report: LoadReport = field(default_factory=LoadReport)
    versions: Callable[[str, int, str], Json | None] = field(default=lambda _object, _id, _hash: None)
    """Object, id and payload hash to the payload of that hash, from an earlier stage; None where no stage holds it."""
    given_up: dict[tuple[str, str], tuple[Entry, Entry]] = field(default_factory=dict)
    """(object, Gorgias id) of what was made for a record that merges into another one now: its entry, and the new."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.failing = Failing()
        self.running = RunningCount(self.api, self.lookups)
        self.report.running = self.running.counts
        self._began = self.api.clock.monotonic()

    @property
    def settings(self) -> Target:
        """The parameters of the account."""
        return self.lookups.parameters.target

    @property
    def behaviour(self) -> Behaviour:
        """What depends on how Gorgias answers."""
        return self.lookups.behaviour

    def resolver(self, uploads: Mapping[tuple[str, str], str] | None = None) -> Resolver:
        """Return a resolver of references; ``uploads`` are the URLs of a ticket's files."""
        return Resolver(ChainMap(dict(uploads or {}), self.ids), self.fallback_user)

    def settle(self, *entries: Entry, before: object = None) -> None:
        """Write outcomes down, durably, and remember their ids."""
        self.ledger.settle(self.target, entries, before=before)
        for entry in entries:
            if entry.target_id is not None and entry.object not in NOT_REFERRED_TO:
                self.ids[entry.object, entry.source_key] = entry.target_id

    def let_arrive(self) -> None:
        """Wait until no change can be on its way any more that a run sent which died: so long after this one began."""
        clock = self.api.clock
        clock.sleep(self._began + self.settings.lookup_lag_seconds - clock.monotonic())

    def count(self, obj: str, what: str) -> None:
        """Count what became of a record."""
        with self._lock:
            self.report.counts[obj, what] += 1

    def sent(self, entry: Entry, payload: Json) -> None:
        """Note a ticket that is in Gorgias as its payload says, to be read back with others."""
        self.running.sent(entry, payload)

    def read_back(self, title: str, *, over: bool = False) -> None:
        """Read back what was sent, as far as it makes whole calls, or all that is left; show the numbers.

        Raises:
            LoadDiffers: too much of it is not as it was sent.
        """
        words = self.running.look(over=over)
        self.report.not_counted = self.running.off
        if words:
            self.progress.say(f"{title} ({words})")

    def finished(self, obj: str, what: str) -> None:
        """Count a record that took a call, and show it."""
        self.count(obj, what)
        self.progress.advance()

    def look_up(self, obj: MigrationObject, payload: Json, *, sent: bool = True) -> Thing | None:
        """Look a record up, with patience for a look-up that lags behind the write; of several, the oldest.

        What lies in the trash is taken only where nothing else is found. (The others are for the sweep.)

        Args:
            obj: its object.
            payload: with its external id, or what else it is found by.
            sent: whether it was sent, and nobody knows what came of it.

        Raises:
            OutcomeUnknown: it was sent, and the look-up itself fails, so that nobody can know.
        """
        for _ in attempts(self.api.clock.sleep, self.settings.lookup_lag_seconds):
            found = self._found(obj, payload) if sent else obj.find(self.api, payload)
            if found:
                return min(found, key=lambda thing: (bool(getattr(thing, "trashed_datetime", None)), thing.id))
        return None

    def _found(self, obj: MigrationObject, payload: Json) -> Sequence[Thing]:
        try:
            return obj.find(self.api, payload)
        except (RecordError, ReplyUnusable, TargetUnreachable) as error:
            name = payload.get("external_id") or obj.natural_key(payload)
            engagement = self.lookups.parameters.engagement
            raise OutcomeUnknown(
                f"{obj.title} {name} was sent, and may or may not be in Gorgias: the look-up fails. {error.message}",
                next_step="run again when Gorgias answers. If it goes on, look for it in Gorgias yourself, tell the "
                f'ledger what you found, and run again: migrator ledger settle {engagement} {name} --by "NAME", with '
                "--is GORGIAS_ID or --is-not-there.",
            ) from error


def entry_of(record: Record, obj: MigrationObject, outcome: Outcome) -> Entry:
    """Return the ledger entry of an outcome that needs no call."""
    match outcome:
        case Skip(rule, parts):
            return Entry(obj.name, record.key, "skipped", rule=rule, detail={"parts": parts})
        case Merge(into, rule):
            return Entry(obj.name, record.key, "merged", rule=rule, reason=f"into {into}")
        case HandOver(document):
            return Entry(obj.name, record.key, "handed_over", rule=document)
        case Quarantine(reason, parts):
            return Entry(obj.name, record.key, "quarantined", reason=reason, detail={"parts": parts})
        case Send():
            raise TypeError("a payload is sent, not settled")


def is_same(known: Entry | None, entry: Entry) -> bool:
    """Whether the ledger says this of the record already."""
    return known is not None and _said(known) == _said(entry)


def _said(entry: Entry) -> tuple[Any, ...]:
    return entry.state, entry.rule, entry.reason, entry.detail.get("parts"), entry.detail.get("files")


def references(outcomes: Iterable[Outcome]) -> set[str]:
    """Return every reference (``requester:u12``) that payloads hold."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, Mapping):
            if "$ref" in node:
                found.add(node["$ref"])
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    for outcome in outcomes:
        if isinstance(outcome, Send):
            walk(outcome.payload)
    return found
