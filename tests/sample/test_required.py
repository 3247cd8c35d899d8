"""When a sample has to be reviewed before the load: by rule, with the rule named."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.mapping import EngagementMapping, FieldMapping
from migrator_lib.sample.required import reasons


def mapping(*fields: dict[str, Any]) -> EngagementMapping:
    entries = {str(n): FieldMapping(**{"name": "x", "label": f"F{n}", "becomes": "text", **field})
               for n, field in enumerate(fields)}  # fmt: skip
    return EngagementMapping(ticket_fields=entries)


@pytest.mark.parametrize(
    ("tickets", "fields", "words"),
    [
        (5_000, [], None),
        (5_001, [], "5,001 tickets are more than 5,000"),
        (1, [{}] * 10, None),
        (1, [{}] * 11, "11 custom fields are more than 10"),
        (1, [{}] * 10 + [{"becomes": "nothing"}] * 5, None),
        (1, [{"becomes": "boolean"}], None),
        (1, [{"becomes": "dropdown", "choices": ("a",)}], "become a choice: F0"),
        (1, [{"becomes": "number"}], "become a number: F0"),
        (1, [{}, {"becomes": "date as text"}], "become a date: F1"),
        (1, [{"long_values": "trim"}], "long values are cut: F0"),
    ],
)
def test_it_is_required_by_a_named_rule(tickets: int, fields: list[dict[str, Any]], words: str | None) -> None:
    found = list(reasons(tickets, mapping(*fields), always=False))
    assert found == [] if words is None else any(words in one for one in found)


def test_it_is_required_where_the_engagement_says_so() -> None:
    assert list(reasons(1, mapping(), always=True)) == ["engagement.yaml says so (sample.required: always)"]
