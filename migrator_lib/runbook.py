"""The steps from extract to cutover, as the notebooks call them: one function a step.

Each opens what it needs from the engagement, does its work through the modules that know how, and returns a result for
:mod:`migrator_lib.views` to show. (The audit, the schema plan and the sample are modules of their own.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from migrator_lib import delta
from migrator_lib.adoption import adopt, note_account
from migrator_lib.delta import Changes, Found, Watermark, conflicts, history
from migrator_lib.delta.reach import Reach, reach, without_file
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed
from migrator_lib.expectations.gate import check_staged as check_staged
from migrator_lib.expectations.gate import check_target, last, require_staged
from migrator_lib.expectations.result import NOT_AFTER, NOT_REHEARSED, Result
from migrator_lib.extract import Extractor, ExtractReport
from migrator_lib.file_health import FileHealth, look
from migrator_lib.hash_tree import Roots, keeping
from migrator_lib.hash_tree.recorder import Recorder
from migrator_lib.knowledge.comparing import Comparer
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader, LoadReport
from migrator_lib.load.recipe import is_loaded_by
from migrator_lib.load.running import added
from migrator_lib.lookups import Lookups
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, PEOPLE
from migrator_lib.purge import is_purged, note_staged_anew, require_not_purged
from migrator_lib.quarantine import payloads
from migrator_lib.quiet import PRODUCTION, Quiet, look_again, make_quiet, note_mail, restore
from migrator_lib.reconcile import Reconciler, Reconciliation, verdicts
from migrator_lib.reconcile.accounts import Account, accounts, require_balanced, settle_strays
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.result import NEW_TICKETS
from migrator_lib.reconcile.since import AskedEvents
from migrator_lib.reconcile.witness import NoWitness, Witness
from migrator_lib.rollback.step import before_first_write
from migrator_lib.side_effects import Done
from migrator_lib.smartertrack.connection import connection_facts
from migrator_lib.smartertrack.file_index import BLOBS, FILES
from migrator_lib.smartertrack.tables import FAMILIES, Chosen, source_table
from migrator_lib.staging import Staged, write_gone

FULL = "full"
READ_BACK = "readback.sqlite3"
"""Where a reconciliation keeps what it read, until it is done."""
SIGNED_IN = ("DateLastLoginUTC",)
"""Columns of users that change when somebody looks, and nothing else does."""
F = TypeVar("F", Found, Changes)
"""What was found to have changed."""


# --- 04 extract ----------------------------------------------------------------------------------------


def extractor(engagement: Engagement, stage: str) -> Extractor:
    """Return the reader of one stage."""
    return Extractor(
        source=engagement.source, ledger=engagement.ledger, folder=engagement.paths.staged, stage=stage,
        page_rows=engagement.parameters.source.page_rows, progress=engagement.progress,
    )  # fmt: skip


def read_files(engagement: Engagement, reader: Extractor) -> None:
    """Index the files root, and stage what the database itself holds of attachments, where it does."""
    settings = engagement.parameters
    reader.files(engagement.files_root)
    reader.blobs(settings.source.blob_column, engagement.behaviour.upload_limit_bytes)


def extract(engagement: Engagement, *, start_again: bool = False) -> ExtractReport:
    """Stage everything, going on behind the last complete chunk; ``start_again`` forgets what is staged.

    What was purged is staged as if it never was: the source is another one since.
    """
    reader, ledger = extractor(engagement, FULL), engagement.ledger
    if start_again or is_purged(ledger):
        # first, or those of a run that dies here would hide what is read anew
        for name in ("deltas", "deltas_loaded"):
            ledger.set_meta(name, [])
        history.forget(ledger)
        reader.start_again()
    if not ledger.chunks(FULL):
        ledger.set_meta("extract_moments", [])
        ledger.set_meta("watermarks", {FULL: delta.take(engagement.source).as_json()})
    with engagement.progress.alive(), engagement.source.one_moment(lambda began: note_moment(engagement, began)):
        reader.definitions()
        reader.conversations()
    read_files(engagement, reader)
    note_staged_anew(ledger)
    reader.report.moments = ledger.meta("extract_moments", [])
    if reader.report.read_now:
        ledger.set_meta("extracted_at", engagement.clock_now.isoformat(timespec="seconds"))
    return reader.report


def note_moment(engagement: Engagement, began: datetime) -> None:
    """Keep in the ledger, beside those of earlier runs, as of which moment the source is read, and how."""
    moment = {
        "began": began.isoformat(timespec="seconds"),
        "isolation": connection_facts(engagement.source.engine).isolation,
    }
    engagement.ledger.set_meta("extract_moments", [*engagement.ledger.meta("extract_moments", []), moment])


ATTACHMENTS_FILE = "attachments.csv"


def file_health(engagement: Engagement) -> FileHealth:
    """Look at every staged attachment and its file; what needs a person is listed in ``documents/``."""
    limit = engagement.behaviour.upload_limit_bytes
    file = engagement.paths.documents / ATTACHMENTS_FILE
    return look(engagement.all_stages, limit, engagement.progress, file)


def source_rows(engagement: Engagement, report: ExtractReport) -> list[dict[str, Any]]:
    """Return for every table the rows that the source counts and the rows that are staged."""
    tables = [source_table(name) for name in report.rows if name not in (FILES, BLOBS)]
    counted = {table.stage: engagement.source.count_readable(table) for table in tables}
    return [
        {"table": table, "source": counted.get(table), "staged": rows, "read now": report.read_now.get(table, 0)}
        for table, rows in report.rows.items()
    ]


# --- 05 load -------------------------------------------------------------------------------------------


@dataclass
class LoadResult:
    """What a load did."""

    report: LoadReport
    accounts: list[Account]
    rehearsal: bool
    quiet: Quiet | None = None
    """What the account did by itself, and what was done about it."""
    reach: Reach = field(default_factory=Reach)
    """What the deltas changed beside the tickets that they hold, which was loaded, too."""

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps of the step."""
        sums = {"accounts": [account.as_json() for account in self.accounts]} if self.accounts else {}
        done = {"created": self.report.created(), "updated": self.report.updated()}
        running = {"running": {obj: vars(count) for obj, count in self.report.running.items()}}
        return {**done, "conflicts": len(self.report.conflicts), **running, **sums}

    def followed_by(self, later: LoadResult) -> LoadResult:
        """Return what this load and a later one did together; the accounts are the later one's."""
        report = LoadReport(
            self.report.counts + later.report.counts, self.report.conflicts + later.report.conflicts, self.report.first,
            added(self.report.running, later.report.running), later.report.not_counted,
        )  # fmt: skip
        return LoadResult(report, later.accounts, later.rehearsal, self.quiet, self.reach | later.reach)


