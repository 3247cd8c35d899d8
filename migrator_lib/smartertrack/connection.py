"""Opening the SmarterTrack database for reading, on any of its four engines.

Each is told the same in its own words: who reads, that nothing is written, how long to wait, and which snapshot a
statement sees. :func:`connection_facts` says what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from migrator_lib.errors import SourceUnreachable
from migrator_lib.smartertrack import drivers, failures, sqlserver
from migrator_lib.smartertrack.sqlserver import APPLICATION

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
}
"""Python drivers of URLs that name none."""
ENGINES = {
    "sqlite": "SQLite",
    "mssql": "SQL Server",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
}


def as_unicode(data: bytes | None) -> str | None:
    """Return a text of SQL Server, which cuts between the halves of a surrogate pair: a half becomes U+FFFD."""
    return None if data is None else data.decode("utf-16-le", "replace")


KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""So that PostgreSQL's driver sees in a minute that the network is gone, and not in two hours."""


@dataclass(frozen=True)
class Waits:
    """How long to wait for the database, in seconds."""

    login: int = 15
    """For the server to answer and let us in. Microsoft's driver would wait longer for one that is not there."""
    query: int = 600
    """For a statement to answer; 0 is without end."""


@dataclass
class ConnectionFacts:
    """How the database is read, in words; what only the server can tell is there once it was connected."""

    engine: str
    driver: str
    why: str
    """Why this driver."""
    encrypted: str
    read_only: str
    isolation: str
    snapshot: str
    """Whether statements see a snapshot, and why not."""
    waits: Waits


def connection_facts(engine: sa.Engine) -> ConnectionFacts:
    """Return how an engine of :func:`open_engine` reads its database."""
    facts: ConnectionFacts = engine.get_execution_options()["connection_facts"]
    return facts


def with_driver(url: str) -> sa.URL:
    """Return a URL with a Python driver, also where it names none."""
    parsed = sa.make_url(url)
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))


def open_engine(
    url: str, password: str | None = None, *, odbc_drivers: tuple[str, ...] = (), waits: Waits | None = None
) -> sa.Engine:
    """Return an engine for ``url`` that only reads; nothing is connected yet.

    Text that is wrongly encoded comes with U+FFFD in it, instead of ending the run: SQLite may hold any bytes, and
    SQL Server cuts text inside an emoji.

    Args:
        url: SQLAlchemy URL; a driver that it does not name is one of :data:`DRIVERS`.
        password: of the login.
        odbc_drivers: names or paths of ODBC drivers for SQL Server, the first that is there is taken.
        waits: time-outs.

    Raises:
        SourceUnreachable: no ODBC driver is there, or the URL is of another engine or another driver of SQL Server,
            which could not be told to only read.
        ImportError, sqlalchemy.exc.ArgumentError: the Python driver is not there, the URL is none.
    """
    waits = waits or Waits()
    parsed = with_driver(url)
    if password:
        parsed = parsed.set(password=password)
    backend, _, driver = parsed.drivername.partition("+")
    if backend not in SESSIONS or (backend == "mssql" and driver != "pyodbc"):
        raise SourceUnreachable(
            f"The SmarterTrack database is not opened with {parsed.drivername}, which could not be told to only read.",
            next_step="begin source.url with mssql://, mysql://, mariadb://, postgresql:// or sqlite:///, without "
            "another driver.",
        )
    facts = ConnectionFacts(
        engine=ENGINES[backend],
        driver=driver or "of Python",
        why="named in source.url" if driver and sa.make_url(url).drivername == parsed.drivername else "the default",
        encrypted="not known yet",
        read_only="asked of the server for this session",
        isolation="not known yet",
        snapshot="each statement reads one snapshot",
        waits=waits,
    )
    options: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    match backend, driver:
        case "sqlite", _:
            parsed = _read_only_file(parsed, facts)
        case "mssql", _:
            parsed, options = _sql_server(parsed, facts, odbc_drivers)
        case "postgresql", _:
            options = {"isolation_level": "REPEATABLE READ"}
            if driver in ("psycopg", "psycopg2"):
                limits = {"connect_timeout": waits.login, **KEEPALIVE}
        case "mysql" | "mariadb", _:
            options = {"isolation_level": "REPEATABLE READ"}
            if driver in ("pymysql", "mysqldb"):
                limits = {"connect_timeout": waits.login, "charset": "utf8mb4"}
                limits |= {"read_timeout": waits.query} if waits.query else {}
            if driver == "pymysql":  # which waits for a greeting by this one; _begin_mysql gives it the query's
                limits["read_timeout"] = waits.login
    if limits:  # those that source.url sets stay
        options["connect_args"] = {name: value for name, value in limits.items() if name not in parsed.query}
    execution_options = {"connection_facts": facts}
    engine = sa.create_engine(
        parsed, pool_pre_ping=True, hide_parameters=True, execution_options=execution_options, **options
    )
    begin = SESSIONS[backend]
    sa.event.listen(engine, "connect", lambda connection, _record: begin(connection, engine, facts))
    return engine


