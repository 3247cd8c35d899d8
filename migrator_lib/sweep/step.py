"""The sweep of one account of an engagement, as the command line asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrator_lib.engagement import Engagement
from migrator_lib.purge import require_not_purged
from migrator_lib.quiet import quietly
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.sweep.finding import Extra, find
from migrator_lib.sweep.mending import Done, Mender


@dataclass
class Swept:
    """What a sweep found, and what was done about it."""

    extras: list[Extra]
    done: list[Done] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many things are still there too often."""
        over = {one.extra.target_id for one in self.done if one.outcome in ("trashed", "deleted", "gone already")}
        return sum(extra.target_id not in over for extra in self.extras)


def sweep(engagement: Engagement, target: str, *, mend: bool = False) -> Swept:
    """Read an account back, find what is there too often and, where asked, take away what nobody touched.

    The account is made quiet before the first write, as before a load, and what that switched off is put back.

    Args:
        engagement: opened by whoever holds its lease, if something is to be written.
        target: production or sandbox.
        mend: whether extras are taken away; without ``engagement.execute`` it is only said which would be.

    Raises:
        GateClosed: something in the account would act on what is written.
        TargetError: the account cannot be read, or refuses the key.
        OutOfTurn: what was staged is purged.
    """
    require_not_purged(engagement.ledger, engagement.name)
    staged, api = engagement.all_stages, engagement.api(target)
    read = ReadBack(engagement.paths.state / "sweep.sqlite3", engagement.name)
    try:
        read.read(api, engagement.progress, engagement.behaviour)
        found = Swept(find(read, engagement.ledger, target, staged))
    finally:
        read.close()
    if mend and found.extras:
        found.done = _mended(engagement, target, found.extras)
    return found


def _mended(engagement: Engagement, target: str, extras: list[Extra]) -> list[Done]:
    mender = Mender(
        engagement.api(target), engagement.ledger, target, engagement.progress, rehearsal=not engagement.execute
    )  # fmt: skip
    if mender.rehearsal or all(extra.why_left for extra in extras):
        return mender.mend(extras)
    with quietly(engagement, target):
        return mender.mend(extras)
