"""A ledger on a server: an answer that is lost, a server that is away or restarted, several processes at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.own_server import OwnServer, own_postgresql
from benchmarks.servers import ServerMissing
from migrator_lib.errors import LeaseHeld, LedgerUnreachable, ParameterError, StorageError
from migrator_lib.ledger import PENDING, Ledger, database, open_ledger
from tests.ledger.ledgers import PRODUCTION, Place, created, pending, raw
from tests.smartertrack.proxy import Proxy, _end, _pass

pytestmark = pytest.mark.xdist_group("ledger server")  # one server of its own is enough
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def place(server: str) -> Iterator[Place]:
    made = Place(server, f"migrator_{uuid.uuid4().hex[:12]}")
    yield made
    for ledger in made.opened:
        ledger.close()


# --- an answer that is lost ----------------------------------------------------------------------------


class Loses(Proxy):
    """A network that cuts the next COMMIT: before it reaches the server, or before its answer comes back."""

    cuts: str | None = None

    def _accept(self, listener: socket.socket, sockets: list[socket.socket]) -> None:
        try:
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((str(self._target.host), int(self._target.port or 0)))
                sockets += [client, server]
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass, args=(server, client), daemon=True).start()
        except OSError:
            pass

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(65536):
                if self.cuts and b"COMMIT" in data:
                    lost, self.cuts = self.cuts, None
                    _end(client)
                    if lost == "answer":
                        server.sendall(data)
                    break
                server.sendall(data)
        except OSError:
            pass
        _end(server)


@pytest.fixture
def network(place: Place) -> Iterator[Loses]:
    proxy = Loses(place.url)
    place.url = proxy.url
    yield proxy
    for ledger in place.opened:
        ledger.close()
    proxy.down()


WORKS: dict[str, Callable[[Ledger], object]] = {
    "an intent": lambda ledger: ledger.intend(PRODUCTION, pending("7")),
    "an outcome": lambda ledger: ledger.settle(PRODUCTION, [created("7"), created("8")]),
    "a chunk": lambda ledger: ledger.add_chunk("full", "T", 0, rows=1, last_key="[1]", sha256="x", final=True),
    "the lease": lambda ledger: ledger.take_lease(),
    "a value": lambda ledger: ledger.set_meta("watermark", 5),
}


@pytest.mark.parametrize("cuts", ["request", "answer"])
@pytest.mark.parametrize("what", WORKS)
def test_what_a_lost_commit_was_to_write_is_there_once(place: Place, network: Loses, cuts: str, what: str) -> None:
    ledger = place.open()
    ledger.settle(PRODUCTION, [created("1")])
    network.cuts = cuts
    WORKS[what](ledger)
    assert network.cuts is None, "the COMMIT was cut"
    events = {"an intent": 2, "an outcome": 3}.get(what, 1)
    assert ledger.verify() == events
    assert raw(ledger, "SELECT count(*) FROM journal") == [(events,)]
    assert len(ledger.chunks("full")) == (what == "a chunk")
    assert ledger.meta("watermark") == (5 if what == "a value" else None)
    assert (ledger.lease() is not None) == (what == "the lease")


def test_who_was_taken_over_while_the_network_was_gone_writes_no_more(place: Place, network: Loses) -> None:
    ledger = place.open()
    ledger.take_lease()
    other = Ledger(place.url.replace(str(network._port), str(network._target.port)), schema=place.schema)
    network.cuts = "request"
    taken = threading.Thread(target=lambda: other.take_lease(take_over=True))
    network.down()
    taken.start()
    taken.join()
    network.up()
    with pytest.raises(LeaseHeld, match="taken over"):
        ledger.intend(PRODUCTION, pending("7"))
    assert other.counts(PRODUCTION) == {}
    other.close()


def test_a_lease_is_judged_by_the_servers_clock_and_not_by_this_machines(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, other = place.open(), place.open("run-2")
    holder.take_lease()
    raw(holder, "UPDATE lease SET machine = 'another'")

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Ahead:
            return super().now(tz) + timedelta(hours=1)

    monkeypatch.setattr(database, "datetime", Ahead)
    with pytest.raises(LeaseHeld):
        other.take_lease()
    assert other.lease() is not None
    raw(holder, "UPDATE lease SET seen_at = ?", (datetime.now(UTC) - timedelta(seconds=61)).isoformat())
    other.take_lease()


# --- a server that is away -----------------------------------------------------------------------------


def test_a_server_that_stays_away_is_said_with_what_to_do_and_nothing_is_lost(place: Place, network: Loses) -> None:
    ledger = place.open(patience_seconds=0.3)
    ledger.settle(PRODUCTION, [created("1")])
    network.down()
    for asked in (lambda: ledger.settle(PRODUCTION, [created("2")]), lambda: ledger.entry(PRODUCTION, "ticket", "1")):
        with pytest.raises(LedgerUnreachable) as caught:
            asked()
        assert "run again" in caught.value.next_step
    network.up()
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 1}}
    ledger.settle(PRODUCTION, [created("2")])
    assert ledger.verify() == 2


def test_a_server_that_was_never_there_is_said_at_once(place: Place, network: Loses) -> None:
    network.down()
    with pytest.raises(LedgerUnreachable, match="cannot be reached"):
        place.open(patience_seconds=600)


def test_a_server_that_was_used_before_is_waited_for_from_the_begin(
    place: Place, network: Loses, tmp_path: Path
) -> None:
    open_ledger(tmp_path, "waiting", url=place.url).close()
    network.down()
    back = threading.Timer(0.3, network.up)
    back.start()
    ledger = open_ledger(tmp_path, "waiting", url=place.url)
    assert ledger.verify() == 0
    back.join()
    ledger.close()
    wrong = str(sa.make_url(place.url).set(database="nowhere"))
    (tmp_path / "ledger.place").write_text(wrong)
    with pytest.raises(StorageError, match="nowhere") as caught:  # which no patience mends
        open_ledger(tmp_path, "waiting", url=wrong, patience_seconds=600)
    assert "correct ledger.url" in caught.value.next_step


def test_an_error_of_the_server_names_no_password(place: Place) -> None:
    url = sa.make_url(place.url).set(password="hunter2", database="nowhere")
    with pytest.raises(StorageError) as caught:
        Ledger(url)
    assert "hunter2" not in str(caught.value)
    assert "nowhere" in str(caught.value)


@pytest.fixture(scope="module")
def own() -> Iterator[OwnServer]:
    """A server that may be restarted."""
    with ExitStack() as held:
        try:
            found = held.enter_context(own_postgresql("fsync=off", "synchronous_commit=off", "shared_buffers=16MB"))
        except ServerMissing as missing:
            pytest.fail(str(missing)) if os.environ.get("MIGRATOR_CI") else pytest.skip(str(missing))
        yield found


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_is_restarted_in_the_middle_is_waited_for(own: OwnServer, how: str) -> None:
    ledger, stopped, told = Ledger(own.url, schema=f"migrator_{how}"), threading.Event(), []
    ledger.take_lease()

    def work(worker: int) -> int:
        for n in count():
            key = f"{worker}-{n}"
            ledger.intend(PRODUCTION, pending(key))
            ledger.settle(PRODUCTION, [created(key)])
            told.append(key)
            if stopped.is_set():
                return n + 1
        raise AssertionError

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work, n) for n in range(4)]
        while len(told) < 40:
            threading.Event().wait(0.005)
        own.stop(how=how)
        own.start()
        before = len(told)
        while len(told) < before + 40:
            threading.Event().wait(0.005)
        stopped.set()
        records = sum(future.result() for future in futures)
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": records}}
    assert ledger.verify() == 2 * records
    ledger.close()


# --- several processes ---------------------------------------------------------------------------------

WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from migrator_lib.ledger import PENDING, Entry, Ledger
ledger = {place}
def say(words):
    sys.stdout.write(words + "\\n")
    sys.stdout.flush()
def work(worker):
    for n in range(int(sys.argv[2])):
        key = f"{{sys.argv[1]}}-{{worker}}-{{n}}"
        ledger.intend("production", Entry("ticket", key, PENDING))
        say("intent " + key)
        ledger.settle("production", [Entry("ticket", key, "created", target_id=key)])
        say("outcome " + key)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(work, range(4)))
ledger.close()
"""


