"""An account that is quiet for the length of one command, such as a new try or a sweep, and as before behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrator_lib.engagement import Engagement
from migrator_lib.quiet.making import Quiet, make_quiet, restore
from migrator_lib.side_effects import still_off

STEPS = ("03_sample_migration", "05_load", "07_cutover")
"""Steps that switch off for themselves, and put back when their time has come."""


@contextmanager
def quietly(engagement: Engagement, target: str) -> Iterator[Quiet]:
    """Keep an account quiet for the length of a block, as for a load, and leave it as it was before.

    What is off already stays off, since a load left it so until the cutover; but not what a block left that died.

    Args:
        engagement: of a command that writes, opened by whoever holds its lease.
        target: production or sandbox.

    Raises:
        GateClosed: something acts, or a person has to state something; the account is as it was before.
        TargetError: the account cannot be reached or refuses the key.
    """
    ledger, name = engagement.ledger, f"quiet_began:{target}"
    ours = not still_off(ledger, target) or _left_by_one_that_died(engagement, name)
    if ours:
        ledger.set_meta(name, engagement.clock_now.isoformat(timespec="microseconds"))
    quiet = make_quiet(engagement, target)
    try:
        yield quiet
    finally:
        if ours:
            restore(engagement, target)


def _left_by_one_that_died(engagement: Engagement, name: str) -> bool:
    """Whether what is off is so because of a block that died: no step that switches off has begun since."""
    began = engagement.ledger.meta(name, "")
    steps = engagement.ledger.steps()
    return bool(began) and all((step["started_at"] or "") < began for step in steps if step["step"] in STEPS)
