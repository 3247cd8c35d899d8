"""The SmarterTrack database, read only, as it is found.

Tables and columns are bound at run time (:mod:`migrator_lib.smartertrack.binding`); only bound ones are selected.

Whole tables are read by one statement each, whose rows are fetched as they come (:meth:`SourceDatabase.stream`), not by
a statement with a limit for each page. Which indexes a source has is not known. Where none fits the order of the key,
every limited page would scan and sort the table anew, which is quadratic; one statement sorts it once, and what the
server sends of it is of one moment. A stream that broke off is begun anew behind the last key that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from migrator_lib.smartertrack.access import check_access
from migrator_lib.smartertrack.binding import Binding, bind, require
from migrator_lib.smartertrack.connection import Waits, open_engine, translated
from migrator_lib.smartertrack.patience import Patience, mark_failed_connects
from migrator_lib.smartertrack.tables import SourceTable
from migrator_lib.smartertrack.text_order import text_bytes

BATCH = 100
"""Rows fetched at a time, at most: no more than a page has room for, by the size of those before."""
FIRST_BATCH = 10
"""Rows that a page begins with, since nothing tells their size."""
BLOCK = 1000
"""Rows given at a time. What is read is soon made something else then, while the processor still has it at hand."""
AS_IT_COMES = {"stream_results": True, "max_row_buffer": BATCH}
PAGE_BYTES = 64 * 1024 * 1024
"""A page ends where its text reaches this size, however few rows it has."""


class Block(NamedTuple):
    """Some rows of a page, by columns."""

    columns: dict[str, list[Any]]
    """Name to values, as the driver gives them (SQLite's text as bytes)."""
    rows: int
    last_key: list[Any] | None
    """Key of the last row, as the database compares it; None where there is no row."""
    ends_page: bool
    last: bool
    """Whether no row is behind these, and so no page."""


class SourceDatabase:
    """Read-only access to one SmarterTrack database."""

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        prefix: str = "st_",
        odbc_drivers: tuple[str, ...] = (),
        waits: Waits | None = None,
        schema: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        with translated("opening"):
            self.engine = open_engine(url, password, odbc_drivers=odbc_drivers, waits=waits)
        mark_failed_connects(self.engine)
        self.prefix = prefix
        self.schema = schema
        self.patience = patience or Patience()
        self._note_moment: Callable[[datetime], None] | None = None
        """Set inside :meth:`one_moment`."""
        self._kept: sa.Connection | None = None

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def one_moment(self, note: Callable[[datetime], None] = lambda _: None) -> Iterator[None]:
        """Read all that is read herein in one transaction, and so as it was at one moment, though the source is live.

        That holds where a transaction sees a snapshot (all but SQL Server's READ COMMITTED, and MySQL's tables that
        are not InnoDB), and until the connection is lost: then another transaction begins, of another moment. As long
        as it lasts the server keeps what others change or delete: SQL Server in tempdb, PostgreSQL by not vacuuming,
        InnoDB in its undo log; who writes to an SQLite file without WAL waits. A restored backup has none of these,
        and one moment for ever.

        Args:
            note: called when a transaction begins, with the time, before anything is read in it.
        """
        self._note_moment = note
        try:
            yield
        finally:
            self._note_moment = None
            self._let_go()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        if self._note_moment is None:
            with self.engine.connect() as connection:
                yield connection
            return
        if self._kept is None:
            self._kept = self.engine.connect()
            if self.engine.dialect.name == "sqlite":
                self._kept.exec_driver_sql("BEGIN")  # which its driver would not
            self._note_moment(datetime.now(UTC))
        try:
            yield self._kept
        except BaseException:  # an error ends a transaction, or leaves rows on their way
            self._kept.invalidate()
            self._let_go()
            raise

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    @cached_property
    def binding(self) -> Binding:
        """Bind the known names to what is there (without judging it: see :meth:`preflight`)."""
        return self.patience(lambda: bind(self.engine, self.prefix, self.schema))

    def preflight(self) -> Binding:
        """Return the binding, or raise if what the migration needs is missing.

        Raises:
            SourceDenied: naming every table that the login may not read.
            SchemaMismatch: naming every required table and column that is missing.
        """
        binding = self.binding
        self.patience(lambda: check_access(self.engine, binding))
        require(binding)
        return binding

    def count(self, name: str) -> int | None:
        """Return the number of rows of a table (name without prefix), or None if it is not there."""
        table = self.binding.tables.get(name)
        return None if table is None else self._count(_number_of(table), table.name)

    def count_readable(self, table: SourceTable) -> int | None:
        """Return how many rows :meth:`page` will give in all: those whose key is not empty."""
        bound = self.binding.tables.get(table.name)
        if bound is None:
            return None
        return self._count(_number_of(bound, *self._readable(table)), bound.name)

    def _count(self, statement: sa.Select[Any], name: str) -> int:
        return int(self._asked(statement, f"counting {name}")[0][0])

    def _asked(self, statement: sa.Select[*tuple[Any, ...]], what: str) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """Return all rows of a statement, which is asked anew where the connection is lost."""

        def ask() -> Sequence[sa.Row[*tuple[Any, ...]]]:
            with translated(what), self._connection() as connection:
                return connection.execute(statement).all()

        return self.patience(ask)

    def _readable(self, table: SourceTable) -> list[sa.ColumnElement[bool]]:
        """Return the condition that a row belongs to something: of tasks and time logs, not all have a ticket."""
        bound, names = self.binding.tables[table.name], self.binding.columns[table.name]
        loose = [bound.c[names[table.lacks]].is_(None)] if table.lacks else []
        return [*loose, *(bound.c[names[column]].is_not(None) for column in table.key if table.may_be_null(column))]

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
        return self._asked(sa.select(chosen), f"reading {self.binding.tables[name].name}")[0][0]

    def frequencies(self, name: str, column: str, limit: int = 50) -> list[tuple[Any, int]]:
        """Return the distinct values of a code column with their counts, most frequent first."""
        code = self.column(name, column)
        if code is None:
            return []
        counted = sa.func.count().label("n")
        statement = sa.select(code, counted).group_by(code).order_by(counted.desc(), code).limit(limit)
        rows = self._asked(statement, f"reading {self.binding.tables[name].name}")
        return [(row[0], int(row[1])) for row in rows]

    def column(self, name: str, column: str) -> sa.ColumnClause[Any] | None:
        """Return a bound column of an allow-listed table, or None if it is not there."""
        real = self.binding.columns.get(name, {}).get(column)
        return None if real is None else self.binding.tables[name].c[real]

    def select(self, statement: sa.Select[*tuple[Any, ...]], what: str) -> list[dict[str, Any]]:
        """Return the rows of a statement over bound columns; ``what`` names it in an error."""
        return [dict(row._mapping) for row in self._asked(statement, f"reading {what}")]

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
        if self._is_empty(table, only):
            return []
        return self.select(self._ordered(table, after, only).limit(rows), self.binding.tables[table.name].name)

    def stream(
        self,
        table: SourceTable,
        *,
        rows: int,
        after: Sequence[Any] | None = None,
        only: Sequence[int] | None = None,
    ) -> Iterator[Block]:
        """Yield all rows in the order of the table's key, by one statement and in constant memory, in blocks of pages.

        A page has ``rows`` rows, or fewer where their text reaches :data:`PAGE_BYTES`. Where it ends depends on nothing
        but the data behind the page before, so pages are the same when a stream is begun anew behind one of them. The
        last page may be empty. The arguments are those of :meth:`page`.
        """
        if self._is_empty(table, only):
            yield Block({}, 0, None, True, True)
            return
        chosen = [column for column in table.columns if column in self.binding.columns[table.name]]
        texts = [table.type_of(column) == "string" for column in chosen]
        keys = [chosen.index(column) for column in table.key]
        what = f"reading {self.binding.tables[table.name].name}"
        in_page = size = wanted = 0

        def key_of(batch: Sequence[sa.Row[Any]]) -> list[Any]:
            return [_plain(batch[-1][number]) for number in keys]

        def batches(behind: Sequence[Any] | None) -> Iterator[Sequence[sa.Row[Any]]]:
            with translated(what), self._streaming(self._ordered(table, behind, only)) as result:
                while batch := result.fetchmany(wanted):
                    yield batch

        arriving = self.patience.stream(batches, after, key_of)
        last = False
        while not last:
            columns: dict[str, list[Any]] = {column: [] for column in chosen}
            held, room, last_key = 0, min(BLOCK, rows - in_page), None
            while held < room and size < PAGE_BYTES and not last:
                before = in_page + held
                fitting = 1 + (PAGE_BYTES - size) * before // max(1, size) if before else FIRST_BATCH
                wanted = min(BATCH, room - held, fitting)
                batch = next(arriving, None)
                last = batch is None
                if batch:
                    for column, is_text, values in zip(columns.values(), texts, zip(*batch, strict=True), strict=True):
                        column.extend(values)
                        size += _text_size(values) if is_text else 0
                    held += len(batch)
                    last_key = key_of(batch)
            in_page += held
            ends_page = last or in_page == rows or size >= PAGE_BYTES
            yield Block(columns, held, last_key, ends_page, last)
            if ends_page:
                in_page = size = 0

    @contextmanager
    def _streaming(self, statement: sa.Select[Any]) -> Iterator[sa.CursorResult[Any]]:
        """Give the result of a statement, whose rows the server sends while they are fetched."""
        with self._connection() as connection:
            dbapi: Any = connection.connection.dbapi_connection
            text = getattr(dbapi, "text_factory", None)
            try:
                if text is not None:  # SQLite's text as bytes: Arrow reads them faster, and sees what is no UTF-8
                    dbapi.text_factory = bytes
                yield connection.execute(statement, execution_options=AS_IT_COMES)
            except BaseException:
                connection.invalidate()  # or MySQL's driver would read all that is left before it closes
                raise
            finally:
                if text is not None:
                    dbapi.text_factory = text

    def _is_empty(self, table: SourceTable, only: Sequence[int] | None) -> bool:
        return table.name not in self.binding.tables or (only is not None and not only)

    def _ordered(
        self, table: SourceTable, after: Sequence[Any] | None, only: Sequence[int] | None
    ) -> sa.Select[*tuple[Any, ...]]:
        bound, names = self.binding.tables[table.name], self.binding.columns[table.name]
        statement = sa.select(*(bound.c[names[c]].label(c) for c in table.columns if c in names))
        statement = statement.where(*self._readable(table))
        key = [_as_ordered(table, c, bound.c[names[c]]) for c in table.key]
        if only is not None:
            statement = statement.where(key[0].in_(list(only)))
        if after is not None:
            behind = [_as_ordered(table, c, sa.literal(value)) for c, value in zip(table.key, after, strict=True)]
            statement = statement.where(_behind(key, behind))
        return statement.order_by(*key)


def _text_size(values: Sequence[Any]) -> int:
    try:
        return sum(map(len, filter(None, values)))
    except TypeError:  # SQLite may hold a number in a column of text
        return sum(len(str(value)) for value in values)


def _plain(key: Any) -> Any:
    """Return a part of a key as JSON can hold it."""
    if isinstance(key, bytes):
        return key.decode("utf-8", "replace")
    return int(key) if isinstance(key, Decimal) else key


def _as_ordered(table: SourceTable, column: str, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a part of a key, or a value to compare it with, as it is ordered by."""
    return text_bytes(value) if table.type_of(column) == "string" else value


def _number_of(table: sa.TableClause, *conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Return the statement that counts rows by a column that is read: a login may have no right to the others."""
    if not table.c:
        return sa.select(sa.func.count()).select_from(table).where(*conditions)
    rows = sa.select(next(iter(table.c))).where(*conditions).subquery("rows_of_it")
    return sa.select(sa.func.count()).select_from(rows)


def _behind(key: Sequence[sa.ColumnElement[Any]], after: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a composite key is greater than ``after``.

    Written out, since SQL Server has no row-value comparison: a >= x AND (a > x OR b > y). The first half alone bounds
    the range of an index, which databases do not see in a > x OR (a = x AND b > y).
    """
    behind: sa.ColumnElement[bool] = key[0] > after[0]
    if len(key) == 1:
        return behind
    here_or_behind: sa.ColumnElement[bool] = key[0] >= after[0]
    return sa.and_(here_or_behind, sa.or_(behind, _behind(key[1:], after[1:])))


def as_utc(value: Any) -> datetime | None:
    """Return a source datetime as aware UTC; SmarterTrack stores naive UTC (columns end in UTC).

    Text (SQLite) is read as ISO 8601, of which all digits behind the microsecond are dropped; a day is its first
    moment; what is no date gives None.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999
        return None
