"""What is sent to SQL Server, checked where there is none: every statement, as its dialect writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql
from sqlglot import expressions as exp

from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import ALL_TABLES, source_table
from tests.smartertrack.source_desk import create, sqlite_url, tables_of


class Recorder:
    """Stands for an engine: keeps the statements, and answers with nothing."""

    def __init__(self) -> None:
        self.statements: list[sa.Select[Any]] = []

    @contextmanager
    def connect(self) -> Iterator[Recorder]:
        yield self

    def execute(self, statement: sa.Select[Any]) -> Recorder:
        self.statements.append(statement)
        return self

    def mappings(self) -> list[dict[str, Any]]:
        return []

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def scalar_one(self) -> int:
        return 0


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> SourceDatabase:
    address = sqlite_url(tmp_path_factory.mktemp("tsql"))
    create(address, tables_of())
    database = SourceDatabase(address)
    database.preflight()
    database.close()
    return database


PAGED = [table for table in ALL_TABLES if table.key]


def _after(table: Any) -> list[Any]:
    return ["100-1" if table.type_of(column) == "string" else 7 for column in table.key]


def _pages(**more: Any) -> Callable[[SourceDatabase], None]:
    def ask(database: SourceDatabase) -> None:
        for table in PAGED:
            after = _after(table) if more.get("after") else None
            database.page(table, after=after, rows=500, only=more.get("only"))

    return ask


ASKED: dict[str, Callable[[SourceDatabase], object]] = {
    "first page": _pages(),
    "next page": _pages(after=True),
    "first page of some": _pages(only=list(range(500))),
    "next page of some": _pages(after=True, only=list(range(500))),
    "count": lambda database: [database.count(table.name) for table in ALL_TABLES],
    "count readable": lambda database: [database.count_readable(table) for table in PAGED],
    "minimum": lambda database: database.scalar("Tickets", "TicketID", "min"),
    "maximum": lambda database: database.scalar("TicketMessages", "DateReceivedUTC", "max"),
    "distinct": lambda database: database.scalar("Tickets", "CustomerEmailAddress", "distinct"),
    "frequencies": lambda database: database.frequencies("TicketMessages", "MessageDirection", 20),
}


@pytest.fixture
def sent(bound: SourceDatabase, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Return the T-SQL of what is asked."""

    def ask(what: str) -> list[str]:
        recorder = Recorder()
        monkeypatch.setattr(bound, "engine", recorder)
        ASKED[what](bound)
        options = {"render_postcompile": True}
        return [str(s.compile(dialect=mssql.dialect(), compile_kwargs=options)) for s in recorder.statements]

    return ask


def _parsed(statement: str) -> exp.Expression:
    (tree,) = sqlglot.parse(re.sub(r":(\w+)", r"@\1", statement), read="tsql")
    assert tree is not None
    return tree


@pytest.mark.parametrize("what", ASKED)
def test_every_statement_is_t_sql_and_only_reads(sent: Callable[[str], list[str]], what: str) -> None:
    statements = sent(what)
    assert statements
    for statement in statements:
        tree = _parsed(statement)
        assert isinstance(tree, exp.Select)
        assert not re.search(r"\b(LIMIT|NULLS|ILIKE|TRUE|FALSE|INTO)\b", statement), statement


@pytest.mark.parametrize("what", ASKED)
def test_no_rows_are_compared_as_a_whole_since_sql_server_cannot(sent: Callable[[str], list[str]], what: str) -> None:
    for statement in sent(what):
        for comparison in _parsed(statement).find_all(exp.GT, exp.GTE, exp.LT, exp.EQ):
            assert not isinstance(comparison.left, exp.Tuple), statement
            assert not isinstance(comparison.right, exp.Tuple), statement


@pytest.mark.parametrize("what", [name for name in ASKED if "page" in name])
def test_a_page_is_cut_by_top_and_ordered_by_its_key(sent: Callable[[str], list[str]], what: str) -> None:
    for table, statement in zip(PAGED, sent(what), strict=True):
        tree = _parsed(statement)
        assert re.match(r"SELECT TOP \S+ ", statement), statement
        assert "OFFSET" not in statement
        ordered = [item.this.name for item in tree.args["order"].expressions]
        assert ordered == list(table.key)


def test_a_page_behind_a_key_of_three_says_so_column_by_column(sent: Callable[[str], list[str]]) -> None:
    (statement,) = (s for s in sent("next page") if "[st_UsersInGroups]" in s)
    condition = _parsed(statement).args["where"].this
    assert condition.sql().count(" OR ") == 2
    greater = [found.left.name for found in condition.find_all(exp.GT)]
    assert sorted(greater) == ["DepartmentID", "GroupID", "UserID"]


def test_a_slice_of_ids_stays_below_the_limit_of_parameters(bound: SourceDatabase) -> None:
    recorder = Recorder()
    engine, bound.engine = bound.engine, recorder  # type: ignore[assignment]
    bound.page(source_table("TicketMessages"), after=[1, 2], rows=10_000, only=list(range(500)))
    bound.engine = engine
    compiled = recorder.statements[0].compile(dialect=mssql.dialect(), compile_kwargs={"render_postcompile": True})
    assert 500 < len(compiled.params) < 2100


def test_the_simulated_schema_keeps_any_text_and_any_moment_on_sql_server() -> None:
    dialect = mssql.dialect()
    kinds = {column.type.compile(dialect) for table in tables_of().tables.values() for column in table.columns}
    assert kinds <= {"INTEGER", "SMALLINT", "BIGINT", "BIT", "FLOAT", "DATETIME2", "NVARCHAR(max)", "NVARCHAR(512)",
                     "NVARCHAR(255)", "NVARCHAR(1024)", "VARCHAR(36)", "NTEXT"}  # fmt: skip
    keys = {c.type.compile(dialect) for table in tables_of().tables.values() for c in table.primary_key}
    assert keys <= {"INTEGER", "SMALLINT", "BIGINT", "NVARCHAR(255)"}


def test_no_statement_is_sent_for_a_table_that_is_not_there(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["Tickets"]))
    database = SourceDatabase(sqlite_url(tmp_path))
    recorder = Recorder()
    assert database.binding
    database.engine = recorder  # type: ignore[assignment]
    database.page(source_table("Users"), after=None, rows=10)
    assert recorder.statements == []
