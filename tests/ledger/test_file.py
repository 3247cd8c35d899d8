"""A ledger in a file: durable, and the disk's refusals said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.ledger import rate
from migrator_lib.errors import StorageError
from migrator_lib.ledger import Ledger
from tests.ledger.ledgers import PRODUCTION, Place, created


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield made
    for ledger in made.opened:
        ledger.close()


def test_the_file_is_opened_for_full_durability(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "fullfsync", "journal_size_limit")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "journal_size_limit": 2**26}


def test_a_full_disk_is_said_and_nothing_half_stays(place: Place) -> None:
    ledger = place.open("run-1")
    ledger.settle(PRODUCTION, [created("1")])
    with ledger.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    sa.event.listen(ledger.engine, "checkout", lambda dbapi, *_: dbapi.execute(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(StorageError, match="disk is full") as caught:
        ledger.settle(PRODUCTION, [created(f"{n}-{'x' * 100}") for n in range(2000)])
    assert "make room" in caught.value.next_step
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 1}}
    assert ledger.verify() == 1
    ledger.close()
    again = place.open()
    again.settle(PRODUCTION, [created(str(n)) for n in range(2000)])
    assert again.verify() == 2001
    again.close()


def test_a_disk_that_cannot_be_written_is_said(ledger: Ledger) -> None:
    sa.event.listen(ledger.engine, "checkout", lambda dbapi, *_: dbapi.execute("PRAGMA query_only=1"))
    with pytest.raises(StorageError, match="readonly") as caught:
        ledger.settle(PRODUCTION, [created("1")])
    assert "rights" in caught.value.next_step
    sa.event.listen(ledger.engine, "checkout", lambda dbapi, *_: dbapi.execute("PRAGMA query_only=0"))
    assert ledger.counts(PRODUCTION) == {}


def test_a_ledger_that_another_program_has_locked_is_said(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    sa.event.listen(ledger.engine, "checkout", lambda dbapi, *_: dbapi.execute("PRAGMA busy_timeout=0"))
    holder = sqlite3.connect(str(ledger.engine.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked") as caught:
        ledger.settle(PRODUCTION, [created("1")])
    assert "end the other program" in caught.value.next_step
    holder.close()
    ledger.settle(PRODUCTION, [created("1")])


def test_a_file_that_is_no_ledger_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_text("no database " * 500)
    with pytest.raises(StorageError, match="not a database"):
        Ledger.in_folder(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StorageError, match="cannot be made"):
        Ledger.in_folder(tmp_path / "state")


FULL = """
import resource, sys
from pathlib import Path
from migrator_lib.errors import StorageError
from migrator_lib.ledger import PENDING, Entry, Ledger
ledger, told = Ledger.in_folder(Path(sys.argv[1])), []
ledger.take_lease()
size = (Path(sys.argv[1]) / "ledger.sqlite3-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, resource.RLIM_INFINITY))
def load(key):
    ledger.intend("production", Entry("ticket", key, PENDING))
    told.append(("pending", key))
    ledger.settle("production", [Entry("ticket", key, "created", target_id=key)])
    told.append(("created", key))
refused = 0
for n in range(30):
    try:
        load(str(n))
    except StorageError as error:
        assert "run again" in error.next_step
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert 0 < refused < 30, refused
assert {key: entry.state for key, entry in ledger.known("production", "ticket", [str(n) for n in range(30)]).items()} \\
    == dict((key, state) for state, key in told)
assert ledger.verify() == len(told)
for n in range(30):
    load(f"later {n}")
assert ledger.verify() == len(told)
ledger.close()
"""


def test_a_disk_that_takes_no_more_stops_before_anything_is_sent_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=Path(__file__).parents[2], check=False, text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ledger = Ledger.in_folder(tmp_path)
    assert ledger.counts(PRODUCTION)["ticket"]["created"] >= 30
    ledger.close()


def test_the_rate_that_is_measured_is_that_of_whole_records(place: Place) -> None:
    per_second = rate(place.open(), seconds=0.1)
    rows = place.open().verify()
    assert rows > 0
    assert per_second <= rows / 2 / 0.1
