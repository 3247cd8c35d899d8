"""An account in which everything acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from migrator_lib.clock import ScaledClock
from migrator_lib.simulators.gorgias import Account, create_app
from tests.conftest import Switch as Served
from tests.side_effects.acting import ACTING, TWO
from tests.simulated_account import SPEED, SimulatedGorgias, client


@contextmanager
def serving(served: tuple[Served, str], seed: dict[str, Any]) -> Iterator[SimulatedGorgias]:
    """Serve an account that begins with this."""
    switch, url = served
    clock = ScaledClock(SPEED)
    account = Account("demo", None, seed=seed, clock=clock)
    switch.app = create_app({"demo": account})
    yield SimulatedGorgias(f"{url}/demo", account, client(f"{url}/demo", clock), clock)
    account.store.close()


@pytest.fixture
def acting(served: tuple[Served, str]) -> Iterator[SimulatedGorgias]:
    """A simulated account with rules, integrations and settings that are on."""
    with serving(served, ACTING) as gorgias:
        yield gorgias


@pytest.fixture
def two(served: tuple[Served, str]) -> Iterator[SimulatedGorgias]:
    """A simulated account with a rule and a setting that are on."""
    with serving(served, TWO) as gorgias:
        yield gorgias
