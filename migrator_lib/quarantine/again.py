"""Trying again what is in quarantine: a small load of chosen records, behind the gates, the lease and guard of 05."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib import runbook
from migrator_lib.delta import conflicts
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn
from migrator_lib.evidence.numbers import Numbers
from migrator_lib.evidence.summary import RETRY, last_counted
from migrator_lib.expectations.gate import require_staged
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.retry import Retrier
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS
from migrator_lib.objects.base import Quarantine, Record
from migrator_lib.purge import require_not_purged
from migrator_lib.quarantine import payloads
from migrator_lib.quarantine.choosing import Chosen, choose
from migrator_lib.quiet import PRODUCTION, look_again, note_mail, quietly
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.rollback.step import before_first_write
from migrator_lib.staging import ConversationRecord, Row, Staged

LOAD = "05_load"


@dataclass(frozen=True)
class Tried:
    """One record that was asked for, or waited for one that was."""

    before: Entry
    after: Entry | None
    """As it stands now; None where it is in no account any more."""
    reached: bool
    """Whether a load can reach it; else its row has to be staged whole first."""

    @property
    def mended(self) -> bool:
        """Whether it is in quarantine no more, and nothing inside it is."""
        return self.after is None or not (self.after.state == "quarantined" or _refused(self.after))


@dataclass
class Result:
    """What a new try did; of a rehearsal, what it would do."""

    tried: list[Tried]
    rehearsal: bool
    report: LoadReport = field(default_factory=LoadReport)
    reread: int = 0
    """Tickets, chats and calls that were read from SmarterTrack anew."""

    @property
    def left(self) -> int:
        """How many are still in quarantine."""
        return sum(not one.mended for one in self.tried)


def retry(engagement: Engagement, obj: str = "", key: str = "", *, reread: bool = False) -> Result:
    """Try again what is in quarantine: all, one object's records, or one record; and what waits for them.

    Args:
        engagement: opened as step 05 by whoever holds its lease; without ``execute`` nothing is written.
        obj: name of the object.
        key: source key.
        reread: whether tickets, chats and calls that are asked for, and their files, are read from SmarterTrack anew.

    Raises:
        ParameterError: there is no such record in quarantine.
        OutOfTurn: no load has ended yet: the next one tries all of it.
        GateClosed: something in the account would act on what is written, or a person has to state something.
        AccountsError: an outcome is missing for a source record.
        ExpectationsFailed: what was read anew is not as it must be.
    """
    engagement.check_turn()
    _require_loaded(engagement)
    chosen = _chosen(engagement, obj, key)
    if not chosen.keys:
        return Result(_tried(engagement, chosen), engagement.rehearsal)
    again = _read_anew(engagement, chosen) if reread and not engagement.rehearsal else 0
    if again:
        require_staged(engagement)
    staged = _loaded_stages(engagement, behind=bool(again))
    if engagement.rehearsal:
        report = _retrier(engagement, staged).only(chosen.keys, knowledge=chosen.knowledge)
        return Result(_tried(engagement, chosen), rehearsal=True, report=report)
    before_first_write(engagement, PRODUCTION)
    with quietly(engagement, PRODUCTION) as quiet:
        report = _retrier(engagement, staged).only(chosen.keys, knowledge=chosen.knowledge, anew=bool(again))
        look_again(engagement, quiet)
    if again:
        _note_loaded(engagement.ledger)
    _say_anew(engagement, staged, chosen)
    _account(engagement, staged)
    return Result(_tried(engagement, chosen), rehearsal=False, report=report, reread=again)


def _require_loaded(engagement: Engagement) -> None:
    require_not_purged(engagement.ledger, engagement.name)
    if not engagement.ledger.step_is_done(LOAD):
        raise OutOfTurn(
            "The load has not ended yet, and the next one tries again what is in quarantine.",
            next_step=f"migrator run {engagement.name} --only 05 --execute",
        )


def _chosen(engagement: Engagement, obj: str, key: str) -> Chosen:
    with ExitStack() as stack:
        opened: list[Numbers] = []

        def homes(name: str, keys: Sequence[str]) -> Mapping[str, tuple[str, str]]:
            if not opened:
                opened.append(Numbers(engagement.all_stages))
                stack.callback(opened[0].close)
            return opened[0].homes(name, keys)

        return choose(engagement.ledger, PRODUCTION, homes, obj, key)


def _tried(engagement: Engagement, chosen: Chosen) -> list[Tried]:
    beyond = {(entry.object, entry.source_key) for entry in chosen.beyond}
    return [
        Tried(
            entry, engagement.ledger.entry(PRODUCTION, entry.object, entry.source_key),
            (entry.object, entry.source_key) not in beyond,
        )
        for entry in chosen.asked
    ]  # fmt: skip


def _refused(entry: Entry) -> bool:
    return any(states.get("quarantined") for states in (entry.detail.get("parts") or {}).values())


def _retrier(engagement: Engagement, staged: Staged) -> Retrier:
    return Retrier(
        api=engagement.api(PRODUCTION), target=PRODUCTION, ledger=engagement.ledger, staged=staged,
        lookups=engagement.lookups(staged), files_root=engagement.files_root, progress=engagement.progress,
        rehearsal=engagement.rehearsal, packages=engagement.paths.documents,
    )  # fmt: skip


def _say_anew(engagement: Engagement, staged: Staged, chosen: Chosen) -> None:
    """Note why files are in quarantine now: a load that finds one still unfit does not touch its ticket."""
    ledger, lookups = engagement.ledger, engagement.lookups(staged)
    files = {entry.source_key for entry in chosen.asked if entry.object == ATTACHMENT.name}
    for obj in CONVERSATIONS if files else ():
        ids = {int(key) for key in chosen.keys.get(obj.name, ()) if key.isdigit()}
        rows = (row for record in obj.records(staged, lookups, ids) for row in _files_of(record, files))
        for row in rows:
            known = ledger.entry(PRODUCTION, ATTACHMENT.name, row["AttachmentKey"])
            outcome = ATTACHMENT.transform(Record(row["AttachmentKey"], row), lookups)
            if known is None or known.state != "quarantined" or known.rule or not isinstance(outcome, Quarantine):
                continue
            if known.reason != outcome.reason:
                ledger.settle(PRODUCTION, [replace(known, reason=outcome.reason)])


def _files_of(record: Record, keys: Collection[str]) -> list[Row]:
    attached = record.data.attachments if isinstance(record.data, ConversationRecord) else []
    return [row for row in attached if row["AttachmentKey"] in keys]


# --- reading anew --------------------------------------------------------------------------------------


def _loaded_stages(engagement: Engagement, *, behind: bool) -> Staged:
    """Return what was loaded: a delta that no load has finished with is none of a new try's business.

    Args:
        engagement: the migration.
        behind: whether the last delta is one that this try has just staged.
    """
    deltas = engagement.ledger.meta("deltas", [])
    loaded = [stage for stage in engagement.ledger.meta("deltas_loaded", []) if stage in deltas]
    last = [deltas[-1]] if behind and deltas[-1] not in loaded else []
    return engagement.staged(runbook.FULL, *loaded, *last)


def _read_anew(engagement: Engagement, chosen: Chosen) -> int:
    """Stage the chosen tickets, chats and calls as they are now, and the index of their files; return their number.

    It is a delta that holds them alone. No watermark is taken, and it is not in the history of deltas: what else
    changed since is found as before, and no freeze is predicted from it.
    """
    ids = {
        conversation.family: sorted(int(key) for key in chosen.keys.get(conversation.name, ()) if key.isdigit())
        for conversation in CONVERSATIONS
    }
    number = sum(map(len, ids.values()))
    if not number:
        return 0
    ledger = engagement.ledger
    deltas: list[str] = ledger.meta("deltas", [])
    stage = f"delta-{len(deltas) + 1:03d}"
    reader = runbook.extractor(engagement, stage)
    with engagement.progress.alive(), engagement.source.one_moment():
        reader.start_again()
        for family, some in ids.items():
            if some:
                reader.family(family, some)
    runbook.read_files(engagement, reader)
    ledger.set_meta("deltas", [*deltas, stage])
    return number


def _note_loaded(ledger: Ledger) -> None:
    """Note that what was read anew is loaded; where a delta before it waits, the next load takes both up in order."""
    deltas = ledger.meta("deltas", [])
    if ledger.meta("deltas_loaded", []) == deltas[:-1]:
        ledger.set_meta("deltas_loaded", deltas)


# --- the accounts --------------------------------------------------------------------------------------


def _account(engagement: Engagement, staged: Staged) -> None:
    """Count everything anew, and keep it as a step of its own: what was compared stays as the last comparison left it.

    Raises:
        AccountsError: an outcome is missing for a source record.
    """
    ledger, lookups = engagement.ledger, engagement.lookups(staged)
    settle_strays(ledger, PRODUCTION, staged)
    found = accounts(ledger, PRODUCTION, staged, lookups)
    require_balanced(found)
    payloads.keep(ledger, PRODUCTION, staged, lookups, engagement.paths.state)
    conflicts.write(engagement)
    note_mail(engagement)
    before = last_counted(ledger.steps())
    kept: dict[str, Any] = {name: before[name] for name in ("states", "rule_messages", "wrong") if name in before}
    sums = [account.as_json() for account in found]
    ledger.mark_step(RETRY, "done", {**kept, "accounts": sums, "api": engagement.api_usage()})
