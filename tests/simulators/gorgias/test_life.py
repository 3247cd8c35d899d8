"""State that survives, a clock that goes on, processes that end, and many clients at once."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator_lib.clock import Clock, ManualClock, ScaledClock
from migrator_lib.errors import TargetUnreachable
from migrator_lib.simulators.gorgias import Account, in_thread, running
from migrator_lib.simulators.gorgias.admin_client import outbox, stats
from tests.simulated_account import SEED, SPEED, SimulatedGorgias, client
from tests.simulators.gorgias.asking import incoming, outgoing, ticket


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({**SEED, "customers": [{"email": "jane@shop.example", "name": "Jane"}],
                                "teams": [{"name": "Second line", "members": ["dana@demo.example"]}],
                                "tags": [{"name": "VIP"}]}))  # fmt: skip
    return file


def test_a_killed_account_has_everything_when_it_is_started_again(tmp_path: Path, seed: Path) -> None:
    clock = ScaledClock(SPEED)
    with running(tmp_path, ["demo"], speed=SPEED, seed=seed) as first:
        api = client(first.base_url("demo"), clock, allow_invitations=True)
        api.users.create({"email": "kim@demo.example", "name": "Kim", "role": {"name": "agent"}})
        made = [api.tickets.create(ticket(incoming(20_000), external_id=f"st:{n}")).id for n in range(20)]
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
    with running(tmp_path, ["demo"], speed=SPEED, seed=seed) as second:
        url = second.base_url("demo")
        api = client(url, clock)
        assert sorted(t.id for page in api.tickets.pages() for t in page) == made
        held = stats(url)["objects"]
        assert held == {"user": 4, "team": 1, "tag": 1, "custom_field": 0, "customer": 1, "ticket": 20, "message": 20}
        assert len(outbox(url)) == 1
        assert api.tickets.create(ticket(incoming(20_000))).id > max(made), "an id was used twice"


def test_a_process_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    parent = (
        "import sys\n"
        "from pathlib import Path\n"
        "from migrator_lib.simulators.gorgias import running\n"
        "with running(Path(sys.argv[1]), ['demo']) as simulator:\n"
        "    print(simulator.process.pid, simulator.base_url('demo'), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid, url = process.stdout.readline().split()
    child = os.pidfd_open(int(pid))
    try:
        assert stats(url)["calls"] == 0
        process.kill()
        process.communicate()
        ended, _, _ = select.select([child], [], [], 30)
        assert ended
    finally:
        os.close(child)


def test_a_simulator_that_does_not_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(TargetUnreachable, match="did not start"), running(tmp_path, ["demo"], seed=tmp_path / "none"):
        pass


def test_accounts_of_one_process_know_nothing_of_each_other(tmp_path: Path) -> None:
    accounts = {name: Account(name, tmp_path / name, seed=SEED) for name in ("sandbox", "production")}
    with in_thread(accounts) as urls:
        client(urls["sandbox"], ScaledClock(SPEED)).tags.create({"name": "VIP"})
        assert stats(urls["production"])["objects"]["tag"] == 0
        assert stats(urls["sandbox"])["objects"]["tag"] == 1
    for account in accounts.values():
        account.store.close()


def test_an_account_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    account = Account("demo", None, seed=SEED, clock=ManualClock())
    assert account.store.count("user") == 3
    account.store.close()
    assert list(tmp_path.iterdir()) == []


def started(path: Path, clock: Clock) -> Account:
    return Account("demo", path / "x.sqlite3", seed=SEED, clock=clock)


def test_the_clock_never_runs_backwards_over_a_restart(tmp_path: Path) -> None:
    ahead = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    first = started(tmp_path, ahead)
    ahead.advance(1e6)
    first.remember(None)
    last = first.now()
    first.store.close()
    second = started(tmp_path, ManualClock(datetime(2025, 1, 1, tzinfo=UTC)))
    assert second.now() >= last
    second.store.close()
    third = started(tmp_path, ManualClock(datetime(2030, 1, 1, tzinfo=UTC)))
    assert third.now().startswith("2030-01-01T00:00:00")
    third.store.close()


def test_the_seeds_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_KEY", "other")
    credentials = {"email": "migration@demo.example", "api_key_env": "DEMO_KEY"}
    account = Account("demo", tmp_path / "x.sqlite3", seed={**SEED, "credentials": credentials})
    assert account.knows("Basic bWlncmF0aW9uQGRlbW8uZXhhbXBsZTpvdGhlcg==")
    assert not account.knows("Basic bWlncmF0aW9uQGRlbW8uZXhhbXBsZTpkZW1vLWtleQ==")
    account.store.close()


def test_eight_threads_over_one_transport_make_each_ticket_once(gorgias: SimulatedGorgias) -> None:
    channels = [{"type": "email", "address": "jane@shop.example", "preferred": True}]
    jane = gorgias.api.customers.create({"channels": channels}).id
    number = 300

    def make(n: int) -> int:
        thread = [incoming(jane), outgoing(jane)]
        return gorgias.api.tickets.create(ticket(*thread, external_id=f"st:{n}", tags=[{"name": "a"}])).id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(number)))
    assert len(set(made)) == number
    rows = [row.as_json() for page in gorgias.api.tickets.pages() for row in page]
    assert Counter(row["external_id"] for row in rows) == Counter(f"st:{n}" for n in range(number))
    assert stats(gorgias.url)["objects"] | {"user": 0} == {
        "user": 0, "team": 0, "tag": 1, "custom_field": 0, "customer": 1, "ticket": number, "message": 2 * number,
    }  # fmt: skip
    assert gorgias.api.gate.throttled == stats(gorgias.url)["throttled"] == 0
    assert stats(gorgias.url)["calls"] == gorgias.api.gate.calls


def test_a_process_of_its_own_loads_neither_the_client_nor_what_reads_a_source() -> None:
    said = "import sys, migrator_lib.simulators.gorgias.__main__ as _; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert not {"migrator_lib.gorgias.transport", "sqlalchemy", "requests", "pandas"} & set(done.stdout.split())
