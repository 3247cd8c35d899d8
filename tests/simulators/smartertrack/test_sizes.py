"""How much of everything the simulated help desk holds, and that it reads and hangs together like one."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from migrator_lib.simulators.smartertrack.schema import DEFAULTS, NOW
from migrator_lib.smartertrack.tables import ALL_TABLES, known_schema
from tests.simulated_shop import NOW_TEXT, Shop


def test_all_tables_of_the_known_schema_are_there(shop: Shop) -> None:
    there = set(sa.inspect(shop.engine).get_table_names())
    assert there == {f"st_{table}" for table in known_schema()}
    assert len(there) == 166


@pytest.mark.parametrize(
    ("table", "where", "number"),
    [
        ("Brands", "1=1", 2),
        ("Departments", "1=1", 5),
        ("Groups", "1=1", 9),
        ("Users", "UserID BETWEEN 2 AND 100", 15),
        ("Users", "UserID BETWEEN 2 AND 100 AND (IsDeleted OR IsLockedOut)", 3),
        ("Users", "IsQueue", 1),
        ("Users", "UserID > 100", 526),
        ("Organizations", "1=1", 120),
        ("Tickets", "1=1", 1000),
        ("Chats", "1=1", 80),
        ("CallLogs", "1=1", 60),
    ],
)
def test_size_is_exact(shop: Shop, table: str, where: str, number: int) -> None:
    assert shop.count(table, where) == number


def test_requesters_are_accounts_and_those_without(shop: Shop) -> None:
    without = shop.column(
        "SELECT COUNT(DISTINCT lower(CustomerEmailAddress)) FROM st_Tickets"
        " WHERE NOT IsSpam AND CustomerEmailAddress <> ''"
        " AND lower(CustomerEmailAddress) NOT IN (SELECT LoweredEmail FROM st_Users)"
    )
    assert without == [180]


def test_sizes_that_chance_decides_are_near_what_is_wanted(shop: Shop) -> None:
    assert shop.count("TicketMessages") == pytest.approx(4500, rel=0.1)
    assert shop.count("TicketComments") == pytest.approx(600, rel=0.1)
    assert len(shop.files()) == pytest.approx(350, rel=0.15)


FILLED = """
    TicketEmails TicketEventLogs TicketTimings TicketLinks TicketMerges Tasks TimeLogs TagsInTasks TaskStatuses
    CustomDataFieldsInTickets CustomDataFieldsInChats CustomDataFieldsInCallLogs ChatMessages SurveysOffered
    KbCategories KbArticles KbArticleTranslations KbArticlesBrands NewsItems NewsItemTranslations
    Threads ThreadPosts ThreadComments Events EventConditions EventActions EventInputs CannedReplies
