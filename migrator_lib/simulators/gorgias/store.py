"""What a simulated account holds: JSON documents in SQLite, durable before a reply is sent.

One table for everything; what is looked up is an indexed column beside the document.
"""

from __future__ import annotations

import json
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
ORDERS = {
    "created_datetime": "created", "updated_datetime": "updated", "id": "id", "name": "COALESCE(name,'')",
    "usage": "COALESCE(json_extract(body,'$.usage'),0)",
}  # fmt: skip
FILTERS = ("id", "external_id", "name", "parent")


class Store:
    """One account's documents. A request is one transaction."""

    def __init__(self, path: Path | None) -> None:
        """Open the documents of a file, which is made if it is not there; None keeps them in memory."""
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

    def next_id(self, kind: str, start: int = 1) -> int:
        """Return the next id of a kind; ids are never used again."""
        row = self._connection.execute("SELECT n FROM counter WHERE name=?", (kind,)).fetchone()
        n = int(row[0]) + 1 if row else start
        self._connection.execute("INSERT OR REPLACE INTO counter VALUES (?,?)", (kind, n))
        return n

    def put(self, kind: str, document: Document, *, name: str | None = None, parent: int | None = None) -> None:
        """Insert or replace a document by its ``id``."""
        self._connection.execute(
            "INSERT OR REPLACE INTO thing VALUES (?,?,?,?,?,?,?,?)",
            (
                kind, document["id"], document.get("external_id"), name, parent,
                document.get("created_datetime") or "", document.get("updated_datetime") or "", json.dumps(document),
            ),
        )  # fmt: skip

    def replace(self, kind: str, document: Document) -> None:
        """Replace the body of a document that is there; its name and parent stay."""
        self._connection.execute(
            "UPDATE thing SET body=?, external_id=?, updated=? WHERE kind=? AND id=?",
            (
                json.dumps(document), document.get("external_id"), document.get("updated_datetime") or "",
                kind, document["id"],
            ),
        )  # fmt: skip

    def get(self, kind: str, thing_id: int) -> Document | None:
        """Return a document by id."""
        if not 0 <= thing_id < 1 << 63:  # more than a column holds
            return None
        row = self._connection.execute("SELECT body FROM thing WHERE kind=? AND id=?", (kind, thing_id)).fetchone()
        return json.loads(row[0]) if row else None

    def by(self, kind: str, column: str, value: Any) -> list[Document]:
        """Return documents by external_id, name or parent, oldest id first."""
        assert column in FILTERS
        statement = f"SELECT body FROM thing WHERE kind=? AND {column}=? ORDER BY id"  # noqa: S608
        return [json.loads(row[0]) for row in self._connection.execute(statement, (kind, value))]

    def by_kind(self, kind: str, where: Mapping[str, Any] | None = None) -> list[Document]:
        """Return all documents of a kind that have these external_id, name or parent, oldest id first."""
        conditions, values = self._conditions(kind, where)
        rows = self._connection.execute(f"SELECT body FROM thing WHERE {conditions} ORDER BY id", values)  # noqa: S608
        return [json.loads(row[0]) for row in rows]

    def _conditions(self, kind: str, where: Mapping[str, Any] | None) -> tuple[str, list[Any]]:
        assert all(name in FILTERS for name in where or {})
        return " AND ".join(["kind=?", *(f"{name}=?" for name in where or {})]), [kind, *(where or {}).values()]

    def holding(self, kind: str, place: str, value: Any) -> list[Document]:
        """Return documents that hold a value at a place, such as ``$.assignee_user.id``; all of a kind are read."""
        rows = self._connection.execute(
            "SELECT body FROM thing WHERE kind=? AND json_extract(body, ?)=? ORDER BY id", (kind, place, value)
        )
        return [json.loads(row[0]) for row in rows]

    def listing(self, kind: str, place: str, thing_id: int) -> list[Document]:
        """Return documents with a list, such as ``$.tags``, that has an element of this id; all of a kind are read."""
        rows = self._connection.execute(
            "SELECT body FROM thing WHERE kind=? AND EXISTS (SELECT 1 FROM json_each(body, ?) AS element "
            "WHERE json_extract(element.value, '$.id')=?) ORDER BY id",
            (kind, place, thing_id),
        )
        return [json.loads(row[0]) for row in rows]

    def delete(self, kind: str, thing_id: int) -> None:
        """Remove a document."""
        self._connection.execute("DELETE FROM thing WHERE kind=? AND id=?", (kind, thing_id))

    def delete_children(self, kind: str, parent: int) -> None:
        """Remove the documents of a kind that belong to another."""
        self._connection.execute("DELETE FROM thing WHERE kind=? AND parent=?", (kind, parent))

    def page(
        self, kind: str, *, order: str, descending: bool, after: tuple[Any, int] | None, limit: int,
        where: Mapping[str, Any] | None = None,
    ) -> list[tuple[Any, Document]]:  # fmt: skip
        """Return up to ``limit`` (sort value, document) pairs behind ``after``, in a stable order."""
        column = ORDERS[order]
        way, sign = ("DESC", "<") if descending else ("ASC", ">")
        conditions, values = self._conditions(kind, where)
        if after is not None:
            conditions += f" AND ({column}, id) {sign} (?, ?)"
            values += after
        statement = (
            f"SELECT {column}, body FROM thing WHERE {conditions} "  # noqa: S608
            f"ORDER BY {column} {way}, id {way} LIMIT ?"
        )
        rows = self._connection.execute(statement, (*values, limit))
        return [(row[0], json.loads(row[1])) for row in rows]

    def count(self, kind: str) -> int:
        """Return the number of documents of a kind."""
        return int(self._connection.execute("SELECT count(*) FROM thing WHERE kind=?", (kind,)).fetchone()[0])

    # --- addresses, mail, files, counters ----------------------------------------------------------

    def owner_of(self, kind: str, address: str) -> int | None:
        """Return the customer who has a channel address."""
        row = self._connection.execute(
            "SELECT owner FROM address WHERE kind=? AND address=?", (kind, address.lower())
        ).fetchone()
        return int(row[0]) if row else None

    def set_addresses(self, owner: int, pairs: list[tuple[str, str]]) -> None:
        """Give a customer exactly these (channel type, address) pairs."""
        self._connection.execute("DELETE FROM address WHERE owner=?", (owner,))
        self._connection.executemany(
            "INSERT OR REPLACE INTO address VALUES (?,?,?)", [(k, a.lower(), owner) for k, a in pairs]
        )

    def mail(self, kind: str, recipient: str, reason: str, at: str) -> int:
        """Record mail that the product would have sent, or will send at a moment; return its id in the outbox."""
        cursor = self._connection.execute(
            "INSERT INTO outbox (kind, recipient, reason, at) VALUES (?,?,?,?)", (kind, recipient, reason, at)
        )
        return int(cursor.lastrowid or 0)

    def outbox(self) -> list[Document]:
        """Return all mail that would have been sent, or is about to be."""
        return self._log("outbox", ("id", "kind", "recipient", "reason", "at"))

    def fire(self, what: str, name: str, event: str, ticket: int | None, at: str) -> None:
        """Record that something acted by itself: a rule, an integration, a setting."""
        self._connection.execute(
            "INSERT INTO fired (what, name, event, ticket, at) VALUES (?,?,?,?,?)", (what, name, event, ticket, at)
        )

    def fired(self) -> list[Document]:
        """Return all that acted by itself: what, its name, on which event and ticket, and when."""
        return self._log("fired", ("id", "what", "name", "event", "ticket", "at"))

    def _log(self, table: str, names: tuple[str, ...]) -> list[Document]:
        with self.lock:
            rows = self._connection.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY id")  # noqa: S608
            return [dict(zip(names, row, strict=True)) for row in rows]

    def later(self, at: str, kind: str, thing: int, mail: int | None = None) -> None:
        """Note what is to happen to a thing at a moment, and which mail of the outbox goes out then."""
        self._connection.execute("INSERT INTO due (at, kind, thing, mail) VALUES (?,?,?,?)", (at, kind, thing, mail))

    def next_due(self) -> str | None:
        """Return the moment of what is to happen next."""
        row = self._connection.execute("SELECT min(at) FROM due").fetchone()
        return None if row[0] is None else str(row[0])

    def take_due(self, until: str) -> tuple[str, str, int] | None:
        """Return and forget what is due first, up to a moment: when, what, and the thing."""
        row = self._connection.execute(
            "SELECT id, at, kind, thing FROM due WHERE at<=? ORDER BY at, id LIMIT 1", (until,)
        ).fetchone()
        if row is None:
            return None
        self._connection.execute("DELETE FROM due WHERE id=?", (row[0],))
        return row[1], row[2], row[3]

    def call_off(self, kind: str, thing: int) -> None:
        """Let what was to happen to a thing not happen, and its mail not go out."""
        chosen = "FROM due WHERE kind=? AND thing=?"
        self._connection.execute(f"DELETE FROM outbox WHERE id IN (SELECT mail {chosen})", (kind, thing))  # noqa: S608
        self._connection.execute(f"DELETE {chosen}", (kind, thing))

    def clear_outbox(self) -> None:
        """Forget the mail so far, and what fired."""
        self._connection.execute("DELETE FROM outbox")
        self._connection.execute("DELETE FROM fired")

    def save_file(self, name: str, label: str, content_type: str, public: bool, content: bytes) -> None:
        """Keep an uploaded file."""
        self._connection.execute(
            "INSERT INTO file VALUES (?,?,?,?,?)", (name, label, content_type, int(public), content)
        )

    def has_file(self, name: str) -> bool:
        """Whether there is an uploaded file of this name."""
        return self._connection.execute("SELECT 1 FROM file WHERE name=?", (name,)).fetchone() is not None

    def file(self, name: str) -> tuple[str, str, bool, bytes] | None:
        """Return (label, content type, public, bytes) of an uploaded file."""
        row = self._connection.execute(
            "SELECT label, content_type, public, content FROM file WHERE name=?", (name,)
        ).fetchone()
        return (row[0], row[1], bool(row[2]), row[3]) if row else None

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
