"""The script of a read-only login: what it grants, tried on real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import sqlglot
from typer.testing import CliRunner

from migrator_lib.cli import app
from migrator_lib.errors import SourceDenied
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.connection import translated
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.grants import PASSWORD
from migrator_lib.smartertrack.tables import ALL_TABLES
from tests.homes import change, demo_home
from tests.smartertrack.logins import Administrator, rights_for, statements
from tests.smartertrack.source_desk import READ, add_ticket, create, execute, renamed, sqlite_url, tables_of, writing

REAL = pytest.mark.parametrize("server", ["postgresql", "mariadb"], indirect=True)
SECRET_TABLES = ("PopAccounts", "SmtpAccounts", "VoipAccounts", "TransferServers", "UserHandshakes", "UserWebSessions")


# --- what is written -------------------------------------------------------------------------------------

URLS = ["mssql://a@server/My Desk", "postgresql://a@server/desk", "mysql://a@server/desk", "mariadb://a@server/desk"]


@pytest.mark.parametrize("url", URLS)
def test_every_column_that_is_read_is_granted_and_no_other(url: str) -> None:
    granted = rights_for(url).grants()
    assert len(granted) == len(ALL_TABLES)
    for table, statement in zip(ALL_TABLES, granted, strict=True):
        (columns,) = re.findall(r"\(([^)]*)\)", statement)
        assert [re.sub(r'[\[\]"`]', "", name) for name in columns.split(", ")] == list(table.columns)
        assert f"st_{table.name}" in statement


@pytest.mark.parametrize("url", URLS)
def test_no_secret_and_no_other_right_is_in_the_script(url: str) -> None:
    script = rights_for(url).script()
    assert not any(f"st_{table}" in script for table in SECRET_TABLES)
    assert not re.search(r"\b(INSERT|UPDATE|DELETE|ALTER|CONTROL|EXECUTE|ALL|db_datareader)\b", script)
    assert not re.search(r"[\[\"`](Password|PasswordSalt)[\]\"`]", script)
    assert script.count(PASSWORD) == 1


@pytest.mark.parametrize(("url", "grammar"), [(URLS[0], "tsql"), (URLS[1], "postgres")])
def test_the_grants_are_of_the_engine_s_own_grammar(url: str, grammar: str) -> None:
    for statement in rights_for(url).grants():
        (tree,) = sqlglot.parse(statement, read=grammar)
        assert isinstance(tree, sqlglot.exp.Grant), statement


def test_sql_server_s_login_becomes_a_user_of_the_database() -> None:
    script = rights_for("mssql://a@server/My Desk", login="DOMAIN]x").script()
    made = ["USE [master]", f"CREATE LOGIN [DOMAIN]]x] WITH PASSWORD = N'{PASSWORD}'", "USE [My Desk]",
            "CREATE USER [DOMAIN]]x] FOR LOGIN [DOMAIN]]x]"]  # fmt: skip
    assert statements(script)[:4] == made
    assert "GRANT SELECT ON [dbo].[st_TicketMerges] ([TicketID], [TicketNumber]) TO [DOMAIN]]x];" in script


def test_names_that_are_not_of_this_database_are_said_to_be_so() -> None:
    assert "March 2018" in rights_for("mssql://a@server/Desk").script()
    assert "[dbo].[help_Users]" in rights_for("mssql://a@server/Desk", prefix="help_").script()
    assert "[dbo].[st_Users]" in rights_for("mssql://a@server/Desk", prefix="auto").script()
    assert "[desk].[st_Users]" in rights_for("mssql://a@server/Desk", schema="desk").script()


def test_real_names_are_taken_where_the_database_was_seen(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), renamed(tables_of(without=["Tickets.IsSpam"]), str.upper))
    rights = rights_for("mssql://a@server/Desk").seen_in(SourceDatabase(sqlite_url(tmp_path), prefix="auto"))
    (tickets,) = (line for line in rights.grants() if "[ST_TICKETS]" in line)
    assert "[TICKETID], [TICKETNUMBER]" in tickets
    assert "ISSPAM" not in tickets
    assert "March 2018" not in rights.script()


def test_a_database_that_hides_what_is_needed_is_not_taken_for_its_names(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["Tickets"]))
    rights = rights_for("mssql://a@server/Desk").seen_in(SourceDatabase(sqlite_url(tmp_path)))
    assert "[st_Users]" in rights.script()


# --- the command -----------------------------------------------------------------------------------------


def grants(home: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> tuple[int, str, str]:
    monkeypatch.chdir(home)
    found = CliRunner().invoke(app, ["grants", "demo", *more])
    return found.exit_code, found.stdout, found.stderr


def test_the_command_prints_the_script_also_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = demo_home(tmp_path, tickets=1)
    change(home, "source.url", "mysql://reader@127.0.0.1:9/desk")
    change(home, "source.password", "env:NOBODY_SET_THIS")
    code, out, err = grants(home, monkeypatch, "--login", "ann")
    assert code == 0
    assert "CREATE USER 'ann'@'%' IDENTIFIED BY" in out
    assert "GRANT SELECT (`BrandID`" in out
    assert "NOBODY_SET_THIS" in err


def test_sqlite_has_no_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = grants(demo_home(tmp_path, tickets=1), monkeypatch)
    assert code == 0
    assert "no logins" in out
    assert "GRANT" not in out


# --- real servers ----------------------------------------------------------------------------------------


@pytest.fixture
def administrator(server: str, url: str) -> Iterator[Administrator]:
    with Administrator.of(server, url) as found:
        yield found


@REAL
def test_a_login_of_the_script_extracts_a_whole_help_desk_and_nothing_more(
    administrator: Administrator, ledger: Ledger, tmp_path: Path
) -> None:
    tables = tables_of((*READ, "SmtpAccounts"))
    create(administrator.url, tables)
    with writing(administrator.url, tables) as write:
        write.add("Users", UserID=1, Email="ann@shop.example", Password="hunter2")
        for key in (1, 2, 3):
            add_ticket(write, key, messages=2)
    administrator.grant_all()
    database, owner = administrator.read(), SourceDatabase(administrator.url)
    binding = database.preflight()
    assert (binding.missing_optional, binding.missing_required, binding.unreadable) == ([], [], [])
    assert binding.lengths == owner.binding.lengths
    progress = Progress(tmp_path / "progress.json", "04_extract", lambda: None)
    extractor = Extractor(source=database, ledger=ledger, folder=tmp_path / "staged", stage="full", page_rows=1000,
                          progress=progress)  # fmt: skip
    extractor.definitions()
    extractor.conversations()
    for table in ALL_TABLES:
        assert database.count(table.name) == owner.count(table.name)
    assert (extractor.report.rows["Users"], extractor.report.rows["TicketMessages"]) == (1, 6)
    users, password = administrator.quoted("st_Users"), administrator.quoted("Password")
    for refused in (f"SELECT {password} FROM {users}", f"SELECT * FROM {administrator.quoted('st_SmtpAccounts')}"):
        with pytest.raises(SourceDenied), translated("reading a secret"), database.engine.connect() as connection:
            connection.exec_driver_sql(refused)
    database.close()
    owner.close()


@pytest.mark.sqlserver
@pytest.mark.parametrize("server", ["sqlserver"], indirect=True)
def test_a_user_with_the_granted_columns_reads_a_sql_server_and_no_secret(url: str) -> None:
    create(url, tables_of())
    # a user without login is enough to try the rights of one
    execute(url, "CREATE USER reader WITHOUT LOGIN", *rights_for(url, login="reader").grants())
    database = SourceDatabase(url)
    sa.event.listen(database.engine, "checkout", lambda dbapi, *_: dbapi.execute("EXECUTE AS USER = 'reader'"))
    sa.event.listen(database.engine, "checkin", lambda dbapi, *_: dbapi.execute("REVERT"))
    assert database.preflight().unreadable == []
    assert {table.name: database.count(table.name) for table in ALL_TABLES} == {table.name: 0 for table in ALL_TABLES}
    assert [table.name for table in ALL_TABLES if table.key and database.page(table, after=None, rows=10)] == []
    with pytest.raises(SourceDenied), translated("reading a secret"), database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT Password FROM st_Users")
    database.close()