"""


@pytest.mark.parametrize("table", FILLED.split())
def test_table_is_filled(shop: Shop, table: str) -> None:
    assert shop.count(table) > 0


def test_ticket_number_holds_its_second(shop: Shop) -> None:
    for row in shop.rows("SELECT TicketNumber, strftime('%s', DateOpenedUTC) AS s FROM st_Tickets"):
        parts = re.fullmatch(r"\d{3}-([0-9A-F]{8})-[0-9A-F]{4}", row["TicketNumber"])
        assert parts is not None
        assert int(parts[1], 16) + 946_684_800 == int(row["s"])


def test_tickets_come_denser_towards_the_present_and_never_after_it(shop: Shop) -> None:
    years = shop.column(
        "SELECT COUNT(*) FROM st_Tickets WHERE DateOpenedUTC >= '2023' GROUP BY substr(DateOpenedUTC, 1, 4)"
    )
    assert years[0] < years[1] < years[2]
    for place in ("Tickets.DateClosedUTC", "TicketMessages.DateReceivedUTC", "TicketEventLogs.EventDateUTC"):
        table, column = place.split(".")
        assert shop.column(f"SELECT MAX({column}) FROM st_{table}")[0] <= NOW_TEXT


def test_parts_are_not_before_their_ticket(shop: Shop) -> None:
    early = "SELECT COUNT(*) FROM st_{0} p JOIN st_Tickets t USING (TicketID) WHERE p.{1} < t.DateOpenedUTC"
    assert shop.column(early.format("TicketMessages", "DateReceivedUTC")) == [0]
    assert shop.column(early.format("TicketComments", "DateEnteredUTC")) == [0]


def test_agents_answer_in_working_hours(shop: Shop) -> None:
    hours = shop.column(
        "SELECT CAST(strftime('%H', DateReceivedUTC) AS INTEGER) FROM st_TicketMessages"
        " WHERE MessageDirection = 1 AND NOT IsDraft"
    )
    assert sum(7 <= hour < 18 for hour in hours) / len(hours) > 0.95


def test_most_tickets_are_closed_and_some_of_every_state_are_there(shop: Shop) -> None:
    shares = dict(
        shop.rows("SELECT TicketStatusID AS s, COUNT(*) AS n FROM st_Tickets GROUP BY 1")[i].values() for i in range(4)
    )
    assert shares[3] > 700
    assert all(shares[status] > 5 for status in (1, 2, 4))


def test_no_blank_of_a_text_is_left_unfilled(shop: Shop) -> None:
    texts = shop.column("SELECT BodyText FROM st_TicketMessages") + shop.column(
        "SELECT CommentText FROM st_TicketComments"
    )
    texts += shop.column("SELECT TextSubmitted FROM st_ChatMessages") + shop.column("SELECT Subject FROM st_Tickets")
    assert [text for text in texts if re.search(r"\{\w+\}|^\[[a-z ]+\] ", text or "", re.MULTILINE)] == []


def test_mail_quotes_what_it_answers_and_signs(shop: Shop) -> None:
    quoted = "SELECT COUNT(*) FROM st_TicketMessages WHERE {} AND MessageDirection = 1"
    assert shop.column(quoted.format("BodyHTML LIKE '%<blockquote%' AND BodyHTML LIKE '%wrote:%'"))[0] > 500
    assert shop.column(quoted.format("BodyText LIKE '%Kind regards%'"))[0] > 500
    for program in ("gmail_quote", "MsoNormal", 'type="cite"'):
        assert shop.column("SELECT COUNT(*) FROM st_TicketMessages WHERE BodyHTML LIKE :p", p=f"%{program}%")[0] > 50


def test_rows_point_to_rows(shop: Shop) -> None:
    lost = "SELECT COUNT(*) FROM st_{0} WHERE {1} IS NOT NULL AND {1} NOT IN (SELECT {2} FROM st_{3})"
    for table in (
        "TicketMessages",
        "TicketComments",
        "TicketAttachments",
        "TicketEventLogs",
        "TicketMerges",
        "Tasks",
        "TimeLogs",
    ):
        assert shop.column(lost.format(table, "TicketID", "TicketID", "Tickets")) == [0], table
    assert shop.column(lost.format("TimeLogs", "TagID", "TagID", "Tags")) == [0]
    assert shop.column(lost.format("TicketMessages", "UserID_From", "UserID", "Users")) == [0]
    assert shop.column(lost.format("KbArticleTranslations", "KbArticleID_Secondary", "KbArticleID", "KbArticles")) == [
        0
    ]


def test_columns_that_the_migration_reads_hold_something(shop: Shop) -> None:
    """What is read and nowhere filled would leave its code untried. Looked at are the tables Ticket* and Custom*.

    A default that the writer fills in where a row says nothing is not held for something.
    """
    empty = {"SmtpMessageGuid"}
    for table in (t for t in ALL_TABLES if t.name.startswith(("Ticket", "Custom"))):
        for column in set(table.columns) - empty:
            plain = DEFAULTS.get(known_schema()[table.name][column], "")
            plain = NOW_TEXT if plain == NOW else plain
            told = f"SELECT COUNT(*) FROM st_{table.name} WHERE {column} IS NOT NULL AND {column} <> :plain"
            filled = shop.column(told, plain=plain)[0]
            assert filled > 0 or (table.name, column) == ("CustomDataFields", "DefaultValue"), f"{table.name}.{column}"
