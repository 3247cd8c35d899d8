"""What many tests stand on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from migrator_lib.clock import ScaledClock
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.server import app_in_thread
from tests.loading import filled
from tests.mutations.summary import pytest_terminal_summary as pytest_terminal_summary  # an xdist controller's too
from tests.shop import Shop
from tests.simulated_account import SEED, SPEED, SimulatedGorgias, client

MEMORY, NEEDED_BYTES = Path("/dev/shm"), 2 << 30
"""Where a machine has files in memory, and how much of it tests may need."""
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > NEEDED_BYTES:
    # Ledgers and stages wait for the disk at every turn, so that a power cut loses nothing; no test cuts the power.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

settings.register_profile("calm", deadline=None)  # the machine may be busy with other tests
settings.load_profile("calm")


@pytest.fixture(scope="session", autouse=True)
def no_proxy() -> Iterator[None]:
    """No proxy of this machine stands between a test and its server; of the session, as other fixtures ask too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(autouse=True)
def no_run_before() -> Iterator[None]:
    """What a run told its notebooks by the environment, in another test of this process, is not told to this one."""
    told = ("MIGRATOR_HOME", "MIGRATOR_RUN_ID", "MIGRATOR_DRIVER")
    for name in told:
        os.environ.pop(name, None)
    yield
    for name in told:
        os.environ.pop(name, None)


class Switch:
    """An app that stands for another: one server serves each test its own account, since servers end slowly."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Switch, str]]:
    switch = Switch()
    with app_in_thread(switch) as url:
        yield switch, url


@pytest.fixture
def gorgias(tmp_path: Path, served: tuple[Switch, str]) -> Iterator[SimulatedGorgias]:
    """A simulated account with an admin (user 1), the fallback agent (2) and an agent (3), served on loopback."""
    switch, url = served
    clock = ScaledClock(SPEED)
    account = Account("demo", tmp_path / "gorgias.sqlite3", seed=SEED, clock=clock)
    account.cursor_seconds = 3600 * SPEED  # a test that is slow does not lose its page
    switch.app = create_app({"demo": account})
    yield SimulatedGorgias(f"{url}/demo", account, client(f"{url}/demo", clock), clock)
    account.store.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    found = Ledger.in_folder(tmp_path / "state")
    yield found
    found.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A small shop with something of everything that is loaded."""
    return filled(tmp_path / "shop")
