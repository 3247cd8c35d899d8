"""Facts of a gate: one SQLite file with a table for each suite, filled in constant memory, and removed afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrator_lib.expectations import read_back
from migrator_lib.expectations.columns import DIGEST, FILLED, LENGTH, VALUE, Column, key_parts
from migrator_lib.expectations.suites import Suite, create
from migrator_lib.progress import Progress
from migrator_lib.staging import Staged
from migrator_lib.storage import refusals

MICROSECONDS = 1_000_000


@contextmanager
def facts_file(file: Path) -> Iterator[sqlite3.Connection]:
    """Give a new file of facts for the length of a block; nothing of it stays.

    Raises:
        StorageError: the disk is full, or does not let us.
    """
    with refusals(f"{file}, which holds the facts that are checked, could not be written"):
        file.parent.mkdir(parents=True, exist_ok=True)
        _remove(file)
        connection = sqlite3.connect(file.absolute().as_uri(), uri=True, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            yield connection
        finally:
            connection.close()
            _remove(file)


def _remove(file: Path) -> None:
    for one in (file, file.with_name(file.name + "-journal")):
        one.unlink(missing_ok=True)


def of_stage(
    facts: sqlite3.Connection, suites: Sequence[Suite], staged: Staged, progress: Progress
) -> dict[str, int]:  # fmt: skip
    """Make the facts of staged data; return table of facts to rows that are staged."""
    digest = read_back.digester()
    for suite in suites:
        columns = suite.facts("staged")
        facts.execute(create(suite, "staged"))
        progress.begin(f"Facts of: {suite.title}", staged.count(suite.source))
        marks = ", ".join("?" * len(columns))
        names = [*key_parts(suite.key), *(one.of for one in columns[1:])]
        for block in staged.blocks(suite.source, list(dict.fromkeys(names))):
            facts.execute("BEGIN")
            made = [_fact(block, one, digest) for one in columns]
            facts.executemany(f"INSERT INTO {suite.name} VALUES ({marks})", zip(*made, strict=True))  # noqa: S608
            facts.execute("COMMIT")
            progress.advance(block.num_rows)
        progress.end()
        _index(facts, suite)
    return {suite.name: staged.count(suite.source) for suite in suites}


def of_target(
    facts: sqlite3.Connection, suites: Sequence[Suite], snapshot: Path, prefix: str, progress: Progress
) -> dict[str, int]:
    """Make the facts of what was read back; return table of facts to its rows.

    Args:
        facts: an empty file.
        suites: of the gate ``target``.
        snapshot: the file of :class:`~migrator_lib.reconcile.readback.ReadBack`, still open or not.
        prefix: of the engagement's external ids.
        progress: is told what goes on.
    """
    read_back.attach(facts, snapshot)
    rows = {}
    for suite in suites:
        progress.begin(f"Facts of: {suite.title}", 0)
        facts.execute(create(suite, "target"))
        rows[suite.name] = read_back.copy(facts, suite.name, suite.source, suite.facts("target"), prefix)
        _index(facts, suite)
        progress.end()
    return rows


def _index(facts: sqlite3.Connection, suite: Suite) -> None:
    """Index the key, and what is looked up by."""
    for column in dict.fromkeys(("key", *suite.index)):
        facts.execute(f"CREATE INDEX {suite.name}_by_{column} ON {suite.name} ({column})")


# --- columns of a block -----------------------------------------------------------------------------------


def _fact(block: Any, column: Column, digest: Callable[[object], int | None]) -> list[Any]:
    """Return one column of facts of an Arrow record batch."""
    if column.name == "key":
        return _key(block, column.of)
    values = block.column(column.of)
    made: list[Any] = _MAKE[column.how](values, digest).to_pylist()
    return made


def _key(block: Any, template: str) -> list[Any]:
    if "{" not in template:
        found: list[Any] = block.column(template).to_pylist()
        return found
    columns = [block.column(name).to_pylist() for name in key_parts(template)]
    pattern = template.format(**dict.fromkeys(key_parts(template), "{}"))
    return [pattern.format(*parts) for parts in zip(*columns, strict=True)]


def _value(values: Any, _: object) -> Any:
    if pa.types.is_timestamp(values.type):
        return pc.divide(values.cast(pa.int64()), MICROSECONDS)
    return values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values


def _length(values: Any, _: object) -> Any:
    return pc.utf8_length(values)


def _filled(values: Any, _: object) -> Any:
    return pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0), False).cast(pa.int8())


def _digest(values: Any, digest: Callable[[object], int | None]) -> Any:
    return pa.array([digest(text) for text in values.to_pylist()], pa.int64())


_MAKE: Mapping[str, Callable[[Any, Any], Any]] = {
    VALUE: _value, LENGTH: _length, FILLED: _filled, DIGEST: _digest,
}  # fmt: skip
