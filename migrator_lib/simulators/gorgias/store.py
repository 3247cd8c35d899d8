"""What a simulated account holds: JSON documents, people's addresses, files, and what happened.

One table for all documents; what is looked up is an indexed column beside the document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from migrator_lib.simulators.gorgias.database import Document, Saved
from migrator_lib.simulators.gorgias.outbox_and_schedule import OutboxAndSchedule

__all__ = ["ORDERS", "Document", "Saved", "Store"]

ORDERS = {
    "created_datetime": "created", "updated_datetime": "updated", "id": "id", "name": "COALESCE(name,'')",
    "usage": "COALESCE(json_extract(body,'$.usage'),0)",
}  # fmt: skip
FILTERS = ("id", "external_id", "name", "parent")


class Store(OutboxAndSchedule):
    """One account's documents and files."""

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

    # --- addresses and files ---------------------------------------------------------------------------

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
