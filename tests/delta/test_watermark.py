"""The watermark: every signal finds what it is there for, and marks are taken so that nothing is behind them unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql
from sqlglot import expressions as exp

from migrator_lib import delta
from migrator_lib.delta import Watermark
from migrator_lib.delta.watermark import CLOCK, DATES, IDS, NO_MARK
from migrator_lib.errors import SourceDenied
from tests.delta.moving import LAST, OPENED, OVERLAP, TRACED, UNTRACED, Moving, moving

EVENT, MERGES, TAGS = "TicketEventLogs.EventDateUTC", "TicketMerges", "TagsInTasks"
RECEIVED, MESSAGE_ID = "TicketMessages.DateReceivedUTC", "TicketMessages.TicketMessageID"
FOUND_BY = {
    "receive": {RECEIVED, MESSAGE_ID},
    "receive_late": {MESSAGE_ID},
    "receive_from_a_slow_clock": {EVENT},
    "change_status": {EVENT},
    "close_ticket": {"Tickets.DateClosedUTC"},
    "delete_ticket": {"Tickets.DateDeletedUTC"},
    "add_comment": {"TicketComments.DateEnteredUTC", "TicketComments.TicketCommentID"},
    "attach": {"TicketAttachments.CreationDateUTC", "TicketAttachments.TicketAttachmentID"},
    "set_field": {EVENT},
    "add_task": {"Tasks.TaskID"},
    "finish_task": {"Tasks.DateModifiedUTC"},
    "log_time": {"TimeLogs.DateModifiedUTC", "TimeLogs.TimeLogID"},
    "correct_time": {"TimeLogs.DateModifiedUTC"},
    "tag_task": {TAGS},
    "link": {"TicketLinks.TicketLinkID"},
    "send_draft": {RECEIVED},
    "rewrite_message": {EVENT},
    "merge": {MERGES},
}
TICKET = 2


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    with moving(tmp_path_factory.mktemp("watermark")) as made:
        yield made


@pytest.fixture
def source(desk: Moving) -> Moving:
    desk.fill()
    return desk


def signals_of(source: Moving, mark: Watermark, ticket: int, overlap: timedelta = OVERLAP) -> set[str]:
    return {name for name, tickets in source.since(mark, overlap).by_signal.items() if ticket in tickets}


@pytest.mark.parametrize("happening", [name for name in TRACED if name != "open_ticket"])
def test_a_change_is_found_by_the_signals_that_are_there_for_it(source: Moving, happening: str) -> None:
    mark = source.extract()
    getattr(source, happening)(TICKET)
    assert signals_of(source, mark, TICKET) == FOUND_BY[happening]


@pytest.mark.parametrize("happening", UNTRACED)
def test_what_is_said_to_leave_no_trace_leaves_none_of_its_own(source: Moving, happening: str) -> None:
    """Or the property of whatever happens would say nothing about the comparison."""
    source.do(source.update("Tickets", {"TicketID": TICKET}, IsDeleted=True))
    mark = source.extract()
    getattr(source, happening)(TICKET)
    assert signals_of(source, mark, TICKET) == set()
    found = source.changes()
    assert len(found.tickets | found.purged) == 1


def test_a_new_ticket_is_found_by_its_date_and_its_id_and_by_those_of_its_parts(source: Moving) -> None:
    mark = source.extract()
    source.open_ticket(0)
    assert signals_of(source, mark, source.last_id) == {
        "Tickets.DateOpenedUTC", "Tickets.TicketID", RECEIVED, MESSAGE_ID, EVENT,
    }  # fmt: skip


def test_a_merged_ticket_is_found_with_the_one_that_it_went_into(source: Moving) -> None:
    mark = source.extract()
    source.merge(TICKET)
    assert source.since(mark).by_signal[MERGES] == {TICKET, TICKET + 1}


def test_what_happened_within_the_overlap_is_found_and_what_was_before_is_not(source: Moving) -> None:
    mark = source.extract()
    source.do(source.event(1, LAST - timedelta(minutes=59)), source.event(2, LAST - timedelta(minutes=61)))
    assert {1} <= source.since(mark).by_signal[EVENT]
    assert 2 not in source.since(mark).tickets
    assert 1 not in source.since(mark, timedelta(minutes=30)).tickets


def test_a_mark_is_where_the_dates_of_a_restored_backup_end_and_not_the_clock(source: Moving) -> None:
    mark = delta.take(source.database)
    assert mark.dates[RECEIVED] == LAST.replace(tzinfo=mark.clock.tzinfo)
    assert mark.clock > mark.dates[RECEIVED]


def test_a_date_after_the_clock_moves_no_mark(source: Moving) -> None:
    source.do(source.message(1, 500, datetime(2190, 1, 1)))
    mark = delta.take(source.database)
    assert mark.dates[RECEIVED] == LAST.replace(tzinfo=mark.clock.tzinfo)


def test_an_empty_date_of_some_programming_language_is_no_mark_to_count_back_from(source: Moving) -> None:
    source.do(source.update("Tickets", {}, DateClosedUTC=datetime(1, 1, 1)))
    mark = source.extract()
    source.close_ticket(TICKET)
    assert source.since(mark).by_signal["Tickets.DateClosedUTC"] == {TICKET}


def test_the_first_row_of_an_empty_table_is_found(source: Moving) -> None:
    source.do(source.delete("TicketComments"))
    mark = source.extract()
    source.do(source.comment(TICKET, 1, OPENED))
    assert signals_of(source, mark, TICKET) == FOUND_BY["add_comment"]


def test_marks_survive_the_ledger(source: Moving) -> None:
    source.do(source.delete("TicketComments"))
    mark = delta.take(source.database)
    assert Watermark.from_json(json.loads(json.dumps(mark.as_json()))) == mark


def test_every_signal_has_a_mark(source: Moving) -> None:
    mark = delta.take(source.database)
    assert set(mark.dates) == {f"{table}.{column}" for table, column in DATES}
    assert set(mark.ids) == {f"{table}.{column}" for table, column in IDS}


def test_what_a_database_lacks_is_listed_and_the_rest_is_asked(tmp_path: Path) -> None:
    lacking = ("TicketEventLogs", "TimeLogs")
    source = Moving(f"sqlite:///{tmp_path / 'source.sqlite3'}", tmp_path, without=lacking)
    with source.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE st_Tasks DROP COLUMN DateModifiedUTC"))
    source.do(*source.ticket(TICKET, LAST))
    mark = source.extract()
    source.receive(TICKET)
    found = source.since(mark)
    assert set(found.unavailable) == {
        EVENT, "TimeLogs.DateModifiedUTC", "TimeLogs.TimeLogID", "Tasks.DateModifiedUTC",
    }  # fmt: skip
    assert set(found.unavailable.values()) == {"not in this database"}
    assert TICKET in found.by_signal[RECEIVED]
    source.close()


def test_a_signal_without_a_mark_is_listed(source: Moving) -> None:
    source.extract()
    nothing = Watermark(delta.take(source.database).clock, {}, {})
    found = source.since(nothing)
    assert set(found.unavailable.values()) == {NO_MARK}
    assert set(found.by_signal) == {MERGES, TAGS}


def test_dates_and_ids_that_are_none_stop_nothing(source: Moving) -> None:
    with source.engine.begin() as connection:
        connection.execute(sa.text("UPDATE st_TicketComments SET DateEnteredUTC = '2026-06-31 99' WHERE TicketID = 1"))
        connection.execute(sa.text("UPDATE st_TicketEventLogs SET TicketID = 'x' WHERE TicketID = 1"))
    mark = delta.take(source.database)
    assert "TicketComments.DateEnteredUTC" not in mark.dates
    source.stages = [source.stage("full", None)]
    assert source.since(mark).unavailable == {"TicketComments.DateEnteredUTC": NO_MARK}


def test_what_is_asked_is_t_sql_too(source: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [sa.select(CLOCK["mssql"])]
    select = source.database.select
    monkeypatch.setattr(
        source.database, "select", lambda statement, what: asked.append(statement) or select(statement, what)
    )
    source.since(source.extract())
    assert len(asked) > 2 * (len(DATES) + len(IDS))
    dialect = mssql.dialect()  # type: ignore[no-untyped-call]
    for statement in asked:
        written = str(statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        assert isinstance(sqlglot.parse_one(written, read="tsql"), exp.Select), written


def test_a_table_that_the_login_may_not_read_is_listed_and_stops_nothing(
    source: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = source.database.select

    def refused(statement: sa.Select[Any], what: str) -> list[dict[str, Any]]:
        if what == "TicketEventLogs":
            raise SourceDenied("refused", next_step="ask")
        return select(statement, what)

    monkeypatch.setattr(source.database, "select", refused)
    mark = source.extract()
    source.receive(TICKET)
    found = source.since(mark)
    assert found.unavailable == {EVENT: NO_MARK}
    assert TICKET in found.by_signal[RECEIVED]
