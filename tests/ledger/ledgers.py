"""Ledgers that tests open, in a file or on a server, and entries that they write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from migrator_lib.ledger import PENDING, Entry, Ledger

PRODUCTION, SANDBOX = "production", "sandbox"


@dataclass
class Place:
    """Where one test's ledger is."""

    url: str
    schema: str | None = None
    opened: list[Ledger] = field(default_factory=list)

    def open(self, run_id: str = "run-1", **options: Any) -> Ledger:
        """Open the ledger once more, as another process would."""
        self.opened.append(Ledger(self.url, schema=self.schema, run_id=run_id, engagement="acme", **options))
        return self.opened[-1]

    @property
    def code(self) -> str:
        """Python that opens it."""
        return f"Ledger({self.url!r}, schema={self.schema!r}, run_id='other', engagement='acme')"


def raw(ledger: Ledger, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
    """Do something to the tables outside the program."""
    engine = sa.create_engine(ledger.engine.url)
    with engine.begin() as connection:
        if ledger.database.schema:
            connection.exec_driver_sql(f'SET search_path TO "{ledger.database.schema}"')
            statement = statement.replace("?", "%s")
        result = connection.exec_driver_sql(statement, values)
        found = [tuple(row) for row in result.fetchall()] if result.returns_rows else []
    engine.dispose()
    return found


def pending(key: str, obj: str = "ticket") -> Entry:
    return Entry(obj, key, PENDING, payload_hash=f"hash-{key}", external_id=f"st:demo:{obj}:{key}")


def created(key: str, obj: str = "ticket", target_id: str = "900") -> Entry:
    return Entry(obj, key, "created", payload_hash=f"hash-{key}", external_id=f"st:demo:{obj}:{key}",
                 target_id=target_id, detail={"updated": "2026-01-01T00:00:00"})  # fmt: skip
