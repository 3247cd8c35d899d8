"""Kill the load anywhere, start it twice, let it be taken over: no duplicate, no gap.

What the matrix does at chosen moments with few workers is done here wherever many of them happen to be.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator_lib.clock import ScaledClock
from migrator_lib.ledger import PENDING, Ledger
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.gorgias.limits.faults import Fault
from tests.crash.load_process import LEASE_LOST
from tests.crash.nursery import Nursery
from tests.loading import everything, filled
from tests.simulated_account import SEED

LOAD = "tests.crash.load_process:load"
TICKETS, SPEED = 80, 60.0
"""120 calls a second: a load is to be caught in the middle, also where the machine has more to do."""
POSTED, MANY = ("tickets", "customers", "teams", "custom-fields", "tags"), 10_000
WORKERS = 16
"""What an engagement has if it says nothing: so many tickets may be made without an outcome in the ledger."""


@dataclass(frozen=True)
class Engagement:
    """A staged shop, its ledger's folder, and an account."""

    folder: Path
    shop: Path
    url: str
    account: Account
    children: Nursery

    def start(self, *, take_over: bool = False) -> int:
        """Start a load; return its process id."""
        given = str(self.folder), str(self.shop), self.url, TICKETS, SPEED, take_over
        return self.children.start(LOAD, *given)

    def finish(self) -> None:
        """Load to the end."""
        assert self.children.wait(self.start()) == 0

    @contextmanager
    def still_at(self, kind: str, number: int) -> Iterator[None]:
        """Let the account hold so many of a kind, and then answer nobody for the length of a block."""
        store, until = self.account.store, time.monotonic() + 60
        while True:
            with store.lock:
                if store.count(kind) >= number:
                    yield
                    return
            assert time.monotonic() < until
            time.sleep(0.002)

    def kill_at(self, kind: str, number: int) -> None:
        """Start a load, and kill it when the account holds so many of a kind, wherever it is then."""
        process = self.start()
        with self.still_at(kind, number):
            os.kill(process, signal.SIGKILL)
        assert self.children.wait(process) == -signal.SIGKILL

    def taken_over(self) -> int:
        """Start a load that takes the lease over, and wait until it has; return its process id."""
        ledger, until = Ledger.in_folder(self.folder / "state"), time.monotonic() + 60
        before, process = ledger.lease(), self.start(take_over=True)
        while ledger.lease() == before:
            assert time.monotonic() < until
            time.sleep(0.002)
        ledger.close()
        return process

    def entries(self) -> Counter[tuple[str, str]]:
        """Return (object, state) to number of records in the ledger."""
        ledger = Ledger.in_folder(self.folder / "state")
        ledger.verify()
        found = ledger.counts("production").items()
        counts = Counter({(obj, state): n for obj, states in found for state, n in states.items()})
        ledger.close()
        return counts

    def is_as(self, calm: Engagement) -> None:
        """Pass if the account and the ledger hold what those of an undisturbed load hold."""
        holds = everything(self.account.store)
        assert holds == everything(calm.account.store)
        assert all(set(names.values()) == {1} for names in holds.values())
        assert self.entries() == calm.entries()
        assert self.account.store.outbox() == []


@pytest.fixture(scope="module")
def engagements(tmp_path_factory: pytest.TempPathFactory, children: Nursery) -> Iterator[dict[str, Engagement]]:
    """Engagements with one shop, each with an account of its own; the first is loaded undisturbed."""
    root, clock = tmp_path_factory.mktemp("killed"), ScaledClock(SPEED)
    filled(root / "shop", TICKETS).write("full")
    names = ("calm", "killed", "sent", "twice", "taken", "failing")
    accounts = {name: Account(name, None, seed=SEED, clock=clock) for name in names}
    with in_thread(accounts) as urls:
        found = {name: Engagement(root / name, root / "shop", urls[name], accounts[name], children) for name in names}
        found["calm"].finish()
        yield found


@pytest.fixture
def calm(engagements: dict[str, Engagement]) -> Engagement:
    """The one that nothing disturbed."""
    return engagements["calm"]


def test_a_load_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    engagements: dict[str, Engagement], calm: Engagement
) -> None:
    killed = engagements["killed"]
    for kind, number in (("team", 1), ("customer", 12), ("ticket", 17), ("ticket", 50)):
        killed.kill_at(kind, number)
    assert 50 - WORKERS <= killed.entries()["ticket", "created"] < TICKETS
    killed.finish()
    killed.is_as(calm)


def test_a_load_that_was_killed_leaves_intents_and_settles_them(
    engagements: dict[str, Engagement], calm: Engagement
) -> None:
    sent = engagements["sent"]
    for tickets in range(10, 70, 10):  # a kill may find everybody between two records, but not one kill after the other
        sent.kill_at("ticket", tickets)
        if any(state == PENDING for _, state in sent.entries()):
            break
    else:
        pytest.fail("no kill left an intent")
    sent.finish()
    assert not any(state == PENDING for _, state in sent.entries())
    sent.is_as(calm)


def test_of_two_loads_that_are_started_at_once_one_is_refused(
    engagements: dict[str, Engagement], calm: Engagement
) -> None:
    twice = engagements["twice"]
    both = [twice.start(), twice.start()]
    assert sorted(twice.children.wait(one) for one in both) == [0, LEASE_LOST]
    twice.is_as(calm)


def test_a_load_that_is_taken_over_in_the_middle_ends_and_the_other_one_completes_it(
    engagements: dict[str, Engagement], calm: Engagement
) -> None:
    taken = engagements["taken"]
    first = taken.start()
    for tickets in (10, 30, 50):
        with taken.still_at("ticket", tickets):  # or a slow machine might be done before somebody takes over
            second = taken.taken_over()
        assert taken.children.wait(first) == LEASE_LOST
        first = second
    assert taken.children.wait(first) == 0
    taken.is_as(calm)


def test_a_load_whose_every_post_is_answered_with_an_error_after_it_was_carried_out_sends_each_once(
    engagements: dict[str, Engagement], calm: Engagement
) -> None:
    failing = engagements["failing"]
    faults = [Fault("http_500_after_commit", "POST", path, times=MANY) for path in POSTED]
    failing.account.faults += faults
    assert failing.children.wait(failing.start()) == 0
    sent = {name: n for name, n in failing.account.stats.by_endpoint.items() if name.startswith("POST")}
    once = {name: n for name, n in calm.account.stats.by_endpoint.items() if name.startswith("POST")}
    assert sent == once
    assert sum(MANY - fault.times for fault in faults) == sum(once.values()) - once["POST upload"]
    failing.is_as(calm)
