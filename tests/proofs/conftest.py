"""A bench at a simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.ledger import Ledger
from migrator_lib.parameters import Target
from migrator_lib.proofs.bench import Bench
from migrator_lib.simulators.gorgias import Account, create_app
from tests.conftest import Switch
from tests.simulated_account import EMAIL, FALLBACK, SEED, SimulatedGorgias, client

ACCOUNT = {"email": EMAIL, "api_key": "env:DESK_KEY"}


def settings(**more: object) -> Target:
    """Return the parameters of an account whose files may have 3 MB, so that tests send few bytes."""
    return Target.model_validate(
        {"production": ACCOUNT, "sandbox": ACCOUNT, "mailbox": FALLBACK, "upload_limit_bytes": 3_000_000, **more}
    )


@pytest.fixture
def gorgias(tmp_path: Path, served: tuple[Switch, str]) -> Iterator[SimulatedGorgias]:
    """A simulated account on a clock that moves only when it is waited on: nothing here depends on the machine."""
    switch, url = served
    clock = ManualClock()
    account = Account("demo", tmp_path / "gorgias.sqlite3", seed=SEED, clock=clock)
    switch.app = create_app({"demo": account})
    yield SimulatedGorgias(f"{url}/demo", account, client(f"{url}/demo", clock, allow_invitations=True), clock)
    account.store.close()


@pytest.fixture
def bench(gorgias: SimulatedGorgias, ledger: Ledger) -> Bench:
    """What probes work with, at an account in which nothing was asked yet."""
    return Bench(gorgias.api, ledger, target="sandbox", engagement="demo", settings=settings())
