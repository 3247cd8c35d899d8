"""Rehearsing the freeze of an engagement: the replay, what else was measured, and the page; nothing is sent."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from migrator_lib import delta
from migrator_lib.delta import history
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn
from migrator_lib.freeze.prediction import Measured, Result, readback_calls
from migrator_lib.freeze.replay import TARGET, Course, replay
from migrator_lib.freeze.rewind import APPROXIMATED, Span, activity, last_moment
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import SETUP, USER
from migrator_lib.smartertrack.tables import FAMILIES
from migrator_lib.staging import Staged

KEPT = "freeze_rehearsal"
"""What the ledger keeps of the last one."""
DAYS = 7
QUICK_TICKETS, QUICK_STAGED = 100, 20_000
"""Changed tickets, and staged ones, that a notebook goes through by itself; more are for the command."""


def rehearse(engagement: Engagement, *, days: int = DAYS) -> Result:
    """Load the last days of changes into a simulated account, and keep what that took in the ledger.

    Raises:
        OutOfTurn: nothing is staged yet, or there is no mapping.
        StorageError: the disk is full or cannot be written.
    """
    began = time.perf_counter()
    staged = engagement.all_stages
    if not staged.count("Tickets"):
        raise OutOfTurn(
            "No ticket is staged, so there are no changes to go through again.",
            next_step=f"migrator run {engagement.name} --to 04 stages them.",
        )
    last = last_moment(staged, engagement.clock_now) or engagement.clock_now
    span = Span.of(last, days)
    with engagement.progress.alive():
        gone_through = replay(_course(engagement, staged, span), engagement.paths.state)
        measured = replace(measure(engagement, staged), idle_seconds=gone_through.idle_seconds)
    result = Result(
        days=gone_through.days, measured=measured, window_hours=engagement.parameters.delta.freeze_hours,
        stages=len(engagement.ledger.meta("deltas", [])), at=datetime.now(UTC).isoformat(timespec="seconds"),
        last=last.isoformat(timespec="seconds"), ran_seconds=round(time.perf_counter() - began, 1),
        approximated=APPROXIMATED,
    )  # fmt: skip
    engagement.ledger.set_meta(KEPT, result.as_json())
    return result


def kept(engagement: Engagement, *, also_older: bool = False) -> Result | None:
    """Return the last rehearsal, if it is of the data that is staged now, or ``also_older``; else None."""
    found: Mapping[str, Any] | None = engagement.ledger.meta(KEPT)
    if found is None or not (also_older or found["stages"] == len(engagement.ledger.meta("deltas", []))):
        return None
    return Result.from_json(found)


def is_quick(engagement: Engagement, *, days: int = DAYS) -> bool:
    """Whether so few tickets, chats and calls changed in the last days that a notebook can go through them itself."""
    staged = engagement.all_stages
    if sum(staged.count(family.root.name) for family in FAMILIES) > QUICK_STAGED:
        return False
    last = last_moment(staged, engagement.clock_now)
    return last is not None and len(activity(staged, Span.of(last, days)).days) <= QUICK_TICKETS


def _course(engagement: Engagement, staged: Staged, span: Span) -> Course:
    lookups = engagement.lookups(staged)
    known = {entry.source_key for entry in engagement.ledger.entries(TARGET, USER.name) if entry.target_id}
    agents = [
        address
        for address, user in lookups.agent_of_address.items()
        if not known or str(user) in known or engagement.parameters.agents.missing == "create"
    ]

    def lookups_of(earlier: Staged) -> Lookups:
        found = Lookups.of(earlier, lookups.mapping, lookups.parameters, lambda: engagement.progress.advance(0))
        found.behaviour = lookups.behaviour
        return found

    return Course(
        staged=staged, span=span, activity=activity(staged, span), lookups=lookups_of, files=lookups.files,
        target=lookups.parameters.target, agents=[lowered(engagement.parameters.agents.fallback), *agents],
        progress=engagement.progress,
    )  # fmt: skip


# --- the other parts -----------------------------------------------------------------------------------


def measure(engagement: Engagement, staged: Staged) -> Measured:
    """Return what is known of the other parts; the source is compared now, if it never was."""
    found = history.measured(engagement.ledger)
    if history.COMPARISON not in found:
        found = {**found, history.COMPARISON: _compare(engagement, staged)}
    calls = int(found[history.READ_BACK]) if history.READ_BACK in found else _readback_calls(engagement, staged)
    return Measured(
        comparison=found.get(history.COMPARISON), reconcile=found.get(history.RECONCILED),
        documents=found.get(history.DOCUMENTS),
        quiet=found.get(history.QUIET, engagement.parameters.target.canary.wait_seconds),
        readback_calls=calls,
        rate=engagement.target_rate, bytes_per_second=engagement.parameters.target.upload_bytes_per_second,
    )  # fmt: skip


MESSAGES = ("TicketMessages", "TicketComments", "ChatMessages", "ChatComments")
"""Tables whose rows are messages in Gorgias; a call log is one, too."""


def _readback_calls(engagement: Engagement, staged: Staged) -> int:
    """Return how many calls it will take to read back what is staged, where it never was read back."""
    counts = {
        "customers": len(engagement.lookups(staged).requester_accounts) + _guests(staged),
        "tickets": sum(staged.count(family.root.name) for family in FAMILIES),
        "messages": sum(map(staged.count, MESSAGES)) + staged.count("CallLogs"),
        "surveys": staged.count("SurveysOffered"),
    }
    files = sum(staged.count(family.attachments) for family in FAMILIES)
    share = engagement.parameters.reconcile.share
    downloads = files if share >= 1 else math.ceil(share * (counts["customers"] + counts["tickets"] + files))
    lists = readback_calls(counts, setup_calls=len(SETUP), values_in_lists=engagement.behaviour.values_in_lists)
    return lists + min(files, downloads)


def _guests(staged: Staged) -> int:
    """Return how many addresses without an account have tickets."""
    rows = staged.columns("Tickets", ["UserID_Customer", "CustomerEmailAddress"])
    return len({lowered(row["CustomerEmailAddress"]) for row in rows if row["UserID_Customer"] is None} - {""})


def _compare(engagement: Engagement, staged: Staged) -> float:
    began = time.perf_counter()
    delta.changes(engagement.source, staged, engagement.progress, page_rows=engagement.parameters.source.page_rows)
    took = round(time.perf_counter() - began, 3)
    history.note_measured(engagement.ledger, history.COMPARISON, took)
    return took