def _read_only_file(url: sa.URL, facts: ConnectionFacts) -> sa.URL:
    facts.driver, facts.encrypted = "sqlite3", "a file, nothing travels"
    facts.read_only, facts.isolation = "the file is opened read-only", "SERIALIZABLE"
    if not url.database:
        return url
    query = {"mode": "ro", "uri": "true"}
    return sa.URL.create(url.drivername, database="file:" + quote(url.database), query=query)


def _sql_server(url: sa.URL, facts: ConnectionFacts, odbc_drivers: tuple[str, ...]) -> tuple[sa.URL, dict[str, Any]]:
    present = drivers.installed()
    import pyodbc

    pyodbc.pooling = False  # SQLAlchemy keeps connections; the driver manager would keep dead ones
    url = sqlserver.spelled_out(url)
    given = url.query.get("driver")
    if not given and sqlserver.is_data_source(url):
        driver = None
        facts.driver, facts.why = "that of the ODBC data source", "source.url names a data source"
    else:
        driver = drivers.choose(str(given) if given else None, odbc_drivers, present, drivers.packaged())
        facts.driver, facts.why = driver.name, driver.why
    url = sqlserver.completed(url, driver)
    facts.encrypted, facts.read_only = sqlserver.encryption(url, driver), sqlserver.intent(url)
    # FreeTDS has no SQLDescribeParam that setinputsizes could rely on; and text goes as nvarchar with every driver
    return url, {"use_setinputsizes": False, "connect_args": {"timeout": facts.waits.login}}


# --- sessions: what a new connection is told ---------------------------------------------------------------


def _run(connection: Any, *statements: str) -> Any:
    """Run statements on a DB-API connection and return the first row of the last one."""
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None
    finally:
        cursor.close()


def _begin_sqlite(connection: Any, _engine: sa.Engine, _facts: ConnectionFacts) -> None:
    connection.text_factory = lambda data: data.decode("utf-8", "replace")


def _begin_sql_server(connection: Any, engine: sa.Engine, facts: ConnectionFacts) -> None:
    import pyodbc

    connection.timeout = facts.waits.query
    connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-16-le", ctype=pyodbc.SQL_WCHAR)
    # no codec of our own: pyodbc would fetch bytes of another width for it
    for kind in (pyodbc.SQL_WCHAR, pyodbc.SQL_WVARCHAR, pyodbc.SQL_WLONGVARCHAR):
        connection.add_output_converter(kind, as_unicode)
    allowed = sqlserver.allows_snapshot(connection)
    facts.isolation = "SNAPSHOT" if allowed else "READ COMMITTED"
    facts.snapshot = sqlserver.SNAPSHOT_WORDS[allowed]
    engine.dialect.set_isolation_level(connection, facts.isolation)  # type: ignore[arg-type]


def _begin_postgresql(connection: Any, _engine: sa.Engine, facts: ConnectionFacts) -> None:
    row = _run(
        connection,
        f"SET application_name = '{APPLICATION}'",
        f"SET statement_timeout = {facts.waits.query * 1000}",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        # or the one transaction of an extract would end while a page is written; before 9.6 there is no such limit
        "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'",
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
    connection.commit()
    if hasattr(connection, "adapters"):  # of psycopg 3
        from migrator_lib.smartertrack.pg_dates import tolerate_any_date

        tolerate_any_date(connection)
    facts.isolation = "REPEATABLE READ"
    facts.encrypted = "yes" if row and row[0] else "no (sslmode=require in source.url asks for it)"


def _begin_mysql(connection: Any, engine: sa.Engine, facts: ConnectionFacts) -> None:
    """Tell MySQL or MariaDB.

    Its own limit (``max_execution_time``, ``max_statement_time``) would also count the time in which rows of a whole
    table are fetched; this side ends a statement where nothing comes for as long (``read_timeout``).
    """
    if hasattr(connection, "_read_timeout") and "read_timeout" not in engine.url.query:
        connection._read_timeout = facts.waits.query or None
    # without a time zone, what is of type TIMESTAMP would come in the server's
    _run(connection, "SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'")
    if facts.waits.query:
        _run(connection, f"SET SESSION net_write_timeout = {facts.waits.query}")
    if "mariadb" in str(_run(connection, "SELECT VERSION()")[0]).lower():
        facts.engine = "MariaDB"
    row = _run(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    facts.isolation = "REPEATABLE READ"
    facts.encrypted = "yes" if row and row[1] else "no (ssl_ca= in source.url asks for it)"


SESSIONS = {
    "sqlite": _begin_sqlite,
    "mssql": _begin_sql_server,
    "postgresql": _begin_postgresql,
    "mysql": _begin_mysql,
    "mariadb": _begin_mysql,
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn a driver's error into ours.

    Raises:
        SourceDenied: the login is wrong or may not read.
        SchemaMismatch: a table or column went away since it was bound.
        SourceUnreachable: everything else, a missing driver among it.
    """
    try:
        yield
    except DBAPIError as error:
        raise failures.of_driver(what, error) from error
    except (ImportError, SQLAlchemyError) as error:
        raise failures.of_opening(what, error) from error
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):  # PyMySQL, of an option in source.url
            raise
        raise failures.of_opening(what, error) from error
