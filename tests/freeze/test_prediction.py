"""The arithmetic of a freeze, and its sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator_lib.freeze import Day, Measured, Result, predict
from migrator_lib.freeze import pages as freeze
from migrator_lib.freeze.prediction import readback_calls, spread

DAYS = [Day(f"day {n}", tickets=n, calls=n, seconds=100.0 * n, file_bytes=n * 1_000_000) for n in range(1, 12)]
MEASURED = Measured(
    comparison=60.0, reconcile=30.0, documents=10.0, quiet=120.0, readback_calls=180, rate=1.8,
    bytes_per_second=100_000.0, idle_seconds=50.0,
)  # fmt: skip


def test_the_parts_are_added_up_for_little_usual_and_much_change() -> None:
    found = predict(DAYS, MEASURED, hours_since=24, window_hours=8)
    assert {part.name: (part.low, part.usual, part.high) for part in found.parts} == {
        "Read and compare the source": (60, 60, 120),
        "Make the account quiet": (120, 120, 120),
        "Load the last delta": (200, 600, 1000 + 100),
        "Read everything back": (100, 100, 100),
        "Compare what was read back": (30, 30, 30),
        "Write the documents": (10, 10, 10),
    }
    assert (found.low, found.usual, found.high) == (520, 920, 1480)


def test_a_later_delta_leaves_its_share_of_a_day_but_never_less_than_a_load_of_nothing() -> None:
    found = predict(DAYS, MEASURED, hours_since=6, window_hours=8)
    load = next(part for part in found.parts if part.name == "Load the last delta")
    assert (load.low, load.usual, load.high) == (50 + 150 / 4, 50 + 550 / 4, 50 + 950 / 4 + 100 / 4)


@pytest.mark.parametrize(
    ("window", "fit"), [(1480 / 3600, "fits"), (1479 / 3600, "may not fit"), (519 / 3600, "does not fit")]
)
def test_it_fits_only_if_it_does_on_a_day_with_much_work(window: float, fit: str) -> None:
    assert predict(DAYS, MEASURED, hours_since=24, window_hours=window).fit == fit


def test_what_was_never_measured_is_left_out_and_said() -> None:
    unknown = replace(MEASURED, reconcile=None, documents=None)
    found = predict(DAYS, unknown, hours_since=24, window_hours=8)
    assert found.unknown == ["Compare what was read back", "Write the documents"]
    page = "".join(freeze.parts(Result(DAYS, unknown, 8.0, last="2026-06-30T12:00:00+00:00"), 0.1))
    assert "Not measured yet, and not in it: compare what was read back, write the documents." in page


@pytest.mark.parametrize(
    ("values", "expected"), [([], (0, 0, 0)), ([4.0], (4, 4, 4)), ([float(n) for n in range(11)], (1, 5, 9))]
)
def test_the_spread_is_that_of_the_days(values: list[float], expected: tuple[float, ...]) -> None:
    assert spread(values) == expected


def test_an_account_is_read_back_by_pages_and_its_values_one_by_one_where_lists_lack_them() -> None:
    counts = {"customers": 101, "tickets": 200, "messages": 0}
    assert readback_calls(counts, setup_calls=5, values_in_lists=True) == 5 + 2 + 2 + 1
    assert readback_calls(counts, setup_calls=5, values_in_lists=False) == 5 + 2 + 2 + 1 + 200


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (520, 1480, "about 9 to 25 minutes;"), (30, 40, "about 1 minute;"), (60, 130, "about 1 to 2 minutes;"),
        (3600, 9000, "about 60 minutes to 2.5 hours;"),
        (9000, 30_000, "about 2.5 to 8.5 hours;"),
    ],
)  # fmt: skip
def test_the_sentence_is_what_people_plan_with(low: float, high: float, words: str) -> None:
    days = [Day("a", seconds=low), Day("b", seconds=high)]
    found = predict(days, Measured(comparison=0.0, quiet=0.0, reconcile=0.0, documents=0.0), hours_since=24,
                    window_hours=8)  # fmt: skip
    parts = [replace(part, low=low, high=high) if part.name == "Load the last delta" else part for part in found.parts]
    assert freeze.in_words(replace(found, parts=parts)) == f"The freeze will take {words} the window is 8 hours."


def test_what_does_not_fit_comes_with_what_to_do_and_what_each_is_worth() -> None:
    long = Result([replace(day, seconds=day.seconds * 40) for day in DAYS], MEASURED, 8.0, last="2026-06-30T12:00:00")
    page = "".join(freeze.parts(long, 0.1))
    assert "It does not fit" in page or "it does not fit" in page
    assert "Load one more delta 4 hours before the freeze: up to 9.5 hours less." in page
    assert "up to 5.5 hours less" in page
    assert "target.rate.reserve 0 saves" in page
    assert "delta.freeze_hours is 8" in page
    assert "What to do" not in "".join(freeze.parts(replace(long, window_hours=16.0), 0.1))


def test_a_result_is_kept_and_read_again() -> None:
    result = Result(DAYS, MEASURED, 8.0, stages=2, at="a", last="b", ran_seconds=1.0, approximated=("c",))
    assert Result.from_json(result.as_json()) == result
