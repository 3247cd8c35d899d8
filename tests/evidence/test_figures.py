"""Charts with their words: the numbers are in both, and nothing is drawn of too little."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from migrator_lib.evidence import figures
from tests.index_sample import COURSE

TODAY = date(2026, 11, 20)


def test_the_course_of_calls_is_drawn_beside_what_was_allowed_and_told_in_words() -> None:
    drawn = figures.calls_over_time(COURSE, of=" of the load")
    assert "3,952 calls in 33 min 4 s" in drawn
    possible = sum(COURSE["allowed"]) * COURSE["seconds"]
    assert f"{3952 / possible:.0%} of what was allowed" not in drawn, "a full bucket at first is no more than all"
    assert "100% of what was allowed" in drawn
    for word in ("calls a minute", "allowed", "seconds since", "minutes since the first call"):
        assert (word in drawn) == (word != "seconds since")


@pytest.mark.parametrize("course", [None, {}, {"seconds": 1.0, "calls": [40, 2, 2], "allowed": [2.0] * 3}])
def test_too_few_calls_are_not_drawn(course: Any) -> None:
    assert figures.calls_over_time(course) == ""


def test_short_spans_are_drawn_together_so_that_the_first_burst_does_not_hide_the_rest() -> None:
    course = {"seconds": 1.0, "calls": [40, *[2] * 119], "allowed": [2.0] * 120}
    drawn = figures.calls_over_time(course)
    assert "278 calls in 2 min 0 s" in drawn
    assert ">2,400<" not in drawn, "calls a minute of the first second alone"


@pytest.mark.parametrize(
    ("month", "age"),
    [
        ("2026-11", "up to 3 months"), ("2026-09", "up to 3 months"), ("2026-08", "up to a year"),
        ("2025-11", "up to 2 years"), ("2022-12", "up to 4 years"), ("2022-11", "up to 8 years"), ("2018-11", "older"),
    ],
)  # fmt: skip
def test_a_ticket_is_as_old_as_the_months_since_it_was_opened(month: str, age: str) -> None:
    assert {name: n for name, n in figures.ages({month: 3}, TODAY).items() if n} == {age: 3}


def test_what_the_audit_counted_is_told_by_age_and_channel_the_largest_first() -> None:
    audit = {
        "at": "2026-11-20T09:00:00Z",
        "tickets": {
            "by_month": {"2026-10": 5, "2026-01": 7},
            "by_origin": {"mail or portal": 3, "linked to a call": 0},
        },
        "talks": {"chats": 9, "calls": 0},
    }
    source = figures.of_source(audit)
    assert source == {
        "ages": {"up to 3 months": 5, "up to a year": 7},
        "channels": {"live chat": 9, "mail or portal": 3},
    }
    assert "live chat 9, mail or portal 3." in figures.source_charts(source)
    assert figures.source_charts(figures.of_source(None)) == ""
