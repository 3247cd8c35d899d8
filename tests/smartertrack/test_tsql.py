"""What is sent to SQL Server, checked where there is none: every statement, as its dialect writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import mssql
from sqlglot import expressions as exp

from migrator_lib.smartertrack.access import check_access
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import IDS
from migrator_lib.smartertrack.tables import ALL_TABLES, source_table
from tests.smartertrack.source_desk import create, sqlite_url, tables_of
from tests.t_sql import check_reads, parsed, t_sql_of


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceDatabase]:
    address = sqlite_url(tmp_path_factory.mktemp("tsql"))
    create(address, tables_of())
    database = SourceDatabase(address)
    database.preflight()
    yield database
    database.close()


PAGED = [table for table in ALL_TABLES if table.key]


def _after(table: Any) -> list[Any]:
    return ["100-1" if table.type_of(column) == "string" else 7 for column in table.key]


def _pages(**more: Any) -> Callable[[SourceDatabase], None]:
    def ask(database: SourceDatabase) -> None:
        for table in PAGED:
            after = _after(table) if more.get("after") else None
            database.page(table, after=after, rows=500, only=more.get("only"))

    return ask


def _streams(database: SourceDatabase) -> None:
    for table in PAGED:
        list(database.stream(table, rows=500, after=_after(table)))


ASKED: dict[str, Callable[[SourceDatabase], object]] = {
    "first page": _pages(),
    "next page": _pages(after=True),
    "first page of some": _pages(only=[3, 5, 8]),
    "next page of some": _pages(after=True, only=[3, 5, 8]),
    "stream": _streams,
    "access": lambda database: check_access(database.engine, database.binding),
    "count": lambda database: [database.count(table.name) for table in ALL_TABLES],
    "count readable": lambda database: [database.count_readable(table) for table in PAGED],
    "minimum": lambda database: database.scalar("Tickets", "TicketID", "min"),
    "maximum": lambda database: database.scalar("TicketMessages", "DateReceivedUTC", "max"),
    "distinct": lambda database: database.scalar("Tickets", "CustomerEmailAddress", "distinct"),
    "frequencies": lambda database: database.frequencies("TicketMessages", "MessageDirection", 20),
}


@pytest.fixture(scope="module")
def sent(bound: SourceDatabase) -> Callable[[str], list[str]]:
    """Return the T-SQL of what is asked."""

    @cache
    def ask(what: str) -> list[str]:
        with t_sql_of(bound.engine) as statements:
            ASKED[what](bound)
        return statements

    return ask


@pytest.mark.parametrize("what", ASKED)
def test_every_statement_is_t_sql_and_only_reads(sent: Callable[[str], list[str]], what: str) -> None:
    statements = sent(what)
    assert statements
    for statement in statements:
        check_reads(statement)


@pytest.mark.parametrize("what", [name for name in ASKED if "page" in name])
def test_a_page_is_cut_by_top_and_ordered_by_its_key(sent: Callable[[str], list[str]], what: str) -> None:
    for table, statement in zip(PAGED, sent(what), strict=True):
        tree = parsed(statement)
        assert re.match(r"SELECT TOP \S+ ", statement), statement
        assert "OFFSET" not in statement
        ordered = [item.this.name for item in tree.args["order"].expressions]
        assert ordered == list(table.key)


def test_a_page_behind_a_key_of_three_says_so_column_by_column(sent: Callable[[str], list[str]]) -> None:
    (statement,) = (s for s in sent("next page") if "[st_UsersInGroups]" in s)
    condition = parsed(statement).args["where"].this
    assert condition.sql().count(" OR ") == 2
    greater = [found.left.name for found in condition.find_all(exp.GT)]
    assert sorted(greater) == ["DepartmentID", "GroupID", "UserID"]


def test_a_slice_of_ids_stays_below_the_limit_of_parameters(bound: SourceDatabase) -> None:
    with t_sql_of(bound.engine) as statements:
        bound.page(source_table("TicketMessages"), after=[1, 2], rows=10_000, only=list(range(IDS)))
    (statement,) = statements
    assert IDS < len(re.findall(r":\w+", statement)) < 2100


@pytest.mark.parametrize("what", ASKED)
def test_every_statement_names_a_column_of_its_table_since_a_login_has_rights_to_columns(
    sent: Callable[[str], list[str]], what: str
) -> None:
    for statement in sent(what):
        innermost = list(parsed(statement).find_all(exp.Select))[-1]
        assert list(innermost.find_all(exp.Column)), statement


def test_the_simulated_schema_keeps_any_text_and_any_moment_on_sql_server() -> None:
    dialect = mssql.dialect()
    kinds = {column.type.compile(dialect) for table in tables_of().tables.values() for column in table.columns}
    assert kinds <= {"INTEGER", "SMALLINT", "BIGINT", "BIT", "FLOAT", "DATETIME2", "NVARCHAR(max)", "NVARCHAR(512)",
                     "NVARCHAR(255)", "NVARCHAR(1024)", "VARCHAR(36)", "NTEXT"}  # fmt: skip
    keys = {c.type.compile(dialect) for table in tables_of().tables.values() for c in table.primary_key}
    assert keys <= {"INTEGER", "SMALLINT", "BIGINT", "DATETIME2", "NVARCHAR(255)"}


def test_no_statement_is_sent_for_a_table_that_is_not_there(tmp_path: Path) -> None:
    create(sqlite_url(tmp_path), tables_of(["Tickets"]))
    database = SourceDatabase(sqlite_url(tmp_path))
    assert database.binding
    with t_sql_of(database.engine) as statements:
        database.page(source_table("Users"), after=None, rows=10)
        list(database.stream(source_table("Users"), rows=10))
    assert statements == []
    database.close()
