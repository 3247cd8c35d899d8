"""A place whose account is in a file, so that it outlives the process that works on it."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

from migrator_lib.clock import ManualClock
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.loading import filled
from tests.rollback.accounts import Loaded, Place
from tests.simulated_account import SEED


def keep(base: Loaded, folder: Path) -> None:
    """Write a loaded place to a folder."""
    account = Account("demo", folder / "account.sqlite3", seed=SEED, clock=base.made.clock)
    with account.store.transaction():
        account.store.restore(base.held)
    account.store.close()
    shutil.copytree(base.made.folder / "state", folder / "state")
    shutil.copytree(base.made.shop.folder, folder / "shop")
    (folder / "now.json").write_text(json.dumps(base.made.clock.now().isoformat()))


def opened(folder: Path) -> Place:
    """Return the place of a folder."""
    clock = ManualClock(datetime.fromisoformat(json.loads((folder / "now.json").read_text())))
    account = Account("demo", folder / "account.sqlite3", seed=SEED, clock=clock)
    shop = filled(folder / "shop", tickets=4)
    ledger = Ledger.in_folder(folder / "state")
    return Place(account, api_of(account), ledger, shop, shop.stage(), clock, folder)
