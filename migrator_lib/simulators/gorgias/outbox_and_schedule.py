"""What happened in a simulated account by itself, and what is to happen later."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.database import Database, Document


class OutboxAndSchedule(Database):
    """The outbox of mail, the log of what fired, and what is due."""

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
