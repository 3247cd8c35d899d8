"""One day's look: the account is read back and compared, the source is asked, and what differs is told apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from migrator_lib import pages, runbook
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn, ParameterError, SourceError
from migrator_lib.evidence.summary import latest_done
from migrator_lib.hypercare.days import Day, cutover_of, days_of, keep, number_of
from migrator_lib.objects import CONVERSATIONS, TICKET
from migrator_lib.quiet import PRODUCTION
from migrator_lib.reconcile import CHANGED, WRONG, Finding, Reconciliation
from migrator_lib.reconcile.result import KEPT, NEW_MESSAGES, NEW_TICKETS, TOUCHED
from migrator_lib.runbook import FULL, ReconcileResult
from migrator_lib.side_effects import still_off
from migrator_lib.smartertrack.tables import Family
from migrator_lib.staging import Staged

NAMED = 200
"""Late tickets that are named; all are counted."""
NEW, MERGED, STAGED, LATE = "new", "merged into another", "staged, and not loaded yet", "changed"


@dataclass(frozen=True)
class Late:
    """A ticket (chat, call log) that changed in SmarterTrack after the last delta that was loaded."""

    ticket: int
    number: str
    what: str
    kind: str = TICKET.name


@dataclass(frozen=True)
class Source:
    """What the source says of late changes."""

    tickets: Sequence[Late] = ()
    """The first of them."""
    count: int = 0
    definitions: Sequence[str] = ()
    """Small tables that are not as they were staged."""
    unasked: str = ""
    """Why it could not be asked, in words; empty where it was."""


@dataclass(frozen=True)
class Look:
    """What one look found."""

    day: Day
    days: Sequence[Day]
    """All days so far, this one among them."""
    of: int
    """How many days hypercare lasts."""
    reconciled: ReconcileResult
    source: Source
    rate: float
    """Calls per second that the engagement may use."""
    lost: Sequence[Finding] = ()
    """Records that are lost, or not as they should be, though nobody changed them; the first of them."""
    known: Sequence[Finding] = ()
    """Those of which the cutover said so already."""
    to_do: Sequence[str] = field(default_factory=list)
    """What is left to do, in words; commands stand between backticks."""

    @property
    def found(self) -> Reconciliation:
        """The comparison."""
        return self.reconciled.reconciliation

    @property
    def is_over(self) -> bool:
        """Whether this is the last day, or one after it, and nothing is lost or late."""
        return self.day.number >= self.of and not self.day.lost and not self.day.late

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps of the step."""
        drift = {"changed": self.day.changed, "late": self.day.late, "lost": self.day.lost}
        return {**self.reconciled.summary(), "hypercare": {"day": self.day.number, "of": self.of, **drift}}


def look(engagement: Engagement, *, day: int = 0) -> Look:
    """Compare everything once more, and keep the day's numbers in the ledger.

    Args:
        engagement: the migration, opened for this step.
        day: number of the day; 0 for the next one, or for today's again.

    Raises:
        OutOfTurn: the engagement was rolled back since its cutover.
        LedgerBroken: the ledger was changed outside this program.
        AccountsError: an outcome is missing for a source record.
    """
    ledger, began = engagement.ledger, engagement.clock_now
    cutover = cutover_of(ledger.steps())
    if cutover is None:
        raise OutOfTurn(
            f"{engagement.name} was rolled back after its cutover: there is nothing to look after.",
            next_step=f"migrator run {engagement.name} --from 05 --execute loads it anew.",
        )
    loaded = ledger.meta("deltas_loaded", [])
    staged = engagement.staged(FULL, *loaded)
    result = runbook.reconcile(engagement, staged=staged, since=cutover.isoformat())
    source = _ask(engagement, [stage for stage in ledger.meta("deltas", []) if stage not in loaded])
    lost, known = _apart(result.reconciliation.findings, _said_before(engagement))
    found, off = result.reconciliation, [effect.words for effect in still_off(ledger, PRODUCTION)]
    number = number_of(days_of(ledger), began.date(), day)
    used = engagement.api_usage().get(PRODUCTION, {})
    today = Day(
        number, began.date().isoformat(), began.isoformat(timespec="seconds"),
        verified=found.validated, changed=found.counted(CHANGED), known=len(known),
        lost=len(lost) if len(found.findings) < KEPT else found.wrong - len(known),
        tickets=sum(sum(found.counts[one.name].values()) for one in CONVERSATIONS), touched=found.news[TOUCHED],
        new_messages=found.news[NEW_MESSAGES], new_tickets=found.news[NEW_TICKETS],
        late=source.count if source.count or not source.unasked else None,
        calls=int(used.get("calls", 0)), seconds=(engagement.clock_now - began).total_seconds(), still_off=off,
    )  # fmt: skip
    days = engagement.parameters.hypercare.days
    quarantined = sum(account.outcomes.get("quarantined", 0) for account in result.accounts)
    to_do = _left(engagement, today, days, quarantined)
    return Look(today, keep(ledger, today), days, result, source, engagement.target_rate, lost, known, to_do)