def loader(engagement: Engagement, staged: Staged, lookups: Lookups) -> Loader:
    """Return the loader of the production account."""
    return Loader(
        api=engagement.api(PRODUCTION), target=PRODUCTION, ledger=engagement.ledger, staged=staged, lookups=lookups,
        files_root=engagement.files_root, progress=engagement.progress, rehearsal=engagement.rehearsal,
        packages=engagement.paths.documents,
    )  # fmt: skip


def load(engagement: Engagement, tickets: Chosen | None = None) -> LoadResult:
    """Load what is staged: everything, or of the tickets (chats, call logs) only those given.

    Raises:
        GateClosed: something in the account would act on imported tickets, or a person has to state something.
        AccountsError: an outcome is missing for a source record.
        ExpectationsFailed: what is staged changed since it was checked, and is not as it must be.
    """
    require_staged(engagement)
    staged = engagement.all_stages
    deltas = engagement.ledger.meta("deltas", [])
    lookups = engagement.lookups(staged)
    if not engagement.rehearsal:
        adopt(engagement)
    before_first_write(engagement, PRODUCTION)
    clock, gate = engagement.clock, engagement.api(PRODUCTION).gate
    started = clock.monotonic()
    quiet = make_quiet(engagement, PRODUCTION, lookups)
    if not engagement.rehearsal:
        note_account(engagement, PRODUCTION)
    began, calls = clock.monotonic(), gate.calls
    report = loader(engagement, staged, lookups).run(tickets=tickets)
    if engagement.rehearsal:
        return LoadResult(report, [], rehearsal=True, quiet=quiet)
    history.note_measured(engagement.ledger, history.QUIET, began - started)
    _note_loaded(engagement, deltas, clock.monotonic() - began, gate.calls - calls)
    look_again(engagement, quiet)
    settle_strays(engagement.ledger, PRODUCTION, staged)
    found = accounts(engagement.ledger, PRODUCTION, staged, lookups)
    require_balanced(found)
    engagement.ledger.set_meta("deltas_loaded", deltas)
    payloads.keep(engagement.ledger, PRODUCTION, staged, lookups, engagement.paths.state)
    conflicts.write(engagement)
    note_mail(engagement)
    return LoadResult(report, found, rehearsal=False, quiet=quiet)


