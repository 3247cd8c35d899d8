"""External ids: what was made is read again, and what is not ours is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.external_id import MAXIMUM, external_id, parse

ENGAGEMENT = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
OBJECT = st.from_regex(r"\A[a-z_]{1,40}\Z")


@given(ENGAGEMENT, OBJECT, st.text(min_size=1, max_size=120) | st.integers())
def test_what_was_made_is_read_again(engagement: str, obj: str, key: str | int) -> None:
    made = external_id(engagement, obj, key)
    assert len(made) <= MAXIMUM
    assert parse(made, engagement) == (obj, str(key))


def test_it_looks_as_documented() -> None:
    assert external_id("demo", "ticket", 12) == "st:demo:ticket:12"


def test_a_key_may_hold_colons() -> None:
    assert parse("st:demo:requester:e:a:b@c.example", "demo") == ("requester", "e:a:b@c.example")


@pytest.mark.parametrize(
    "text",
    [None, "", "st", "st:demo", "st:demo:ticket", "st:other:ticket:1", "zendesk:demo:ticket:1", "ST:demo:ticket:1"],
)
def test_what_is_not_ours_is_none(text: str | None) -> None:
    assert parse(text, "demo") is None


def test_another_engagement_with_a_name_that_begins_alike_is_not_ours() -> None:
    assert parse(external_id("demo-2", "ticket", 1), "demo") is None


def test_one_that_gorgias_would_cut_is_refused() -> None:
    assert len(external_id("demo", "ticket", "x" * 239)) == 254
    with pytest.raises(ValueError, match="Gorgias keeps 255"):
        external_id("demo", "ticket", "x" * 241)
