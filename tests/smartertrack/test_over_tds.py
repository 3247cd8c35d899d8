"""SQL Server's path, driven for real where there is none: pyodbc and its ODBC drivers against a server of TDS.

FreeTDS is asked for; Microsoft's driver is tried too where somebody chose it (the extra ``sqlserver``).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from benchmarks.engines import read_all
from migrator_lib.errors import SourceDenied, SourceUnreachable
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack import drivers
from migrator_lib.smartertrack.connection import Waits, connection_facts
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.patience import Patience
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.source_desk import add_ticket, create, everything, known_tables, sqlite_url, tables_of, writing
from tests.tds.catalog import Catalog
from tests.tds.server import TdsServer

DATABASE, USER, PASSWORD = "SmarterTrack", "reader", "s3cret; {of SQL=Server"
TICKETS = 60
READS = ("SELECT", "SET TRANSACTION ISOLATION LEVEL", "sp_datatype_info")


DRIVERS = ["FreeTDS", *filter(None, [drivers.packaged()])]
"""Microsoft's is not asked for: its licence lets a person choose it."""


@pytest.fixture(scope="module", params=DRIVERS, ids=["FreeTDS", "Microsoft"][: len(DRIVERS)])
def driver(request: pytest.FixtureRequest) -> str:
    """The name, or the path, of each ODBC driver in turn."""
    try:
        present = drivers.installed()
    except SourceUnreachable as missing:
        _missing(missing.message)
    if request.param == "FreeTDS" and "FreeTDS" not in present:
        _missing("FreeTDS is not installed (Debian, Ubuntu: apt-get install unixodbc tdsodbc)")
    return str(request.param)


def _missing(words: str) -> NoReturn:
    if os.environ.get("MIGRATOR_CI"):
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("cryptography", reason="makes the server's certificate; keyring brings it on Linux alone")
    from tests.tds.certificate import self_signed

    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a simulated help desk, as strict about lengths as a server."""
    folder = tmp_path_factory.mktemp("desk")
    build(sqlite_url(folder), folder / "files", tickets=TICKETS, strict=True)
    return folder


def _file(folder: Path) -> Path:
    return Path(str(sa.make_url(sqlite_url(folder)).database))


def url_of(server: TdsServer, driver: str, **query: str) -> str:
    trusted = {} if driver == "FreeTDS" else {"TrustServerCertificate": "yes"}
    address = sa.URL.create(
        "mssql", USER, PASSWORD, "127.0.0.1", server.port, DATABASE, {"driver": driver, **trusted, **query}
    )
    return address.render_as_string(hide_password=False)


@contextmanager
def served(folder: Path, tables: sa.MetaData, tls: Any, **more: Any) -> Iterator[TdsServer]:
    """Serve the SQLite database of a folder as one of SQL Server."""
    of_server = {name: more.pop(name) for name in ("insists",) if name in more}
    server = TdsServer(_file(folder), Catalog.of(tables, DATABASE, **more), {USER: PASSWORD}, tls, **of_server)
    with server.listening():
        yield server


@contextmanager
def opened(url: str, **more: Any) -> Iterator[SourceDatabase]:
    database = SourceDatabase(url, **more)
    try:
        yield database
    finally:
        database.close()


def test_the_help_desk_is_read_as_from_its_file(desk: Path, driver: str, tls: Any, tmp_path: Path) -> None:
    here = read_all(sqlite_url(desk), tmp_path / "here", page_rows=200)
    with served(desk, known_tables(), tls) as server:
        there = read_all(url_of(server, driver), tmp_path / "there", page_rows=200)
    assert [name for name in here if here[name] != there.get(name)] == []
    assert here["TicketMessages"].rows > TICKETS
    assert [sent for sent in server.statements if not sent.strip().startswith(READS)] == []
    assert all(login.encrypted and login.read_only for login in server.logins)
    assert {login.application for login in server.logins} == {"smartertrack-to-gorgias"}


# --- values --------------------------------------------------------------------------------------------


@pytest.fixture
def values(tmp_path: Path) -> sa.MetaData:
    """A few tables in the test's folder, with a ticket of plain values."""
    tables = tables_of(["Tickets", "TicketMessages", "TicketMerges", "CustomDataFieldsInTickets"])
    create(sqlite_url(tmp_path), tables)
    with writing(sqlite_url(tmp_path), tables) as write:
        add_ticket(write, 1)
    return tables


