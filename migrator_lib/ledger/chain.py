"""The journal's hash chain: every row's hash covers the row before it, and the ledger keeps the last one.

So a row that was changed, removed or put in outside this program is found, and so is a record that does not say what
its journal says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from migrator_lib.errors import LedgerBroken
from migrator_lib.ledger.schema import PENDING, journal_table, meta_table, record_table

HEAD = "head"
"""Name of the kept value that holds the journal's last number and hash."""
INTENT, OUTCOME = "intent", "outcome"
_SAME = ("state", "rule", "payload_hash", "target_id", "reason")


def now() -> str:
    """Return the current moment as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def head(connection: sa.Connection) -> tuple[int, str]:
    """Return the number and the hash of the journal's last row; (0, "") while there is none."""
    text = connection.execute(sa.select(meta_table.c.value).where(meta_table.c.name == HEAD)).scalar()
    seq, digest = json.loads(text) if text else (0, "")
    return int(seq), str(digest)


def put_meta(connection: sa.Connection, name: str, text: str) -> None:
    """Keep a named text."""
    changed = connection.execute(meta_table.update().where(meta_table.c.name == name).values(value=text))
    if changed.rowcount == 0:
        connection.execute(meta_table.insert().values(name=name, value=text))


class Chain:
    """What one transaction adds to the end of the journal, and the records that this makes."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._end = head(connection)
        self._rows: list[dict[str, Any]] = []
        self._records: dict[tuple[str, ...], dict[str, Any]] = {}

    @property
    def end(self) -> tuple[int, str]:
        """The number and the hash of the last row so far."""
        return self._end

    def append(self, target: str, obj: str, key: str, event: str, detail: object) -> None:
        """Add a row."""
        text, at = json.dumps(detail, sort_keys=True, ensure_ascii=True), now()
        seq, last = self._end
        digest = _digest(last, seq + 1, target, obj, key, event, text, at)
        self._end = seq + 1, digest
        self._rows.append(
            {"seq": seq + 1, "target": target, "object": obj, "source_key": key, "event": event, "detail": text,
             "at": at, "hash": digest}
        )  # fmt: skip

    def put(self, record: dict[str, Any]) -> None:
        """Put a row of the table ``record`` in the place of the one with its key."""
        self._records[tuple(record[column.name] for column in record_table.primary_key)] = record

    def close(self) -> None:
        """Write it all, and the new end; the transaction commits them together."""
        if self._rows:
            self._connection.execute(journal_table.insert(), self._rows)
            put_meta(self._connection, HEAD, json.dumps(self._end))
        if self._records:
            same = [column == sa.bindparam(f"old_{column.name}") for column in record_table.primary_key]
            old = [{f"old_{c.name}": r[c.name] for c in record_table.primary_key} for r in self._records.values()]
            self._connection.execute(record_table.delete().where(*same), old)
            self._connection.execute(record_table.insert(), list(self._records.values()))


def _digest(last: str, seq: int, *fields: str) -> str:
    return hashlib.sha256("\x1f".join((last, str(seq), *fields)).encode("utf-8", "surrogatepass")).hexdigest()


def row_hash(previous: str, row: Mapping[str, Any]) -> str:
    """Return the hash of a row of the journal, by the hash of the row before it.

    Args:
        previous: in hexadecimal digits; empty before the first.
        row: ``seq, target, object, source_key, event, detail, at``; ``detail`` as the text that it is kept as.

    Raises:
        KeyError, TypeError: something of it is missing, or no text.
    """
    fields = ("target", "object", "source_key", "event", "detail", "at")
    return _digest(previous, int(row["seq"]), *(row[name] for name in fields))


def verify(connection: sa.Connection) -> int:
    """Check the chain, and that every record says what its journal says; return the chain's length.

    Raises:
        LedgerBroken: something was changed, added or removed outside this program.
    """
    length, last = 0, ""
    statement = sa.select(journal_table).order_by(journal_table.c.seq)
    for row in connection.execution_options(yield_per=5000).execute(statement):
        length += 1
        last = _digest(last, length, row.target, row.object, row.source_key, row.event, row.detail, row.at)
        if row.seq != length or row.hash != last:
            raise _broken(f"its chain breaks at row {row.seq}")
    if (length, last) != head(connection):
        raise _broken(f"its journal does not end at row {head(connection)[0]}, as it did")
    _verify_records(connection)
    return length


def _verify_records(connection: sa.Connection) -> None:
    j = journal_table.c
    key = (j.target, j.object, j.source_key)
    last, settled = sa.func.max(j.seq), sa.func.max(sa.case((j.event == OUTCOME, j.seq)))
    ends = sa.select(*key, last.label("last"), settled.label("settled")).group_by(*key).subquery()
    end, outcome = journal_table.alias(), journal_table.alias()
    both = (
        sa.join(record_table, ends, sa.and_(*(record_table.c[c.name] == ends.c[c.name] for c in key)))
        .join(end, end.c.seq == ends.c.last)
        .outerjoin(outcome, outcome.c.seq == ends.c.settled)
    )
    statement = sa.select(record_table, end.c.event.label("event"), outcome.c.detail.label("outcome")).select_from(both)
    found = settled_found = 0
    for row in connection.execution_options(yield_per=5000).execute(statement).mappings():
        found += 1
        settled_found += row["outcome"] is not None
        if not _agrees(row):
            raise _broken(f"its record of {row['object']} {row['source_key']} is not what the journal says")
    records = connection.execute(sa.select(sa.func.count()).select_from(record_table)).scalar_one()
    outcomes = connection.execute(sa.select(sa.func.count(ends.c.settled))).scalar_one()
    if (found, settled_found) != (records, outcomes):
        raise _broken(f"it has {records} records, and a journal with outcomes of {outcomes}")


def _agrees(row: Any) -> bool:
    if row["state"] == PENDING:
        return bool(row["event"] == INTENT)
    outcome = json.loads(row["outcome"] or "{}")
    return all(outcome.get(name) == row[name] for name in _SAME)


def _broken(what: str) -> LedgerBroken:
    return LedgerBroken(
        f"The ledger was changed outside this program: {what}.",
        next_step="restore reports/<engagement>/state/ (or the ledger's schema on its server) from a copy made after "
        "the last load, and run again; where there is none, let whoever changed it change it back. Until then nothing "
        "that rests on the ledger is proof.",
    )
