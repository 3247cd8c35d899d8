"""The delta: whatever changes in the source is found, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.chunks import to_staged, write_chunk
from migrator_lib.delta import Changes, changed_definitions, changes
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import (
    CALL_FAMILY,
    CHAT_FAMILY,
    DEFINITIONS,
    FAMILIES,
    TAGS_IN_TASKS,
    TICKET_FAMILY,
)
from migrator_lib.staging import Staged, write_gone

SIZE = 40


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'source.sqlite3'}"


class Source:
    """A built help desk that can be changed in SQL, and its staged copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = sa.create_engine(address(folder))
        self.database = SourceDatabase(address(folder))
        self.staged = Staged([folder / "full"])

    def stage(self, name: str, only: list[int] | None) -> Path:
        families = FAMILIES if only is None else (TICKET_FAMILY,)
        for table in (*DEFINITIONS, TAGS_IN_TASKS, *(table for family in families for table in family.tables)):
            some = only if table in TICKET_FAMILY.tables else None
            rows = self.database.page(table, after=None, rows=100_000, only=some)
            write_chunk(self.folder / name / table.stage, 0, to_staged(table, rows))
        return self.folder / name

    def do(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def ask(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return [row[0] for row in connection.execute(sa.text(statement), values)]

    def changes(self, *, page_rows: int = 50, **options: Any) -> Changes:
        progress = Progress(self.folder / "p.json", "07")
        return changes(self.database, self.staged, progress, page_rows=page_rows, **options)

    def close(self) -> None:
        self.database.close()
        self.engine.dispose()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a help desk, built and staged once; tests change copies of it."""
    folder = tmp_path_factory.mktemp("built")
    build(address(folder), folder / "files", seed=5, tickets=SIZE)
    made = Source(folder)
    made.stage("full", None)
    made.close()
    return folder


@pytest.fixture
def source(built: Path, tmp_path: Path) -> Iterator[Source]:
    made = Source(shutil.copytree(built, tmp_path / "source"))
    yield made
    made.close()


def test_an_unchanged_source_has_no_delta(source: Source) -> None:
    found = source.changes()
    assert not found
    assert found.by_table == {}


CHANGES = {
    "status": "UPDATE st_Tickets SET TicketStatusID = 5 - TicketStatusID WHERE TicketID = :t",
    "assignee": "UPDATE st_Tickets SET UserID = 4 WHERE TicketID = :t",
    "subject": "UPDATE st_Tickets SET Subject = 'another' WHERE TicketID = :t",
    "deleted": "UPDATE st_Tickets SET IsDeleted = 1 WHERE TicketID = :t",
    "closed": "UPDATE st_Tickets SET DateClosedUTC = '2026-07-01 10:00:00.000000' WHERE TicketID = :t",
    "message": "INSERT INTO st_TicketMessages (TicketMessageID, TicketID, DateReceivedUTC, Subject, BodyText, IsDraft)"
    " VALUES (990001, :t, '2026-07-01 10:00:00.000000', 's', 'b', 0)",
    "message removed": "DELETE FROM st_TicketMessages WHERE TicketID = :t",
    "draft sent": "UPDATE st_TicketMessages SET IsDraft = 1 - IsDraft WHERE TicketID = :t",
    "comment": "INSERT INTO st_TicketComments (TicketCommentID, TicketID, CommentTypeID, UserID, DateEnteredUTC,"
    " CommentText) VALUES (990001, :t, 1, 2, '2026-07-01 10:00:00.000000', 'c')",
    "comment edited": "UPDATE st_TicketComments SET CommentText = 'edited' WHERE TicketCommentID ="
    " (SELECT MIN(TicketCommentID) FROM st_TicketComments WHERE TicketID = :t)",
    "sender": "UPDATE st_TicketMessages SET FromAddress = 'another@postbox.example' WHERE TicketID = :t",
    "field value": "INSERT INTO st_CustomDataFieldsInTickets (TicketID, CustomFieldID, DataContent)"
    " VALUES (:t, 77, 'v')",
    "number merged in": "INSERT INTO st_TicketMerges (TicketNumber, TicketID) VALUES ('999-00000000-0001', :t)",
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_kind_of_change_is_found_and_touches_that_ticket_alone(source: Source, what: str) -> None:
    ticket = source.ask(
        "SELECT TicketID FROM st_Tickets WHERE TicketStatusID IN (1, 2, 3) AND UserID > 4 AND IsDeleted = 0 AND "
        "TicketID IN (SELECT TicketID FROM st_TicketMessages) AND TicketID IN (SELECT TicketID FROM st_TicketComments) "
        "ORDER BY TicketID"
    )[0]
    source.do(CHANGES[what], t=ticket)
    found = source.changes()
    assert found.tickets == {ticket}
    assert not found.purged


@pytest.mark.parametrize(("staged", "now"), [((-1, 7), (-2, 7)), ((-1, -2), (-2, -1)), ((0, -1), (-1, 0))])
def test_negative_codes_that_change_are_found_though_python_hashes_some_alike(
    source: Source, staged: tuple[int, int], now: tuple[int, int]
) -> None:
    ticket = source.ask("SELECT TicketID FROM st_Tickets WHERE IsDeleted = 0 ORDER BY TicketID")[3]
    codes = "UPDATE st_Tickets SET DepartmentID = :d, GroupID = :g WHERE TicketID = :t"
    source.do(codes, t=ticket, d=staged[0], g=staged[1])
    source.stage("full", None)
    source.staged = Staged([source.folder / "full"])
    assert not source.changes()
    source.do(codes, t=ticket, d=now[0], g=now[1])
    assert source.changes().tickets == {ticket}


def test_a_new_ticket_is_found(source: Source) -> None:
    columns = ", ".join(source.ask("SELECT name FROM pragma_table_info('st_Tickets') WHERE name != 'TicketID'"))
    source.do(f"INSERT INTO st_Tickets (TicketID, {columns}) SELECT 990001, {columns} FROM st_Tickets LIMIT 1")
    assert source.changes().tickets == {990001}


def test_a_purged_ticket_is_told_apart_and_is_not_read_again(source: Source) -> None:
    ticket = source.ask("SELECT TicketID FROM st_Tickets WHERE IsDeleted = 1")[0]
    for table in ("Tickets", "TicketMessages", "TicketComments"):
        source.do(f"DELETE FROM st_{table} WHERE TicketID = :t", t=ticket)
    found = source.changes()
    assert found.purged == {ticket}
    assert ticket not in found.tickets
    assert not found


def merge(source: Source) -> tuple[int, int]:
    """Merge one ticket into another as SmarterTrack does: its row goes, its parts move, its number stays."""
    gone, survivor = source.ask("SELECT TicketID FROM st_Tickets WHERE IsDeleted = 0 AND IsSpam = 0 ORDER BY 1")[3:5]
    number = source.ask("SELECT TicketNumber FROM st_Tickets WHERE TicketID = :t", t=gone)[0]
    for table in ("TicketMessages", "TicketComments", "TicketAttachments", "Tasks", "TimeLogs"):
        source.do(f"UPDATE st_{table} SET TicketID = :into WHERE TicketID = :t", into=survivor, t=gone)
    source.do("DELETE FROM st_CustomDataFieldsInTickets WHERE TicketID = :t", t=gone)
    source.do("INSERT INTO st_TicketMerges (TicketNumber, TicketID) VALUES (:n, :t)", n=number, t=survivor)
    source.do("DELETE FROM st_Tickets WHERE TicketID = :t", t=gone)
    return gone, survivor


def test_a_ticket_merged_away_is_hidden_once_the_delta_is_staged_and_its_parts_are_there_once(source: Source) -> None:
    before = source.staged.count("TicketMessages")
    gone, survivor = merge(source)
    found = source.changes()
    assert (found.merged, survivor in found.tickets) == ({gone}, True)
    folder = source.stage("delta-001", sorted(found.tickets))
    write_gone(folder, found.merged)
    source.staged = Staged([source.folder / "full", folder])
    assert source.staged.count("TicketMessages") == before
    assert gone not in source.staged.ticket_ids()
    assert source.staged.gone_tickets() == {gone}
    assert not source.changes()


def test_a_tag_that_was_put_on_a_task_is_a_change_of_its_ticket(source: Source) -> None:
    task, ticket = source.ask("SELECT MIN(TaskID) FROM st_Tasks WHERE TicketID IS NOT NULL")[0], None
    ticket = source.ask("SELECT TicketID FROM st_Tasks WHERE TaskID = :k", k=task)[0]
    source.do("INSERT INTO st_TagsInTasks (TagsInTasksID, TaskID, TagID) VALUES (990001, :k, 77)", k=task)
    found = source.changes()
    assert (found.tickets, found.by_table) == ({ticket}, {"TagsInTasks": 1})


def test_a_body_is_compared_where_something_else_led_to_the_ticket(source: Source) -> None:
    ticket, other = source.ask("SELECT DISTINCT TicketID FROM st_TicketMessages ORDER BY TicketID")[:2]
    source.do("UPDATE st_TicketMessages SET BodyHTML = 'edited' WHERE TicketID IN (:t, :o)", t=ticket, o=other)
    assert not source.changes()
    assert source.changes(only={ticket}).tickets == {ticket}


def test_chosen_tickets_are_compared_and_no_others(source: Source) -> None:
    tickets = source.ask("SELECT TicketID FROM st_Tickets ORDER BY TicketID")
    source.do("UPDATE st_Tickets SET Subject = 'another'")
    assert source.changes(only=tickets[:5]).tickets == set(tickets[:5])
    assert source.changes(leave_out=tickets[:5]).tickets == set(tickets[5:])
    assert not source.changes(only=[])


def test_a_row_of_a_ticket_that_never_was_is_told_apart_from_a_purged_one(source: Source) -> None:
    source.do(CHANGES["message"], t=880001)
    found = source.changes()
    assert (found.ownerless, found.purged, found.tickets) == ({880001}, frozenset(), frozenset())


def test_definitions_that_changed_are_named(source: Source) -> None:
    assert changed_definitions(source.database, source.staged) == []
    source.do("UPDATE st_Users SET DisplayName = 'Another' WHERE UserID = (SELECT MAX(UserID) FROM st_Users)")
    source.do("DELETE FROM st_TagsInTasks")
    assert changed_definitions(source.database, source.staged) == ["Users", "TagsInTasks"]


OTHERS = {
    "line edited": ("UPDATE st_ChatMessages SET TextSubmitted = 'x' WHERE ChatID = 2", ("live_chat", 2)),
    "line came": ("INSERT INTO st_ChatMessages (ChatMessageID, ChatID) VALUES (990001, 1)", ("live_chat", 1)),
    "deleted": ("UPDATE st_Chats SET IsDeleted = 1 - IsDeleted WHERE ChatID = 1", ("live_chat", 1)),
    "commented": ("INSERT INTO st_ChatComments (ChatCommentID, ChatID) VALUES (990001, 3)", ("live_chat", 3)),
    "value": ("UPDATE st_CustomDataFieldsInCallLogs SET DataContent = 'x' WHERE CallLogID = 1", ("call_log", 1)),
    "recording": ("INSERT INTO st_CallLogAttachments (CallLogAttachmentID, CallLogID) VALUES (9, 2)", ("call_log", 2)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_differs_of_a_chat_or_a_call_it_is_read_again(source: Source, what: str) -> None:
    statement, one = OTHERS[what]
    source.do(statement)
    found = source.changes()
    assert found
    assert (found.others, found.tickets, found.number) == ({one}, frozenset(), 1)
    chosen = {CHAT_FAMILY.name: [1, 2, 3], CALL_FAMILY.name: [1, 2]}
    assert source.changes(only=chosen).others == {one}
    assert not source.changes(only={"ticket": [1]})
    assert not source.changes(leave_out={one[0]: [one[1]]})


def test_a_chat_that_is_purged_stays_and_is_told(source: Source) -> None:
    source.do("DELETE FROM st_Chats WHERE ChatID = 2")
    found = source.changes()
    assert not found
    assert found.others_purged == {("live_chat", 2)}
