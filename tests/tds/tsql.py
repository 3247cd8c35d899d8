"""T-SQL, answered from an SQLite file: translated by sqlglot, with SQL Server's errors and collation."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from tests.tds.catalog import LEVELS, Catalog
from tests.tds.protocol import PRODUCT, SqlError
from tests.tds.values import SqlType, sql_type

VERSION = ".".join(str(part) for part in PRODUCT)
SETTING = re.compile(r"\s*(SET|USE|BEGIN TRAN|COMMIT|ROLLBACK|IF @@TRANCOUNT > 0 (COMMIT|ROLLBACK))\b", re.IGNORECASE)
ISOLATION = re.compile(r"SET TRANSACTION ISOLATION LEVEL ([A-Z ]+?)\s*;?\s*$", re.IGNORECASE)
WRITES = {"Insert": "INSERT", "Update": "UPDATE", "Delete": "DELETE", "Merge": "INSERT"}
SYSTEM_SCHEMAS = ("sys", "information_schema")
UNKNOWN = [
    ("no such table: ", 208, "Invalid object name '{}'."),
    ("no such column: ", 207, "Invalid column name '{}'."),
    ("ambiguous column name: ", 209, "Ambiguous column name '{}'."),
    ("no such function: ", 195, "'{}' is not a recognized built-in function name."),
]
"""What SQLite says begins so; SQL Server's number and words."""


@dataclass(frozen=True)
class Result:
    """Columns with their types, and the rows, of which not all are read at once."""

    columns: list[tuple[str, SqlType]]
    rows: Iterator[tuple[Any, ...]]
    tables: list[str]


@dataclass(frozen=True)
class Select:
    """A statement in SQLite's words, the names of its real tables, and its columns as far as it tells them."""

    sql: str
    tables: list[str]
    columns: list[tuple[str, SqlType | None]]


class Database:
    """One session's view of the SQLite file."""

    def __init__(self, file: Path, catalog: Catalog, session: int, user: str) -> None:
        self.catalog, self._session, self._level = catalog, session, 2
        self._connection = sqlite3.connect(":memory:", uri=True)
        # bytes that are halves of surrogate pairs are text to SQL Server
        self._connection.text_factory = lambda data: data.decode("utf-8", "surrogatepass")
        self._connection.create_collation("CI", _compare)
        self._connection.execute("ATTACH ? AS dbo", (f"file:{file}?mode=ro",))
        catalog.fill(self._connection, session, user)
        for name, arguments, function in self._functions():
            self._connection.create_function(name, arguments, function)

    def close(self) -> None:
        self._connection.close()

    def _functions(self) -> list[tuple[str, int, Callable[..., Any]]]:
        return [
            ("serverproperty", 1, {"ProductVersion": VERSION}.get),
            ("db_name", 0, lambda: self.catalog.database),
            ("utf16", 1, lambda v: None if v is None else str(v).encode("utf-16-le", "surrogatepass")),
        ]

    def run(self, batch: str, parameters: Mapping[str, Any]) -> list[Result]:
        """Carry out a batch; settings give no result.

        Raises:
            SqlError: it is wrong, or would change something.
        """
        if SETTING.match(batch) and not re.search(r"\bSELECT\b", batch, re.IGNORECASE):
            self._set(batch)
            return []
        return [self._select(statement, parameters) for statement in _parsed(batch, self.catalog)]

    def _set(self, batch: str) -> None:
        if found := ISOLATION.match(batch.strip()):
            self._level = LEVELS.index(found.group(1).upper())
            self._connection.execute("UPDATE sys.dm_exec_sessions SET transaction_isolation_level = ?", (self._level,))

    def _select(self, statement: Select, parameters: Mapping[str, Any]) -> Result:
        catalog = self.catalog
        for table in statement.tables:
            if not catalog.may_read(table):
                raise denied("SELECT", table, catalog.database)
        if statement.tables and LEVELS[self._level] == "SNAPSHOT" and not catalog.snapshot:
            raise SqlError(
                3952,
                f"Snapshot isolation transaction failed accessing database '{catalog.database}' because snapshot "
                "isolation is not allowed in this database. Use ALTER DATABASE to allow snapshot isolation.",
            )
        try:
            cursor = self._connection.execute(statement.sql, {**parameters, "SPID": self._session, "TRANCOUNT": 1})
            first = cursor.fetchmany(1)
        except sqlite3.Error as error:
            raise _sql_server_error(str(error)) from error
        columns = [
            (name, kind or _guessed(first[0][n] if first else None)) for n, (name, kind) in enumerate(statement.columns)
        ]
        return Result(columns, _chained(first, cursor), statement.tables)


