"""Clocks that do not wait."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib import clock
from migrator_lib.clock import ManualClock, ScaledClock, attempts


def test_a_manual_clock_moves_only_when_told() -> None:
    manual = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    assert (manual.now(), manual.monotonic()) == (datetime(2026, 5, 1, tzinfo=UTC), 0.0)
    manual.advance(90)
    manual.sleep(0.5)
    assert manual.now() == datetime(2026, 5, 1, 0, 1, 30, 500_000, tzinfo=UTC)
    assert manual.monotonic() == 90.5


@pytest.mark.parametrize("seconds", [-5, 0])
@pytest.mark.parametrize("make", [ManualClock, ScaledClock])
def test_to_sleep_less_than_nothing_is_nothing(
    make: type[ManualClock | ScaledClock], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: 100.0, sleep=slept.append))
    made = make()
    made.sleep(seconds)
    assert (slept, made.monotonic()) == ([], 0)


def test_a_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-0.1)


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_now_and_monotonic_agree(steps: list[float]) -> None:
    manual = ManualClock()
    start = manual.now()
    for step in steps:
        manual.sleep(step)
    assert manual.now() - start == timedelta(seconds=manual.monotonic())


def test_many_threads_can_advance_a_manual_clock() -> None:
    manual = ManualClock()
    threads = [threading.Thread(target=lambda: [manual.advance(1) for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manual.monotonic() == 4000


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_that_stands_still_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(speed)


def test_a_scaled_clock_runs_ahead_of_the_wall_and_sleeps_less_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, slept = [100.0], []
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: wall[0], sleep=slept.append))
    fast = ScaledClock(60)
    start = fast.now()
    wall[0] += 2
    assert fast.monotonic() == 120
    assert fast.now() - start == timedelta(minutes=2)
    fast.sleep(30)
    assert slept == [0.5]
    assert start.utcoffset() == timedelta(0)


def test_attempts_go_on_until_so_long_was_waited_with_pauses_that_grow() -> None:
    pauses: list[float] = []
    assert list(attempts(pauses.append, 10.0)) == [0.0, 1.0, 3.0, 7.0, 15.0]
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert list(attempts(pauses.append, 0.0)) == [0.0]
