"""The ledger's tables, and an entry as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from migrator_lib.ledger.columns import Json, Words

SCHEMA_VERSION = 2
"""Counted up with every change of these tables; :mod:`migrator_lib.ledger.migrations` brings older ones forward."""

metadata = sa.MetaData()
record_table = sa.Table(
    "record",
    metadata,
    sa.Column("target", Words, primary_key=True),
    sa.Column("object", Words, primary_key=True),
    sa.Column("source_key", Words, primary_key=True),
    sa.Column("state", Words, nullable=False),
    sa.Column("rule", Words),
    sa.Column("payload_hash", Words),
    sa.Column("external_id", Words),
    sa.Column("target_id", Words),
    sa.Column("reason", Words),
    sa.Column("detail", Json),
    sa.Column("run_id", Words),
    sa.Column("at", Words, nullable=False),
    sa.Index("record_in_state", "target", "state"),
)
INDEXED = 100
beginning: sa.ColumnElement[str] = sa.func.substr(
    record_table.c.target_id, sa.literal_column("1"), sa.literal_column(str(INDEXED))
)
"""What an index holds of an id in Gorgias: the URL of a file may be longer than PostgreSQL's indexes take."""
sa.Index("record_of_target_id", record_table.c.target, beginning)
journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("target", Words, nullable=False),
    sa.Column("object", Words, nullable=False),
    sa.Column("source_key", Words, nullable=False),
    sa.Column("event", Words, nullable=False),
    sa.Column("detail", Words, nullable=False),
    sa.Column("at", Words, nullable=False),
    sa.Column("hash", Words, nullable=False),
    sa.Index("journal_of_record", "target", "object", "source_key"),
)
meta_table = sa.Table(
    "meta", metadata, sa.Column("name", Words, primary_key=True), sa.Column("value", Words, nullable=False)
)
step_table = sa.Table(
    "step",
    metadata,
    sa.Column("run_id", Words, primary_key=True),
    sa.Column("step", Words, primary_key=True),
    sa.Column("status", Words, nullable=False),
    sa.Column("started_at", Words),
    sa.Column("finished_at", Words),
    sa.Column("summary", Json),
)
chunk_table = sa.Table(
    "chunk",
    metadata,
    sa.Column("stage", Words, primary_key=True),
    sa.Column("table", Words, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("last_key", Words, nullable=False),
    sa.Column("sha256", Words, nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
)
lease_table = sa.Table(
    "lease",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("holder", Words, nullable=False),
    sa.Column("process", Words, nullable=False),
    sa.Column("taken_at", Words, nullable=False),
    sa.Column("seen_at", Words, nullable=False),
    sa.Column("machine", Words),
    sa.Column("pid", sa.BigInteger),
    sa.Column("started", Words),
)
"""Who writes: ``machine``, ``pid`` and ``started`` tell whether that process still runs, where it is this machine."""
writer_table = sa.Table(
    "writer",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("committed", sa.BigInteger, nullable=False),
    sa.Column("at", Words, nullable=False),
)
"""The last transaction of each process that writes to a server, so that it knows what became of a lost COMMIT."""

PENDING = "pending"
"""State of a record whose intent is written and whose outcome is not."""
GONE = "gone"
"""State of what had an outcome, and is no source record any more: a ticket merged into another after the load."""
REMOVED = "removed"
"""State of what a roll-back took out of Gorgias, or found gone there; a later load makes it anew.

``detail["was"]`` has the state, rule and Gorgias id that it had.
"""
SETTLED = ("created", "matched", "merged", "skipped", "handed_over", "quarantined")
"""The states that make up the accounts."""


@dataclass(frozen=True)
class Entry:
    """What the ledger holds of one record on one target."""

    object: str
    source_key: str
    state: str
    rule: str | None = None
    payload_hash: str | None = None
    external_id: str | None = None
    target_id: str | None = None
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """``parts``: outcomes of what travels inside it; ``updated``: the updated_datetime it was given."""
    run_id: str | None = None
    at: str = ""


def entry_of(row: Mapping[Any, Any]) -> Entry:
    """Return a row of the table ``record`` as an entry."""
    return Entry(**{k: row[k] for k in Entry.__dataclass_fields__ if k != "detail"}, detail=row["detail"] or {})