def _note_loaded(engagement: Engagement, deltas: Collection[str], seconds: float, calls: int) -> None:
    """Keep how long the deltas took that this load brought; the first load of all brings everything else, too."""
    loaded = engagement.ledger.meta("deltas_loaded")
    waiting = [stage for stage in deltas if stage not in (loaded or ())]
    if waiting:
        at = engagement.clock_now.isoformat(timespec="seconds")
        history.note_loaded(engagement.ledger, waiting, at, None if loaded is None else seconds, calls)


# --- 06 reconcile --------------------------------------------------------------------------------------


@dataclass
class ReconcileResult:
    """What a reconciliation found, beside the accounts."""

    reconciliation: Reconciliation
    accounts: list[Account]
    roots: Roots | None = None
    """The roots of the hash trees over everything that was compared."""
    expected: Result = NOT_AFTER
    """What came of the expectations of what was read back."""

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps of the step: the accounts, and the states of every object."""
        found = self.reconciliation
        states = {obj: dict(counts) for obj, counts in found.counts.items()}
        sums = [account.as_json() for account in self.accounts]
        wrong = [[finding.object, finding.source_key] for finding in found.findings]
        told = {
            "accounts": sums, "states": states, "rule_messages": found.rule_messages, "wrong": wrong,
            "contents": vars(found.looked),
        }  # fmt: skip
        return told if self.roots is None else {**told, "hash_tree": self.roots.summary()}


def reconcile(engagement: Engagement, *, staged: Staged | None = None, since: str = "") -> ReconcileResult:
    """Read the production account back and compare every field of every record, once the ledger is seen to be whole.

    Args:
        engagement: the migration.
        staged: the stages that were loaded, where a later one was not; all of them, if not given.
        since: moment (ISO) from which new tickets of others are counted; not at all, if not given. On these days after
            the cutover expectations are not checked: what agents do is theirs.

    Raises:
        LedgerBroken: the ledger was changed outside this program.
        AccountsError: an outcome is missing for a source record.
    """
    engagement.ledger.verify()
    with closing(keeping.recorder(engagement)) as recorder:
        return _reconcile(engagement, staged or engagement.all_stages, since, recorder)


def _reconcile(engagement: Engagement, staged: Staged, since: str, recorder: Recorder) -> ReconcileResult:
    lookups, contents = engagement.lookups(staged), Contents(engagement.ledger, PRODUCTION)
    snapshot = engagement.paths.state / READ_BACK
    read = ReadBack(snapshot, engagement.name)
    try:
        calls = engagement.api(PRODUCTION).gate.calls
        read.read(engagement.api(PRODUCTION), engagement.progress, engagement.behaviour)
        read_files_back(engagement, contents)
        history.note_measured(engagement.ledger, history.READ_BACK, engagement.api(PRODUCTION).gate.calls - calls)
        began, at = time.perf_counter(), engagement.clock_now.isoformat(timespec="seconds")
        reconciler = Reconciler(
            ledger=engagement.ledger, target=PRODUCTION, staged=staged, lookups=lookups, read=read,
            progress=engagement.progress, history=AskedEvents(engagement.api(PRODUCTION)), witness=recorder,
            contents=contents,
        )  # fmt: skip
        with verdicts.writing(engagement.paths.state / verdicts.FILE) as reconciler.result.note:
            found = reconciler.run()
            compare_knowledge(engagement, staged, lookups, found, recorder, contents)
        found.made_otherwise = not is_loaded_by(engagement.ledger, PRODUCTION, lookups)
        if since:
            found.news[NEW_TICKETS] = read.tickets_of_others(since)
        expected = NOT_AFTER if since else check_target(engagement, snapshot)
    finally:
        contents.close()
        read.close()
    sums = accounts(engagement.ledger, PRODUCTION, staged, lookups)
    history.note_measured(engagement.ledger, history.RECONCILED, time.perf_counter() - began)
    require_balanced(sums)
    return ReconcileResult(found, sums, keeping.keep(engagement, recorder, found.counts, at), expected)


def read_files_back(engagement: Engagement, contents: Contents) -> None:
    """Download as many uploaded files as ``reconcile.download`` says; what they hold is noted in the ledger."""
    settings = engagement.parameters.reconcile
    contents.look(
        engagement.api(PRODUCTION), settings.share, loaded_records(engagement.ledger, PRODUCTION),
        most_bytes=engagement.behaviour.upload_limit_bytes, hosts=settings.file_hosts, progress=engagement.progress,
    )  # fmt: skip


def loaded_records(ledger: Ledger, target: str) -> int:
    """Return how many records took a call each to load: people, tickets (chats, calls) and files."""
    counts = ledger.counts(target)
    return sum(counts.get(obj.name, {}).get("created", 0) for obj in (*PEOPLE, *CONVERSATIONS, ATTACHMENT))


def compare_knowledge(
    engagement: Engagement, staged: Staged, lookups: Lookups, found: Reconciliation, witness: Witness | None = None,
    contents: Contents | None = None,
) -> None:  # fmt: skip
    """Read the export packages, or the help centers, back, and add up what is there in ``found``."""
    Comparer(
        lookups, engagement.ledger, PRODUCTION, engagement.api(PRODUCTION), engagement.paths.documents,
        engagement.files_root, staged.blobs, witness or NoWitness(), contents,
    ).run(found)  # fmt: skip


# --- deltas: before the cutover, in 04, and at the cutover, in 07 ----------------------------------------


def extract_delta(engagement: Engagement) -> Found:
    """Stage what the watermark leads to, so that the load takes it over and the cutover has less to do.

    Raises:
        OutOfTurn: what it would lie over is purged.
    """
    require_not_purged(engagement.ledger, engagement.name)
    began = delta.take(engagement.source)
    return _stage_delta(engagement, began, lambda: _look(engagement))


def changed_since(engagement: Engagement) -> Found:
    """Return what changed in the source since the last stage, and stage nothing."""
    with engagement.progress.alive():
        return _look(engagement)


def _look(engagement: Engagement) -> Found:
    """Return what changed since the last stage, by the watermark; by comparison, if none was taken."""
    source, staged, progress = engagement.source, engagement.all_stages, engagement.progress
    parameters = engagement.parameters.source
    definitions = delta.changed_definitions(source, staged, parameters.page_rows)
    mark = _last_watermark(engagement)
    if mark is None:
        return Found(None, _compare(engagement), definitions, compared=True)
    overlap = timedelta(minutes=parameters.delta_overlap_minutes)
    candidates = delta.since(source, staged, mark, overlap, progress, page_rows=parameters.page_rows)
    traced = delta.changes(source, staged, progress, page_rows=parameters.page_rows, only=candidates.by_family)
    return Found(candidates, traced, definitions)


def _compare(engagement: Engagement, leave_out: Chosen = frozenset()) -> Changes:
    source, staged, progress = engagement.source, engagement.all_stages, engagement.progress
    rows, began = engagement.parameters.source.page_rows, time.perf_counter()
    with progress.alive():
        found = delta.changes(source, staged, progress, page_rows=rows, leave_out=leave_out)
    history.note_measured(engagement.ledger, history.COMPARISON, time.perf_counter() - began)
    return found


def _last_watermark(engagement: Engagement) -> Watermark | None:
    """Return the marks of the last stage that has some: those of an earlier one lead to more, and to all of it."""
    kept = engagement.ledger.meta("watermarks", {})
    stages = [FULL, *engagement.ledger.meta("deltas", [])]
    marks = [kept[stage] for stage in stages if stage in kept]
    return Watermark.from_json(marks[-1]) if marks else None


def _messages(engagement: Engagement) -> int:
    """Return how many messages of tickets, and lines of chats, are staged."""
    return sum(engagement.all_stages.count(family.messages) for family in FAMILIES if family.messages)


def _stage_delta(engagement: Engagement, began: Watermark, look: Callable[[], F]) -> F:
    """Return what ``look`` finds, and stage it; the stage counts only when it is complete, and a half one is read anew.

    Both are of one moment. Small tables are staged whole: what changed in them between would be staged for tickets
    that are not read again, and no later comparison would find it.
    """
    ledger = engagement.ledger
    deltas: list[str] = ledger.meta("deltas", [])
    stage = f"delta-{len(deltas) + 1:03d}"
    reader, started = extractor(engagement, stage), time.perf_counter()
    with engagement.progress.alive(), engagement.source.one_moment():
        found = look()
        history.note_purged(ledger, found.purged, found.others_purged)
        if not found:
            return found
        reader.start_again()
        write_gone(engagement.paths.staged / stage, found.merged)
        reader.definitions()
        for conversation in CONVERSATIONS:
            reader.family(conversation.family, sorted(found.ids(conversation.family)))
    read_files(engagement, reader)
    ledger.set_meta("watermarks", ledger.meta("watermarks", {}) | {stage: began.as_json()})
    took, before = time.perf_counter() - started, _messages(engagement)
    ledger.set_meta("deltas", [*deltas, stage])
    more = _messages(engagement) - before
    at = engagement.clock_now.isoformat(timespec="seconds")
    read = history.Delta(stage, at, found.number, more, round(took, 3))
    history.note_read(ledger, read)
    return found


# --- 07 cutover ----------------------------------------------------------------------------------------


@dataclass
class CutoverResult:
    """What the last delta brought, and whether the freeze holds."""

    found: Found
    load: LoadResult
    reconciliation: ReconcileResult | None
    stages: list[str] = field(default_factory=list)
    restored: list[Done] = field(default_factory=list)
    """What was switched off in the account for the load, and is put back."""
    still_off: str = ""
    """Why it is not, in words; empty where it is."""
    last: datetime | None = None
    """When the last thing happened that the source knows of: a restored backup ends there, whatever the clock says."""

    expected_of_stage: Result = NOT_REHEARSED["staged"]
    """What came of the expectations of what is staged, with the last delta."""

    @property
    def expected(self) -> Result:
        """What came of the expectations of what was read back."""
        return self.reconciliation.expected if self.reconciliation else NOT_REHEARSED["target"]

    @property
    def roots(self) -> Roots | None:
        """The roots of the hash trees over everything that was compared; None of a rehearsal."""
        return self.reconciliation.roots if self.reconciliation else None

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps of the step."""
        verified = self.reconciliation.summary() if self.reconciliation else {}
        return {**self.load.summary(), **verified, **self.found.summary()}