def _said_before(engagement: Engagement) -> set[tuple[str, str]]:
    """Return the records (object, source key) that were wrong at the last cutover already."""
    last = latest_done(engagement.ledger.steps(), "07_cutover")
    return {(obj, key) for obj, key in ((last or {}).get("summary") or {}).get("wrong", [])}


def _apart(found: Sequence[Finding], said: Collection[tuple[str, str]]) -> tuple[list[Finding], list[Finding]]:
    wrong = [one for one in found if one.state in WRONG]
    known = [one for one in wrong if (one.object, one.source_key) in said]
    return [one for one in wrong if (one.object, one.source_key) not in said], known


# --- the source ----------------------------------------------------------------------------------------


def _ask(engagement: Engagement, waiting: Sequence[str]) -> Source:
    """Return what changed in the source and is not loaded; it may be off for good by now, which is no failure."""
    stages = engagement.staged(*waiting) if waiting else None
    staged_late = {(one.name, i) for one in CONVERSATIONS for i in (stages.ids(one.family) if stages else ())}
    try:
        found = runbook.changed_since(engagement)
    except (SourceError, ParameterError) as error:
        late = _named(engagement, dict.fromkeys(staged_late, STAGED), ask=False)
        return Source(late, len(staged_late), unasked=error.message)
    what = dict.fromkeys(staged_late, STAGED)
    for one in CONVERSATIONS:
        there = engagement.all_stages.ids(one.family)
        what |= {(one.name, i): LATE if i in there else NEW for i in found.ids(one.family)}
    what |= {(TICKET.name, ticket): MERGED for ticket in found.merged}
    return Source(_named(engagement, what, ask=True), len(what), found.definitions)


def _named(engagement: Engagement, what: dict[tuple[str, int], str], *, ask: bool) -> list[Late]:
    """Return the first late tickets, then chats and call logs, with their numbers, by which people know them."""
    found: list[Late] = []
    for family in (one.family for one in CONVERSATIONS):
        first = sorted(i for name, i in what if name == family.name)[: NAMED - len(found)]
        if not first:
            continue
        numbers = _numbers(engagement.all_stages, family, set(first))
        missing = [i for i in first if i not in numbers]
        if ask and missing:
            numbers |= _asked_numbers(engagement, family, missing)
        found += [Late(i, numbers.get(i, ""), what[family.name, i], family.name) for i in first]
    return found


def _numbers(staged: Staged, family: Family, ids: Collection[int]) -> dict[int, str]:
    rows = staged.columns(family.root.name, [family.number])
    return {row[family.key]: str(row[family.number] or "") for row in rows if row[family.key] in ids}


def _asked_numbers(engagement: Engagement, family: Family, ids: Collection[int]) -> dict[int, str]:
    table = family.root.name
    key, number = (engagement.source.column(table, name) for name in (family.key, family.number))
    if key is None or number is None:
        return {}
    statement = sa.select(key.label("id"), number.label("number")).where(key.in_(ids))
    return {int(row["id"]): str(row["number"] or "") for row in engagement.source.select(statement, table)}


# --- what is left to do --------------------------------------------------------------------------------


def _left(engagement: Engagement, today: Day, days: int, quarantined: int) -> list[str]:
    """Return what is left to do after this day, most urgent first."""
    name, words = engagement.name, []
    if today.still_off:
        words.append(
            f"Still switched off because of the migration: {', '.join(today.still_off)}. "
            f"`migrator restore-target {name}` puts it back."
        )
    if today.late:
        words.append(f"`migrator run {name} --only 07 --execute` takes over what changed in SmarterTrack.")
    if today.lost:
        words.insert(0, f"What is lost, as it says above. Then `migrator run {name} --only 08` again.")
    if today.number < days:
        words.append(f"`migrator run {name} --only 08` on the next day, which is day {today.number + 1} of {days}.")
        return words
    if today.lost or today.late:
        words.append(
            f"One day more, since this one was not quiet: `migrator run {name} --only 08`. SmarterTrack stays."
        )
        return words
    by_hand = engagement.ledger.meta("hands_off")
    if by_hand:
        words.append("Switch on again whatever people had switched off by hand for the load (gate hands_off).")
    if quarantined:
        words.append(f"In quarantine: {pages.counted(quarantined, 'record')}, listed on the index. Decide on each.")
    return [
        *words,
        "SmarterTrack: take a last full backup of database and files, and try to restore it; then release the licence "
        "and switch the server off. Keep the backup for as long as the law asks for.",
        "Take back what the migration could do: its API key in Gorgias, and its login in SmarterTrack's database.",
        f"Keep reports/{name} with the ledger: it is the evidence, and the roll-back needs it.",
    ]