def writer(place: Place, name: str, records: int) -> subprocess.Popen[str]:
    code = WRITER.format(place=place.code)
    return subprocess.Popen(
        [sys.executable, "-c", code, name, str(records)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )


def test_of_two_processes_at_once_one_is_killed_and_the_chain_of_both_is_whole(place: Place) -> None:
    ledger = place.open()
    killed, other = writer(place, "killed", 10_000), writer(place, "other", 60)
    assert killed.stdout is not None
    told = [killed.stdout.readline() for _ in range(60)]
    killed.kill()
    told += [line for line in killed.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
    assert len(other.communicate()[0].splitlines()) == 4 * 60 * 2
    assert other.returncode == 0
    for line in told:
        word, key = line.split()
        found = ledger.entry(PRODUCTION, "ticket", key)
        assert found is not None
        assert found.state in (("created",) if word == "outcome" else ("created", PENDING))
    in_the_air = list(ledger.entries(PRODUCTION, state=PENDING))
    assert len(in_the_air) <= 4
    records = sum(ledger.counts(PRODUCTION)["ticket"].values())
    assert ledger.verify() == 2 * records - len(in_the_air)


# --- whose ledger --------------------------------------------------------------------------------------


def test_one_database_holds_the_ledgers_of_many_engagements(server: str) -> None:
    one, other = (Ledger(server, schema=f"migrator_{uuid.uuid4().hex[:12]}") for _ in range(2))
    one.settle(PRODUCTION, [created("1")])
    one.take_lease()
    other.take_lease()
    assert other.counts(PRODUCTION) == {}
    assert (one.verify(), other.verify()) == (1, 0)
    one.close()
    other.close()


def test_a_server_that_is_not_safe_against_a_power_cut_is_told_and_one_that_answers_too_early_is_asked_not_to(
    own: OwnServer,
) -> None:
    ledger = Ledger(own.url)
    assert "NOT safe when power is lost: fsync is off" in ledger.database.durability()
    with ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    ledger.close()


@pytest.mark.parametrize("url", ["mysql+pymysql://root@127.0.0.1/ledger", "mssql+pyodbc://db/ledger"])
def test_a_database_that_a_ledger_is_not_kept_in_is_refused(url: str) -> None:
    with pytest.raises(ParameterError, match="not kept in") as caught:
        Ledger(url)
    assert "postgresql://" in caught.value.next_step
