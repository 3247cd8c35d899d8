"""Small SmarterTrack databases, on SQLite or on a scratch database of a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks import servers
from migrator_lib.simulators.smartertrack.schema import Writer, metadata
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import ALL_TABLES, FAMILIES

READ = tuple(table.name for table in ALL_TABLES)
ENOUGH = tuple(table.name for table in ALL_TABLES if table.required or any(table in one.tables for one in FAMILIES))
"""The tables that must be there, and all conversations: half of all, for tests of how an extract goes on."""
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890000)
Rename = Callable[[str], str]


known_tables = cache(metadata)


def text_of(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def tables_of(names: Iterable[str] = READ, *, prefix: str = "st_", without: Iterable[str] = ()) -> sa.MetaData:
    """Return tables of the known schema; ``without`` leaves out columns, given as ``Table.Column``."""
    known, chosen, left_out = known_tables(prefix), sa.MetaData(), set(without)
    for name in names:
        table = known.tables[prefix + name]
        columns = (c for c in table.columns if f"{name}.{c.name}" not in left_out)
        sa.Table(table.name, chosen, *(sa.Column(c.name, c.type, primary_key=c.primary_key, autoincrement=False)
                                       for c in columns))  # fmt: skip
    return chosen


def renamed(tables: sa.MetaData, rename: Rename) -> sa.MetaData:
    chosen = sa.MetaData()
    for table in tables.tables.values():
        sa.Table(rename(table.name), chosen, *(sa.Column(rename(c.name), c.type) for c in table.columns))
    return chosen


def create(url: str, tables: sa.MetaData) -> None:
    engine = sa.create_engine(url)
    tables.create_all(engine)
    engine.dispose()


def drop(url: str, tables: sa.MetaData) -> None:
    engine = sa.create_engine(url)
    tables.drop_all(engine)
    engine.dispose()


def create_plain(url: str, names: Iterable[str], schema: str | None = None) -> None:
    """Create tables of one column, with exactly these names."""
    tables = sa.MetaData()
    for name in names:
        sa.Table(name, tables, sa.Column("x", sa.Integer), schema=schema)
    create(url, tables)


@contextmanager
def writing(url: str, tables: sa.MetaData, prefix: str = "st_") -> Iterator[Writer]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        write = Writer(connection, tables, prefix)
        yield write
        write.close()
    engine.dispose()


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def add_ticket(write: Writer, key: int, *, messages: int = 1, **more: Any) -> None:
    values = {
        "TicketNumber": f"100-{key:08X}-0001", "DateOpenedUTC": MOMENT, "TicketPriorityID": 2, "TicketStatusID": 3,
        "DepartmentID": 1, "GroupID": 1, "UserID": None, "UserID_Customer": None, "Subject": f"Ticket {key}",
        "CustomerEmailAddress": f"customer{key}@postbox.example",
    }  # fmt: skip
    write.add("Tickets", TicketID=key, **{**values, **more})
    for n in range(messages):
        write.add("TicketMessages", TicketID=key, TicketMessageID=key * 100 + n, DateReceivedUTC=MOMENT,
                  Subject=f"Ticket {key}", BodyText=f"text {n} of {key}", BodyHTML=f"<p>{n} of {key}</p>",
                  MessageDirection=n % 2, FromAddress=f"customer{key}@postbox.example",
                  ToAddress="support@demo.example")  # fmt: skip


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'smartertrack.sqlite3'}"


@contextmanager
def scratch_database(server: str, folder: Path) -> Iterator[str]:
    """A new database on a server; without the server the test is skipped, or fails where MIGRATOR_CI is set.

    SQL Server is no part of that promise: it is licensed, so it is given where somebody has one.
    """
    try:
        database = servers.scratch_database(server, folder)
        url = database.__enter__()
    except servers.ServerMissing as missing:
        must = os.environ.get("MIGRATOR_CI") and server != "sqlserver"
        pytest.fail(str(missing)) if must else pytest.skip(str(missing))
    try:
        yield url
    finally:
        database.__exit__(None, None, None)


def end_connections(url: str) -> None:
    """End every connection to a database of PostgreSQL or MariaDB but our own."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        else:
            others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            for (number,) in connection.exec_driver_sql(others).all():
                with suppress(sa.exc.DBAPIError):  # it ended by itself
                    connection.exec_driver_sql(f"KILL {number}")
    engine.dispose()


def empty_postgresql(url: str) -> None:
    """Drop all that a database holds, whoever still uses it."""
    end_connections(url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for schema in sa.inspect(connection).get_schema_names():
            if schema != "information_schema":
                connection.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()


def everything(database: SourceDatabase, name: str, *, rows: int = 1000) -> list[dict[str, Any]]:
    """Return all rows of a table, page by page."""
    table = next(table for table in ALL_TABLES if table.name == name)
    found: list[dict[str, Any]] = []
    after = None
    while page := database.page(table, after=after, rows=rows):
        found += page
        after = [page[-1][column] for column in table.key]
    return found


def statements_of(database: SourceDatabase) -> list[str]:
    """Return a list that every statement sent from here on is added to."""
    sent: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    return sent
