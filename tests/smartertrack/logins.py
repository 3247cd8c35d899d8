"""Read-only logins on real servers, made by the script that is printed for administrators."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from migrator_lib.smartertrack.connection import with_driver
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.grants import PASSWORD, Rights
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.source_desk import text_of


def rights_for(url: str, **more: str) -> Rights:
    parsed = with_driver(url)
    return Rights(parsed.get_dialect()(), parsed.database or "", **more)


def statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [statement.strip("; \n") for statement in "\n".join(lines).split(";\n") if statement.strip()]


class Administrator:
    """Grants rights in one database to one login."""

    def __init__(self, server: str, url: str) -> None:
        self.server, self.url = server, url
        self.engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self.login = f"reader_{uuid.uuid4().hex[:10]}"

    @classmethod
    @contextmanager
    def of(cls, server: str, url: str) -> Iterator[Administrator]:
        found = cls(server, url)
        try:
            yield found
        finally:
            if server == "postgresql":
                found.run(f"DROP OWNED BY {found.grantee}")
            found.run(f"DROP {'ROLE' if server == 'postgresql' else 'USER'} {found.grantee}")
            found.engine.dispose()

    def run(self, *wanted: str) -> None:
        with self.engine.connect() as connection:
            for statement in wanted:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def grant_all(self) -> None:
        """Make the login, by the script for this database."""
        rights = rights_for(self.url, login=self.login).seen_in(SourceDatabase(self.url))
        self.run(*statements(rights.script()))

    def revoke(self, name: str) -> None:
        listed = ", ".join(map(self.quoted, source_table(name).columns))
        self.run(f"REVOKE SELECT ({listed}) ON {self.quoted(f'st_{name}')} FROM {self.grantee}")

    def quoted(self, name: str) -> str:
        return self.engine.dialect.identifier_preparer.quote_identifier(name)

    @property
    def grantee(self) -> str:
        return self.quoted(self.login) if self.server == "postgresql" else f"'{self.login}'@'%'"

    def read(self) -> SourceDatabase:
        """Return the database as the login reads it."""
        return SourceDatabase(text_of(sa.make_url(self.url).set(username=self.login)), password=PASSWORD)
