"""Drivers' errors in our words: recorded ones of SQL Server, and real ones of the servers that are there."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.errors import HaltError, SchemaMismatch, SourceDenied, SourceUnreachable
from migrator_lib.smartertrack.connection import Waits, translated
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.failures import CONNECTING
from tests.smartertrack.source_desk import create_plain, text_of

MICROSOFT = "[Microsoft][ODBC Driver 18 for SQL Server]"
MANAGER = "[unixODBC][Driver Manager]"
HANDSHAKE = "Client unable to establish connection because an error was encountered during handshakes before login."


def told(words: str) -> HaltError:
    """Return our error for a pyodbc error of these words, whose first argument is their SQLSTATE."""
    error = sa.exc.OperationalError("SELECT 1", {}, Exception(words[1:6], words))
    if words.startswith("[08001]"):  # no connection was made
        error.add_detail(CONNECTING)
    with pytest.raises(HaltError) as caught, translated("reading st_Users"):
        raise error
    assert words in caught.value.message
    assert "reading st_Users" in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("words", "expected", "advice"),
    [
        (f"[28000] {MICROSOFT}[SQL Server]Login failed for user 'reader'. (18456)", SourceDenied, "source.password"),
        ("[28000] [FreeTDS][SQL Server]Login failed for user 'reader'. (18456)", SourceDenied, "source.password"),
        ("[42000] [FreeTDS][SQL Server]Login failed for user 'reader'. (18456)", SourceDenied, "a password with a }"),
        (f"[28000] {MICROSOFT}[SQL Server]Login failed. The login is from an untrusted domain (18452)",
         SourceDenied, "source.password"),
        (f"[42000] {MICROSOFT}[SQL Server]The SELECT permission was denied on the object 'st_Users' (229)",
         SourceDenied, "migrator grants"),
        (f"[42000] {MICROSOFT}[SQL Server]The SELECT permission was denied on the column 'Password' (230)",
         SourceDenied, "migrator grants"),
        (f'[42000] {MICROSOFT}[SQL Server]Cannot open database "Desk" requested by the login. The login failed. (4060)',
         SourceUnreachable, "database's name"),
        (f"[HYT00] {MICROSOFT}Login timeout expired (0) (SQLDriverConnect)", SourceUnreachable, "UDP 1434"),
        ("[08S01] [FreeTDS][SQL Server]Unable to connect: Adaptive Server is unavailable or does not exist (20009)",
         SourceUnreachable, "Configuration Manager"),
        (f"[HYT00] {MICROSOFT}Query timeout expired (0) (SQLExecDirectW)", SourceUnreachable, "source.query_seconds"),
        (f"[08001] {MICROSOFT}SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed "
         "certificate] (-1)", SourceUnreachable, "TrustServerCertificate=yes"),
        (f"[08001] {MICROSOFT}SSL Provider: The certificate chain was issued by an authority that is not trusted. (-1)",
         SourceUnreachable, "TrustServerCertificate=yes"),
        (f"[08001] {MICROSOFT}SSL Provider: [error:0A000102:SSL routines::unsupported protocol] (-1)",
         SourceUnreachable, "TLS 1.0"),
        (f"[08001] {MICROSOFT}TCP Provider: Error code 0x2746 (10054)", SourceUnreachable, "TLS 1.0"),
        (f"[08001] {MICROSOFT}TCP Provider: Error code 0x68 (104)", SourceUnreachable, "TLS 1.0"),
        (f"[08S01] {MICROSOFT}TCP Provider: Error code 0x68 (104)", SourceUnreachable, "server is up"),
        (f"[08001] {MICROSOFT}Encryption not supported on SQL Server. (20)", SourceUnreachable, "Encrypt=no"),
        ("[08001] [FreeTDS][SQL Server]Unable to connect to data source (0)", SourceUnreachable, "Encrypt=no"),
        (f"[08001] {MICROSOFT}{HANDSHAKE} Common causes include an unsupported version of SQL Server (26)",
         SourceUnreachable, "port"),
        (f"[01000] {MANAGER}Can't open lib 'ODBC Driver 18 for SQL Server' : file not found (0)",
         SourceUnreachable, "libodbc2"),
        (f"[IM002] {MANAGER}Data source name not found and no default driver specified (0)",
         SourceUnreachable, "install the ODBC driver"),
        (f"[42S02] {MICROSOFT}[SQL Server]Invalid object name 'st_Users'. (208)", SchemaMismatch, "backup"),
        (f"[42000] {MICROSOFT}[SQL Server]Snapshot isolation transaction failed in database 'Desk' because the object "
         "accessed by the statement has been modified by a DDL statement (3961)", SchemaMismatch, "backup"),
        (f"[42000] {MICROSOFT}[SQL Server]Snapshot isolation transaction failed accessing database 'Archive' because "
         "snapshot isolation is not allowed in this database. (3952)", SourceUnreachable, "ALLOW_SNAPSHOT_ISOLATION"),
        (f"[42S02] {MICROSOFT}[SQL Server]Invalid object name 'raw'. (208); Could not use view or function 'st_Chats' "
         "because of binding errors. (4413)", SchemaMismatch, "mend the view"),
        (f"[42S22] {MICROSOFT}[SQL Server]Invalid column name 'IsSpam'. (207)", SchemaMismatch, "backup"),
        (f"[08S01] {MICROSOFT}Communication link failure (0)", SourceUnreachable, "run again"),
    ],
)  # fmt: skip
def test_what_sql_server_says_tells_what_is_wrong_and_what_to_do(
    words: str, expected: type[HaltError], advice: str
) -> None:
    error = told(words)
    assert type(error) is expected
    assert advice in error.next_step


def test_advice_for_sql_server_is_not_given_to_others() -> None:
    refused = told("could not connect: Connection refused")
    assert "SQL Server" not in refused.next_step
    assert "source.login_seconds" in refused.next_step


def test_of_several_tries_to_connect_one_is_shown() -> None:
    words = "Multiple connection attempts failed. All failures were:\n- host: 'db', port: '9': Connection refused"
    with (
        pytest.raises(SourceUnreachable, match=r"host: 'db', port: '9': Connection refused\n") as caught,
        translated("x"),
    ):
        raise sa.exc.OperationalError("", {}, Exception(words))
    assert "Multiple" not in caught.value.message


# --- real servers --------------------------------------------------------------------------------------


def asked(url: str, statement: str | None = None, **more: Any) -> HaltError:
    """Return the error of a database that cannot be opened, or cannot answer."""
    database = SourceDatabase(url, **more)
    try:
        with pytest.raises(HaltError) as caught:
            _read(database, statement)
    finally:
        database.close()
    return caught.value


def _read(database: SourceDatabase, statement: str | None) -> None:
    assert database.binding
    with translated("reading"), database.engine.connect() as connection:
        connection.exec_driver_sql(statement or "")


def both(url: str, **parts: Any) -> str:
    return text_of(sa.make_url(url).set(**parts))


REAL = pytest.mark.parametrize("server", ["postgresql", "mariadb"], indirect=True)


@REAL
def test_an_option_that_the_driver_does_not_know_is_said(url: str) -> None:
    error = asked(text_of(sa.make_url(url).update_query_dict({"useSSL": "no"})))
    assert isinstance(error, SourceUnreachable)
    assert "useSSL" in error.message
    assert "source.url" in error.next_step


@REAL
def test_a_database_that_is_not_on_the_server_is_said(url: str) -> None:
    error = asked(both(url, database="no_such_desk"))
    assert isinstance(error, SourceUnreachable)
    assert "no_such_desk" in error.message
    assert "database's name" in error.next_step


@REAL
def test_a_login_that_the_server_does_not_know_is_refused(url: str) -> None:
    error = asked(both(url, username="nobody_of_ours"), password="not-the-password")
    assert isinstance(error, SourceDenied)
    assert "nobody_of_ours" in error.message
    assert "not-the-password" not in str(error)


@REAL
def test_a_port_where_nobody_listens_is_said(url: str) -> None:
    error = asked(both(url, port=9))
    assert isinstance(error, SourceUnreachable)
    assert "Nobody answers" in error.message
    assert "SQL Server" not in error.next_step


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_takes_calls_and_says_nothing_is_no_slow_query(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = asked(f"{scheme}://reader@127.0.0.1:{silent.getsockname()[1]}/desk", waits=Waits(1, 60))
    assert isinstance(error, SourceUnreachable)
    assert "Nobody answers" in error.message
    assert "source.login_seconds" in error.next_step


@REAL
def test_a_statement_that_takes_too_long_is_ended(server: str, url: str) -> None:
    create_plain(url, ["st_Tickets"])
    wait = "SELECT pg_sleep(30)" if server == "postgresql" else "SELECT SLEEP(30)"
    error = asked(url, wait, waits=Waits(5, 1))
    assert isinstance(error, SourceUnreachable)
    assert "took too long" in error.message
    assert "source.query_seconds" in error.next_step


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_server_without_encryption_is_told_from_one_that_is_not_there(url: str) -> None:
    error = asked(text_of(sa.make_url(url).update_query_dict({"sslmode": "require"})))
    assert "do not agree on encryption" in error.message
    assert "sslmode" in error.next_step