def change(folder: Path, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(_file(folder))
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def read_back(server: TdsServer, driver: str, table: str) -> list[dict[str, Any]]:
    with opened(url_of(server, driver)) as database:
        return everything(database, table)


LONG = "Zürich 東京 🚲 " * 100_000
"""More than a megabyte; its emoji lie across the borders of packets and chunks."""


@pytest.mark.parametrize("text", ["", " ", "🚲", "\x00 behind", "x" * 4001, LONG], ids=lambda text: str(len(text)))
def test_text_of_any_length_arrives_whole(
    values: sa.MetaData, tmp_path: Path, driver: str, tls: Any, text: str
) -> None:
    change(tmp_path, "UPDATE st_TicketMessages SET BodyText = ?, BodyHTML = NULL", text)
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "TicketMessages")
    assert row["BodyText"] == text
    assert row["BodyHTML"] is None


def test_text_of_an_old_type_arrives_whole(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    values.tables["st_TicketMessages"].c.BodyText.type = mssql.NTEXT()
    change(tmp_path, "UPDATE st_TicketMessages SET BodyText = ?", LONG)
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "TicketMessages")
    assert row["BodyText"] == LONG


def test_half_an_emoji_comes_with_a_mark(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    cut = "Rad \ud83d".encode("utf-8", "surrogatepass")
    for column in ("Subject", "BodyText"):
        change(tmp_path, f"UPDATE st_TicketMessages SET {column} = CAST(? AS TEXT)", cut)
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "TicketMessages")
    assert (row["Subject"], row["BodyText"]) == ("Rad �", "Rad �")


@pytest.mark.parametrize("number", [-(2**63), -1, 0, 2**31, 2**63 - 1])
def test_numbers_of_any_size_arrive(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any, number: int) -> None:
    change(tmp_path, "UPDATE st_TicketMessages SET TicketMessageID = ?", number)
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "TicketMessages")
    assert row["TicketMessageID"] == number


