"""Values of the source as they are staged: of one kind at once, else one by one, and what cannot be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib import chunks
from migrator_lib.chunks import BadValue, bad_dates, bad_values, columns_to_staged, joined, to_staged
from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.tables import source_table

TICKETS = source_table("Tickets")
MESSAGES = source_table("TicketMessages")
NONE = st.none()
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.just(dt.timezone(dt.timedelta(hours=14))))
ISO = MOMENTS.map(str) | st.dates().map(str) | st.from_regex(r"\A\d{4}-\d\d-\d\d[ T]\d\d(:\d\d){0,2}(\.\d{1,9})?\Z")
NUMBERS = st.integers(-(2**64), 2**64)
VALUES: dict[str, list[st.SearchStrategy[Any]]] = {
    "int": [NUMBERS, st.booleans(), st.floats(), TEXT, st.binary(), NUMBERS.map(Decimal), NUMBERS.map(str)],
    "bool": [st.booleans(), NUMBERS, st.binary(max_size=2), st.sampled_from(["0", "true", b"0", b"false", "maybe"])],
    "double": [st.floats(), NUMBERS, TEXT],
    "string": [TEXT, TEXT.map(str.encode), st.binary(), st.text(), NUMBERS],
    "datetime": [MOMENTS, ISO, ISO.map(str.encode), TEXT, NUMBERS, st.dates()],
}


@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_values_that_are_made_a_column_at_once_are_those_that_one_by_one_gives(data: st.DataObject, kind: str) -> None:
    one_kind = st.one_of([st.lists(NONE | values, max_size=8) for values in VALUES[kind]])
    values = data.draw(one_kind | st.lists(st.one_of(VALUES[kind]), max_size=8))
    one_by_one = chunks._one_by_one(kind, values)
    try:
        at_once = chunks._at_once(kind, values)
    except (ValueError, TypeError, OverflowError):
        return
    if at_once is not None:
        assert not one_by_one.bad
        assert repr(at_once.to_pylist()) == repr(one_by_one.values.to_pylist())
        assert at_once.type == one_by_one.values.type == chunks.ARROW_TYPES[kind]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("int", [1, None, -(2**63), 2**63 - 1]),
        ("bool", [True, None]),
        ("bool", [1, 0, None]),
        ("string", ["Grüße", None, "a\0b"]),
        ("string", ["東京 🚲".encode(), None, b""]),
        ("datetime", [b"2026-03-04 05:06:07.890000", None]),
        ("datetime", [dt.datetime(1, 1, 1), dt.datetime.max]),
    ],
)
def test_what_engines_give_is_made_a_column_at_once(kind: str, values: list[Any]) -> None:
    assert chunks._at_once(kind, values) is not None


@pytest.mark.parametrize("value", ["many", 2**63, -(2**63) - 1, 3.5, float("nan"), Decimal("0.1"), b"\xff", object()])
def test_a_value_that_is_no_number_is_staged_as_empty_and_listed(value: Any) -> None:
    rows: list[chunks.Row] = [{"TicketID": -7, "ReplyCountIn": value}, {"TicketID": 8, "ReplyCountIn": 2}]
    staged = to_staged(TICKETS, rows)
    assert staged["ReplyCountIn"].to_pylist() == [None, 2]
    assert bad_values("Tickets", staged.schema) == [BadValue("Tickets", ("-7",), "ReplyCountIn", True)]


def test_a_row_without_what_it_needs_is_not_staged_but_listed() -> None:
    rows = [{"TicketID": 1, "IsDeleted": "maybe"}, {"TicketID": 2, "IsDeleted": False}]
    staged = to_staged(TICKETS, rows)
    assert staged["TicketID"].to_pylist() == [2]
    assert bad_values("Tickets", staged.schema) == [BadValue("Tickets", ("1",), "IsDeleted", False)]


@pytest.mark.parametrize("value", ["maybe", b"maybe", "n", b"n", "", b"", b"\x02"])
def test_a_flag_that_is_neither_yes_nor_no_is_never_guessed_also_as_bytes(value: Any) -> None:
    rows: list[chunks.Row] = [{"TicketID": 1, "IsDeleted": value}, {"TicketID": 2, "IsDeleted": b"\0"}]
    staged = to_staged(TICKETS, rows)
    assert staged["TicketID"].to_pylist() == [2]
    assert bad_values("Tickets", staged.schema) == [BadValue("Tickets", ("1",), "IsDeleted", False)]


@pytest.mark.parametrize("day", [dt.date(2026, 3, 4), "2026-03-04", b"2026-03-04"])
def test_a_day_is_its_first_moment_whatever_the_engine_gives_it_as(day: Any) -> None:
    staged = to_staged(source_table("BusinessHolidays"), [{"BusinessHolidayID": 1, "Date": day}])
    assert staged["Date"].to_pylist() == [dt.datetime(2026, 3, 4, tzinfo=dt.UTC)]
    assert bad_dates(staged.schema) == {}


def test_a_key_that_cannot_be_read_is_told_apart_from_others_but_not_shown() -> None:
    keys = ("ida@postbox.example", "bo@postbox.example", 3)
    rows: list[chunks.Row] = [{"TicketID": 5, "TicketMessageID": key} for key in keys]
    staged = to_staged(MESSAGES, rows)
    assert staged["TicketMessageID"].to_pylist() == [3]
    told = [bad.key for bad in bad_values("TicketMessages", staged.schema)]
    assert len(set(told)) == 2
    assert all(ticket == "5" and hidden.startswith("?") for ticket, hidden in told)
    assert "ida" not in str(staged.schema.metadata)


def test_half_a_surrogate_pair_and_bytes_that_are_no_utf_8_come_with_a_mark() -> None:
    texts = ["Rad \ud83d", "\ude80!", "\ud83d\ude80", b"G\xfc\xdfe", "a\0b", 12]
    rows: list[chunks.Row] = [{"TicketID": n, "Subject": text} for n, text in enumerate(texts)]
    staged = to_staged(TICKETS, rows)
    assert staged["Subject"].to_pylist() == ["Rad �", "�!", "🚀", "G��e", "a\0b", "12"]
    assert bad_values("Tickets", staged.schema) == []


def test_a_column_that_is_another_throughout_stops_the_run_and_single_bad_values_never_do() -> None:
    good: list[chunks.Row] = [{"TicketID": n, "ReplyCountIn": n} for n in range(20)]
    bad: list[chunks.Row] = [{"TicketID": n, "ReplyCountIn": "many"} for n in range(20, 40)]
    assert len(bad_values("Tickets", to_staged(TICKETS, good + bad).schema)) == 20
    assert len(bad_values("Tickets", to_staged(TICKETS, bad[:9]).schema)) == 9
    with pytest.raises(SchemaMismatch, match=r"Tickets\.ReplyCountIn"):
        to_staged(TICKETS, good[:19] + bad)


def test_blocks_become_one_page_with_all_that_was_told_of_them() -> None:
    def block(*rows: tuple[int, Any, Any]) -> Any:
        names = ("TicketID", "DateClosedUTC", "ReplyCountIn")
        return columns_to_staged(TICKETS, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), len(rows))

    page = joined([block((1, "soon", 1), (2, "later", "x")), block((3, None, 3)), block((4, "never", "y"))])
    assert page["TicketID"].to_pylist() == [1, 2, 3, 4]
    assert bad_dates(page.schema) == {"DateClosedUTC": 3}
    assert [bad.key for bad in bad_values("Tickets", page.schema)] == [("2",), ("4",)]
    assert isinstance(page, pa.Table)
