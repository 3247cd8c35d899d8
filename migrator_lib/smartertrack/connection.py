"""Opening the SmarterTrack database, and its drivers' errors in our words.

Every driver names its errors in its own way, so they are told apart by what they say: refused, changed below us, or out
of reach.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from migrator_lib.errors import SchemaMismatch, SourceDenied, SourceUnreachable

LOGIN_SECONDS = 15
"""Microsoft's driver would wait much longer for a server that is not there."""
LENIENT = "utf_16_le_lenient"
DENIED = ("password", "login failed", "access denied", "permission", "authentication", "command denied", 'role "')
CHANGED = re.compile(
    r"no such (table|column)|invalid (object|column) name|(relation|column|table) .*(does not|doesn't) exist"
)
NO_DRIVER = ("data source name not found", "can't open lib")


def _lenient(data: Any, _errors: str = "strict") -> tuple[str, int]:
    return codecs.utf_16_le_decode(data, "replace", True)


def _codec(name: str) -> codecs.CodecInfo | None:
    return codecs.CodecInfo(codecs.utf_16_le_encode, _lenient, name=LENIENT) if name == LENIENT else None


codecs.register(_codec)


def open_engine(url: str, password: str | None = None) -> sa.Engine:
    """Return an engine for ``url``; nothing is connected yet.

    A SQLite file is opened read-only. Text that is wrongly encoded comes with U+FFFD in it, instead of ending the run:
    SQLite may hold any bytes, and SQL Server cuts text inside an emoji.
    """
    parsed = sa.make_url(url)
    if password:
        parsed = parsed.set(password=password)
    backend, options = parsed.get_backend_name(), {}
    if backend == "sqlite" and parsed.database:
        read_only = {"mode": "ro", "uri": "true"}
        parsed = sa.URL.create(parsed.drivername, database="file:" + quote(parsed.database), query=read_only)
    if parsed.drivername == "mssql+pyodbc":
        # FreeTDS has no SQLDescribeParam that setinputsizes could rely on
        options = {"use_setinputsizes": False, "connect_args": {"timeout": LOGIN_SECONDS}}
    engine = sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **options)
    if backend in ("sqlite", "mssql"):
        sa.event.listen(engine, "connect", _tolerate_bad_text)
    return engine


def _tolerate_bad_text(connection: Any, _record: Any) -> None:
    if hasattr(connection, "setdecoding"):
        import pyodbc

        connection.setdecoding(pyodbc.SQL_WCHAR, encoding=LENIENT, ctype=pyodbc.SQL_WCHAR)
    elif hasattr(connection, "text_factory"):
        connection.text_factory = lambda data: data.decode("utf-8", "replace")


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
        raise _ours(what, _first_line(error.orig or error)) from error
    except (ImportError, SQLAlchemyError) as error:
        raise SourceUnreachable(
            f"The SmarterTrack database could not be opened ({what}): {_first_line(error)}",
            next_step="check source.url, and that the driver it names is installed.",
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _ours(what: str, words: str) -> SourceDenied | SchemaMismatch | SourceUnreachable:
    low = words.lower()
    if any(sign in low for sign in NO_DRIVER):
        return SourceUnreachable(
            f"The SmarterTrack database could not be opened ({what}): {words}",
            next_step="install the ODBC driver that source.url names, or correct driver= in it.",
        )
    if any(sign in low for sign in DENIED):
        return SourceDenied(
            f"The SmarterTrack database refused {what}: {words}",
            next_step="check the user in source.url and the secret behind source.password; a read-only login "
            "with SELECT on the tables of migrator_lib/smartertrack/tables.py is enough.",
        )
    if CHANGED.search(low):
        return SchemaMismatch(
            f"The SmarterTrack database changed while it was read ({what}): {words}",
            next_step="read a restored backup, which nothing changes, and run again: what is staged stays staged.",
        )
    return SourceUnreachable(
        f"The SmarterTrack database could not be read ({what}): {words}",
        next_step="check source.url, that the server is up and reachable from here, then run again: "
        "what is staged stays staged.",
    )
