"""Kill the load anywhere, run it again: no duplicate, no gap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator_lib.ledger import PENDING, Ledger
from migrator_lib.simulators.gorgias import running
from migrator_lib.simulators.gorgias.admin_client import outbox, stats
from migrator_lib.simulators.gorgias.store import Store
from tests.loading import everything, filled
from tests.simulated_account import SEED

PROJECT = Path(__file__).parents[2]
TICKETS, SPEED = 80, 30.0
"""60 calls a second: a load is to be caught in the middle, also where the machine has more to do."""
WORKERS = 16
"""What an engagement has if it says nothing: so many tickets may be made without an outcome in the ledger."""


@dataclass(frozen=True)
class Engagement:
    """A staged shop, its ledger's folder, and an account."""

    folder: Path
    url: str
    file: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Start a load."""
        what = [str(self.folder), self.url, str(TICKETS), str(SPEED)]
        return subprocess.Popen([sys.executable, "-m", "tests.crash.load_process", *what], cwd=PROJECT)

    def finish(self) -> None:
        """Load to the end."""
        assert self.start().wait(timeout=120) == 0

    def kill_at(self, kind: str, number: int) -> None:
        """Start a load, and kill it when the account holds so many of a kind, wherever it is then."""
        process = self.start()
        while stats(self.url)["objects"][kind] < number and not _ended(process):
            continue
        process.kill()
        process.wait()

    def holds(self) -> dict[str, Counter[str]]:
        """Return what the account holds."""
        store = Store(self.file)
        try:
            return everything(store)
        finally:
            store.close()

    def entries(self) -> Counter[tuple[str, str]]:
        """Return (object, state) to number of records in the ledger."""
        ledger = Ledger.in_folder(self.folder / "state")
        ledger.verify()
        found = ledger.counts("production").items()
        counts = Counter({(obj, state): n for obj, states in found for state, n in states.items()})
        ledger.close()
        return counts


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process ends within the blink of an eye."""
    try:
        process.wait(timeout=0.01)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.fixture(scope="module")
def engagements(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engagement]]:
    """Three engagements on accounts of one simulator; the first is loaded undisturbed."""
    root = tmp_path_factory.mktemp("killed")
    seed = root / "seed.json"
    seed.write_text(json.dumps(SEED))
    names = ("calm", "killed", "sent")
    with running(root / "accounts", names, speed=SPEED, seed=seed) as simulator:
        found = {}
        for name in names:
            filled(root / name / "shop", TICKETS).write("full")
            found[name] = Engagement(root / name, simulator.base_url(name), root / "accounts" / f"{name}.sqlite3")
        found["calm"].finish()
        yield found


def test_a_load_that_is_killed_again_and_again_ends_as_an_undisturbed_one(engagements: dict[str, Engagement]) -> None:
    calm, killed = engagements["calm"], engagements["killed"]
    for kind, number in (("team", 1), ("customer", 12), ("ticket", 17), ("ticket", 50)):
        killed.kill_at(kind, number)
    assert 50 - WORKERS <= killed.entries()["ticket", "created"] < TICKETS
    killed.finish()
    assert killed.holds() == calm.holds()
    assert killed.entries() == calm.entries()
    assert all(set(names.values()) == {1} for names in killed.holds().values())
    assert outbox(killed.url) == []


def test_a_load_that_was_killed_leaves_intents_and_settles_them(engagements: dict[str, Engagement]) -> None:
    calm, sent = engagements["calm"], engagements["sent"]
    for tickets in range(10, 70, 10):  # a kill may find everybody between two records, but not one kill after the other
        sent.kill_at("ticket", tickets)
        if any(state == PENDING for _, state in sent.entries()):
            break
    else:
        pytest.fail("no kill left an intent")
    sent.finish()
    assert not any(state == PENDING for _, state in sent.entries())
    assert sent.holds() == calm.holds()
