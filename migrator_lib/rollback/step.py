"""Notebook 90 on one engagement: the plan, the gate, the removal, what is put back, the proof.

Also where the steps that write take the snapshot, before they write for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib import gates
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.objects.ticket import tags_beside
from migrator_lib.quiet import PRODUCTION, note_mail, remove_canaries, restore
from migrator_lib.rollback.context import Context
from migrator_lib.rollback.proof import Proof
from migrator_lib.rollback.rolling import Blast, RollBack
from migrator_lib.rollback.snapshot import take
from migrator_lib.side_effects import Done

SAMPLE = "sample"
"""The stage that the sandbox's sample is loaded from."""
ROLLED_BACK = "rolled back"
"""What the ledger says of the steps whose work was taken back."""


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
    staged = engagement.all_stages if target == PRODUCTION else engagement.staged(SAMPLE)
    tags = frozenset(tags_beside(engagement.lookups(staged)))
    return replace(_context(engagement, target), staged=staged, tags=tags)


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


def roll_back(engagement: Engagement, account: str = PRODUCTION) -> Result:
    """Say what a roll-back would remove and what it protects; with ``execute`` and a signature, remove and prove it.

    Raises:
        GateClosed: what is to be removed from production is not signed, or changed since.
        ParameterError: there is no such account.
        OutOfTurn: nothing is staged, so nothing was loaded.
        TargetError: the account cannot be reached or refuses the key.
    """
    if account not in (PRODUCTION, "sandbox"):
        raise ParameterError(f"There is no account '{account}'.", next_step="choose of: production, sandbox.")
    _require_staged(engagement, account)
    rolling = RollBack(context_of(engagement, account), now=engagement.clock_now)
    try:
        return _roll_back(engagement, rolling, account)
    finally:
        rolling.close()


def _require_staged(engagement: Engagement, account: str) -> None:
    stage = "full" if account == PRODUCTION else SAMPLE
    if not engagement.ledger.chunks(stage):
        step = "05" if account == PRODUCTION else "03"
        raise OutOfTurn(
            f"Nothing was loaded into the {account} account: nothing is staged for it.",
            next_step=f"migrator run {engagement.name} --only {step} loads it; there is nothing to roll back.",
        )


def _roll_back(engagement: Engagement, rolling: RollBack, account: str) -> Result:
    blast = rolling.look(fresh=engagement.rehearsal)
    result = Result(account, blast, executed=False, proof=rolling.last_proof())
    if engagement.rehearsal or (blast.nothing and blast.state != "under way"):
        return result
    if account == PRODUCTION:
        gates.require(engagement.gate_state("roll_back"), engagement.name, engagement.step)
    rolling.remove()
    result.canaries = remove_canaries(engagement, account)
    result.restored = restore(engagement, account)
    if account == PRODUCTION:
        _note_steps(engagement)
        note_mail(engagement)
    result.proof, result.executed = rolling.prove(), True
    result.blast = rolling.blast()
    result.removed = result.blast.removed - blast.removed
    return result


def _note_steps(engagement: Engagement) -> None:
    """Note that what the steps from the load on had done is done no more, so that they are run again."""
    done = {step["step"] for step in engagement.ledger.steps() if step["status"] != "rehearsed"}
    for step in STEPS[STEPS.index("05_load") :]:
        if step in done:
            engagement.ledger.mark_step(step, ROLLED_BACK)
    engagement.ledger.set_meta("deltas_loaded", [])
