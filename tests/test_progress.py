"""Progress: share, rate and time left, by a wall clock that stands until it is moved."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from migrator_lib import progress
from migrator_lib.errors import LeaseHeld
from migrator_lib.progress import Progress, Snapshot, duration, read


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A wall clock that stands until it is moved."""
    now = [1000.0]
    # its own clock alone: a server that runs in a thread of these tests would wait by the one that stands
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0]))
    return now


def test_a_snapshot_tells_share_rate_and_time_left(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "05_load")
    counted.begin("Tickets", 1000)
    wall[0] += 50
    counted.advance(100)
    seen = read(tmp_path / "progress.json")
    assert seen == Snapshot("05_load", "Tickets", 100, 1000, 2.0, 450.0, wall[0])
    assert seen.line() == "05_load  Tickets: 100 of 1,000  10.0%, 2.0/s, 7 min 30 s left"


def test_what_an_earlier_run_did_is_done_but_not_fast(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "04_extract")
    counted.begin("Reading Tickets", 1000, done=900)
    wall[0] += 10
    counted.advance(50)
    snapshot = counted.snapshot()
    assert (snapshot.done, snapshot.rate, snapshot.seconds_left) == (950, 5.0, 10.0)


def test_before_anything_is_done_no_time_is_guessed(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "04_extract")
    counted.begin("Reading", 10)
    wall[0] += 5
    assert counted.snapshot().seconds_left is None


def test_without_a_known_total_only_what_is_done_is_told(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "04_extract")
    counted.begin("Indexing files", 0)
    wall[0] += 4
    counted.advance(1200)
    assert counted.snapshot().line() == "04_extract  Indexing files: 1,200, 300.0/s"


def test_more_than_was_expected_is_told_without_a_time_left(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "05_load")
    counted.begin("Tickets", 10)
    wall[0] += 1
    counted.advance(12)
    assert counted.snapshot().seconds_left is None
    assert "12 of 10" in counted.snapshot().line()


def test_the_file_is_written_only_now_and_then_and_at_the_end(tmp_path: Path, wall: list[float]) -> None:
    file = tmp_path / "progress.json"
    counted = Progress(file, "05_load")
    counted.begin("Tickets", 1000)
    for _ in range(100):
        counted.advance()
    assert json.loads(file.read_text())["done"] == 0
    wall[0] += progress.EVERY_SECONDS
    counted.advance()
    assert json.loads(file.read_text())["done"] == 101
    counted.advance()
    counted.end()
    assert json.loads(file.read_text())["done"] == 102
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]


def test_many_workers_are_counted_exactly(tmp_path: Path, wall: list[float]) -> None:
    counted = Progress(tmp_path / "progress.json", "05_load")
    counted.begin("Tickets", 8000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [counted.advance() for _ in range(1000)], range(8)))
    assert counted.snapshot().done == 8000


def test_a_disk_that_cannot_be_written_does_not_stop_the_work(tmp_path: Path) -> None:
    counted = Progress(tmp_path / "not there" / "progress.json", "05_load")
    counted.begin("Tickets", 3)
    counted.advance(3)
    counted.end()
    assert counted.snapshot().done == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": "x"}', '{"unknown": 1}'])
def test_a_file_that_is_none_is_no_snapshot(tmp_path: Path, text: str) -> None:
    (tmp_path / "progress.json").write_text(text)
    assert read(tmp_path / "progress.json") is None


def test_no_file_is_no_snapshot(tmp_path: Path) -> None:
    assert read(tmp_path / "progress.json") is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (42.4, "42 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"),
        (18_720, "5 h 12 min"),
    ],
)
def test_durations_are_told_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_work_that_goes_on_says_that_its_process_is_alive_now_and_then(tmp_path: Path, wall: list[float]) -> None:
    beaten: list[float] = []
    counted = Progress(tmp_path / "progress.json", "06_reconcile", lambda: beaten.append(wall[0]))
    for _ in range(100):
        wall[0] += 1
        counted.advance(0)
    assert beaten == [1010.0 + 10 * n for n in range(10)]


def test_a_lease_that_another_run_has_taken_ends_the_work(tmp_path: Path, wall: list[float]) -> None:
    def lost() -> None:
        raise LeaseHeld("Another run writes to this engagement.", next_step="wait for it to end.")

    counted = Progress(tmp_path / "progress.json", "06_reconcile", lost)
    wall[0] += 60
    with pytest.raises(LeaseHeld):
        counted.advance()


def test_what_is_waited_for_is_shown_until_work_goes_on(tmp_path: Path, wall: list[float]) -> None:
    beats: list[float] = []
    counted = Progress(tmp_path / "progress.json", "04_extract", lambda: beats.append(wall[0]))
    counted.begin("Reading Tickets", 100)
    wall[0] += 60
    counted.wait("Waiting for the database")
    assert beats == [wall[0]]
    seen = read(tmp_path / "progress.json")
    assert seen is not None
    assert seen.what == "Waiting for the database"
    wall[0] += 1
    counted.advance(0)
    assert counted.snapshot().what == "Waiting for the database"
    counted.advance(10)
    assert counted.snapshot().what == "Reading Tickets"
    counted.wait("Waiting for the database")
    counted.begin("Reading Users", 5)
    assert counted.snapshot().what == "Reading Users"


def test_a_process_that_waits_without_a_sign_is_alive_until_its_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BEAT_SECONDS", 0.01)
    told = threading.Semaphore(0)
    counted = Progress(tmp_path / "progress.json", "04_extract", told.release)
    with counted.alive():
        assert all(told.acquire(timeout=30) for _ in range(3))
    assert "alive" not in {thread.name for thread in threading.enumerate()}


def test_a_lease_that_was_lost_ends_the_signs_and_not_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BEAT_SECONDS", 0.01)
    asked = threading.Event()

    def lost() -> None:
        asked.set()
        raise LeaseHeld("Another run has it.", next_step="wait.")

    with Progress(tmp_path / "progress.json", "04_extract", lost).alive():
        assert asked.wait(30)
