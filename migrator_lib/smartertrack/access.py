"""Whether the login may read what is read: tried on every table at once, before anything else is done.

A table that would be migrated and may not be read stops the run, also an optional one: it is there, so it holds what
would be lost silently. One that the audit merely counts is left out and listed.
"""

from __future__ import annotations

import sqlalchemy as sa

from migrator_lib.errors import SchemaMismatch, SourceDenied
from migrator_lib.smartertrack.binding import Binding
from migrator_lib.smartertrack.connection import translated
from migrator_lib.smartertrack.grants import LOGIN, Rights
from migrator_lib.smartertrack.tables import ALL_TABLES, AUDITED, SourceTable


def check_access(engine: sa.Engine, binding: Binding) -> None:
    """Try to read every table of the allow-list, for no row of it.

    Tables that are refused and only counted go from what is bound to ``binding.unreadable``.

    Raises:
        SourceDenied: naming every table that is refused, with the statements that grant it.
        SourceUnreachable, SchemaMismatch: the database went away, or changed.
    """
    with translated("trying the tables"), engine.connect() as connection:
        refused = [table for table in ALL_TABLES if _is_refused(connection, binding, table)]
    counted_only = [table for table in refused if table in AUDITED]
    binding.unreadable = [_real_name(binding, table) for table in counted_only]
    if len(refused) > len(counted_only):
        raise _denied(engine, binding, refused)
    for table in counted_only:
        binding.tables.pop(table.name, None)
        binding.columns.pop(table.name, None)
    binding.missing_optional = [name for name in binding.missing_optional if name not in binding.unreadable]


def _is_refused(connection: sa.Connection, binding: Binding, table: SourceTable) -> bool:
    bound = binding.tables.get(table.name)
    if bound is None and connection.dialect.name != "mssql":
        return False
    # SQL Server hides a table that the login has no right to, but does not deny that it is there
    tried = sa.table(binding.prefix + table.name, schema=binding.schema) if bound is None else bound
    statement = sa.select(*(tried.c or [sa.literal_column("*")])).select_from(tried).limit(0)
    try:
        with translated(f"reading {tried.name}"):
            connection.execute(statement).close()
    except SourceDenied:
        connection.rollback()
        return True
    except SchemaMismatch:
        if bound is not None:
            raise
        connection.rollback()
    return False


def _real_name(binding: Binding, table: SourceTable) -> str:
    bound = binding.tables.get(table.name)
    return binding.prefix + table.name if bound is None else bound.name


def _denied(engine: sa.Engine, binding: Binding, refused: list[SourceTable]) -> SourceDenied:
    names = ", ".join(_real_name(binding, table) for table in refused)
    rights = Rights(
        engine.dialect,
        database=engine.url.database or "",
        login=engine.url.username or LOGIN,
        prefix=binding.prefix,
        schema=binding.schema or engine.dialect.default_schema_name,
        binding=binding,
    )
    return SourceDenied(
        f"The login may not read {len(refused)} of the tables it needs: {names}.",
        next_step="let an administrator run this in SmarterTrack's database (migrator grants prints it for all "
        "tables), then run again:\n" + "\n".join([*rights.usage(), *map(rights.grant, refused)]),
    )
