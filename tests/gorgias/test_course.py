"""How calls went over time: every call is counted once, in numbers that stay few however long a load takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.gorgias.rate.course import SPANS, Course


def test_calls_are_counted_by_the_span_they_left_in_and_a_pause_is_empty() -> None:
    course = Course()
    for now in (100.0, 100.2, 101.5, 104.0):
        course.passed(now, 2.0)
    assert course.as_json() == {"seconds": 1.0, "calls": [2, 1, 0, 0, 1], "allowed": [2.0] * 5}


def test_the_allowed_rate_is_that_of_its_time() -> None:
    course = Course()
    for second, allowed in enumerate([2.0] * SPANS + [1.0] * SPANS):
        course.passed(float(second), allowed)
    told = course.as_json()
    assert told["seconds"] == 2.0
    assert told["calls"] == [2] * SPANS
    assert told["allowed"] == [2.0] * (SPANS // 2) + [1.0] * (SPANS // 2)


@given(st.lists(st.floats(0.0, 3e7), min_size=1, max_size=60))
def test_no_call_is_lost_and_there_are_never_more_spans(moments: list[float]) -> None:
    course = Course()
    for now in sorted(moments):
        course.passed(now, 1.5)
    told = course.as_json()
    assert sum(told["calls"]) == len(moments)
    assert len(told["calls"]) == len(told["allowed"]) <= SPANS
    assert (max(moments) - min(moments)) < told["seconds"] * len(told["calls"]) + 1e-6
