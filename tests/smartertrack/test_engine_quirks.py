"""What servers have types and habits of their own for is staged as everywhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.chunks import bad_dates
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import staged_pages
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.source_desk import execute, text_of

MOMENT = datetime(2026, 3, 29, 1, 30, 15, 123456, tzinfo=UTC)
"""In the hour that Central Europe's clocks left out, or were an hour ahead of."""
BIG = 2**53 + 1
LONG = "Grüße 東京 🚲 " * 20_000


def _staged(url: str, table: str) -> Any:
    database = SourceDatabase(url)
    (page,) = staged_pages(database, source_table(table), 100)
    database.close()
    return page.data


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_postgresql_types_are_staged_as_everywhere(url: str) -> None:
    execute(
        url,
        "CREATE TABLE st_ticketmessages (ticketid bigint, ticketmessageid numeric(20), datereceivedutc timestamptz, "
        "bodyhtml text, messagedirection smallint, isdraft bit(1), smtpmessageguid uuid, fromaddress char(30))",
        f"INSERT INTO st_ticketmessages VALUES (7, {BIG}, '{MOMENT.isoformat()}', "
        f"repeat('Grüße 東京 🚲 ', 20000), 1, B'1', '0B0E7AC0-5E3A-4A0C-9A55-0123456789AB', 'a@demo.example')",
        "INSERT INTO st_ticketmessages VALUES (7, 1, 'infinity', '', NULL, B'0', NULL, NULL)",
    )
    in_new_york = sa.make_url(url).update_query_dict({"options": "-c timezone=America/New_York"})
    data = _staged(text_of(in_new_york), "TicketMessages")
    first, second = data.to_pylist()
    assert (second["TicketMessageID"], second["BodyHTML"]) == (BIG, LONG)
    assert second["DateReceivedUTC"] == MOMENT
    assert (second["IsDraft"], first["IsDraft"], second["MessageDirection"]) == (True, False, 1)
    assert second["SmtpMessageGuid"].lower() == "0b0e7ac0-5e3a-4a0c-9a55-0123456789ab"
    assert second["FromAddress"].rstrip() == "a@demo.example"
    assert first["DateReceivedUTC"] is None
    assert bad_dates(data.schema) == {"DateReceivedUTC": 1}


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_mysql_types_are_staged_as_everywhere(url: str) -> None:
    execute(
        url,
        "CREATE TABLE ST_TICKETMESSAGES (ticketid int unsigned, ticketmessageid bigint unsigned, "
        "datereceivedutc datetime(6), bodyhtml longtext CHARACTER SET utf8mb4, messagedirection tinyint(1), "
        "isdraft bit(1), smtpmessageguid binary(16), fromaddress varchar(100) CHARACTER SET latin1)",
        f"INSERT INTO ST_TICKETMESSAGES VALUES (7, {BIG}, '{MOMENT.replace(tzinfo=None)}', "
        "repeat('Grüße 東京 🚲 ', 20000), 2, b'1', NULL, 'ä@demo.example')",
        "SET SESSION sql_mode = ''",
        "INSERT INTO ST_TICKETMESSAGES VALUES (7, 1, '0000-00-00 00:00:00', '', NULL, b'0', NULL, NULL)",
        "INSERT INTO ST_TICKETMESSAGES VALUES (7, 2, '2026-03-00 10:00:00', '', 0, NULL, NULL, NULL)",
        "INSERT INTO ST_TICKETMESSAGES VALUES (7, 3, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    data = _staged(url, "TicketMessages")
    zero, half, empty, whole = data.to_pylist()
    assert (whole["TicketMessageID"], whole["BodyHTML"]) == (BIG, LONG)
    assert whole["DateReceivedUTC"] == MOMENT
    assert (whole["IsDraft"], zero["IsDraft"], half["IsDraft"]) == (True, False, None)
    assert (whole["MessageDirection"], half["MessageDirection"]) == (2, 0)
    assert whole["FromAddress"] == "ä@demo.example"
    assert [row["DateReceivedUTC"] for row in (zero, half, empty)] == [None] * 3
    assert bad_dates(data.schema) == {"DateReceivedUTC": 2}


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_mysql_s_timestamps_come_as_utc_wherever_the_server_stands(url: str) -> None:
    execute(
        url,
        "CREATE TABLE st_TicketComments (TicketID int, TicketCommentID int, DateEnteredUTC timestamp NULL)",
        "SET SESSION time_zone = '+00:00'",
        "INSERT INTO st_TicketComments VALUES (1, 1, '2026-03-04 05:06:07')",
    )
    in_new_york = sa.make_url(url).update_query_dict({"init_command": "SET time_zone = '-05:00'"})
    (row,) = _staged(text_of(in_new_york), "TicketComments").to_pylist()
    assert row["DateEnteredUTC"] == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
