"""Bringing a ledger's tables to this version: made where there are none, else changed step by step, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from migrator_lib.errors import LeaseHeld, LedgerBroken
from migrator_lib.ledger.chain import put_meta
from migrator_lib.ledger.database import Database
from migrator_lib.ledger.lease import LEASE_SECONDS
from migrator_lib.ledger.schema import SCHEMA_VERSION, meta_table, metadata

NAME = "schema"
"""Name of the kept value that holds the version."""
TO: Mapping[int, Sequence[str]] = {
    2: (
        "ALTER TABLE lease ADD COLUMN machine TEXT",
        "ALTER TABLE lease ADD COLUMN pid BIGINT",
        "ALTER TABLE lease ADD COLUMN started TEXT",
        "CREATE TABLE writer (id TEXT NOT NULL PRIMARY KEY, committed BIGINT NOT NULL, at TEXT NOT NULL)",
        "DROP INDEX ix_record_state",
        "CREATE INDEX record_in_state ON record (target, state)",
        "CREATE INDEX record_of_target_id ON record (target, substr(target_id, 1, 100))",
    ),
}
"""Version to the statements that make it of the one before. Version 1 was kept in SQLite alone."""


def prepare(database: Database) -> None:
    """Make the tables, or bring those that are there to this version.

    Raises:
        LedgerBroken: a newer program wrote it.
        LeaseHeld: another run writes to a ledger that is to be changed.
        StorageError: the database refuses.
    """
    with database.reading() as connection:
        found = _version(database, connection)
    if found != SCHEMA_VERSION:
        database.perform(lambda connection: _bring(database, connection), noted=False)


def _version(database: Database, connection: sa.Connection) -> int:
    """Return the version of the tables; 0 where there are none."""
    if not sa.inspect(connection).has_table(meta_table.name, schema=database.schema):
        return 0
    text = connection.execute(sa.select(meta_table.c.value).where(meta_table.c.name == NAME)).scalar()
    return int(json.loads(text)) if text else 1


def _bring(database: Database, connection: sa.Connection) -> None:
    found = _version(database, connection)  # again, behind the lock: another process may have done it
    if found > SCHEMA_VERSION:
        raise LedgerBroken(
            f"The ledger was written by a newer version (schema {found}; this program knows {SCHEMA_VERSION}).",
            next_step="install the version that wrote it, or a newer one.",
        )
    if found == 0:
        _make(database, connection)
    elif found < SCHEMA_VERSION:
        _see_that_nobody_writes(connection)
        for version in range(found + 1, SCHEMA_VERSION + 1):
            for statement in TO[version]:
                connection.exec_driver_sql(statement)
    put_meta(connection, NAME, json.dumps(SCHEMA_VERSION))


def _make(database: Database, connection: sa.Connection) -> None:
    if database.schema and not sa.inspect(connection).has_schema(database.schema):
        connection.execute(sa.schema.CreateSchema(database.schema))
    metadata.create_all(connection)


def _see_that_nobody_writes(connection: sa.Connection) -> None:
    """Pass if no run of the older version is at work: it would not know the new tables.

    Its process is not asked for: what the older version wrote of it does not tell machines of one name apart.
    """
    row = connection.execute(sa.text("SELECT process, seen_at FROM lease")).first()
    if row is None or datetime.now(UTC) - datetime.fromisoformat(row.seen_at) > timedelta(seconds=LEASE_SECONDS):
        return
    raise LeaseHeld(
        f"The ledger is of an older version, and a run of that version writes to it: {row.process}.",
        next_step=f"let it end, or end it; {LEASE_SECONDS} s later the ledger is brought to this version by itself.",
    )
