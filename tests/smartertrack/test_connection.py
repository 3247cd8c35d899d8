"""How a database is opened: by a URL without driver, for reading, with time-outs, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.errors import SourceUnreachable
from migrator_lib.smartertrack import drivers
from migrator_lib.smartertrack.connection import (
    SESSIONS,
    Waits,
    as_unicode,
    connection_facts,
    open_engine,
    translated,
    with_driver,
)
from tests.smartertrack.source_desk import create, create_plain, sqlite_url, tables_of, text_of

REAL = pytest.mark.parametrize("server", ["postgresql", "mariadb"], indirect=True)


@pytest.mark.parametrize(
    ("scheme", "driver"),
    [("postgres", "postgresql+psycopg"), ("postgresql", "postgresql+psycopg"), ("mysql", "mysql+pymysql"),
     ("mariadb", "mariadb+pymysql"), ("mssql", "mssql+pyodbc"), ("sqlite", "sqlite"),
     ("postgresql+pg8000", "postgresql+pg8000")],
)  # fmt: skip
def test_a_url_need_not_name_the_python_driver(scheme: str, driver: str) -> None:
    assert with_driver(f"{scheme}://reader@dbserver/desk").drivername == driver


@pytest.mark.parametrize(
    ("url", "package"),
    [("mysql+mysqldb://a@b/c", "mysqlclient"), ("postgresql+psycopg2://a@b/c", "psycopg2-binary"),
     ("postgresql+pg8000://a@b/c", "pg8000")],
)  # fmt: skip
def test_a_python_driver_that_is_not_installed_is_named_as_it_is_installed(url: str, package: str) -> None:
    with pytest.raises(SourceUnreachable, match=f"package {package} is not installed") as caught, translated("opening"):
        open_engine(url)
    assert f"pip install {package}" in caught.value.next_step


@pytest.mark.parametrize("url", ["oracle://a@b/c", "mssql+pymssql://a@b/c", "duckdb:///desk"])
def test_what_could_not_be_told_to_only_read_is_not_opened(url: str) -> None:
    with pytest.raises(SourceUnreachable, match="is not opened with") as caught:
        open_engine(url)
    assert "mssql://" in caught.value.next_step


@REAL
def test_a_server_is_read_by_a_url_without_driver_and_cannot_be_written(server: str, url: str) -> None:
    create_plain(url, ["st_Tickets"])
    plain = sa.make_url(url).set(drivername={"mariadb": "mysql"}.get(server, server))
    engine = open_engine(text_of(plain))
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(sa.table("st_Tickets"))).scalar_one() == 0
    with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read[- ]only"), engine.begin() as connection:
        connection.execute(sa.table("st_Tickets", sa.column("x")).insert().values(x=1))
    engine.dispose()


@REAL
def test_every_connection_of_the_pool_is_told(server: str, url: str) -> None:
    engine = open_engine(url, waits=Waits(7, 77))
    shown = ("SHOW transaction_read_only", "on") if server == "postgresql" else ("SELECT @@tx_read_only", 1)
    with engine.connect() as first, engine.connect() as second:
        answers = [connection.exec_driver_sql(shown[0]).scalar_one() for connection in (first, second)]
        first.rollback()
    assert answers == [shown[1]] * 2
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_postgresql_is_told_who_reads_how_long_and_what_it_sees(url: str) -> None:
    set_by_the_server = {"options": "-c idle_in_transaction_session_timeout=5000"}
    engine = open_engine(text_of(sa.make_url(url).update_query_dict(set_by_the_server)), waits=Waits(7, 77))
    names = ("application_name", "statement_timeout", "transaction_isolation", "idle_in_transaction_session_timeout")
    with engine.connect() as connection:
        told = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert told == ["smartertrack-to-gorgias", "77s", "repeatable read", "0"]
    engine.dispose()


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_mariadb_is_told_what_it_sees_and_that_rows_may_be_fetched_slowly(url: str) -> None:
    engine = open_engine(url, waits=Waits(7, 77))
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT @@tx_isolation, @@net_write_timeout, @@max_statement_time").one()
    assert tuple(told) == ("REPEATABLE-READ", 77, 0)
    engine.dispose()


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
@pytest.mark.parametrize("query", [0, 77])
def test_mysql_may_take_longer_to_answer_than_to_let_us_in(url: str, query: int) -> None:
    engine = open_engine(url, waits=Waits(1, query))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT SLEEP(1.5)").scalar_one() == 0
    engine.dispose()


@REAL
def test_what_the_server_says_is_in_the_facts(server: str, url: str) -> None:
    engine = open_engine(url)
    assert connection_facts(engine).encrypted == "not known yet"
    with engine.connect():
        facts = connection_facts(engine)
    assert facts.engine == {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}[server]
    assert facts.driver == {"postgresql": "psycopg", "mariadb": "pymysql"}[server]
    assert facts.isolation == "REPEATABLE READ"
    assert facts.encrypted.startswith(("yes", "no ("))
    assert facts.waits == Waits(15, 600)
    engine.dispose()


class Stopped(Exception):
    """Instead of a connection."""


def given(engine: sa.Engine) -> dict[str, Any]:
    """Return what the driver is given to connect with, without connecting."""
    seen: dict[str, Any] = {}

    def connect(_dialect: Any, _record: Any, args: Any, more: Any) -> Any:
        seen.update(more, args=args)
        raise Stopped

    sa.event.listen(engine, "do_connect", connect)
    with pytest.raises(Stopped):
        engine.raw_connection()
    return seen


@pytest.mark.parametrize(
    ("url", "query", "expected"),
    [
        ("postgresql://a@b/c", 77, {"connect_timeout": 7, "read_timeout": None}),
        ("mysql://a@b/c", 77, {"connect_timeout": 7, "read_timeout": 7, "charset": "utf8mb4"}),
        ("mariadb://a@b/c?charset=latin1", 77, {"connect_timeout": 7, "read_timeout": 7, "charset": "latin1"}),
        ("mysql://a@b/c?read_timeout=5", 77, {"connect_timeout": 7, "read_timeout": 5}),
    ],
)
def test_drivers_are_told_how_long_to_wait(url: str, query: int, expected: dict[str, Any]) -> None:
    seen = given(open_engine(url, waits=Waits(7, query)))
    assert {name: seen.get(name) for name in expected} == expected


def test_a_file_is_read_only_and_says_so(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["Tickets"]))
    engine = open_engine(sqlite_url(tmp_path))
    facts = connection_facts(engine)
    assert (facts.engine, facts.driver) == ("SQLite", "sqlite3")
    assert "read-only" in facts.read_only
    engine.dispose()


# --- SQL Server's session, without one -------------------------------------------------------------------


class Session:
    """A pyodbc connection, as far as a session is set up on it."""

    def __init__(self, allows: int | None) -> None:
        self.allows = allows
        self.timeout = 0
        self.converted: dict[int, Any] = {}
        self.sent: list[str] = []

    def setdecoding(self, kind: int, **how: Any) -> None:
        self.converted[kind] = how["encoding"]

    def add_output_converter(self, kind: int, convert: Any) -> None:
        self.converted[kind] = convert

    def cursor(self) -> Any:
        return SimpleNamespace(execute=self.execute, close=lambda: None)

    def execute(self, statement: str) -> Any:
        self.sent.append(statement)
        return SimpleNamespace(fetchone=lambda: None if self.allows is None else (self.allows,))

    def commit(self) -> None:
        self.sent.append("COMMIT")

    def rollback(self) -> None:
        self.sent.append("ROLLBACK")


@pytest.fixture
def sql_server(monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    pytest.importorskip("pyodbc", reason="needs unixODBC (libodbc2)", exc_type=ImportError)
    monkeypatch.setattr(drivers, "installed", lambda: ["ODBC Driver 18 for SQL Server"])
    return open_engine("mssql://reader@dbserver/Desk", "secret", waits=Waits(7, 77))


def begun(engine: sa.Engine, allows: int | None) -> Session:
    session = Session(allows)
    SESSIONS["mssql"](session, engine, connection_facts(engine))
    return session


@pytest.mark.parametrize(
    ("allows", "level", "word"),
    [
        (1, "SNAPSHOT", "one snapshot"),
        (0, "READ COMMITTED", "does not allow"),
        (None, "READ COMMITTED", "does not say"),
    ],
)
def test_sql_server_is_read_by_snapshot_where_it_allows_one(
    sql_server: sa.Engine, allows: int | None, level: str, word: str
) -> None:
    session = begun(sql_server, allows)
    assert f"SET TRANSACTION ISOLATION LEVEL {level}" in session.sent
    assert "NOLOCK" not in " ".join(session.sent)
    facts = connection_facts(sql_server)
    assert facts.isolation == level
    assert word in facts.snapshot


def test_sql_server_is_told_how_long_a_statement_may_take_and_how_text_comes(sql_server: sa.Engine) -> None:
    import pyodbc

    session = begun(sql_server, 0)
    assert session.timeout == 77
    wide = (pyodbc.SQL_WCHAR, pyodbc.SQL_WVARCHAR, pyodbc.SQL_WLONGVARCHAR)
    assert session.converted.items() >= {pyodbc.SQL_CHAR: "utf-16-le", **dict.fromkeys(wide, as_unicode)}.items()


def test_sql_server_is_connected_with_a_login_time_out_and_no_pool_below(sql_server: sa.Engine) -> None:
    import pyodbc

    seen = given(sql_server)
    assert seen["timeout"] == 7
    assert "PWD=secret" in seen["args"][0]
    assert pyodbc.pooling is False
