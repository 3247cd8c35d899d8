"""The database that a ledger is in: durable, written by one transaction at a time, and waited for when it goes away.

SQLite is a file of this machine. PostgreSQL serves several machines, and one database may hold the ledgers of many
engagements, each in a schema of its own. A COMMIT whose answer was lost is the hard case there: every transaction
leaves its number in the table ``writer``, so that after reconnecting it is known whether it happened.
"""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from migrator_lib.errors import LedgerUnreachable, ParameterError, StorageError
from migrator_lib.ledger.schema import writer_table

T = TypeVar("T")
PATIENCE_SECONDS = 120.0
CONNECTIONS = {"pool_size": 8, "max_overflow": 64}
"""Kept open, and more while as many as 64 workers read at once."""
TO_SERVER = {
    "connect_timeout": 15, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 60_000, "application_name": "smartertrack-to-gorgias ledger",
}  # fmt: skip
"""So that a network that is gone is seen in a minute, and not in two hours."""
SESSION = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)",
)
"""A COMMIT is answered when it is on the server's disk, and the server sees when we are gone."""
LOCK = sa.text(
    "SELECT set_config('lock_timeout', '30s', true), set_config('idle_in_transaction_session_timeout', '60s', true), "
    "pg_advisory_xact_lock(:ours, :schema), clock_timestamp()"
)
"""Waits until no other process writes to this ledger, and gives the lock back with the transaction, or the session."""
OURS = 0x6D696772
"""Sets our locks apart from those of other programs in the same database."""
PASSING = ("08", "57P", "53300")
"""Beginnings of PostgreSQL's codes of what passes: connection lost, server restarted, too many connections."""
FINAL, PASSING_WORDS = "FATAL", ("the database system", "too many", "connection slots", "terminating")
"""What PostgreSQL says to whom it does not let in, and what of that passes: it starts, it ends, it is full."""
NO_RIGHT = "42501"
"""PostgreSQL's code of what a login may not do."""


