"""A load in a process of its own, to be killed or stopped.

``python -m tests.crash.load_process FOLDER URL TICKETS SPEED``; ``PAUSE`` and ``STOP`` are looked for in FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

from migrator_lib.clock import ScaledClock
from migrator_lib.control import Control
from migrator_lib.errors import LeaseHeld, StopRequested
from migrator_lib.ledger import Ledger
from migrator_lib.staging import Staged
from tests.loading import filled, loader
from tests.simulated_account import client

LEASE_LOST = 70
"""Exit code of a load that was not given the lease, or lost it."""


def load(folder: str, shop: str, url: str, tickets: int, speed: float, take_over: bool = False) -> int:
    """Load what is staged in ``shop``; return the exit code."""
    given, place = filled(Path(shop), tickets), Path(folder)
    ledger = Ledger.in_folder(place / "state")
    control = Control(place, "demo", clock=ScaledClock(20.0))
    control.listen()
    staged = Staged([Path(shop, "staged", "full")])
    try:
        ledger.take_lease(take_over=take_over)
        api = client(url, ScaledClock(speed), may_write=ledger.check_lease)
        loader(given, api, ledger, staged, control).run()
    except StopRequested as error:
        return int(error.exit_code)
    except LeaseHeld:
        return LEASE_LOST
    finally:
        ledger.close()
    return 0


if __name__ == "__main__":
    sys.exit(load(sys.argv[1], f"{sys.argv[1]}/shop", sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