def cut_over(engagement: Engagement) -> CutoverResult:
    """Take over what changed since the last stage, prove that nothing is missing, and reconcile again.

    What the watermark leads to is loaded first, which takes minutes. Then everything is compared: what that finds
    beyond it is loaded, too, and everything is compared again. What changes meanwhile in a table that was compared
    already is seen by its trace; so is what changes while everything is read back. Without ``execute`` it only says
    what has changed.

    Raises:
        GateClosed: the source changed while it should have been frozen.
    """
    began = delta.take(engagement.source)
    if engagement.rehearsal:
        found = _look(engagement)
        if not found.compared:
            found = found.with_missed(_compare(engagement, leave_out=found.touched))
        rehearsed = LoadResult(LoadReport(), [], rehearsal=True)
        return CutoverResult(found, rehearsed, None, still_off="A rehearsal puts nothing back.", last=began.last)
    found = _stage_delta(engagement, began, lambda: _look(engagement))
    loaded = _load_deltas(engagement)
    missed = _compare(engagement)
    history.note_purged(engagement.ledger, missed.purged, missed.others_purged)
    _require_frozen(engagement, began)
    if missed:
        _stage_delta(engagement, began, lambda: missed)
        loaded = loaded.followed_by(_load_deltas(engagement))
        _require_frozen(engagement, began, _compare(engagement))
    deltas = engagement.ledger.meta("deltas", [])
    conflicts.write(engagement)
    result = CutoverResult(found.with_missed(missed), loaded, reconcile(engagement), deltas, last=began.last)
    result.expected_of_stage = last(engagement, "staged")
    _require_frozen(engagement, began)
    _put_back(engagement, result)
    return result


