"""The complexity grade and its edges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator_lib.audit import Audit
from migrator_lib.audit.estimate import estimate
from migrator_lib.audit.facts import Code, Count
from migrator_lib.audit.grade import Mark, api_constraints, compatibility, grade, mapping_clarity, overall, volume


def plain(audit: Audit) -> Audit:
    """An audit that nothing can be said against."""
    return replace(
        audit,
        counts=tuple(replace(row, number=0) if row.way != "moved" else row for row in audit.counts),
        codes=tuple(replace(code, known=True) for code in audit.codes),
        storage=replace(audit.storage, missing=0),
    )


def marks(*values: int) -> tuple[Mark, ...]:
    return tuple(Mark("", value, ()) for value in values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((1, 1, 1, 1), 1), ((1, 1, 1, 2), 2), ((2, 2, 2, 2), 2), ((1, 1, 1, 4), 3), ((4, 4, 4, 4), 4), ((3, 3, 3, 4), 4)],
)
def test_the_grade_is_the_mean_rounded_up_and_near_the_highest_mark(values: tuple[int, ...], expected: int) -> None:
    assert overall(marks(*values)) == expected


def test_nothing_against_it_is_simple(audit: Audit) -> None:
    found = grade(plain(audit), estimate(plain(audit)))
    assert [mark.mark for mark in found.marks] == [1, 1, 1, 1]
    assert (found.grade, found.word) == (1, "simple")
    assert all(mark.reasons for mark in found.marks)


def test_unknown_and_missing_tables_make_it_less_compatible(audit: Audit) -> None:
    source = replace(audit.source, missing=("st_Chats",), unknown=("st_agents",), product_version=None)
    assert compatibility(replace(plain(audit), source=source)).mark == 4


def test_more_than_one_percent_of_missing_files_counts(audit: Audit) -> None:
    rows = replace(audit.storage, rows=200, deleted_rows=0)
    assert compatibility(replace(plain(audit), storage=replace(rows, missing=2))).mark == 1
    assert compatibility(replace(plain(audit), storage=replace(rows, missing=3))).mark == 2


def test_an_unknown_code_makes_the_mapping_less_clear(audit: Audit) -> None:
    codes = (*plain(audit).codes, Code("Tickets.TicketStatusID", "77", 1, "please decide", False))
    assert mapping_clarity(replace(plain(audit), codes=codes)).mark == 2


@pytest.mark.parametrize(("fields", "mark"), [(25, 1), (26, 2)])
def test_more_fields_than_may_be_active_are_a_constraint(audit: Audit, fields: int, mark: int) -> None:
    rest = tuple(row for row in plain(audit).counts if row.name != "ticket_field")
    counts = (*rest, Count("ticket_field", "Field", "Ticket field", "moved", fields))
    assert api_constraints(replace(plain(audit), counts=counts)).mark == mark


@pytest.mark.parametrize(("hours", "mark"), [(8.0, 1), (8.1, 2), (24.0, 2), (24.1, 3), (96.0, 3), (96.1, 4)])
def test_volume_is_marked_by_hours(audit: Audit, hours: float, mark: int) -> None:
    assert volume(replace(estimate(audit), hours=hours)).mark == mark
