"""Database servers to try the source on, and empty databases on them.

SQLite is always there. The others are where an environment variable says, or PostgreSQL and MariaDB on this machine
where they listen and let us in without a password.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

VARIABLES = {
    "sqlserver": "MIGRATOR_TEST_SQLSERVER_URL",
    "postgresql": "MIGRATOR_TEST_POSTGRESQL_URL",
    "mariadb": "MIGRATOR_TEST_MARIADB_URL",
}
"""Server to the variable with the URL of a database on it, by a login that may make others."""
LOOPBACK = {
    "postgresql": "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mysql+pymysql://root@127.0.0.1:3306/mysql?charset=utf8mb4",
}
ENGINES = ("sqlite", *VARIABLES)
CONNECT_SECONDS = 5


class ServerMissing(Exception):
    """There is no such server to try; the message tells how to give one."""


def engine_on(server: str) -> sa.Engine:
    """Return an engine on a server, outside of transactions.

    Raises:
        ServerMissing: no URL is given and none answers on this machine, or the one that is given does not answer.
    """
    given = os.environ.get(VARIABLES[server])
    url = given or LOOPBACK.get(server)
    if url is None:
        raise ServerMissing(f"{VARIABLES[server]} is not set: CONTRIBUTING.md tells how to test on {server}")
    options = {"use_setinputsizes": False} if server == "sqlserver" else {}
    time_out = {"timeout" if server == "sqlserver" else "connect_timeout": CONNECT_SECONDS}
    engine = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args=time_out, **options
    )
    try:
        engine.connect().close()
    except sa.exc.DBAPIError as error:
        engine.dispose()
        words = str(error.orig).splitlines()[0]
        where = f"at {VARIABLES[server]}" if given else f"on this machine, and {VARIABLES[server]} is not set"
        raise ServerMissing(f"no {server} answers {where} ({words}): CONTRIBUTING.md tells how to give one") from None
    return engine


@contextmanager
def scratch_database(server: str, folder: Path) -> Iterator[str]:
    """Give the URL of a new, empty database; it is dropped at the end.

    Args:
        server: one of ENGINES.
        folder: where SQLite's file is put.

    Raises:
        ServerMissing: there is no such server.
    """
    if server == "sqlite":
        yield f"sqlite:///{folder / 'smartertrack.sqlite3'}"
        return
    engine, name = engine_on(server), f"migrator_test_{uuid.uuid4().hex[:12]}"
    sets = {"mariadb": " CHARACTER SET utf8mb4"}.get(server, "")
    _run(engine, f"CREATE DATABASE {name}{sets}")
    try:
        yield engine.url.set(database=name).render_as_string(hide_password=False)
    finally:
        if server == "sqlserver":
            with suppress(sa.exc.DBAPIError):
                _run(engine, f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        _run(engine, f"DROP DATABASE {name}{' WITH (FORCE)' if server == 'postgresql' else ''}")
        engine.dispose()


def _run(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