def _put_back(engagement: Engagement, result: CutoverResult) -> None:
    """Put back what was switched off in the production account, once every record is verified."""
    wrong = result.reconciliation.reconciliation.wrong if result.reconciliation else 0
    again = f"migrator restore-target {engagement.name} puts back what was switched off."
    if engagement.parameters.target.side_effects.restore == "by_hand":
        result.still_off = f"target.side_effects.restore is by_hand: {again}"
    elif wrong or result.expected.stops:
        result.still_off = f"Records are not as they should be, so there is more to write. Afterwards {again}"
    else:
        result.restored = restore(engagement, PRODUCTION)
    note_mail(engagement)


def _load_deltas(engagement: Engagement) -> LoadResult:
    """Load what of tickets, chats and call logs is in deltas that no load has finished with, and what these reach.

    Where a definition changed that any ticket may show, that is all; what is as it was sent takes no call.
    """
    loaded = engagement.ledger.meta("deltas_loaded", [])
    waiting = [stage for stage in engagement.ledger.meta("deltas", []) if stage not in loaded]
    if not waiting:
        return load(engagement, set())
    changed = engagement.staged(*waiting)
    own = {one.name: changed.ids(one.family) for one in CONVERSATIONS}
    states = [engagement.staged(FULL, *loaded, *waiting[:n]) for n in range(len(waiting) + 1)]
    found = reach(states, engagement.parameters, engagement.progress)
    found = (found | without_file(engagement.ledger, PRODUCTION, states[-1])).beside(own)
    chosen = {one.name: own[one.name] | found.ids(one.family) for one in CONVERSATIONS}
    result = load(engagement, None if found.definitions else chosen)
    result.reach = found
    return result


