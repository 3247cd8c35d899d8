"""The prefix, found by the names behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.smartertrack.prefixes import detect, fitting, normalized
from migrator_lib.smartertrack.tables import known_schema

KNOWN = sorted(known_schema())
PREFIXES = st.text("abcxyzSTU_019", max_size=12)


@given(PREFIXES, st.sets(st.sampled_from(KNOWN)), st.lists(st.text("abst_TicketsUers", max_size=20), max_size=20))
def test_the_prefix_is_found_whatever_it_is_and_whatever_else_is_there(
    prefix: str, more: set[str], others: list[str]
) -> None:
    names = [prefix + name for name in {"Tickets", "TicketMessages", *more}]
    others = [name for name in others if not normalized(name).endswith(("tickets", "ticketmessages"))]
    found = detect([*others, *names])
    assert found is not None
    assert normalized(found) == normalized(prefix)


def test_the_spelling_is_that_of_most_tables() -> None:
    assert detect(["st_Tickets", "st_TicketMessages", "ST_Users", "Stores"]) == "st_"


def test_two_installations_are_both_named() -> None:
    names = [prefix + name for prefix in ("st_", "old_") for name in ("Tickets", "TicketMessages")]
    assert detect([*names, "st_Users"]) is None
    assert fitting([*names, "st_Users"]) == {"st_": 3, "old_": 2}


def test_copies_of_some_tables_are_no_second_installation() -> None:
    names = ["Tickets", "TicketMessages", "bak_Tickets", "bak_Users", "TicketMessages_2019"]
    assert detect(names) == ""


@pytest.mark.parametrize("names", [[], ["invoices"], ["a_Users", "b_Users"]])
def test_where_nothing_speaks_for_one_prefix_none_is_found(names: list[str]) -> None:
    assert detect(names) is None
