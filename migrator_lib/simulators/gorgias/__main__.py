"""``python -m migrator_lib.simulators.gorgias STATE_DIR ACCOUNT...``."""

from __future__ import annotations

import argparse
from pathlib import Path

from migrator_lib.simulators.gorgias.limits.rate_limit import CHOICES
from migrator_lib.simulators.gorgias.open_accounts import Conditions
from migrator_lib.simulators.gorgias.server import serve

parser = argparse.ArgumentParser(prog="python -m migrator_lib.simulators.gorgias", description=__doc__)
parser.add_argument("state_dir", type=Path)
parser.add_argument("accounts", nargs="+")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--speed", type=float, default=1.0)
parser.add_argument("--seed", type=Path)
parser.add_argument("--rate", choices=sorted(CHOICES), default="api-key")
parser.add_argument("--exit-with-stdin", action="store_true")
if __name__ == "__main__":
    given = parser.parse_args()
    serve(
        given.state_dir,
        given.accounts,
        port=given.port,
        seed=given.seed,
        conditions=Conditions(speed=given.speed, rate=given.rate),
        exit_with_stdin=given.exit_with_stdin,
    )