def _moved_since(engagement: Engagement, began: Watermark) -> Changes:
    """Return what has a trace behind these marks and is not in the source as it is staged."""
    source, staged, progress = engagement.source, engagement.all_stages, engagement.progress
    rows = engagement.parameters.source.page_rows
    with progress.alive():
        candidates = delta.since(source, staged, began, timedelta(0), progress, page_rows=rows)
        return delta.changes(source, staged, progress, page_rows=rows, only=candidates.by_family)


def _require_frozen(engagement: Engagement, began: Watermark, compared: Changes | None = None) -> None:
    """Pass if nothing changed in the source since the cutover began: no ticket, and nothing that defines things.

    Args:
        engagement: the migration.
        began: the marks of its beginning.
        compared: what a comparison of everything found since, too, where there was one.

    Raises:
        GateClosed: with the number of tickets, chats and calls that did, or the tables.
    """
    moved = _moved_since(engagement, began)
    changed = moved | compared if compared else moved
    rows = engagement.parameters.source.page_rows
    tables = delta.changed_definitions(engagement.source, engagement.all_stages, rows, leave_out=SIGNED_IN)
    if changed or tables:
        what = f"{changed.words} changed" if changed else f"{', '.join(tables)} changed"
        raise GateClosed(
            f"{engagement.step} waits at the gate 'freeze': {what} in SmarterTrack "
            "while it should have been frozen. What had changed before is in Gorgias.",
            gate="freeze",
            next_step="stop mail import, automatic closing and agents' work in SmarterTrack, then "
            f"migrator run {engagement.name} --only 07 --execute: it takes the rest over.",
        )
