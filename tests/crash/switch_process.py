"""Switching off, or putting back, in a process of its own that is killed at a chosen moment.

So many requests and writes of the ledger begin or end before the process kills itself, as nobody else could at exactly
that moment.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from migrator_lib.clock import ScaledClock
from migrator_lib.side_effects import Switch, look
from tests.side_effects.acting import ALL, Life, mortal_ledger, mortal_transport
from tests.simulated_account import SPEED, client


class SuddenDeath(Life):
    """Ends by ``kill -9``: nothing is closed, and nothing that waits is written."""

    def end(self) -> None:
        """End now."""
        os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, url: str, way: str, moments: int) -> None:
    """Do it, ``off`` or ``restore``, until the end, or the moment."""
    life = SuddenDeath(moments)
    api = mortal_transport(client(url, ScaledClock(SPEED)), life)
    switch = Switch(api, mortal_ledger(Path(folder), life), "production")
    if way == "off":
        switch.off(look(api).effects, ALL)
    else:
        switch.restore()
