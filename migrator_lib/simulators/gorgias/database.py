"""The SQLite database of a simulated account: one connection, one request at a time, durable before a reply is sent."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Saved = Mapping[str, list[tuple[Any, ...]]]
"""Rows by table."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (
  kind TEXT NOT NULL, id INTEGER NOT NULL, external_id TEXT, name TEXT, parent INTEGER,
  created TEXT NOT NULL, updated TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS thing_external ON thing (kind, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS thing_name ON thing (kind, name) WHERE name IS NOT NULL;
CREATE INDEX IF NOT EXISTS thing_parent ON thing (kind, parent) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS thing_created ON thing (kind, created, id);
CREATE INDEX IF NOT EXISTS thing_updated ON thing (kind, updated, id);
CREATE TABLE IF NOT EXISTS address (kind TEXT, address TEXT, owner INTEGER, PRIMARY KEY (kind, address));
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, kind TEXT, recipient TEXT, reason TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS fired (
  id INTEGER PRIMARY KEY, what TEXT, name TEXT, event TEXT, ticket INTEGER, at TEXT);
CREATE TABLE IF NOT EXISTS due (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, thing INTEGER, mail INTEGER);
CREATE INDEX IF NOT EXISTS due_at ON due (at);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, label TEXT, content_type TEXT, public INTEGER, content BLOB);
"""


class Database:
    """The tables of an account. A request is one transaction."""

    def __init__(self, path: Path | None) -> None:
        """Open the tables of a file, which is made if it is not there; None keeps them in memory."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")  # survives kill -9; a simulator need not survive power loss
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; the lock makes requests follow one another."""
        with self.lock:
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def latest_time(self) -> str | None:
        """Return the latest timestamp that is stored, so that a restarted clock does not run behind it."""
        row = self._connection.execute("SELECT n FROM counter WHERE name='clock'").fetchone()
        return str(row[0]) if row else None

    def remember_time(self, microseconds: int) -> None:
        """Note the clock's time, in microseconds since 1970."""
        self._connection.execute("INSERT OR REPLACE INTO counter VALUES ('clock', ?)", (microseconds,))

    def _tables(self) -> list[str]:
        rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        return [name for (name,) in rows]

    def clear(self) -> None:
        """Forget everything; ids begin anew."""
        for table in self._tables():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def saved(self) -> Saved:
        """Return everything that is held."""
        with self.lock:
            return {
                table: self._connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
                for table in self._tables()
            }

    def restore(self, saved: Saved) -> None:
        """Hold what :meth:`saved` returned, and nothing else."""
        self.clear()
        for table, rows in saved.items():
            if not rows:
                continue
            places = ",".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608
