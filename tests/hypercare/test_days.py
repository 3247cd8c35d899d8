"""The days of hypercare in the ledger: each kept once, and none of a load that was rolled back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from migrator_lib.engagement import ROLL_BACK
from migrator_lib.hypercare.days import Day, cutover_of, days_of, keep, number_of
from migrator_lib.ledger import Ledger
from migrator_lib.rollback.standing import ROLLED_BACK

FRIDAY, SATURDAY = "2026-11-20", "2026-11-21"


def day(number: int, on: str, **numbers: int) -> Day:
    return Day(number, on, f"{on}T18:00:00+00:00", **numbers)


def step(name: str, finished: str, status: str = "done") -> dict[str, str]:
    return {"step": name, "status": status, "finished_at": finished}


@pytest.mark.parametrize(
    ("days", "today", "asked", "number"),
    [
        ([], FRIDAY, 0, 1),
        ([day(1, FRIDAY)], FRIDAY, 0, 1),
        ([day(1, FRIDAY)], "2026-11-23", 0, 2),
        ([day(1, FRIDAY), day(2, SATURDAY)], SATURDAY, 0, 2),
        ([day(1, FRIDAY)], FRIDAY, 5, 5),
    ],
    ids=["the first", "the same day again", "after a weekend", "the second again", "as asked"],
)
def test_a_day_is_counted_when_it_is_looked_at(days: list[Day], today: str, asked: int, number: int) -> None:
    assert number_of(days, date.fromisoformat(today), asked) == number


def test_a_day_that_is_looked_at_again_takes_the_place_of_its_earlier_numbers(ledger: Ledger) -> None:
    keep(ledger, day(1, FRIDAY, changed=3))
    keep(ledger, day(2, SATURDAY, changed=9))
    days = keep(ledger, day(1, FRIDAY, changed=4))
    assert [(one.number, one.changed) for one in days] == [(1, 4), (2, 9)]
    assert days_of(ledger) == days


def test_days_before_a_roll_back_are_of_another_load(ledger: Ledger) -> None:
    keep(ledger, day(1, FRIDAY))
    ledger.mark_step("07_cutover", ROLLED_BACK)
    assert days_of(ledger) == []
    later = Day(1, "2999-01-01", "2999-01-01T00:00:00+00:00")
    assert keep(ledger, later) == days_of(ledger) == [later]


def test_the_cutover_is_the_first_that_was_done_since_the_load_was_made_anew() -> None:
    first, again = step("07_cutover", "2026-11-20T10:00:00+00:00"), step("07_cutover", "2026-11-21T10:00:00+00:00")
    failed = step("07_cutover", "2026-11-19T10:00:00+00:00", "failed")
    assert cutover_of([failed, again, first]) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    rolled_back = step("07_cutover", "2026-11-20T20:00:00+00:00", ROLLED_BACK)
    assert cutover_of([first, rolled_back, again]) == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert cutover_of([failed, rolled_back]) is None


def test_a_roll_back_of_the_sandbox_leaves_cutover_and_days(ledger: Ledger) -> None:
    keep(ledger, day(1, FRIDAY))
    ledger.mark_step(ROLL_BACK, "running")
    ledger.mark_step(ROLL_BACK, "done")
    assert days_of(ledger) == [day(1, FRIDAY)]
    cutover = step("07_cutover", "2026-11-20T10:00:00+00:00")
    assert cutover_of([cutover, step(ROLL_BACK, "2026-11-20T20:00:00+00:00")]) == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_the_share_of_tickets_that_were_worked_on_is_none_where_there_is_no_ticket() -> None:
    assert day(1, FRIDAY, tickets=8, touched=2).share_touched == 0.25
    assert day(1, FRIDAY).share_touched == 0.0
