"""The ledger: the durable account of what happened to every record.

A write to Gorgias is preceded by its intent and followed by its outcome, both durable before the next thing
happens. Rows of the journal form a hash chain; the table ``record`` is the journal's sum, kept beside it.

All writes go through one thread that gathers what several workers hand in at the same moment into one
transaction (group commit): full durability at the price of one disk flush for many records.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from migrator_lib.errors import OutOfTurn
from migrator_lib.ledger import lease
from migrator_lib.ledger.chain import INTENT, OUTCOME, Chain, head, now, put_meta, verify
from migrator_lib.ledger.database import PATIENCE_SECONDS, Database
from migrator_lib.ledger.lease import LEASE_SECONDS
from migrator_lib.ledger.migrations import prepare
from migrator_lib.ledger.schema import (
    INDEXED,
    Entry,
    beginning,
    chunk_table,
    entry_of,
    journal_table,
    lease_table,
    meta_table,
    record_table,
    step_table,
)
from migrator_lib.ledger.writer import GroupWriter, InlineWriter
from migrator_lib.storage import make_folder, refusals

__all__ = ["LEASE_SECONDS", "TAKEN_OVER", "Ledger"]

T = TypeVar("T")
SLICE = 500
"""Keys that one statement asks for: databases take only so many parameters."""
TAKEN_OVER = "taken_over"
"""Event of the journal: the lease was taken from a run that might have been alive."""


class Ledger:
    """The ledger of one engagement. Safe to use from many threads; one process writes at a time."""

    def __init__(
        self, url: str | sa.URL, *, run_id: str = "interactive", inline: bool = False, engagement: str = "",
        schema: str | None = None, patience_seconds: float = PATIENCE_SECONDS, answered: bool = False,
    ) -> None:  # fmt: skip
        """Open it, and make it, or bring it to this version, if need be.

        Args:
            url: of its database.
            run_id: of the run that writes.
            inline: write in the thread that asks, not in one that gathers: where one thing happens after the other.
            engagement: whose ledger it is, for what errors say.
            schema: in which the tables are, where the database is a server's.
            patience_seconds: how long a server that went away is waited for.
            answered: whether the server is known to be there, so that it is waited for from the begin.

        Raises:
            ParameterError: a ledger is not kept in such a database.
            LedgerBroken: a newer program wrote it.
            LeaseHeld: it is of an older version, and a run of that version writes to it.
            StorageError: it cannot be opened or made there.
        """
        self.run_id = run_id
        self.engagement = engagement
        self.database = Database(url, schema=schema, patience_seconds=patience_seconds, answered=answered)
        self.engine = self.database.engine
        self._writer = InlineWriter(self._perform) if inline else GroupWriter(self._perform)
        self._holder: str | None = None
        self._refused = ""
        self.at_close: Callable[[], None] = lambda: None
        """What is done before the database is let go."""
        try:
            prepare(self.database)
        except BaseException:
            self.engine.dispose()
            raise

    @classmethod
    def in_folder(
        cls, folder: Path, *, run_id: str = "interactive", inline: bool = False, engagement: str = ""
    ) -> Ledger:
        """Open the SQLite ledger of an engagement's state folder, making it if need be.

        Raises:
            StorageError: it cannot be made there.
        """
        with refusals(f"{folder} cannot be made"):  # or a power cut could take it back, with all that it holds
            make_folder(folder)
        return cls(f"sqlite:///{folder / 'ledger.sqlite3'}", run_id=run_id, inline=inline, engagement=engagement)

    def _reading(self, *, snapshot: bool = False) -> AbstractContextManager[sa.Connection]:
        return self.database.reading(snapshot=snapshot)

    # --- writing -----------------------------------------------------------------------------------

    def _perform(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in a transaction that no other process can come between, and whose lease is still ours."""

        def with_chain(connection: sa.Connection) -> T:
            self._see_lease(connection)
            self._chain = Chain(connection)
            result = work(connection)
            self._chain.close()
            return result

        return self.database.perform(with_chain)

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

    def settle(
        self, target: str, entries: Iterable[Entry], *, before: object = None, said: Mapping[str, str] | None = None
    ) -> None:
        """Write down, durably, how records ended.

        Args:
            target: the account.
            entries: the records as they are now.
            before: what stood in Gorgias and was changed.
            said: who stated it, where a person did, and in which words.
        """
        batch = list(entries)

        def work(_connection: sa.Connection) -> None:
            for entry in batch:
                detail: dict[str, object] = {
                    "state": entry.state, "rule": entry.rule, "payload_hash": entry.payload_hash,
                    "target_id": entry.target_id, "reason": entry.reason,
                }  # fmt: skip
                if before is not None:
                    detail["before"] = before
                if said is not None:
                    detail["said"] = dict(said)
                self._chain.append(target, entry.object, entry.source_key, OUTCOME, detail)
                self._put(target, entry)

        if batch:
            self._writer.submit(work)

    def note(self, obj: str, key: str, event: str, detail: Mapping[str, Any], *, target: str = "") -> tuple[int, str]:
        """Add to the journal, durably, what is of no record: what a verification found, what was removed and by whom.

        :meth:`journal` returns it again by ``target``, ``obj`` and ``key``. What the table ``record`` holds stays as it
        is, so ``event`` is neither an intent nor an outcome.

        Returns:
            The number of the journal's row, and its hash.
        """

        def work(_connection: sa.Connection) -> tuple[int, str]:
            self._chain.append(target, obj, key, event, dict(detail))
            return self._chain.end

        row: tuple[int, str] = self._writer.submit(work)
        return row

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

        A lease that was not seen for a minute, by the database's clock, or whose process on this machine is gone, is
        free. Every write renews it, and fails once it is lost: whoever was taken over cannot write down an intent, and
        so sends nothing. A take-over stands in the journal.

        Raises:
            LeaseHeld: somebody else holds it.
        """
        holder = self._holder or uuid.uuid4().hex

        def work(connection: sa.Connection) -> Any:
            at, row = self.database.now(connection), lease.present(connection)
            if row and take_over and row["holder"] != holder and not lease.is_stale(row, at):
                self._chain.append("", "lease", row["holder"], TAKEN_OVER, {"from": lease.in_words(row)})
            return lease.take(connection, holder, at, take_over=take_over)

        refused, self._refused = self._refused, ""
        held = self._writer.submit(work)
        if held is not None:
            self._refused = refused
            raise lease.held_by(held, self.engagement)
        self._holder = holder

    def _see_lease(self, connection: sa.Connection) -> None:
        """Renew the lease, if this process was given it.

        Raises:
            LeaseHeld: another run has taken it over.
            OutOfTurn: what this was opened for has ended.
        """
        self._require_open()
        if self._holder is not None:
            lease.see(connection, self._holder, self.database.now(connection))

    def lease(self) -> str | None:
        """Return who holds the lease and since when, in words; None where it is free, or whoever held it is gone."""
        with self._reading() as connection:
            row = lease.present(connection)
            free = row is None or lease.is_stale(row, self.database.now(connection))
        return None if row is None or free else lease.in_words(row)

    def renew_lease(self) -> None:
        """Say that this process is alive; called with every batch of work, since not every one writes.

        Raises:
            LeaseHeld: another run has taken it over.
        """
        if self._holder is not None:
            self._writer.submit(lambda connection: None)

    def check_lease(self) -> None:
        """Pass while the lease that this process took is its own: asked before every request that changes Gorgias.

        An intent may wait for its turn, or a machine sleep, while another run takes the lease and sends the same.

        Raises:
            LeaseHeld: another run has taken it over.
            OutOfTurn: what this was opened for has ended.
        """
        self._require_open()
        if self._holder is not None:
            with self._reading() as connection:
                lease.require(connection, self._holder)

    def refuse_writes(self, why: str) -> None:
        """Let nobody write by this object any more, until it takes the lease again: what it was for has ended."""
        self._refused = why

    def _require_open(self) -> None:
        if self._refused:
            raise OutOfTurn(self._refused, next_step="open the engagement again, and go on from there.")

    def release_lease(self) -> None:
        """Give the lease back."""
        if self._holder is not None:
            holder, self._holder = self._holder, None
            self._writer.submit(lambda c: c.execute(lease_table.delete().where(lease_table.c.holder == holder)))

    def close(self) -> None:
        """Release the lease, write what is queued, and close."""
        try:
            self.release_lease()
            self.at_close()
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

    def with_id(self, target: str, target_id: str) -> list[Entry]:
        """Return the records that have this id in Gorgias: ids of one object may be those of another, too."""
        r = record_table.c
        like = _entries(target).where(beginning == target_id[:INDEXED]).order_by(r.object, r.source_key)
        with self._reading() as connection:
            found = [entry_of(row) for row in connection.execute(like).mappings()]
        return [entry for entry in found if entry.target_id == target_id]

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

    def chained(self, objects: Sequence[str]) -> list[dict[str, Any]]:
        """Return the journal's notes (:meth:`note`) of these objects, oldest first, as the chain holds them.

        Each has all that its hash covers, ``detail`` as text, and ``previous``, the hash of the row before it: so
        :func:`~.chain.row_hash` computes it anew, without a ledger.
        """
        j, before = journal_table.c, journal_table.alias()
        both = sa.outerjoin(journal_table, before, before.c.seq == j.seq - 1)
        notes = sa.and_(j.target == "", j.object.in_(objects))
        statement = sa.select(journal_table, before.c.hash.label("previous")).select_from(both)
        with self._reading() as connection:
            found = connection.execute(statement.where(notes).order_by(j.seq)).mappings()
            return [{**row, "previous": row["previous"] or ""} for row in found]

    def outcomes(self, target: str, obj: str, keys: Sequence[str]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """Return source key to the outcomes of these records, oldest first: when each was written, and its detail."""
        j = journal_table.c
        statement = sa.select(j.source_key, j.at, j.detail).order_by(j.seq)
        statement = statement.where(j.target == target, j.object == obj, j.event == OUTCOME)
        found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        with self._reading() as connection:
            for start in range(0, len(keys), SLICE):
                some = statement.where(j.source_key.in_(keys[start : start + SLICE]))
                for key, at, detail in connection.execute(some):
                    found.setdefault(key, []).append((at, json.loads(detail)))
        return found

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
        with self._reading(snapshot=True) as connection:
            return verify(connection)

    def sums(self) -> dict[str, Any]:
        """Check everything, and return what it was then: ``length`` and ``head`` of the journal, ``records``.

        ``records`` are the numbers by account, object and state.

        Raises:
            LedgerBroken: something was changed, added or removed outside this program.
        """
        r = record_table.c
        kinds = (r.target, r.object, r.state)
        records: dict[str, dict[str, dict[str, int]]] = {}
        with self._reading(snapshot=True) as connection:
            length, (_, last) = verify(connection), head(connection)
            for target, obj, state, n in connection.execute(
                sa.select(*kinds, sa.func.count()).group_by(*kinds).order_by(*kinds)
            ):
                records.setdefault(target, {}).setdefault(obj, {})[state] = n
        return {"length": length, "head": last, "records": records}

    def row_of(self, digest: str) -> tuple[int, str] | None:
        """Return the number and the moment of the journal row that has this hash; None where none has."""
        j = journal_table.c
        with self._reading() as connection:
            row = connection.execute(sa.select(j.seq, j.at).where(j.hash == digest)).first()
        return None if row is None else (row.seq, row.at)

    def holds(self, seq: int, digest: str) -> bool:
        """Return whether the journal's row of this number has this hash, and so all rows before it are the same."""
        with self._reading() as connection:
            found = connection.execute(sa.select(journal_table.c.hash).where(journal_table.c.seq == seq)).scalar()
        return bool(found == digest)

    def head(self) -> tuple[int, str]:
        """Return the number of the last journal row, and its hash."""
        with self._reading() as connection:
            return head(connection)


def _entries(target: str) -> sa.Select[Any]:
    return sa.select(record_table).where(record_table.c.target == target)
