"""What the audit asks the database, as SQL Server would get it."""

from __future__ import annotations

from migrator_lib.audit import run_audit
from tests.audit.desk import Open
from tests.t_sql import check_reads, t_sql_of


def test_every_statement_of_the_audit_is_t_sql_and_only_reads(engage: Open) -> None:
    engagement = engage()
    with t_sql_of(engagement.source.engine) as statements:
        run_audit(engagement)
    assert len(statements) > 50
    for statement in set(statements):
        check_reads(statement)
