"""A load in a process of its own, to be killed or stopped.

``python -m tests.crash.load_process FOLDER URL TICKETS SPEED``; ``PAUSE`` and ``STOP`` are looked for in FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

from migrator_lib.clock import ScaledClock
from migrator_lib.control import Control
from migrator_lib.errors import StopRequested
from migrator_lib.ledger import Ledger
from migrator_lib.staging import Staged
from tests.loading import filled, loader
from tests.simulated_account import client


def main(folder: Path, url: str, tickets: int, speed: float) -> None:
    """Load what is staged in ``folder``."""
    shop = filled(folder / "shop", tickets)
    ledger = Ledger.in_folder(folder / "state")
    ledger.take_lease()
    control = Control(folder, "demo", clock=ScaledClock(20.0))
    control.listen()
    staged = Staged([folder / "shop" / "staged" / "full"])
    try:
        loader(shop, client(url, ScaledClock(speed)), ledger, staged, control).run()
    except StopRequested as error:
        sys.exit(int(error.exit_code))
    finally:
        ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
