"""The rights that reading needs, as a script for each engine: SELECT on the columns that are read, and nothing else.

What is not on the allow-list cannot be read with such a login, secrets among it, whatever a statement says.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from migrator_lib.smartertrack.binding import Binding
from migrator_lib.smartertrack.prefixes import AUTO
from migrator_lib.smartertrack.tables import ALL_TABLES, SourceTable

if TYPE_CHECKING:
    from migrator_lib.smartertrack.database import SourceDatabase

LOGIN = "smartertrack_reader"
PASSWORD = "REPLACE-THIS-PASSWORD"  # noqa: S105, it is a placeholder
HEAD = """A login that reads what the migration reads of SmarterTrack's database, and nothing more.
Replace the password before running it, and give it to the migration by reference (source.password)."""
KNOWN = """
Names are those of March 2018, not those of this database: run it statement by statement, and take out what the
database says is not there."""
WITHOUT_LOGINS = """SQLite has no logins: whoever may read the file reads the database. Let the user who runs the
migration read the file and its folder, and nothing else; it is opened read-only."""
DEFAULT_PREFIX = "st_"
SCHEMAS = {"mssql": "dbo", "postgresql": "public"}
"""Where tables are if nobody says otherwise."""


@dataclass(frozen=True)
class Rights:
    """Who gets which rights where."""

    dialect: sa.Dialect
    database: str
    login: str = LOGIN
    prefix: str = "st_"
    schema: str | None = None
    binding: Binding | None = None
    """Real names, where the database was seen; else the known names behind the prefix."""

    def seen_in(self, database: SourceDatabase) -> Rights:
        """Return the same with the real names of a database, where its login sees all that is needed.

        Raises:
            SourceError: it cannot be looked at.
        """
        binding = database.binding
        schema = self.schema or binding.schema or database.engine.dialect.default_schema_name
        database.close()
        if not binding.tables or binding.missing_required:
            return self
        return replace(self, prefix=binding.prefix, schema=schema, binding=binding)

    def script(self) -> str:
        """Return the whole script, with the login's making."""
        if self.dialect.name == "sqlite":
            return _comment(WITHOUT_LOGINS)
        known = "" if self.binding else KNOWN
        return "\n".join([_comment(HEAD + known), *self._login(), *self.grants()])

    def usage(self) -> list[str]:
        """Return what lets the login into the schema, which PostgreSQL asks for beside the rights to its tables."""
        if self.dialect.name != "postgresql":
            return []
        return [f"GRANT USAGE ON SCHEMA {self._quoted(self.schema or SCHEMAS['postgresql'])} TO {self._grantee()};"]

    def grants(self) -> list[str]:
        """Return a statement for every table that is read."""
        named = ((table, self._names(table)) for table in ALL_TABLES)
        return [self.grant(table) for table, names in named if names]

    def grant(self, table: SourceTable) -> str:
        """Return the statement that lets the login read one table."""
        real, columns = self._names(table) or self._known(table)
        listed = ", ".join(map(self._quoted, columns))
        schema = self.schema or SCHEMAS.get(self.dialect.name) or self.database
        on = f"{self._quoted(schema)}.{self._quoted(real)}"
        if self.dialect.name == "mssql":
            return f"GRANT SELECT ON {on} ({listed}) TO {self._grantee()};"
        return f"GRANT SELECT ({listed}) ON {on} TO {self._grantee()};"

    def _names(self, table: SourceTable) -> tuple[str, list[str]] | None:
        """Return the table's and its columns' real names, or None where it is known not to be there."""
        if self.binding is None:
            return self._known(table)
        bound = self.binding.tables.get(table.name)
        return None if bound is None else (bound.name, list(self.binding.columns[table.name].values()))

    def _known(self, table: SourceTable) -> tuple[str, list[str]]:
        return (DEFAULT_PREFIX if self.prefix == AUTO else self.prefix) + table.name, list(table.columns)

    def _login(self) -> Iterator[str]:
        name, database = self._grantee(), self._quoted(self.database)
        if self.dialect.name == "mssql":
            yield _comment("On Azure SQL: CREATE USER ... WITH PASSWORD instead, in the database itself.")
            yield "USE [master];"
            yield f"CREATE LOGIN {name} WITH PASSWORD = N'{PASSWORD}';"
            yield f"USE {database};"
            yield f"CREATE USER {name} FOR LOGIN {name};"
        elif self.dialect.name == "postgresql":
            yield f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}';"
            yield f"GRANT CONNECT ON DATABASE {database} TO {name};"
            yield from self.usage()
        else:
            yield _comment("'%' lets it in from everywhere: better the address of the machine that migrates.")
            yield f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}';"

    def _grantee(self) -> str:
        if self.dialect.name in ("mysql", "mariadb"):
            escaped = self.login.replace("\\", "\\\\").replace("'", "''")
            return f"'{escaped}'@'%'"
        return self._quoted(self.login)

    def _quoted(self, name: str) -> str:
        return self.dialect.identifier_preparer.quote_identifier(name)


def _comment(text: str) -> str:
    return textwrap.indent(text, "-- ")