def _chained(first: list[tuple[Any, ...]], cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    yield from first
    yield from cursor


def _compare(left: str, right: str) -> int:
    """Compare as a collation does to which case and trailing blanks make no difference."""
    a, b = (text.rstrip(" ").casefold() for text in (left, right))
    return (a > b) - (a < b)


def denied(what: str, table: str, database: str) -> SqlError:
    return SqlError(
        229,
        f"The {what} permission was denied on the object '{table}', database '{database}', schema 'dbo'.",
        severity=14,
        state=5,
    )


def _sql_server_error(words: str) -> SqlError:
    for beginning, number, message in UNKNOWN:
        if words.startswith(beginning):
            return SqlError(number, message.format(words.removeprefix(beginning).split(".")[-1]))
    return SqlError(102, f"Incorrect syntax: {words}.", severity=15)


def _guessed(value: Any) -> SqlType:
    """Return the type of a value that no column tells the type of."""
    names = {int: "bigint", float: "float", bytes: "varbinary(max)"}
    return sql_type(names.get(type(value), "nvarchar(4000)" if value is not None else "int"))


@lru_cache(maxsize=256)
def _trees(batch: str) -> list[exp.Expression]:
    try:
        return [tree for tree in sqlglot.parse(batch, read="tsql") if tree is not None]
    except sqlglot.ParseError as error:
        near = error.errors[0].get("highlight") if error.errors else ""
        raise SqlError(102, f"Incorrect syntax near '{near}'.", severity=15) from error


def _parsed(batch: str, catalog: Catalog) -> list[Select]:
    return [_translated(tree, catalog) for tree in _trees(batch)]


def _translated(tree: exp.Expression, catalog: Catalog) -> Select:
    if not isinstance(tree, exp.Query) or tree.args.get("into"):
        kind = type(tree).__name__
        table = tree.find(exp.Table)
        if kind in WRITES and table is not None:
            raise denied(WRITES[kind], table.name, catalog.database)
        raise SqlError(262, f"{kind.upper()} permission denied in database '{catalog.database}'.", severity=14)
    sources = {t.alias_or_name.lower(): t.name for t in tree.find_all(exp.Table)}
    real = [t.name for t in tree.find_all(exp.Table) if t.db.lower() not in SYSTEM_SCHEMAS]

    def type_of(column: exp.Expression) -> SqlType | None:
        return _type_of(column, sources, catalog)

    for name in real:
        if catalog.columns_of(name) is None:
            raise SqlError(208, f"Invalid object name '{name}'.")
    if tree.is_star:
        names = [column for name in real for column in catalog.columns_of(name) or ()]
        tree = tree.select(*(exp.column(name, quoted=True) for name in names), append=False)
    columns = [(item.output_name, type_of(item.unalias())) for item in tree.selects]
    collated = tree.transform(lambda node: _in_sqlite_words(node, type_of))
    return Select(collated.sql(dialect="sqlite"), real, columns)


def _type_of(node: exp.Expression, sources: Mapping[str, str], catalog: Catalog) -> SqlType | None:
    if isinstance(node, exp.Column):
        tables = [sources.get(node.table.lower(), node.table)] if node.table else list(sources.values())
        return next((kind for table in tables if (kind := catalog.type_of(table, node.name))), None)
    if isinstance(node, exp.Cast):
        return sql_type(node.to.sql(dialect="tsql"))
    if isinstance(node, exp.Count):
        return sql_type("bigint" if node.args.get("big_int") else "int")
    if isinstance(node, (exp.Min, exp.Max, exp.Paren)):
        return _type_of(node.this, sources, catalog)
    if isinstance(node, exp.Literal):
        return sql_type("nvarchar(4000)" if node.is_string else "int")
    return None


COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Ordered, exp.Group, exp.Distinct, exp.Like)


def _in_sqlite_words(node: exp.Expression, type_of: Callable[[exp.Expression], SqlType | None]) -> exp.Expression:
    if isinstance(node, exp.National):
        return exp.Literal.string(node.name)
    if isinstance(node, exp.Parameter):
        return exp.Placeholder(this=node.name or node.this.name)
    if isinstance(node, exp.Cast) and node.is_type("varbinary") and isinstance(node.this, exp.Cast):
        return exp.func("utf16", node.this.transform(lambda part: _in_sqlite_words(part, type_of)))
    if isinstance(node, exp.DataType):
        return exp.DataType(this=node.this)  # without its length, of which SQLite knows no "max"
    if isinstance(node, exp.CurrentSchema):
        return exp.Literal.string("dbo")
    if isinstance(node, exp.Table):
        if isinstance(node.this, exp.Anonymous):
            return exp.to_table(f"sys.{node.this.name}")
        node.set("catalog", None)
    if isinstance(node, exp.Column) and isinstance(node.parent, COMPARED):
        kind = type_of(node)
        if kind is not None and kind.is_text:
            return exp.Collate(this=node.copy(), expression=exp.var("CI"))
    return node
