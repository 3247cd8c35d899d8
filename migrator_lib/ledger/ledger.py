"""The ledger: the durable account of what happened to every record.

A write to Gorgias is preceded by its intent and followed by its outcome, both durable before the next thing
happens. Rows of the journal form a hash chain; the table ``record`` is the journal's sum, kept beside it.

All writes go through one thread that gathers what several workers hand in at the same moment into one
transaction (group commit): full durability at the price of one disk flush for many records.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from migrator_lib.errors import LeaseHeld, LedgerBroken, StorageError
from migrator_lib.ledger.chain import INTENT, OUTCOME, Chain, head, now, put_meta, verify
from migrator_lib.ledger.schema import (
    SCHEMA_VERSION,
    Entry,
    chunk_table,
    entry_of,
    journal_table,
    lease_table,
    meta_table,
    metadata,
    record_table,
    step_table,
)
from migrator_lib.ledger.writer import GroupWriter, InlineWriter
from migrator_lib.storage import make_folder, refusals

LEASE_SECONDS = 60
SLICE = 500
"""Keys that one statement asks for: databases take only so many parameters."""


class Ledger:
    """The ledger of one engagement. Safe to use from many threads; one process writes at a time."""

    def __init__(self, url: str, *, run_id: str = "interactive", inline: bool = False) -> None:
        """Open it, and make it if need be.

        Args:
            url: of its database.
            run_id: of the run that writes.
            inline: write in the thread that asks, not in one that gathers: where one thing happens after the other.
        """
        self.run_id = run_id
        self.engine = sa.create_engine(url, hide_parameters=True)
        self._sqlite = self.engine.dialect.name == "sqlite"
        if self._sqlite:
            sa.event.listen(self.engine, "connect", _durable)
        self._writer = InlineWriter(self._transaction) if inline else GroupWriter(self._transaction)
        self._holder: str | None = None
        self._make_tables()
        self._check_version()

    @classmethod
    def in_folder(cls, folder: Path, *, run_id: str = "interactive", inline: bool = False) -> Ledger:
        """Open the SQLite ledger of an engagement's state folder, making it if need be.

        Raises:
            StorageError: it cannot be made there.
        """
        with refusals(f"{folder} cannot be made"):  # or a power cut could take it back, with all that it holds
            make_folder(folder)
        return cls(f"sqlite:///{folder / 'ledger.sqlite3'}", run_id=run_id, inline=inline)

    def _make_tables(self) -> None:
        with self._translated():
            if all(sa.inspect(self.engine).has_table(name) for name in metadata.tables):
                return
            with self.engine.begin() as connection:
                self._lock(connection)
                metadata.create_all(connection)

    def _lock(self, connection: sa.Connection) -> None:
        """Let no other process write from here on; SQLite would else find out too late."""
        if self._sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _storage_error(error, str(self.engine.url)) from error

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._translated(), self.engine.connect() as connection:
            yield connection

    # --- writing -----------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """Begin a transaction that no other process can come between, and whose lease is still ours."""
        with self._translated(), self.engine.begin() as connection:
            self._lock(connection)
            self._see_lease(connection)
            self._chain = Chain(connection)
            yield connection
            self._chain.close()

    def _put(self, target: str, entry: Entry) -> None:
        record = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        detail = dict(entry.detail)
        self._chain.put({**record, "target": target, "detail": detail, "run_id": self.run_id, "at": now()})

    def intend(self, target: str, entry: Entry, *, action: str = "create") -> None:
        """Write down, durably, that ``entry`` is about to be sent. Returns when it is on disk."""
        detail = {"action": action, "payload_hash": entry.payload_hash, "external_id": entry.external_id}

        def work(_connection: sa.Connection) -> None:
            self._chain.append(target, entry.object, entry.source_key, INTENT, detail)
            if action == "create":
                self._put(target, entry)

        self._writer.submit(work)

    def settle(self, target: str, entries: Iterable[Entry], *, before: object = None) -> None:
        """Write down, durably, how records ended; ``before`` is what stood in Gorgias and was changed."""
        batch = list(entries)

        def work(_connection: sa.Connection) -> None:
            for entry in batch:
                detail: dict[str, object] = {
                    "state": entry.state, "rule": entry.rule, "payload_hash": entry.payload_hash,
                    "target_id": entry.target_id, "reason": entry.reason,
                }  # fmt: skip
                if before is not None:
                    detail["before"] = before
                self._chain.append(target, entry.object, entry.source_key, OUTCOME, detail)
                self._put(target, entry)

        if batch:
            self._writer.submit(work)

    def set_meta(self, name: str, value: object) -> None:
        """Keep a named JSON value (a watermark, a count, the state of a side effect)."""
        text = json.dumps(value, sort_keys=True)
        self._writer.submit(lambda connection: put_meta(connection, name, text))

    def add_chunk(
        self, stage: str, table: str, part: int, *, rows: int, last_key: str, sha256: str, final: bool
    ) -> None:
        """Record a complete chunk of staged data."""
        values = {
            "stage": stage, "table": table, "part": part, "rows": rows, "last_key": last_key, "sha256": sha256,
            "final": final,
        }  # fmt: skip
        self._writer.submit(lambda connection: connection.execute(chunk_table.insert().values(**values)))

    def forget_stage(self, stage: str) -> None:
        """Forget the chunks of a stage that is to be read anew."""
        of_stage = chunk_table.delete().where(chunk_table.c.stage == stage)
        self._writer.submit(lambda connection: connection.execute(of_stage))

    def forget_chunks(self, stage: str, table: str, part: int) -> None:
        """Forget the chunks of one table from number ``part`` on."""
        c = chunk_table.c
        behind = sa.and_(c.stage == stage, c.table == table, c.part >= part)
        self._writer.submit(lambda connection: connection.execute(chunk_table.delete().where(behind)))

    def mark_step(self, step: str, status: str, summary: Mapping[str, Any] | None = None) -> None:
        """Note that a step of the current run started, is done, failed or waits."""
        key = sa.and_(step_table.c.run_id == self.run_id, step_table.c.step == step)

        def work(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"status": status}
            if status == "running":
                values |= {"started_at": now(), "finished_at": None, "summary": None}
            else:
                values["finished_at"] = now()
            if summary is not None:
                values["summary"] = dict(summary)
            if connection.execute(step_table.update().where(key).values(**values)).rowcount == 0:
                began = {"started_at": now(), **values}  # one that a gate or its turn held back never began
                connection.execute(step_table.insert().values(run_id=self.run_id, step=step, **began))

        self._writer.submit(work)

    # --- the lease ---------------------------------------------------------------------------------

    def take_lease(self, *, take_over: bool = False) -> None:
        """Become the one process that writes.

        A lease that was not seen for a minute, or whose process on this machine is gone, is free. Every write renews
        it, and fails once it is lost: whoever was taken over cannot write down an intent, and so sends nothing.

        Raises:
            LeaseHeld: somebody else holds it.
        """
        holder = self._holder or uuid.uuid4().hex

        def work(connection: sa.Connection) -> Any:
            row = connection.execute(sa.select(lease_table)).mappings().first()
            if row and row["holder"] != holder and not take_over and not _is_stale(row["process"], row["seen_at"]):
                return row
            at = now()
            mine = {"id": 1, "holder": holder, "process": _process(), "taken_at": at, "seen_at": at}
            connection.execute(lease_table.delete())
            connection.execute(lease_table.insert().values(**mine))
            return None

        held = self._writer.submit(work)
        if held is not None:
            raise _held_by(held)
        self._holder = holder

    def _see_lease(self, connection: sa.Connection) -> None:
        """Renew the lease, if this process was given it.

        Raises:
            LeaseHeld: another run has taken it over.
        """
        if self._holder is None:
            return
        mine = lease_table.update().where(lease_table.c.holder == self._holder)
        if connection.execute(mine.values(seen_at=now())).rowcount == 0:
            raise LeaseHeld(
                "The lease of this engagement was taken over by another run.",
                next_step="let the other run finish; then run again.",
            )

    def lease(self) -> str | None:
        """Return who holds the lease and since when, in words; None where it is free, or whoever held it is gone."""
        with self._reading() as connection:
            row = connection.execute(sa.select(lease_table)).mappings().first()
        if row is None or _is_stale(row["process"], row["seen_at"]):
            return None
        return f"{row['process']}, since {row['taken_at'][:19]} UTC"

    def renew_lease(self) -> None:
        """Say that this process is alive; called with every batch of work, since not every one writes.

        Raises:
            LeaseHeld: another run has taken it over.
        """
        if self._holder is not None:
            self._writer.submit(lambda connection: None)

    def release_lease(self) -> None:
        """Give the lease back."""
        if self._holder is not None:
            holder, self._holder = self._holder, None
            self._writer.submit(lambda c: c.execute(lease_table.delete().where(lease_table.c.holder == holder)))

    def close(self) -> None:
        """Release the lease, write what is queued, and close."""
        try:
            self.release_lease()
        finally:
            self._writer.close()
            self.engine.dispose()

    # --- reading -----------------------------------------------------------------------------------

    def entry(self, target: str, obj: str, key: str) -> Entry | None:
        """Return what is known of one record, or None."""
        statement = _entries(target).where(record_table.c.object == obj, record_table.c.source_key == key)
        with self._reading() as connection:
            row = connection.execute(statement).mappings().first()
        return entry_of(row) if row else None

    def entries(self, target: str, obj: str | None = None, state: str | None = None) -> Iterator[Entry]:
        """Return the records of a target in key order, read in constant memory."""
        statement = _entries(target)
        if obj is not None:
            statement = statement.where(record_table.c.object == obj)
        if state is not None:
            statement = statement.where(record_table.c.state == state)
        return self._stream(statement)

    def entries_in(self, target: str, states: Collection[str]) -> Iterator[Entry]:
        """Return the records of a target that are in one of these states, as :meth:`entries` does."""
        return self._stream(_entries(target).where(record_table.c.state.in_(states)))

    def _stream(self, statement: sa.Select[Any]) -> Iterator[Entry]:
        ordered = statement.order_by(record_table.c.object, record_table.c.source_key)
        with self._reading() as connection:
            for row in connection.execution_options(yield_per=1000).execute(ordered).mappings():
                yield entry_of(row)

    def journal(self, target: str, obj: str, key: str) -> list[dict[str, Any]]:
        """Return the life of one record, oldest first: of each event ``seq``, ``event``, ``at`` (UTC), ``detail``."""
        j = journal_table.c
        statement = sa.select(j.seq, j.event, j.at, j.detail).order_by(j.seq)
        statement = statement.where(j.target == target, j.object == obj, j.source_key == key)
        with self._reading() as connection:
            rows = connection.execute(statement).mappings()
            return [{**row, "detail": json.loads(row["detail"])} for row in rows]

    def known(self, target: str, obj: str, keys: Sequence[str]) -> dict[str, Entry]:
        """Return what is known of these records, by source key."""
        of_object = _entries(target).where(record_table.c.object == obj)
        found: dict[str, Entry] = {}
        with self._reading() as connection:
            for start in range(0, len(keys), SLICE):
                some = of_object.where(record_table.c.source_key.in_(keys[start : start + SLICE]))
                found |= {row["source_key"]: entry_of(row) for row in connection.execute(some).mappings()}
        return found

    def ids(self, target: str, objects: Sequence[str]) -> dict[tuple[str, str], str]:
        """Return (object, source key) to Gorgias id of all records of these objects that have one."""
        r = record_table.c
        statement = sa.select(r.object, r.source_key, r.target_id).where(
            r.target == target, r.object.in_(objects), r.target_id.is_not(None)
        )
        with self._reading() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(statement)}

    def counts(self, target: str) -> dict[str, dict[str, int]]:
        """Return object to state to number of records."""
        r = record_table.c
        statement = sa.select(r.object, r.state, sa.func.count()).where(r.target == target).group_by(r.object, r.state)
        found: dict[str, dict[str, int]] = {}
        with self._reading() as connection:
            for obj, state, n in connection.execute(statement):
                found.setdefault(obj, {})[state] = n
        return found

    def created_in(self, run_id: str, target: str) -> dict[str, int]:
        """Return object to number of records whose outcome 'created' was written by this run."""
        r = record_table.c
        statement = (
            sa.select(r.object, sa.func.count())
            .where(r.target == target, r.state == "created", r.run_id == run_id)
            .group_by(r.object)
        )
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def meta(self, name: str, default: Any = None) -> Any:
        """Return a value kept by :meth:`set_meta`."""
        with self._reading() as connection:
            text = connection.execute(sa.select(meta_table.c.value).where(meta_table.c.name == name)).scalar()
        return default if text is None else json.loads(text)

    def chunks(self, stage: str, table: str | None = None) -> list[dict[str, Any]]:
        """Return the complete chunks of a stage in order."""
        c = chunk_table.c
        statement = sa.select(chunk_table).where(c.stage == stage).order_by(c.table, c.part)
        if table is not None:
            statement = statement.where(c.table == table)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def steps(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """Return the steps of all runs, or of one, oldest first."""
        statement = sa.select(step_table).order_by(step_table.c.run_id, step_table.c.started_at)
        if run_id is not None:
            statement = statement.where(step_table.c.run_id == run_id)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def step_is_done(self, step: str, *, rehearsed: bool = False) -> bool:
        """Return whether the step's latest attempt, in whatever run, ended well; ``rehearsed``: as a rehearsal."""
        attempts = [s for s in self.steps() if s["step"] == step and (s["status"] == "rehearsed") is rehearsed]
        wanted = "rehearsed" if rehearsed else "done"
        return bool(attempts) and max(attempts, key=lambda s: s["started_at"] or "")["status"] == wanted

    def verify(self) -> int:
        """Check the journal's hash chain, and the records against it; return the chain's length.

        Raises:
            LedgerBroken: something was changed, added or removed outside this program.
        """
        with self._reading() as connection:
            return verify(connection)

    def head(self) -> tuple[int, str]:
        """Return the number of the last journal row, and its hash."""
        with self._reading() as connection:
            return head(connection)

    def _check_version(self) -> None:
        version = self.meta("schema")
        if version is None:
            self.set_meta("schema", SCHEMA_VERSION)
        elif version > SCHEMA_VERSION:
            self.close()
            raise LedgerBroken(
                f"The ledger was written by a newer version (schema {version}; this program knows {SCHEMA_VERSION}).",
                next_step="install the version that wrote it, or a newer one.",
            )


