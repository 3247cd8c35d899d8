"""The ledger's tables, and an entry as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

SCHEMA_VERSION = 1

metadata = sa.MetaData()
record_table = sa.Table(
    "record",
    metadata,
    sa.Column("target", sa.String(20), primary_key=True),
    sa.Column("object", sa.String(40), primary_key=True),
    sa.Column("source_key", sa.String(120), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("rule", sa.String(120)),
    sa.Column("payload_hash", sa.String(64)),
    sa.Column("external_id", sa.String(255)),
    sa.Column("target_id", sa.String(300)),
    sa.Column("reason", sa.Text),
    sa.Column("detail", sa.JSON),
    sa.Column("run_id", sa.String(40)),
    sa.Column("at", sa.String(32), nullable=False),
)
journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("target", sa.String(20), nullable=False),
    sa.Column("object", sa.String(40), nullable=False),
    sa.Column("source_key", sa.String(120), nullable=False),
    sa.Column("event", sa.String(20), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("journal_of_record", "target", "object", "source_key"),
)
meta_table = sa.Table(
    "meta", metadata, sa.Column("name", sa.String(120), primary_key=True), sa.Column("value", sa.Text, nullable=False)
)
step_table = sa.Table(
    "step",
    metadata,
    sa.Column("run_id", sa.String(40), primary_key=True),
    sa.Column("step", sa.String(40), primary_key=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("started_at", sa.String(32)),
    sa.Column("finished_at", sa.String(32)),
    sa.Column("summary", sa.JSON),
)
chunk_table = sa.Table(
    "chunk",
    metadata,
    sa.Column("stage", sa.String(60), primary_key=True),
    sa.Column("table", sa.String(60), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("last_key", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
)
lease_table = sa.Table(
    "lease",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("holder", sa.String(80), nullable=False),
    sa.Column("process", sa.String(200), nullable=False),
    sa.Column("taken_at", sa.String(32), nullable=False),
    sa.Column("seen_at", sa.String(32), nullable=False),
)

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
