"""Walks over lists, whose cursors may expire on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_lib.errors import RecordRejected, ReplyUnusable, TargetUnreachable
from migrator_lib.gorgias.api.walk import RESTARTS, walk
from tests.gorgias.recorder import Recorder, Sent
from tests.simulated_account import SPEED, SimulatedGorgias

START = datetime(2024, 1, 1, tzinfo=UTC)
BY_DATE = {"order_by": "updated_datetime:asc"}


def row(number: int, minute: int) -> dict[str, Any]:
    at = (START + timedelta(minutes=minute)).replace(tzinfo=None)
    return {"id": number, "updated_datetime": at.isoformat(timespec="microseconds")}


class Pages:
    """A list endpoint in pages of a given size, whose cursors expire as they are told."""

    def __init__(self, rows: list[dict[str, Any]], size: int, expired: list[bool]) -> None:
        self.rows, self.size, self.expired = rows, size, expired

    def __call__(self, request: Sent) -> dict[str, Any]:
        cursor = (request[2] or {}).get("cursor")
        if cursor is not None and self.expired and self.expired.pop(0):
            raise RecordRejected("expired", status=400, data={"cursor": ["The cursor has expired."]}, next_step="-")
        start = int(cursor or 0)
        following = str(start + self.size) if start + self.size < len(self.rows) else None
        return {"data": self.rows[start : start + self.size], "meta": {"next_cursor": following}}


def ids(pages: Iterator[list[Any]]) -> list[int]:
    return [found["id"] for page in pages for found in page]


# --- a list in ascending order of a date ---------------------------------------------------------------


@settings(max_examples=60)
@given(
    minutes=st.lists(st.integers(0, 6), max_size=30), size=st.integers(1, 5),
    expired=st.lists(st.booleans(), max_size=20).filter(lambda expired: sum(expired) <= RESTARTS),
)  # fmt: skip
def test_every_row_comes_once_and_in_order_wherever_cursors_expire(
    minutes: list[int], size: int, expired: list[bool]
) -> None:
    rows = [row(number, minute) for number, minute in enumerate(sorted(minutes))]
    assert ids(walk(Recorder(Pages(rows, size, expired)), "tickets", BY_DATE)) == list(range(len(rows)))


def test_a_row_that_changed_comes_again_and_none_is_passed_over_when_the_walk_begins_again() -> None:
    rows = [row(number, number) for number in range(6)]
    pages = Pages(rows, 2, [True])
    walking = walk(Recorder(pages), "tickets", BY_DATE)
    seen = [found["id"] for found in next(walking)]
    rows.append({**rows.pop(1), **row(1, 10)})
    assert [*seen, *ids(walking)] == [0, 1, 2, 3, 4, 5, 1]


def test_dates_are_compared_as_moments_however_they_are_written() -> None:
    dates = ["2024-01-01T00:00:00", "2024-01-01T00:00:00.500000", "2024-01-01T02:00:01+02:00", "2024-01-01T00:00:02Z"]
    rows = [{"id": n, "updated_datetime": text} for n, text in enumerate(dates)]
    assert ids(walk(Recorder(Pages(rows, 2, [True])), "tickets", BY_DATE)) == [0, 1, 2, 3]


def test_nothing_is_passed_over_though_the_order_is_not_kept_to() -> None:
    rows = [row(0, 3), row(1, 1), row(2, 2), row(3, 0), row(4, 5), row(5, 4)]
    assert ids(walk(Recorder(Pages(rows, 2, [])), "tickets", BY_DATE)) == [0, 1, 2, 3, 4, 5]
    assert ids(walk(Recorder(Pages(rows, 4, [True])), "tickets", BY_DATE)) == [0, 1, 2, 3, 4, 5]


def test_a_row_without_a_date_is_handed_out_rather_than_lost() -> None:
    rows = [row(0, 0), {"id": 1, "updated_datetime": None}, row(2, 1), {"id": 3}, row(4, 2)]
    found = ids(walk(Recorder(Pages(rows, 2, [True])), "tickets", BY_DATE))
    assert sorted(set(found)) == [0, 1, 2, 3, 4]
    assert [found.count(n) for n in (0, 2, 4)] == [1, 1, 1]


# --- a list in another order ---------------------------------------------------------------------------


@pytest.mark.parametrize("order", [{}, {"order_by": "updated_datetime:desc"}, {"order_by": "name:asc"}])
def test_of_a_list_in_another_order_rows_come_again_and_none_is_passed_over(order: dict[str, str]) -> None:
    rows = [row(number, 5) for number in range(5)]
    assert ids(walk(Recorder(Pages(rows, 2, [False, True])), "tags", order)) == [0, 1, 2, 3, 0, 1, 2, 3, 4]


# --- cursors that never hold ---------------------------------------------------------------------------


@pytest.mark.parametrize("order", [{}, BY_DATE])
def test_a_walk_that_gets_no_further_ends_after_a_few_restarts(order: dict[str, str]) -> None:
    transport = Recorder(Pages([row(number, number) for number in range(9)], 2, [True] * 100))
    walking = walk(transport, "tickets", order)
    assert [found["id"] for found in next(walking)] == [0, 1]
    with pytest.raises(TargetUnreachable, match="cursors expired") as caught:
        ids(walking)
    assert caught.value.next_step
    assert len(transport.sent) == 2 * (RESTARTS + 1)


def test_a_walk_that_gets_on_may_begin_again_as_often_as_it_must() -> None:
    rows = [row(number, number) for number in range(20)]
    transport = Recorder()
    lasting = 0

    def one_page_further_each_time(request: Sent) -> Any:
        nonlocal lasting
        cursor = int((request[2] or {}).get("cursor", 0))
        if cursor > lasting:
            lasting = cursor
            raise RecordRejected("expired", status=400, data={"cursor": ["gone"]}, next_step="-")
        return Pages(rows, 2, [])(request)

    transport.answer = one_page_further_each_time
    assert ids(walk(transport, "tickets", BY_DATE)) == list(range(20))


@pytest.mark.parametrize("status", [400, 404, 409])
def test_another_refusal_is_told_as_it_is(status: int) -> None:
    def refuse(request: Sent) -> Any:
        if "cursor" in (request[2] or {}):
            raise RecordRejected("no", status=status, data={"limit": ["no"]}, next_step="-")
        return Pages([row(n, n) for n in range(4)], 2, [])(request)

    with pytest.raises(RecordRejected, match="no"):
        ids(walk(Recorder(refuse), "tickets", BY_DATE))


@pytest.mark.parametrize("reply", [None, [], {}, {"data": None}, {"data": {}}, {"data": [1]}, "list"])
def test_what_is_no_list_is_told_so(reply: Any) -> None:
    with pytest.raises(ReplyUnusable, match="GET /api/tickets") as caught:
        ids(walk(Recorder(lambda _: reply), "tickets", BY_DATE))
    assert caught.value.next_step


# --- against a simulated account -----------------------------------------------------------------------


def fill(gorgias: SimulatedGorgias, kind: str, number: int) -> None:
    with gorgias.account.store.transaction():
        for n in range(1, number + 1):
            at = row(n, n // 7)["updated_datetime"]
            thing = {"id": n, "ticket_id": 1, "name": f"{kind} {n}", "created_datetime": at, "updated_datetime": at}
            gorgias.account.store.put(kind, thing, name=str(thing["name"]))


def later(gorgias: SimulatedGorgias) -> None:
    """Let every cursor that was given so far expire."""
    gorgias.clock.advance(gorgias.account.cursor_seconds + SPEED)  # type: ignore[attr-defined]


def test_tickets_and_messages_are_each_read_once_though_every_cursor_expires(gorgias: SimulatedGorgias) -> None:
    for kind, pages in (("ticket", gorgias.api.tickets.pages), ("message", gorgias.api.messages.pages)):
        fill(gorgias, kind, 250)
        seen: list[int] = []
        for page in pages():
            seen += [found.id for found in page]
            later(gorgias)
        assert seen == list(range(1, 251)), kind


def test_tags_are_each_read_once_though_every_cursor_expires(gorgias: SimulatedGorgias) -> None:
    fill(gorgias, "tag", 250)
    seen: list[int] = []
    for tag in gorgias.api.tags.every():
        seen.append(tag.id)
        if len(seen) % 100 == 0:
            later(gorgias)
    assert sorted(seen) == list(range(1, 251))


def test_an_account_whose_cursors_never_hold_is_told_of(gorgias: SimulatedGorgias) -> None:
    fill(gorgias, "tag", 150)
    gorgias.account.cursor_seconds = -1.0
    with pytest.raises(TargetUnreachable, match="cursors expired"):
        list(gorgias.api.tags.every())
