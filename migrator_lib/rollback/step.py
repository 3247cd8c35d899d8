"""Notebook 90 on one engagement: the plan, the gate, the removal, what is put back, the proof.

Also where the steps that write take the snapshot, before they write for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib import gates
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.knowledge.removing import Remover
from migrator_lib.ledger import Ledger
from migrator_lib.load.recipe import lookups_by, recipes
from migrator_lib.lookups import Lookups
from migrator_lib.objects.ticket import tags_beside
from migrator_lib.quiet import PRODUCTION, note_mail, remove_canaries, restore
from migrator_lib.rollback.context import Context
from migrator_lib.rollback.proof import Proof
from migrator_lib.rollback.rolling import Blast, RollBack
from migrator_lib.rollback.snapshot import take
from migrator_lib.rollback.standing import ROLLED_BACK
from migrator_lib.side_effects import Done

FULL, SAMPLE = "full", "sample"
"""The stages that the accounts are loaded from."""


@dataclass
class Result:
    """What a roll-back would do, or did."""

    account: str
    blast: Blast
    executed: bool
    proof: Proof | None = None
    """After the removal, or of the last one; None while nothing was rolled back."""
    restored: list[Done] = field(default_factory=list)
    """What had been switched off in the account, and is put back."""
    canaries: int = 0
    removed: int = 0
    """Things that this run took out of Gorgias."""

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps of the step."""
        return {
            "account": self.account,
            "removed": self.removed,
            "protected": self.blast.protects,
            "unexplained": self.proof.wrong if self.executed and self.proof else 0,
        }


def context_of(engagement: Engagement, target: str) -> Context:
    """Return what a roll-back of an account works with."""
    whole = target == PRODUCTION and engagement.ledger.chunks(FULL)
    staged = engagement.all_stages if whole else engagement.staged(SAMPLE)
    tags = tags_on_the_fly(engagement.ledger, target, engagement.lookups(staged))
    return replace(_context(engagement, target), staged=staged, tags=tags)


def tags_on_the_fly(ledger: Ledger, target: str, lookups: Lookups) -> frozenset[str]:
    """Return the names of tags that are no record's and that loads made tickets name, by the mapping as it is now and
    by each that was loaded by.
    """
    by = [lookups, *(lookups_by(recipe, lookups) for recipe in recipes(ledger, target).values())]
    return frozenset(name for one in by for name in tags_beside(one))


def _context(engagement: Engagement, target: str) -> Context:
    return Context(
        engagement.api(target), target, engagement.ledger, engagement.name, engagement.paths.state,
        engagement.progress, engagement.behaviour,
    )  # fmt: skip


def before_first_write(engagement: Engagement, target: str) -> None:
    """Take the snapshot of an account that nothing was written to yet. A rehearsal takes none.

    Raises:
        TargetError: the account cannot be read.
        StorageError: the disk is full or does not let us.
    """
    if not engagement.rehearsal:
        full = engagement.parameters.rollback.snapshot == "full"
        take(_context(engagement, target), now=engagement.clock_now, full=full)


def plan(engagement: Engagement, account: str = PRODUCTION) -> Result:
    """Say what a roll-back would remove and what it protects, and keep it for a signature.

    Raises:
        ParameterError: there is no such account.
        OutOfTurn: nothing is staged, so nothing was loaded.
        TargetError: the account cannot be read.
    """
    accounts = engagement.parameters.target.accounts
    if account not in accounts:
        raise ParameterError(f"There is no account '{account}'.", next_step=f"choose of: {', '.join(accounts)}.")
    _require_staged(engagement, account)
    rolling = _rolling(engagement, account)
    try:
        blast = rolling.look(fresh=engagement.rehearsal)
        return Result(account, blast, executed=False, proof=rolling.last_proof())
    finally:
        rolling.close()


def _rolling(engagement: Engagement, account: str) -> RollBack:
    context = context_of(engagement, account)
    remover = Remover(engagement.ledger, account, context.api, engagement.parameters.help_center)
    return RollBack(context, now=engagement.clock_now, remover=remover)


def _require_staged(engagement: Engagement, account: str) -> None:
    stages = [FULL] if account == PRODUCTION else []
    stages += [SAMPLE] if account == engagement.sample_account else []
    if not any(engagement.ledger.chunks(stage) for stage in stages):
        raise OutOfTurn(
            f"Nothing was loaded into the {account} account: nothing is staged for it.",
            next_step=f"migrator status {engagement.name} says what comes next; there is nothing to roll back.",
        )


def carry_out(engagement: Engagement, result: Result) -> None:
    """Remove what a plan says, put back what was switched off, and prove it. A rehearsal does nothing.

    Of production a person must have signed the plan. Stopped anywhere, it goes on when it is run again.

    Raises:
        GateClosed: the plan is not signed, or another one was.
        TargetError: the account cannot be reached or refuses the key.
    """
    begun = result.blast.state == "under way"
    if engagement.rehearsal or (result.blast.nothing and not begun):
        return
    if result.account == PRODUCTION:
        gates.require(engagement.gate_state("roll_back"), engagement.name, engagement.step)
    rolling = _rolling(engagement, result.account)
    try:
        _carry_out(engagement, rolling, result)
    finally:
        rolling.close()


def _carry_out(engagement: Engagement, rolling: RollBack, result: Result) -> None:
    before = result.blast.removed
    rolling.remove()
    result.canaries = remove_canaries(engagement, result.account)
    result.restored = restore(engagement, result.account)
    if result.account == PRODUCTION:
        due_again(engagement)
        note_mail(engagement)
    result.proof, result.executed = rolling.prove(), True
    result.blast = rolling.blast()
    result.removed = result.blast.removed - before


def due_again(engagement: Engagement) -> None:
    """Note that what the steps from the load on had done is done no more, so that the next run begins with the load."""
    ledger, first = engagement.ledger, STEPS.index("05_load")
    begun = {step["step"] for step in ledger.steps() if step["status"] != "rehearsed"}
    ledger.set_meta("cycle", [step for step in STEPS[:first] if ledger.step_is_done(step)])
    ledger.set_meta("deltas_loaded", [])
    for step in STEPS[first:]:
        if step in begun:
            ledger.mark_step(step, ROLLED_BACK)
