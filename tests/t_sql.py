"""Statements as SQL Server would get them, checked where there is none, by sqlglot's grammar of T-SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql
from sqlglot import expressions as exp

FOREIGN = re.compile(r"\b(LIMIT|NULLS|ILIKE|TRUE|FALSE|INTO|NOLOCK)\b")
"""Words of other engines, of writing, and of reading what is not committed."""


@contextmanager
def t_sql_of(engine: sa.Engine) -> Iterator[list[str]]:
    """Give a list that is filled with the T-SQL of every statement which an engine, whatever its kind, is asked."""
    asked: list[str] = []

    def note(_connection: Any, statement: Any, *_: Any) -> None:
        if isinstance(statement, sa.ClauseElement):
            asked.append(str(statement.compile(dialect=mssql.dialect(), compile_kwargs={"render_postcompile": True})))

    sa.event.listen(engine, "before_execute", note)
    yield asked
    sa.event.remove(engine, "before_execute", note)


def parsed(statement: str) -> exp.Expression:
    """Return the one statement that a text holds."""
    (tree,) = sqlglot.parse(re.sub(r":(\w+)", r"@\1", statement), read="tsql")
    assert tree is not None
    return tree


def check_reads(statement: str) -> None:
    """Pass if a statement is T-SQL, reads only what is committed, and neither compares nor reads rows as a whole.

    SQL Server has no row values, and a read-only login has a right to some columns only.
    """
    tree = parsed(statement)
    assert isinstance(tree, exp.Query), statement
    assert not FOREIGN.search(statement), statement
    assert not any(isinstance(column, exp.Star) for query in tree.find_all(exp.Select) for column in query.selects)
    for comparison in tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.In):
        assert not isinstance(comparison.this, exp.Tuple), statement
