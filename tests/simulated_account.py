"""A simulated Gorgias account for tests, and a client for it. Its time runs so fast that nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migrator_lib.clock import Clock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport
from migrator_lib.simulators.gorgias import Account

SPEED = 2000.0
EMAIL, API_KEY = "migration@demo.example", "demo-key"
FALLBACK = "support@demo.example"
SEED = {
    "credentials": {"email": EMAIL, "api_key": API_KEY},
    "users": [
        {"email": EMAIL, "name": "Migration", "role": "admin"},
        {"email": FALLBACK, "name": "Former agents"},
        {"email": "dana@demo.example", "name": "Dana Agent"},
    ],
}


@dataclass(frozen=True)
class SimulatedGorgias:
    """A simulated account, its address, and a client for it."""

    url: str
    account: Account
    api: GorgiasApi
    clock: Clock


def client(
    url: str, clock: Clock, *, timeout_seconds: float = 30.0, allow_invitations: bool = False,
    may_write: Callable[[], None] | None = None,
) -> GorgiasApi:  # fmt: skip
    """Return a client of the account at ``url``, as an engagement makes one."""
    gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
    transport = Transport(
        url, auth=api_key(EMAIL, API_KEY), gate=gate, clock=clock, timeout_seconds=timeout_seconds,
        allow_invitations=allow_invitations, may_write=may_write,
    )  # fmt: skip
    return GorgiasApi(transport)
