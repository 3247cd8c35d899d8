"""A plain client of the simulated account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.simulated_account import SimulatedGorgias
from tests.simulators.gorgias.asking import Asker


@pytest.fixture
def ask(gorgias: SimulatedGorgias) -> Iterator[Asker]:
    """A client without gate or guard; the account has no rate limit to speak of."""
    gorgias.account.limit.limit = 1_000_000
    with requests.Session() as session:
        session.trust_env = False
        yield Asker(gorgias.url, gorgias.account, session)
