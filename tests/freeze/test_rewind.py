"""A ticket as it was on an earlier day, as far as its dates tell."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.freeze.rewind import Activity, Span, activity, as_of, last_moment, link_definitions
from migrator_lib.smartertrack.tables import CALL_FAMILY, CHAT_FAMILY, TICKET_FAMILY
from migrator_lib.staging import Staged
from tests.shop import OPENED, Shop, full, minutes

OPEN = 1
LATE, LATER = minutes(60), minutes(120)


def tables(**changed: Any) -> dict[str, list[dict[str, Any]]]:
    rows = {
        "Tickets": [{"TicketID": 7, **changed}],
        "TicketMessages": [{"TicketID": 7, "TicketMessageID": n, "DateReceivedUTC": at} for n, at in
                           ((1, OPENED), (2, LATE), (3, None))],
        "TicketComments": [{"TicketID": 7, "TicketCommentID": 1, "DateEnteredUTC": LATER}],
        "TicketAttachments": [
            {"TicketID": 7, "TicketAttachmentID": 1, "TicketMessageID": 2},
            {"TicketID": 7, "TicketAttachmentID": 2, "TicketMessageID": 1, "CreationDateUTC": LATER},
            {"TicketID": 7, "TicketAttachmentID": 3, "TicketMessageID": 0},
        ],
        "TimeLogs": [{"TicketID": 7, "TimeLogID": 1, "DateModifiedUTC": LATER}],
    }  # fmt: skip
    return {name: [full(name, row) for row in kept] for name, kept in rows.items()}


def keys(then: dict[str, list[dict[str, Any]]], table: str, key: str) -> list[int]:
    return [row[key] for row in then[table]]


def test_what_came_later_was_not_there_yet() -> None:
    then = as_of(TICKET_FAMILY, tables(), minutes(30), OPEN)
    assert keys(then, "TicketMessages", "TicketMessageID") == [1, 3]
    assert (then["TicketComments"], then["TimeLogs"]) == ([], [])
    assert keys(then, "TicketAttachments", "TicketAttachmentID") == [3], (
        "one of a message that was not there, one later"
    )
    now = as_of(TICKET_FAMILY, tables(), LATER, OPEN)
    assert keys(now, "TicketAttachments", "TicketAttachmentID") == [1, 2, 3]
    assert len(now["TicketMessages"]) == 3


def test_a_ticket_that_was_not_opened_yet_was_not_there() -> None:
    assert as_of(TICKET_FAMILY, tables(DateOpenedUTC=LATE), minutes(59), OPEN) == {}
    assert as_of(TICKET_FAMILY, tables(DateOpenedUTC=None), minutes(59), OPEN)["Tickets"]


@pytest.mark.parametrize(
    ("changed", "before"),
    [
        ({"TicketStatusID": 3, "DateClosedUTC": LATE}, {"TicketStatusID": OPEN, "DateClosedUTC": None}),
        ({"TicketStatusID": 3, "DateClosedUTC": OPENED}, {"TicketStatusID": 3, "DateClosedUTC": OPENED}),
        ({"IsDeleted": True, "DateDeletedUTC": LATE}, {"IsDeleted": False, "DateDeletedUTC": None}),
        ({"IsDeleted": True, "DateDeletedUTC": None}, {"IsDeleted": True}),
        ({"TicketStatusID": 2}, {"TicketStatusID": 2}),
    ],
    ids=["closed since", "closed before", "deleted since", "deleted at no date", "open"],
)
def test_a_ticket_that_was_closed_or_deleted_since_was_open_and_there(
    changed: dict[str, Any], before: dict[str, Any]
) -> None:
    (row,) = as_of(TICKET_FAMILY, tables(**changed), minutes(30), OPEN)["Tickets"]
    assert {name: row[name] for name in before} == before


def test_a_chat_went_on_then_and_a_line_was_not_said_yet() -> None:
    row = full("Chats", {"ChatID": 3, "DateEndedUTC": LATE, "SessionLengthInSeconds": 3600})
    lines = [full("ChatMessages", {"ChatID": 3, "ChatMessageID": n, "DateSubmittedUTC": at})
             for n, at in ((1, OPENED), (2, LATE))]  # fmt: skip
    then = as_of(CHAT_FAMILY, {"Chats": [row], "ChatMessages": lines}, minutes(30), OPEN)
    assert (then["Chats"][0]["DateEndedUTC"], then["Chats"][0]["SessionLengthInSeconds"]) == (None, None)
    assert keys(then, "ChatMessages", "ChatMessageID") == [1]
    assert as_of(CHAT_FAMILY, {"Chats": [full("Chats", {"ChatID": 3, "DateStartedUTC": LATE})]}, OPENED, OPEN) == {}


def test_a_call_that_was_changed_since_had_another_note() -> None:
    row = full("CallLogs", {"CallLogID": 3, "DateCreatedUTC": OPENED, "DateModifiedUTC": LATE})
    assert as_of(CALL_FAMILY, {"CallLogs": [row]}, minutes(30), OPEN)["CallLogs"][0]["Description"] is None
    assert as_of(CALL_FAMILY, {"CallLogs": [row]}, LATE, OPEN)["CallLogs"] == [row]


def test_the_days_end_with_the_last_that_happened_and_a_moment_is_in_one_of_them() -> None:
    span = Span.of(LATER, 2)
    assert span.days == 2
    assert span.day_of(LATER) == 1
    assert span.day_of(LATER - timedelta(days=1)) == 0
    assert span.day_of(span.begin) is None
    assert span.day_of(LATER + timedelta(seconds=1)) is None
    assert span.day_of(None) is None


def test_the_dates_tell_which_tickets_changed_on_which_day(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("Tickets", {"TicketID": 1, "DateClosedUTC": OPENED + timedelta(days=2)}, {"TicketID": 2})
    shop.add("TicketMessages", {"TicketID": 2, "TicketMessageID": 1, "DateReceivedUTC": OPENED + timedelta(days=1)},
             {"TicketID": 1, "TicketMessageID": 2})  # fmt: skip
    shop.add("Chats", {"ChatID": 1, "DateEndedUTC": None}).add(
        "ChatMessages", {"ChatID": 1, "ChatMessageID": 1, "DateSubmittedUTC": OPENED + timedelta(days=2)}
    )
    staged = shop.stage()
    last = last_moment(staged, OPENED + timedelta(days=9))
    assert last == OPENED + timedelta(days=2)
    assert last_moment(staged, OPENED + timedelta(days=1.5)) == OPENED + timedelta(days=1), "a date that has not come"
    found = activity(staged, Span.of(last, 2))
    assert found == Activity(
        {("ticket", 1): frozenset({1}), ("ticket", 2): frozenset({0}), ("live_chat", 1): frozenset({1})}
    )
    assert (found.on(0, TICKET_FAMILY), found.on(1, TICKET_FAMILY), found.on(1, CHAT_FAMILY)) == ({2}, {1}, {1})
    assert (found.of(TICKET_FAMILY), found.of(CALL_FAMILY)) == ([1, 2], [])


def test_small_tables_are_those_of_the_last_stage_that_has_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    first = shop.write("full")
    shop.tables["Tags"] = [{"TagID": 1, "Name": "vip", "IsDeleted": False}]
    later = shop.write("delta-001", ("Tags",))
    link_definitions(Staged([first, later]), tmp_path / "before")
    before = Staged([tmp_path / "before"])
    assert [row["Name"] for row in before.rows("Tags")] == ["vip"]
    assert len(before.rows("Users")) == 5
    assert not (tmp_path / "before" / "Files").exists()
    shop.add("Chats", {"ChatID": 1}).write("with chats")
    link_definitions(Staged([tmp_path / "staged" / "with chats"]), tmp_path / "other")
    assert not (tmp_path / "other" / "Chats").exists()