def _process() -> str:
    return f"{socket.gethostname()} process {os.getpid()}"


def _entries(target: str) -> sa.Select[Any]:
    return sa.select(record_table).where(record_table.c.target == target)


def _durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()


def _storage_error(error: DBAPIError, where: str) -> StorageError:
    words = (str(error.orig or error).splitlines() or ["no reason given"])[0]
    mend = "make room on the disk (or mend its rights)"
    if "locked" in words:
        mend = "end the other program that has the ledger open"
    return StorageError(
        f"The ledger could not be read or written ({where}): {words}.",
        next_step=f"{mend}, and run again: what is in the ledger stays there.",
    )


def _held_by(row: Mapping[Any, Any]) -> LeaseHeld:
    words = f"{row['process']}, since {row['taken_at'][:19]} UTC, last seen {row['seen_at'][:19]} UTC"
    mend = f"wait for it to end, or end it; a lease that was not seen for {LEASE_SECONDS} s is free by itself"
    if row["process"] == _process():
        mend = "it is this very process: close the engagement that is still open here, or restart the kernel"
    return LeaseHeld(
        f"Another run writes to this engagement: {words}.",
        next_step=f"{mend}. If you know that it writes no more, take the lease over: "
        "engagement.ledger.take_lease(take_over=True).",
    )


def _is_stale(process: str, seen_at: str) -> bool:
    if datetime.now(UTC) - datetime.fromisoformat(seen_at) > timedelta(seconds=LEASE_SECONDS):
        return True
    host, _, pid = process.rpartition(" process ")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
