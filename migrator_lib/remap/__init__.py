"""Re-mapping: what a changed mapping would change of what was loaded, before it does; offline, in minutes."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from migrator_lib.engagement import Engagement
from migrator_lib.load import recipe
from migrator_lib.progress import Progress
from migrator_lib.remap.remapping import Remapper, Remapping

PRODUCTION = "production"


@dataclass(frozen=True)
class Result:
    """What was found, and how long it took."""

    remapping: Remapping
    seconds: float

    @property
    def rate(self) -> float:
        """Records a second that were mapped anew and compared."""
        records = sum(one.records for one in self.remapping.objects.values())
        return records / self.seconds if self.seconds else 0.0


def was_loaded(engagement: Engagement) -> bool:
    """Whether something was loaded into the production account, so that there is something to compare with."""
    return bool(recipe.loads(engagement.ledger, PRODUCTION))


def remap(engagement: Engagement) -> Result:
    """Map everything that is staged anew, and compare it with what was sent to the production account.

    No call is made and nothing is written but its progress, so it needs no lease, and a load may be at work.
    """
    began = time.monotonic()
    staged = engagement.all_stages
    file = engagement.paths.state / "remap.json"
    found = Remapper(
        ledger=engagement.ledger, target=PRODUCTION, staged=staged, lookups=engagement.lookups(staged),
        folder=engagement.paths.staged, progress=Progress(file, "remap", lambda: engagement.ledger.renew_lease()),
    ).run()  # fmt: skip
    with suppress(OSError):
        file.unlink()
    return Result(found, time.monotonic() - began)
