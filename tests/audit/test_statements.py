"""What the audit asks the database, as SQL Server would get it."""

from __future__ import annotations

from sqlglot import expressions as exp

from migrator_lib.audit import run_audit
from migrator_lib.smartertrack.tables import ALL_TABLES
from tests.audit.desk import Open
from tests.t_sql import check_reads, parsed, t_sql_of


def test_every_statement_of_the_audit_is_t_sql_and_only_reads(engage: Open) -> None:
    engagement = engage()
    with t_sql_of(engagement.source.engine) as statements:
        run_audit(engagement)
    assert len(statements) > 50
    for statement in set(statements):
        check_reads(statement)


def test_the_audit_asks_for_nothing_that_a_read_only_login_has_no_right_to(engage: Open) -> None:
    engagement = engage()
    with t_sql_of(engagement.source.engine) as statements:
        run_audit(engagement)
    allowed = {f"st_{table.name}" for table in ALL_TABLES}
    asked = {found.name for statement in set(statements) for found in parsed(statement).find_all(exp.Table)}
    derived = {name for name in asked if not name.startswith("st_")}
    assert asked - derived <= allowed
    assert len(asked & allowed) > 30
