"""A purge that is killed before one of the things that it does; run in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import purge
from migrator_lib.engagement import Engagement
from migrator_lib.ledger import Ledger


def run(home: str, kill_before: int) -> int:
    """Purge the demo; be killed before the thing of this number. -1: live."""
    done = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*given: Any, **more: Any) -> Any:
            nonlocal done
            if done == kill_before:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return call(*given, **more)

        return instead

    with pytest.MonkeyPatch.context() as patch:
        for owner, names in ((Path, ("unlink", "rmdir")), (Ledger, ("note", "set_meta"))):
            for name in names:
                patch.setattr(owner, name, counted(getattr(owner, name)))
        engagement = Engagement(Path(home), "demo", step="purge")
        engagement.ledger.take_lease()
        purge.purge(engagement, by="Margit Olsen")
        engagement.close()
    return 0
