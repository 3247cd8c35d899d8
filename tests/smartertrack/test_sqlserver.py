"""The connection string of SQL Server, as SQLAlchemy makes it of what source.url says."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.smartertrack import sqlserver
from migrator_lib.smartertrack.connection import with_driver
from migrator_lib.smartertrack.drivers import Driver

M18 = Driver("ODBC Driver 18 for SQL Server", "test")
FREETDS = Driver("FreeTDS", "test")
LEGACY = Driver("SQL Server", "test")


def parse(text: str) -> dict[str, str]:
    """Return the keywords of an ODBC connection string, in lower case, by the rules of ODBC."""
    found: dict[str, str] = {}
    rest = text
    while rest:
        matched = re.match(r"([^=;]+)=(\{(?:[^}]|\}\})*\}|[^;{][^;]*|)(?:;|$)", rest)
        assert matched, rest
        name, value = matched[1].lower(), matched[2]
        found.setdefault(name, value[1:-1].replace("}}", "}") if value.startswith("{") else value)
        rest = rest[matched.end() :]
    return found


def keywords(url: str | sa.URL, driver: Driver | None = M18) -> dict[str, str]:
    spelled = sqlserver.spelled_out(with_driver(url) if isinstance(url, str) else url)
    completed = sqlserver.completed(spelled, driver)
    (text,), _ = completed.get_dialect()().create_connect_args(completed)
    return parse(text)


def test_a_plain_url_becomes_an_encrypted_connection_for_reading() -> None:
    assert keywords("mssql://reader@dbserver:1444/SmarterTrack") == {
        "driver": "ODBC Driver 18 for SQL Server",
        "server": "dbserver,1444",
        "database": "SmarterTrack",
        "uid": "reader",
        "encrypt": "yes",
        "applicationintent": "ReadOnly",
        "app": "smartertrack-to-gorgias",
        "mars_connection": "no",
    }


def test_a_certificate_is_checked_unless_the_url_says_otherwise() -> None:
    assert "trustservercertificate" not in keywords("mssql://reader@dbserver/Desk")
    assert keywords("mssql://reader@dbserver/Desk?TrustServerCertificate=yes")["trustservercertificate"] == "yes"


@pytest.mark.parametrize(
    ("more", "keyword", "value"),
    [
        ("Encrypt=no", "encrypt", "no"),
        ("encrypt=strict", "encrypt", "strict"),
        ("ApplicationIntent=ReadWrite", "applicationintent", "ReadWrite"),
        ("APP=audit", "app", "audit"),
        ("MultiSubnetFailover=yes", "multisubnetfailover", "yes"),
    ],
)
def test_what_the_url_says_itself_is_left_as_it_is(more: str, keyword: str, value: str) -> None:
    assert keywords(f"mssql://reader@dbserver/Desk?{more}")[keyword] == value


@pytest.mark.parametrize(
    ("more", "word"),
    [("", "require"), ("?Encrypt=yes", "require"), ("?Encrypt=no", "request"), ("?encrypt=strict", "strict"),
     ("?Encryption=off", "off")],
)  # fmt: skip
def test_freetds_is_told_in_its_own_words(more: str, word: str) -> None:
    found = keywords(f"mssql://reader@dbserver/Desk{more}", FREETDS)
    assert found["encryption"] == word
    assert found["applicationintent"] == "ReadOnly"
    if not more:
        assert "encrypt" not in found


def test_the_driver_of_windows_is_not_told_what_it_does_not_know() -> None:
    found = keywords("mssql://reader@dbserver/Desk", LEGACY)
    assert found["encrypt"] == "yes"
    assert "applicationintent" not in found
    assert "mars_connection" not in found


def test_a_named_instance_is_kept() -> None:
    assert keywords("mssql://reader@dbserver\\SQLEXPRESS/Desk")["server"] == "dbserver\\SQLEXPRESS"


def test_without_a_user_the_login_is_that_of_who_runs_it() -> None:
    found = keywords("mssql://dbserver/Desk")
    assert found["trusted_connection"] == "Yes"
    assert "uid" not in found


@pytest.mark.parametrize("name", ["authentication", "Authentication"])
def test_a_login_by_entra_id_passes_through(name: str) -> None:
    found = keywords(f"mssql://dbserver/Desk?{name}=ActiveDirectoryMsi")
    assert found["authentication"] == "ActiveDirectoryMsi"
    assert "trusted_connection" not in found
    with_user = keywords(f"mssql://ann%40shop.example@dbserver/Desk?{name}=ActiveDirectoryPassword")
    assert (with_user["uid"], with_user["authentication"]) == ("ann@shop.example", "ActiveDirectoryPassword")


def test_a_whole_odbc_connection_string_is_completed_too() -> None:
    given = (
        "DRIVER={ODBC Driver 17 for SQL Server};Server=tcp:dbserver,1444; Database=My;UID={re;ader};"
        "TrustServerCertificate=yes"
    )
    url = sa.URL.create("mssql+pyodbc", password="pass;word", query={"odbc_connect": given})
    spelled = sqlserver.spelled_out(url)
    assert spelled.query["driver"] == "ODBC Driver 17 for SQL Server"
    found = keywords(url, Driver(str(spelled.query["driver"]), "named"))
    assert found == {
        "driver": "ODBC Driver 17 for SQL Server",
        "server": "tcp:dbserver,1444",
        "database": "My",
        "uid": "re;ader",
        "pwd": "pass;word",
        "trustservercertificate": "yes",
        "encrypt": "yes",
        "applicationintent": "ReadOnly",
        "app": "smartertrack-to-gorgias",
        "mars_connection": "no",
    }


@pytest.mark.parametrize("url", ["mssql://reader@shop_desk", "mssql://?dsn=shop_desk"])
def test_a_data_source_brings_its_own_driver(url: str) -> None:
    assert sqlserver.is_data_source(sqlserver.spelled_out(with_driver(url)))
    found = keywords(url, None)
    assert found["dsn"] == "shop_desk"
    assert "driver" not in found
    assert found["encrypt"] == "yes"


def test_a_driver_is_named_in_any_spelling_of_the_word() -> None:
    assert sqlserver.spelled_out(with_driver("mssql://reader@dbserver/Desk?Driver=FreeTDS")).query == {
        "driver": "FreeTDS"
    }


ODD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(password=ODD, database=ODD.map(str.strip).filter(bool), driver=ODD)
def test_values_with_any_characters_arrive_as_they_are(password: str, database: str, driver: str) -> None:
    url = sa.URL.create("mssql+pyodbc", "reader", password, "dbserver", 1433, database)
    found = keywords(url, Driver(driver, "test"))
    assert found["driver"] == driver
    assert found["pwd"] == password
    assert found["database"] == database


# --- in words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "driver", "words"),
    [
        ("", M18, "required (Encrypt=yes), the server's certificate checked"),
        ("?TrustServerCertificate=yes", M18, "required (Encrypt=yes), the server's certificate trusted unseen"),
        ("?Encrypt=no", M18, "not required (Encrypt=no)"),
        ("?Encryption=off", FREETDS, "not required (Encryption=off)"),
    ],
)
def test_encryption_is_told_in_words(more: str, driver: Driver, words: str) -> None:
    url = sqlserver.completed(sqlserver.spelled_out(with_driver(f"mssql://reader@dbserver/Desk{more}")), driver)
    assert sqlserver.encryption(url, driver) == words


def test_freetds_does_not_promise_to_check_the_certificate() -> None:
    url = sqlserver.completed(with_driver("mssql://reader@dbserver/Desk"), FREETDS)
    assert sqlserver.encryption(url, FREETDS).startswith("required (Encryption=require); FreeTDS checks")


def test_a_driver_without_read_only_intent_is_said() -> None:
    url = with_driver("mssql://reader@dbserver/Desk")
    assert sqlserver.intent(sqlserver.completed(url, M18)) == "ApplicationIntent=ReadOnly"
    assert "no read-only intent" in sqlserver.intent(sqlserver.completed(url, LEGACY))


# --- snapshot --------------------------------------------------------------------------------------------


class Answering:
    """A DB-API connection that answers every statement alike."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.sent: list[str] = []
        self.rolled_back = 0

    def cursor(self) -> Any:
        return SimpleNamespace(execute=self.execute, close=lambda: None)

    def execute(self, statement: str) -> Any:
        self.sent.append(statement)
        if isinstance(self.answer, Exception):
            raise self.answer
        return SimpleNamespace(fetchone=lambda: self.answer)

    def rollback(self) -> None:
        self.rolled_back += 1


@pytest.mark.parametrize(("answer", "allowed"), [((1,), True), ((0,), False), ((3,), False), (None, None)])
def test_the_database_is_asked_whether_it_allows_snapshots(answer: Any, allowed: bool | None) -> None:
    pytest.importorskip("pyodbc", reason="needs unixODBC (libodbc2)", exc_type=ImportError)
    connection = Answering(answer)
    assert sqlserver.allows_snapshot(connection) is allowed
    assert connection.rolled_back == 1
    (statement,) = connection.sent
    (tree,) = sqlglot.parse(statement, read="tsql")
    assert isinstance(tree, sqlglot.exp.Select)
    assert sqlserver.SNAPSHOT_WORDS[allowed]


def test_a_server_that_does_not_know_the_question_is_read_as_it_is() -> None:
    pyodbc = pytest.importorskip("pyodbc", reason="needs unixODBC (libodbc2)", exc_type=ImportError)
    connection = Answering(pyodbc.ProgrammingError("42S02", "Invalid object name 'sys.databases'."))
    assert sqlserver.allows_snapshot(connection) is None
    assert connection.rolled_back == 1