def test_negative_ids_are_paged_over(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with writing(sqlite_url(tmp_path), values) as write:
        add_ticket(write, -7, messages=0)
        add_ticket(write, -(2**31), messages=0)
    with served(tmp_path, values, tls) as server, opened(url_of(server, driver)) as database:
        assert [row["TicketID"] for row in everything(database, "Tickets", rows=1)] == [-(2**31), -7, 1]


def test_moments_arrive_to_the_microsecond(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    moments = {"Opened": "2026-02-03 12:30:15.1234567", "Closed": None, "Deleted": "0001-01-01 00:00:00",
               "FollowUp": "9999-12-31 23:59:59.9999999"}  # fmt: skip
    for name, moment in moments.items():
        change(tmp_path, f"UPDATE st_Tickets SET Date{name}UTC = ?", moment)
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "Tickets")
    assert row["DateOpenedUTC"] == datetime(2026, 2, 3, 12, 30, 15, 123456)
    assert row["DateClosedUTC"] is None
    assert row["DateDeletedUTC"] == datetime(1, 1, 1)
    assert row["DateFollowUpUTC"] == datetime(9999, 12, 31, 23, 59, 59, 999999)


def test_moments_of_the_old_type_arrive_rounded(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    for column in ("DateOpenedUTC", "DateClosedUTC"):
        values.tables["st_Tickets"].c[column].type = mssql.DATETIME()
    change(tmp_path, "UPDATE st_Tickets SET DateOpenedUTC = '2026-02-03 12:30:15.125'")
    change(tmp_path, "UPDATE st_Tickets SET DateClosedUTC = '1753-01-01 23:59:59.999'")
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "Tickets")
    assert row["DateOpenedUTC"] == datetime(2026, 2, 3, 12, 30, 15, 127000)  # in steps of a 300th of a second
    assert row["DateClosedUTC"] == datetime(1753, 1, 2)


def test_flags_arrive_as_flags(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    change(tmp_path, "UPDATE st_Tickets SET IsDeleted = 1, IsSpam = 0, IsPinnedToAgent = NULL")
    with served(tmp_path, values, tls) as server:
        (row,) = read_back(server, driver, "Tickets")
    assert [row[name] for name in ("IsDeleted", "IsSpam", "IsPinnedToAgent")] == [True, False, None]


def test_keys_that_the_collation_takes_for_equal_are_read_each(
    values: sa.MetaData, tmp_path: Path, driver: str, tls: Any
) -> None:
    numbers = ["A-1", "a-1", "a-1 ", "b-1", "Ä-1"]
    with writing(sqlite_url(tmp_path), values) as write:
        for number in numbers:
            write.add("TicketMerges", TicketID=1, TicketNumber=number)
    with served(tmp_path, values, tls) as server, opened(url_of(server, driver)) as database:
        assert database.scalar("TicketMerges", "TicketNumber", "distinct") == 3  # as the server compares
        found = [row["TicketNumber"] for row in everything(database, "TicketMerges", rows=1)]
    assert sorted(found) == sorted(numbers)


def test_declared_lengths_are_known(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with served(tmp_path, values, tls) as server, opened(url_of(server, driver)) as database:
        lengths = database.binding.lengths
    assert lengths["CustomDataFieldsInTickets.DataContent"] == 512
    assert "TicketMessages.BodyText" not in lengths


# --- who may read --------------------------------------------------------------------------------------


def test_a_wrong_password_is_refused_and_not_shown(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with served(tmp_path, values, tls) as server, opened(url_of(server, driver), password="Wr0ng") as database:
        with pytest.raises(SourceDenied, match=r"Login failed for user 'reader'") as caught:
            database.preflight()
        assert [login.password for login in server.logins] == ["Wr0ng"]
    assert "source.password" in caught.value.next_step
    assert "Wr0ng" not in str(caught.value)
    assert server.refused == [18456]


def test_a_database_that_is_not_there_is_said(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with served(tmp_path, values, tls) as server:
        url = sa.make_url(url_of(server, driver)).set(database="SmarterTrak")
        with opened(url.render_as_string(hide_password=False)) as database, pytest.raises(SourceUnreachable) as caught:
            database.preflight()
    assert "SmarterTrak" in caught.value.message
    assert "name in source.url" in caught.value.next_step


@pytest.mark.parametrize("how", ["denied", "hidden"])
def test_a_table_that_may_not_be_read_is_named_with_its_grant(desk: Path, driver: str, tls: Any, how: str) -> None:
    with (
        served(desk, known_tables(), tls, **{how: frozenset({"st_Users", "st_Chats"})}) as server,
        opened(url_of(server, driver)) as database,
        pytest.raises(SourceDenied) as caught,
    ):
        database.preflight()
    assert "st_Users" in caught.value.message
    assert "GRANT SELECT ON [dbo].[st_Users]" in caught.value.next_step
    assert 229 in server.refused


def test_a_table_that_is_only_counted_is_left_out(desk: Path, driver: str, tls: Any) -> None:
    with (
        served(desk, known_tables(), tls, hidden=frozenset({"st_ThreadPostAttachments"})) as server,
        opened(url_of(server, driver)) as database,
    ):
        assert database.preflight().unreadable == ["st_ThreadPostAttachments"]


# --- how it is read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("allowed", "level"), [(True, "SNAPSHOT"), (False, "READ COMMITTED")])
def test_a_snapshot_is_read_where_the_database_allows_it(
    values: sa.MetaData, tmp_path: Path, driver: str, tls: Any, allowed: bool, level: str
) -> None:
    with served(tmp_path, values, tls, snapshot=allowed) as server, opened(url_of(server, driver)) as database:
        assert database.count("Tickets") == 1
        assert connection_facts(database.engine).isolation == level
    assert f"SET TRANSACTION ISOLATION LEVEL {level}" in server.statements


def test_a_server_that_cannot_encrypt_is_not_read(values: sa.MetaData, tmp_path: Path, driver: str) -> None:
    with served(tmp_path, values, None) as server, opened(url_of(server, driver)) as database:
        with pytest.raises(SourceUnreachable) as caught:
            database.preflight()
        assert server.logins == []
    assert "Encrypt=no" in caught.value.next_step


def test_encryption_can_be_given_up(values: sa.MetaData, tmp_path: Path, driver: str) -> None:
    with served(tmp_path, values, None) as server, opened(url_of(server, driver, Encrypt="no")) as database:
        assert database.count("Tickets") == 1
    assert not any(login.encrypted for login in server.logins)


def test_a_server_that_insists_on_encryption_gets_it(
    values: sa.MetaData, tmp_path: Path, driver: str, tls: Any
) -> None:
    with (
        served(tmp_path, values, tls, insists=True) as server,
        opened(url_of(server, driver, Encrypt="no")) as database,
    ):
        assert database.count("Tickets") == 1
    assert all(login.encrypted for login in server.logins)


def test_an_unknown_certificate_is_not_trusted_or_that_is_told(
    values: sa.MetaData, tmp_path: Path, driver: str, tls: Any
) -> None:
    with (
        served(tmp_path, values, tls) as server,
        opened(url_of(server, driver, TrustServerCertificate="no")) as database,
    ):
        if driver == "FreeTDS":  # it checks where its own configuration says so, and the facts tell
            assert database.count("Tickets") == 1
            assert "only by its own settings" in connection_facts(database.engine).encrypted
            return
        with pytest.raises(SourceUnreachable) as caught:
            database.preflight()
    assert "TrustServerCertificate=yes" in caught.value.next_step


# --- when it goes wrong --------------------------------------------------------------------------------


def test_a_query_that_is_not_answered_is_cancelled(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with (
        served(tmp_path, values, tls) as server,
        opened(url_of(server, driver), waits=Waits(query=1), patience=Patience(0)) as database,
    ):
        assert database.binding
        server.faults.held.add("st_Tickets")
        with pytest.raises(SourceUnreachable) as caught:
            database.count("Tickets")
    assert "source.query_seconds" in caught.value.next_step
    assert server.cancelled >= 1


def test_an_answer_that_breaks_off_is_read_on(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with writing(sqlite_url(tmp_path), values) as write:
        add_ticket(write, 2, messages=300)
    said: list[str] = []
    with served(tmp_path, values, tls) as server:
        patience = Patience(say=said.append, shortest=0.01)
        with opened(url_of(server, driver), patience=patience) as database:
            assert database.binding
            server.faults.cut.add("st_TicketMessages")
            blocks = list(database.stream(source_table("TicketMessages"), rows=1000))
    keys = [key for block in blocks for key in block.columns.get("TicketMessageID", [])]
    assert keys == [100, *range(200, 500)]
    assert said


def test_a_server_that_went_away_is_said(values: sa.MetaData, tmp_path: Path, driver: str, tls: Any) -> None:
    with served(tmp_path, values, tls) as server:
        url = url_of(server, driver)
        database = SourceDatabase(url, patience=Patience(0), waits=Waits(login=1))
        assert database.binding
    with pytest.raises(SourceUnreachable, match="went away") as caught:
        database.count("Tickets")
    assert "source.patience_seconds" in caught.value.next_step
    database.close()
