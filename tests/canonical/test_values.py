"""Canonical values: what means the same is one, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib import canonical


def test_moments_of_any_zone_or_none_are_one_in_utc() -> None:
    forms = ["2024-03-01T09:00:00Z", "2024-03-01T09:00:00", "2024-03-01T10:00:00+01:00", "2024-03-01T09:00:00.000000"]
    assert {canonical.moment(form) for form in forms} == {"2024-03-01T09:00:00.000000"}
    assert canonical.moment("2024-03-01T09:00:00.000001") != canonical.moment(forms[0])
    assert canonical.moment(None) is canonical.moment("") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\r\nb", "a\nb"), ("a \t\nb ", "a\nb"), ("a\rb\n\n", "a\nb"), ("Cafe\u0301", "Caf\u00e9"), (None, "")],
)
def test_texts_of_one_meaning_are_one(one: str | None, other: str) -> None:
    assert canonical.text(one) == canonical.text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\nb", "a b"), (" a", "a"), ("a  b", "a b"), ("A", "a"), ("a\u00a0b", "a b"), ("a\n\nb", "a\nb")],
)
def test_texts_that_a_reader_can_tell_apart_are_two(one: str, other: str) -> None:
    assert canonical.text(one) != canonical.text(other)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (3.0, 3), (3.5, 3.5), (True, True), ("a ", "a"), ([1.0, "b\r\n"], [1, "b"]), (None, None),
        ({"a": None, "b": {"c": 2.0, "d": None}}, {"b": {"c": 2}}),
    ],
)  # fmt: skip
def test_values_of_json_have_one_form(given: Any, wanted: Any) -> None:
    found = canonical.tidy(given)
    assert (found, type(found)) == (wanted, type(wanted))


def test_of_a_meta_only_what_a_migration_keeps_counts_and_sets_have_an_order_of_their_own() -> None:
    assert canonical.kept_by_smartertrack({"smartertrack": {"a": 1.0}, "theirs": 2}) == {"a": 1}
    assert canonical.kept_by_smartertrack("theirs") is canonical.kept_by_smartertrack(None) is None
    one, other = {"type": "email", "address": "a@b.example"}, {"type": "phone", "address": "1"}
    assert canonical.in_order([one, other]) == canonical.in_order([other, one])
    assert canonical.address(" Ann@Home.EXAMPLE ") == "ann@home.example"
