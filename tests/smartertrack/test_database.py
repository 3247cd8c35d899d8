"""The source database: reading, values, errors; on every server that is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.chunks import as_bool, as_text, to_staged
from migrator_lib.errors import HaltError, SchemaMismatch, SourceDenied, SourceUnreachable
from migrator_lib.smartertrack.connection import as_unicode, translated
from migrator_lib.smartertrack.database import SourceDatabase, as_utc
from migrator_lib.smartertrack.tables import SourceTable, source_table
from tests.smartertrack.source_desk import (
    MOMENT,
    add_ticket,
    create,
    drop,
    everything,
    execute,
    renamed,
    sqlite_url,
    statements_of,
    tables_of,
    text_of,
    writing,
)

# --- reading -------------------------------------------------------------------------------------------

MESSAGES = source_table("TicketMessages")


def _messages(url: str) -> list[tuple[int, int]]:
    """Write messages whose numbers do not follow their tickets; return their keys in order."""
    tables = tables_of(["TicketMessages"])
    create(url, tables)
    keys = [
        (ticket, (ticket * 7919 + n * 31) % 10_007) for ticket in (1, 2, 3, 5, 8, 13, 21) for n in range(ticket % 6)
    ]
    with writing(url, tables) as write:
        for ticket, message in reversed(keys):
            write.add("TicketMessages", TicketID=ticket, TicketMessageID=message, BodyText=f"{message}")
    return sorted(keys)


BUFFERING = {"postgresql": ("psycopg", "Cursor"), "mysql": ("pymysql.cursors", "Cursor")}
"""Cursors that fetch a whole result into memory before they give the first row."""


def test_the_server_sends_rows_while_they_are_fetched_and_not_the_whole_table_at_once(url: str) -> None:
    keys = _messages(url)
    database = SourceDatabase(url)
    cursors: list[Any] = []
    assert database.binding
    sa.event.listen(database.engine, "after_cursor_execute", lambda _connection, cursor, *_: cursors.append(cursor))
    assert sum(block.rows for block in database.stream(MESSAGES, rows=5)) == len(keys)
    used = [(type(cursor).__module__, type(cursor).__name__) for cursor in cursors]
    assert len(used) == 1
    assert used[0] != BUFFERING.get(database.engine.dialect.name)
    database.close()


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 1000])
def test_pages_of_any_size_give_every_row_once_and_in_order(url: str, rows: int) -> None:
    keys = _messages(url)
    database = SourceDatabase(url)
    found = everything(database, "TicketMessages", rows=rows)
    assert [(row["TicketID"], row["TicketMessageID"]) for row in found] == keys
    database.close()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceDatabase]:
    """A database whose table of two numbers is filled anew for every example."""
    address = sqlite_url(tmp_path_factory.mktemp("pages"))
    create(address, tables_of(["UsersInRoles"]))
    database = SourceDatabase(address)
    yield database
    database.close()


@given(
    keys=st.sets(st.tuples(st.integers(-5, 40), st.integers(-3, 3)), max_size=60),
    rows=st.integers(1, 70),
    only=st.none() | st.sets(st.integers(-5, 40), max_size=20),
)
def test_pages_equal_one_big_select(
    pairs: SourceDatabase, keys: set[tuple[int, int]], rows: int, only: set[int] | None
) -> None:
    with sqlite3.connect(str(pairs.engine.url.database).removeprefix("file:")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("DELETE FROM st_UsersInRoles")
        connection.executemany("INSERT INTO st_UsersInRoles (UserID, RoleID) VALUES (?, ?)", keys)
    connection.close()
    table, chosen = source_table("UsersInRoles"), None if only is None else sorted(only)
    found: list[tuple[int, ...]] = []
    after = None
    while page := pairs.page(table, after=after, rows=rows, only=chosen):
        assert len(page) <= rows
        found += [(row["UserID"], row["RoleID"]) for row in page]
        after = [page[-1]["UserID"], page[-1]["RoleID"]]
    assert found == sorted(key for key in keys if only is None or key[0] in only)


def test_texts_that_a_collation_takes_for_equal_are_read_once_each_in_one_order(url: str, server: str) -> None:
    tables = renamed(tables_of(["TicketMerges"]), str)  # without its key, which some of these would break
    create(url, tables)
    numbers = ["168-24F24A57-000E", "069-24F284AF-0020", "100-1", "a", "A", "Z", "ä", "Ä", "a ", "a  ", "100 1",
               "100-10", "ß", "ss", "🚲", "東"]  # fmt: skip
    with writing(url, tables) as write:
        for number in numbers:
            write.add("TicketMerges", TicketNumber=number, TicketID=5)
    database = SourceDatabase(url)
    whole = [row["TicketNumber"] for row in everything(database, "TicketMerges")]
    assert sorted(whole) == sorted(numbers)
    if server != "sqlserver":  # whose Unicode is UTF-16
        assert whole == sorted(numbers, key=str.encode)
    for rows in (1, 2, 3, 5):
        assert [row["TicketNumber"] for row in everything(database, "TicketMerges", rows=rows)] == whole
    database.close()


def test_tasks_without_a_ticket_are_not_read_and_not_counted_as_readable(url: str) -> None:
    tables = tables_of(["Tasks", "Tickets"])
    create(url, tables)
    with writing(url, tables) as write:
        for n, ticket in enumerate((None, 4, None, 2, 4)):
            write.add("Tasks", TaskID=n, TicketID=ticket)
    database = SourceDatabase(url)
    assert [(row["TicketID"], row["TaskID"]) for row in everything(database, "Tasks", rows=2)] == [
        (2, 3),
        (4, 1),
        (4, 4),
    ]
    assert database.count("Tasks") == 5
    assert database.count_readable(source_table("Tasks")) == 3
    assert database.count_readable(source_table("Tickets")) == 0
    database.close()


def test_only_restricts_to_some_tickets_and_no_ticket_asks_nothing(url: str) -> None:
    _messages(url)
    database = SourceDatabase(url)
    found = database.page(MESSAGES, after=None, rows=1000, only=[13, 3, 99])
    assert [row["TicketID"] for row in found] == [3, 3, 3, 13]
    sent = statements_of(database)
    assert database.page(MESSAGES, after=None, rows=1000, only=[]) == []
    assert sent == []
    database.close()


def test_nothing_but_the_allow_list_is_selected(url: str) -> None:
    tables = tables_of(["Users"])
    create(url, tables)
    with writing(url, tables) as write:
        write.add("Users", UserID=1, Email="a@demo.example", Password="hunter2", PasswordSalt="salt")
    database = SourceDatabase(url)
    sent = statements_of(database)
    (row,) = everything(database, "Users")
    assert set(row) == set(source_table("Users").columns)
    assert "Password" not in "".join(sent)
    database.close()


def test_counts_frequencies_and_extremes(url: str) -> None:
    tables = tables_of(["Tickets"])
    create(url, tables)
    with writing(url, tables) as write:
        for key, status in ((1, 3), (2, 3), (3, 1), (4, 3), (5, 1), (6, 2)):
            add_ticket(write, key, messages=0, TicketStatusID=status)
    database = SourceDatabase(url)
    assert database.count("Tickets") == 6
    assert database.frequencies("Tickets", "TicketStatusID") == [(3, 3), (1, 2), (2, 1)]
    assert database.frequencies("Tickets", "TicketStatusID", limit=1) == [(3, 3)]
    extremes = [database.scalar("Tickets", "TicketID", function) for function in ("min", "max", "distinct")]
    assert extremes == [1, 6, 6]
    assert as_utc(database.scalar("Tickets", "DateOpenedUTC", "max")) == MOMENT.replace(tzinfo=UTC)
    assert database.scalar("Tickets", "NoSuchColumn", "max") is None
    assert database.frequencies("NoSuchTable", "X") == []
    assert database.count("NoSuchTable") is None
    database.close()


def test_values_are_staged_alike_on_every_engine(url: str) -> None:
    tables = tables_of(["Tickets"])
    create(url, tables)
    with writing(url, tables) as write:
        add_ticket(write, 1, messages=0, Subject="Zürich – 東京 🚲", IsDeleted=True, IsSpam=False, UserID=None)
    database = SourceDatabase(url)
    (row,) = to_staged(source_table("Tickets"), everything(database, "Tickets")).to_pylist()
    told = {name: row[name] for name in ("TicketID", "Subject", "IsDeleted", "IsSpam", "UserID", "DateOpenedUTC")}
    assert told == {"TicketID": 1, "Subject": "Zürich – 東京 🚲", "IsDeleted": True, "IsSpam": False, "UserID": None,
                    "DateOpenedUTC": MOMENT.replace(tzinfo=UTC)}  # fmt: skip
    database.close()


def test_the_source_cannot_be_written(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["Tickets"]))
    database = SourceDatabase(sqlite_url(tmp_path))
    with pytest.raises(sa.exc.OperationalError, match="readonly"), database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM st_Tickets")
    database.close()


@pytest.mark.parametrize("name", ["help desk.db", "50%25.db", "what?.db", "no#1.db", "Größe.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    with sqlite3.connect(tmp_path / name) as connection:
        connection.execute("CREATE TABLE st_Tickets (TicketID integer)")
    connection.close()
    database = SourceDatabase(sa.URL.create("sqlite", database=str(tmp_path / name)).render_as_string())
    assert database.binding.missing_required
    assert {path.name for path in tmp_path.iterdir()} == {name}
    database.close()


def test_text_that_is_wrongly_encoded_comes_with_a_mark_instead_of_ending_the_run(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["CommentTypes"]))
    execute(
        sqlite_url(tmp_path),
        "INSERT INTO st_CommentTypes (CommentTypeID, EnglishName) VALUES (1, CAST(x'47fc' AS TEXT))",
    )
    database = SourceDatabase(sqlite_url(tmp_path))
    assert everything(database, "CommentTypes")[0]["EnglishName"] == "G�"
    database.close()


def test_an_emoji_that_sql_server_cut_in_half_comes_with_a_mark() -> None:
    assert as_unicode("Rad 🚲".encode("utf-16-le")[:-2]) == "Rad �"
    assert as_unicode("Rad 🚲".encode("utf-16-le")) == "Rad 🚲"


# --- values --------------------------------------------------------------------------------------------

NOON = datetime(2026, 2, 3, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON.replace(tzinfo=None), NOON),
        (NOON, NOON),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), NOON),
        ("2026-02-03 12:30:15.123456", NOON),
        ("2026-02-03 12:30:15.1234567", NOON),
        ("2026-02-03T12:30:15.1234567Z", NOON),
        ("2026-02-03T14:30:15.1234567+02:00", NOON),
        (" 2026-02-03 12:30:15.1 ", NOON.replace(microsecond=100000)),
        ("2026-02-03 12:30:15", NOON.replace(microsecond=0)),
        ("2026-02-03", NOON.replace(hour=0, minute=0, second=0, microsecond=0)),
        ("0001-01-01 00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("2026-02-30 00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (0, None),
        (1770121815, None),
        (b"2026", None),
    ],
)
def test_a_date_is_read_as_utc_and_garbage_as_none(value: Any, expected: datetime | None) -> None:
    assert as_utc(value) == expected


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([" ", "T"]), st.sampled_from(["", "Z", "+00:00"]))
def test_every_date_survives_being_text(moment: datetime, between: str, zone: str) -> None:
    assert as_utc(moment.replace(tzinfo=None).isoformat(between) + zone) == moment


@pytest.mark.parametrize("value", [1, True, "true", "True", "1", " t ", b"\x01", "yes"])
def test_what_means_yes(value: Any) -> None:
    assert as_bool(value) is True


@pytest.mark.parametrize("value", [0, False, "false", "False", "0", "f", b"\x00", "no"])
def test_what_means_no(value: Any) -> None:
    assert as_bool(value) is False


def test_a_word_that_is_no_flag_is_refused() -> None:
    with pytest.raises(ValueError, match="perhaps"):
        as_bool("perhaps")


def test_bytes_are_read_as_text() -> None:
    assert as_text("Grüße".encode()) == "Grüße"
    assert as_text(b"G\xfc") == "G�"


def test_a_column_of_other_values_stops_the_run_without_showing_them() -> None:
    with pytest.raises(SchemaMismatch, match=r"Tickets\.TicketID") as caught:
        to_staged(source_table("Tickets"), [{"TicketID": "ida@postbox.example"}] * 10)
    assert "ida@" not in str(caught.value)
    assert caught.value.__cause__ is None


# --- errors --------------------------------------------------------------------------------------------


def _fail(address: str) -> Any:
    database = SourceDatabase(address)
    try:
        return database.preflight()
    finally:
        database.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable, match="unable to open") as caught:
        _fail(f"sqlite:///{tmp_path / 'nothing.db'}")
    assert "the path in source.url" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear customer, " * 100)
    with pytest.raises(SourceUnreachable, match=r"SQLite file .*not a database"):
        _fail(f"sqlite:///{tmp_path / 'letter.db'}")


@pytest.mark.parametrize("address", ["nonsense", "mssql+nodriver://server/db", "oracle+cx_nothing://server/db"])
def test_a_url_that_cannot_be_used_is_said(address: str) -> None:
    with pytest.raises(SourceUnreachable, match="opened") as caught:
        _fail(address)
    assert "driver" in caught.value.next_step


def test_a_driver_whose_system_library_is_missing_is_said() -> None:
    with pytest.raises(SourceUnreachable, match="libodbc") as caught, translated("opening"):
        raise ImportError("libodbc.so.2: cannot open shared object file")
    assert "driver" in caught.value.next_step


def test_a_table_that_goes_away_meanwhile_is_said(url: str) -> None:
    tables = tables_of(["TicketComments"])
    create(url, tables)
    database = SourceDatabase(url)
    assert database.count("TicketComments") == 0
    drop(url, tables)
    with pytest.raises(SchemaMismatch, match="st_TicketComments") as caught:
        everything(database, "TicketComments")
    assert "run again" in caught.value.next_step
    database.close()


SERVER = "[unixODBC][Microsoft][ODBC Driver 18 for SQL Server][SQL Server]"
MANAGER = "[unixODBC][Driver Manager]"


@pytest.mark.parametrize(
    ("raised", "words", "expected"),
    [
        ("InterfaceError", f"[28000] {SERVER}Login failed for user 'x'. (18456)", SourceDenied),
        ("ProgrammingError", f"[42000] {SERVER}The SELECT permission was denied on 'st_Users'", SourceDenied),
        ("OperationalError", 'FATAL: password authentication failed for user "x"', SourceDenied),
        ("OperationalError", 'FATAL: role "x" does not exist', SourceDenied),
        ("OperationalError", "(1142, \"SELECT command denied to user 'x' for table 'st_Users'\")", SourceDenied),
        ("OperationalError", f"[HYT00] {SERVER}Login timeout expired (0)", SourceUnreachable),
        ("DBAPIError", f"[HY000] {SERVER}SSL Provider: certificate verify failed", SourceUnreachable),
        ("OperationalError", f"[08S01] {SERVER}Communication link failure", SourceUnreachable),
        ("DBAPIError", f"[08003] {MANAGER}Connection does not exist", SourceUnreachable),
        ("OperationalError", 'FATAL: database "desk" does not exist', SourceUnreachable),
        ("InterfaceError", f"[IM002] {MANAGER}Data source name not found", SourceUnreachable),
        ("DBAPIError", f"[01000] {MANAGER}Can't open lib 'X' : file not found", SourceUnreachable),
        ("ProgrammingError", f"[42S02] {SERVER}Invalid object name 'st_Tasks'.", SchemaMismatch),
        ("ProgrammingError", 'relation "st_tasks" does not exist', SchemaMismatch),
        ("ProgrammingError", "(1146, \"Table 'desk.st_tasks' doesn't exist\")", SchemaMismatch),
        ("OperationalError", "", SourceUnreachable),
    ],
)
def test_a_driver_s_words_tell_what_is_wrong(raised: str, words: str, expected: type[HaltError]) -> None:
    with pytest.raises(HaltError) as caught, translated("reading st_Tasks"):
        raise getattr(sa.exc, raised)("SELECT 1", {}, Exception(words))
    assert type(caught.value) is expected
    assert words in caught.value.message


def test_a_missing_driver_is_not_taken_for_a_missing_server() -> None:
    with pytest.raises(SourceUnreachable) as caught, translated("listing tables"):
        raise sa.exc.DBAPIError(
            "", {}, Exception("[unixODBC][Driver Manager]Can't open lib 'FreeTDS' : file not found")
        )
    assert "install the ODBC driver" in caught.value.next_step


# --- what only a server can show -----------------------------------------------------------------------


@pytest.mark.sqlserver
@pytest.mark.parametrize("server", ["sqlserver"], indirect=True)
def test_a_wrong_password_is_refused_and_not_shown(url: str) -> None:
    address = text_of(sa.make_url(url).set(password=None))
    database = SourceDatabase(address, password="not-the-password")
    with pytest.raises(SourceDenied) as caught:
        database.preflight()
    assert "not-the-password" not in str(caught.value)
    database.close()


@pytest.mark.sqlserver
@pytest.mark.parametrize("server", ["sqlserver"], indirect=True)
def test_a_server_that_is_not_there_is_unreachable(url: str) -> None:
    database = SourceDatabase(text_of(sa.make_url(url).set(host="127.0.0.1", port=9)))
    with pytest.raises(SourceUnreachable):
        database.preflight()
    database.close()


@pytest.mark.sqlserver
@pytest.mark.parametrize("server", ["sqlserver"], indirect=True)
def test_a_login_that_may_not_read_a_table_is_denied(url: str) -> None:
    create(url, tables_of())
    # a user without login is enough to try what a login without rights would meet
    execute(url, "CREATE USER reader WITHOUT LOGIN", "GRANT SELECT ON st_Users TO reader")
    database = SourceDatabase(url)
    database.preflight()
    sa.event.listen(database.engine, "checkout", lambda dbapi, *_: dbapi.execute("EXECUTE AS USER = 'reader'"))
    sa.event.listen(database.engine, "checkin", lambda dbapi, *_: dbapi.execute("REVERT"))
    assert database.count("Users") == 0
    with pytest.raises(SourceDenied, match="st_Tickets"):
        database.count("Tickets")
    database.close()


@pytest.mark.sqlserver
@pytest.mark.parametrize("server", ["sqlserver"], indirect=True)
def test_text_cut_inside_an_emoji_is_read_from_the_server(url: str) -> None:
    create(url, tables_of(["CommentTypes"]))
    execute(url, "INSERT INTO st_CommentTypes (CommentTypeID, EnglishName) VALUES (1, N'Rad ' + NCHAR(55357))")
    database = SourceDatabase(url)
    assert everything(database, "CommentTypes")[0]["EnglishName"] == "Rad �"
    database.close()


def test_the_schema_tells_which_keys_may_be_empty() -> None:
    def empty(table: SourceTable) -> list[str]:
        return [column for column in table.key if table.may_be_null(column)]

    assert empty(source_table("TimeLogs")) == ["TicketID"]
    assert empty(source_table("TicketMessages")) == []
