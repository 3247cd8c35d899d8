"""What the audit asks the database, as SQL Server would get it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlglot import expressions as exp

from migrator_lib.audit import run_audit
from migrator_lib.smartertrack.tables import ALL_TABLES
from tests.audit.desk import Open
from tests.t_sql import check_reads, parsed, t_sql_of


@pytest.fixture
def statements(engage: Open) -> set[str]:
    """The different statements of one audit."""
    engagement = engage()
    with t_sql_of(engagement.source.engine) as asked:
        run_audit(engagement)
    return set(asked)


def test_every_statement_is_t_sql_and_asks_for_nothing_that_a_read_only_login_has_no_right_to(
    statements: set[str],
) -> None:
    assert len(statements) > 50
    for statement in statements:
        check_reads(statement)
    tables = {found.name for statement in statements for found in parsed(statement).find_all(exp.Table)}
    of_smartertrack = {name for name in tables if name.startswith("st_")}
    assert len(of_smartertrack) > 30
    assert of_smartertrack <= {f"st_{table.name}" for table in ALL_TABLES}


def test_no_statement_looks_through_one_table_for_each_row_of_another(engage: Open) -> None:
    engagement = engage(sql=("DROP INDEX ix_st_TicketMessages_TicketID",))
    engine, asked = engagement.source.engine, {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked[statement] = values

    sa.event.listen(engine, "before_cursor_execute", note)
    run_audit(engagement)
    sa.event.remove(engine, "before_cursor_execute", note)
    selects = {statement: values for statement, values in asked.items() if statement.startswith("SELECT")}
    assert len(selects) > 50
    with engine.connect() as connection:
        for statement, values in selects.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert not any("CORRELATED" in row[-1] for row in plan), statement