class Database:
    """Where a ledger is kept."""

    def __init__(
        self, url: str | sa.URL, *, schema: str | None = None, patience_seconds: float = PATIENCE_SECONDS,
        answered: bool = False,
    ) -> None:  # fmt: skip
        """Prepare the way to it; nothing is connected yet.

        Args:
            url: SQLAlchemy URL, with the password if one is needed.
            schema: in which the tables are, on a server.
            patience_seconds: how long a server that went away is waited for.
            answered: whether it is known that the server is there; one that never answered is not waited for.

        Raises:
            ParameterError: it is of an engine that a ledger is not kept in.
        """
        parsed = sa.make_url(url)
        self.is_server = parsed.get_backend_name() in ("postgresql", "postgres")
        if not self.is_server and parsed.get_backend_name() != "sqlite":
            raise ParameterError(
                f"A ledger is not kept in {parsed.get_backend_name()}, where a change of tables cannot be undone.",
                next_step="give a ledger.url that begins with postgresql:// or leave it empty (an SQLite file).",
            )
        self.schema = schema if self.is_server else None
        self.patience_seconds = patience_seconds
        self._me = uuid.uuid4().hex
        self._number = 0
        self._answered = answered
        options: dict[str, Any] = CONNECTIONS if parsed.database not in (None, "", ":memory:") else {}
        if self.is_server:
            parsed = parsed.set(drivername="postgresql+psycopg")
            given = {name: value for name, value in TO_SERVER.items() if name not in parsed.query}
            # a snapshot that was taken before the lock was there would not show what it waited for
            options = {"isolation_level": "READ COMMITTED", "connect_args": given, "pool_pre_ping": True, **CONNECTIONS}
        names = {"schema_translate_map": {None: self.schema}} if self.schema else {}
        self.engine = sa.create_engine(parsed, hide_parameters=True, execution_options=names, **options)
        sa.event.listen(self.engine, "connect", _server_session if self.is_server else _durable_file)

    # --- writing -----------------------------------------------------------------------------------

    def perform(self, work: Callable[[sa.Connection], T], *, noted: bool = True) -> T:
        """Do ``work`` in one transaction that no other process comes between; return its result when it is durable.

        A server that goes away is waited for. Work that was certainly not committed is done anew; of a COMMIT that
        was not answered it is found out first.

        Args:
            work: may be called several times, and must do the same each time.
            noted: False before the table of writers is there: the work must then be one that may be done twice.

        Raises:
            LedgerUnreachable: the server did not come back. The work is undone, or done and not told of.
            StorageError: the database refused it.
        """
        self._number += 1
        done: list[T] = []

        def attempt(again: bool) -> T:
            with self.translated(), self.engine.begin() as connection:
                self._lock(connection)
                if again and done and noted and self._committed(connection) >= self._number:
                    return done[-1]
                done[:] = [work(connection)]
                if noted and self.is_server:
                    self._note(connection)
            self._answered = True
            return done[-1]

        return self._patiently(attempt)

    def _patiently(self, attempt: Callable[[bool], T]) -> T:
        until, pause, again = time.monotonic() + self.patience_seconds, 0.1, False
        while True:
            try:
                return attempt(again)
            except LedgerUnreachable:
                if not self._answered or time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause, again = min(pause * 2, 5.0), True

    def _lock(self, connection: sa.Connection) -> None:
        """Let no other process write from here on; SQLite would else find out too late."""
        if not self.is_server:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        schema = zlib.crc32((self.schema or "").encode()) - 2**31
        connection.execute(LOCK, {"ours": OURS, "schema": schema})

    def _committed(self, connection: sa.Connection) -> int:
        """Return the number of this process' last transaction that was committed."""
        statement = sa.select(writer_table.c.committed).where(writer_table.c.id == self._me)
        return connection.execute(statement).scalar() or 0

    def _note(self, connection: sa.Connection) -> None:
        moment = datetime.now(UTC)
        values = {"committed": self._number, "at": moment.isoformat(timespec="seconds")}
        mine = writer_table.update().where(writer_table.c.id == self._me).values(**values)
        if connection.execute(mine).rowcount == 0:
            long_ago = (moment - timedelta(days=7)).isoformat(timespec="seconds")
            connection.execute(writer_table.delete().where(writer_table.c.at < long_ago))
            connection.execute(writer_table.insert().values(id=self._me, **values))

    # --- reading -----------------------------------------------------------------------------------

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        """Give a connection to read by; ``snapshot``: all that it reads is of one moment.

        Raises:
            LedgerUnreachable: the server went away while it was read, or did not come back.
            StorageError: it cannot be read.
        """
        with self.translated():
            connection = self._patiently(lambda again: self._connected())
            self._answered = True
            with connection:
                if snapshot and self.is_server:
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                elif snapshot:
                    connection.exec_driver_sql("BEGIN")
                yield connection

    def _connected(self) -> sa.Connection:
        with self.translated():
            return self.engine.connect()

    def now(self, connection: sa.Connection) -> datetime:
        """Return the moment by the clock that all who write to this ledger share, UTC."""
        if not self.is_server:
            return datetime.now(UTC)
        moment: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def durability(self) -> str:
        """Return in words what a COMMIT of this database promises."""
        if not self.is_server:
            return "SQLite, each outcome is flushed to the disk"
        with self.reading() as connection:
            names = ("server_version", "fsync", "full_page_writes", "synchronous_commit")
            found = {name: connection.execute(sa.text(f"SHOW {name}")).scalar_one() for name in names}
        off = [name for name in names[1:] if found[name] == "off"]
        words = f"PostgreSQL {found['server_version'].split()[0]}, "
        return words + (f"NOT safe when power is lost: {', '.join(off)} is off" if off else "flushed to its disk")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Say an error of the database in our words."""
        try:
            yield
        except DBAPIError as error:
            raise _storage_error(error, str(self.engine.url), self.schema) from error


def _durable_file(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA fullfsync=1")  # macOS: through the disk's own cache, too
    cursor.execute("PRAGMA checkpoint_fullfsync=1")
    cursor.execute("PRAGMA journal_size_limit=67108864")  # a long reader lets the WAL grow; it shrinks again to 64 MB
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()


def _server_session(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)
    connection.commit()


def _is_lost(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlstate", None)
    if not hasattr(error.orig, "sqlstate") or not isinstance(error, OperationalError):
        return False
    if code is not None:
        return str(code).startswith(PASSING)
    words = str(error.orig)  # who is not let in is told no code
    return FINAL not in words or any(some in words for some in PASSING_WORDS)


def _storage_error(error: DBAPIError, where: str, schema: str | None) -> StorageError:
    words = (str(error.orig or error).strip().splitlines() or ["no reason given"])[0]
    if _is_lost(error):
        return LedgerUnreachable(
            f"The ledger's database cannot be reached, or went away ({where}): {words}.",
            next_step="see that it answers at ledger.url and lets this login in, and run again: what is in the ledger "
            "stays there, and what was under way is looked up first.",
        )
    mend = "make room on the disk (or mend its rights)"
    if "locked" in words or "lock timeout" in words:
        mend = "end the other program that has the ledger open"
    if FINAL in words:
        mend = "correct ledger.url or ledger.password"
    if getattr(error.orig, "sqlstate", None) == NO_RIGHT:
        mend = f"let an admin make the schema for this login (CREATE SCHEMA {schema} AUTHORIZATION login)"
    return StorageError(
        f"The ledger could not be read or written ({where}): {words}.",
        next_step=f"{mend}, and run again: what is in the ledger stays there.",
    )
