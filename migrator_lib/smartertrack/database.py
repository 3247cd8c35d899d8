"""The SmarterTrack database, read only, as it is found.

Tables and columns are bound at run time (:mod:`migrator_lib.smartertrack.binding`); only bound ones are selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from migrator_lib.smartertrack.binding import Binding, bind, require
from migrator_lib.smartertrack.connection import open_engine, translated
from migrator_lib.smartertrack.tables import SourceTable


class SourceDatabase:
    """Read-only access to one SmarterTrack database."""

    def __init__(self, url: str, *, password: str | None = None, prefix: str = "st_") -> None:
        with translated("opening"):
            self.engine = open_engine(url, password)
        self.prefix = prefix

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @cached_property
    def binding(self) -> Binding:
        """Bind the known names to what is there (without judging it: see :meth:`preflight`)."""
        return bind(self.engine, self.prefix)

    def preflight(self) -> Binding:
        """Return the binding, or raise if what the migration needs is missing.

        Raises:
            SchemaMismatch: naming every required table and column that is missing.
        """
        binding = self.binding
        require(binding)
        return binding

    def count(self, name: str) -> int | None:
        """Return the number of rows of a table (name without prefix), or None if it is not there."""
        table = self.binding.tables.get(name)
        return None if table is None else self._count(sa.select(sa.func.count()).select_from(table), table.name)

    def count_readable(self, table: SourceTable) -> int | None:
        """Return how many rows :meth:`page` will give in all: those whose key is not empty."""
        bound = self.binding.tables.get(table.name)
        if bound is None:
            return None
        statement = sa.select(sa.func.count()).select_from(bound).where(*self._readable(table))
        return self._count(statement, bound.name)

    def _count(self, statement: sa.Select[Any], name: str) -> int:
        with translated(f"counting {name}"), self.engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    def _readable(self, table: SourceTable) -> list[sa.ColumnElement[bool]]:
        """Return the condition that a row belongs to something: of tasks and time logs, not all have a ticket."""
        bound, names = self.binding.tables[table.name], self.binding.columns[table.name]
        return [bound.c[names[column]].is_not(None) for column in table.key if table.may_be_null(column)]

    def scalar(self, name: str, column: str, function: str) -> Any:
        """Return MIN, MAX or COUNT DISTINCT of a column, or None if it is not there."""
        actual = self.column(name, column)
        if actual is None:
            return None
        chosen: sa.ColumnElement[Any] = {
            "min": sa.func.min(actual),
            "max": sa.func.max(actual),
            "distinct": sa.func.count(sa.distinct(actual)),
        }[function]
        with translated(f"reading {self.binding.tables[name].name}"), self.engine.connect() as connection:
            return connection.execute(sa.select(chosen)).scalar_one()

    def frequencies(self, name: str, column: str, limit: int = 50) -> list[tuple[Any, int]]:
        """Return the distinct values of a code column with their counts, most frequent first."""
        code = self.column(name, column)
        if code is None:
            return []
        counted = sa.func.count().label("n")
        statement = sa.select(code, counted).group_by(code).order_by(counted.desc(), code).limit(limit)
        with translated(f"reading {self.binding.tables[name].name}"), self.engine.connect() as connection:
            return [(row[0], int(row[1])) for row in connection.execute(statement)]

    def column(self, name: str, column: str) -> sa.ColumnClause[Any] | None:
        """Return a bound column of an allow-listed table, or None if it is not there."""
        real = self.binding.columns.get(name, {}).get(column)
        return None if real is None else self.binding.tables[name].c[real]

    def select(self, statement: sa.Select[*tuple[Any, ...]], what: str) -> list[dict[str, Any]]:
        """Return the rows of a statement over bound columns; ``what`` names it in an error."""
        with translated(f"reading {what}"), self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def page(
        self,
        table: SourceTable,
        *,
        after: Sequence[Any] | None,
        rows: int,
        only: Sequence[int] | None = None,
    ) -> list[dict[str, Any]]:
        """Return up to ``rows`` rows in the order of the table's key, beginning behind ``after``.

        Args:
            table: the allow-list entry; nothing else is selected.
            after: key of the last row seen, or None for the first page.
            rows: page size.
            only: values of the first key column to restrict to (a sample, a delta), or None for all.
        """
        bound = self.binding.tables.get(table.name)
        if bound is None or (only is not None and not only):
            return []
        names = self.binding.columns[table.name]
        statement = sa.select(*(bound.c[names[c]].label(c) for c in table.columns if c in names))
        statement = statement.where(*self._readable(table))
        key = [bound.c[names[c]] for c in table.key]
        if only is not None:
            statement = statement.where(key[0].in_(list(only)))
        if after is not None:
            statement = statement.where(_behind(key, after))
        return self.select(statement.order_by(*key).limit(rows), bound.name)


def _behind(key: Sequence[sa.ColumnClause[Any]], after: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a composite key is greater than ``after``.

    Written out (a > x OR (a = x AND b > y) ...), since SQL Server has no row-value comparison.
    """
    alternatives = []
    for depth, column in enumerate(key):
        equal = [key[i] == after[i] for i in range(depth)]
        alternatives.append(sa.and_(*equal, column > after[depth]))
    return sa.or_(*alternatives)


def as_utc(value: Any) -> datetime | None:
    """Return a source datetime as aware UTC; SmarterTrack stores naive UTC (columns end in UTC).

    Text (SQLite) is read as ISO 8601, of which all digits behind the microsecond are dropped; what is no date gives
    None.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999
        return None
