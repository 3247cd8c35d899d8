"""A login without rights to some tables: what is said, and what may go on without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from migrator_lib.errors import SchemaMismatch, SourceDenied, SourceUnreachable
from migrator_lib.smartertrack.access import check_access
from migrator_lib.smartertrack.binding import Binding
from migrator_lib.smartertrack.tables import ALL_TABLES
from tests.smartertrack.logins import Administrator
from tests.smartertrack.source_desk import create, tables_of

POSTGRESQL = pytest.mark.parametrize("server", ["postgresql"], indirect=True)
"""It shows the names of tables that a login may not read; MySQL hides them."""


@pytest.fixture
def administrator(server: str, url: str) -> Iterator[Administrator]:
    create(url, tables_of())
    with Administrator.of(server, url) as found:
        found.grant_all()
        yield found


def does_what_helps(administrator: Administrator, told: str) -> None:
    """Pass if the login is refused, in these words, and may read everything once the grants that it is told are run."""
    database = administrator.read()
    with pytest.raises(SourceDenied, match=told) as caught:
        database.preflight()
    database.close()
    administrator.run(*(line for line in caught.value.next_step.splitlines() if line.startswith("GRANT")))
    again = administrator.read()
    assert again.preflight().unreadable == []
    again.close()


@POSTGRESQL
def test_every_table_that_is_refused_is_named_at_once_with_what_grants_it(administrator: Administrator) -> None:
    for table in ("Users", "KbArticles", "Tasks"):
        administrator.revoke(table)
    does_what_helps(administrator, "3 of the tables it needs: st_Users, st_KbArticles, st_Tasks")


@POSTGRESQL
def test_a_login_that_may_not_use_the_schema_is_told_to_be_let_into_it(administrator: Administrator) -> None:
    administrator.run(f"REVOKE USAGE ON SCHEMA public FROM {administrator.grantee}")
    does_what_helps(administrator, "may not read")


@POSTGRESQL
def test_a_refused_table_that_is_only_counted_is_listed_and_the_rest_is_read(administrator: Administrator) -> None:
    administrator.revoke("ThreadPostAttachments")
    database = administrator.read()
    binding = database.preflight()
    assert binding.unreadable == ["st_ThreadPostAttachments"]
    assert binding.missing_optional == []
    assert database.count("ThreadPostAttachments") is None
    assert database.count("Tickets") == 0
    database.close()


@POSTGRESQL
def test_a_refused_column_refuses_its_table(administrator: Administrator) -> None:
    administrator.run(
        f'REVOKE SELECT ("BodyText") ON "st_TicketMessages" FROM {administrator.grantee}',
    )
    database = administrator.read()
    with pytest.raises(SourceDenied, match="st_TicketMessages"):
        database.preflight()
    database.close()


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_what_mysql_hides_is_missing_and_the_mend_is_told(administrator: Administrator) -> None:
    administrator.revoke("Users")
    database = administrator.read()
    with pytest.raises(SchemaMismatch, match="st_Users") as caught:
        database.preflight()
    assert "migrator grants" in caught.value.next_step
    database.close()


# --- SQL Server, which hides tables from who may not read them, but says that they are refused --------------


class HidingServer:
    """Stands for an engine of SQL Server: some tables are refused, some are not there."""

    def __init__(self, *, refused: tuple[str, ...] = (), away: tuple[str, ...] = (), gone: bool = False) -> None:
        self.refused, self.away, self.gone = refused, away, gone
        self.dialect = mssql.dialect()
        self.url = sa.make_url("mssql+pyodbc://ann@server/Desk")
        self.sent: list[str] = []

    @contextmanager
    def connect(self) -> Iterator[HidingServer]:
        yield self

    def execute(self, statement: sa.Select[Any]) -> Any:
        text = str(statement.compile(dialect=self.dialect))
        self.sent.append(text)
        if self.gone:
            raise sa.exc.OperationalError("", {}, Exception("08S01", "[08S01] [Microsoft]Communication link failure"))
        for name in self.refused:
            if f"[{name}]" in text:
                words = f"[42000] [Microsoft][SQL Server]The SELECT permission was denied on the object '{name}' (229)"
                raise sa.exc.ProgrammingError("", {}, Exception("42000", words))
        for name in self.away:
            if f"[{name}]" in text:
                words = f"[42S02] [Microsoft][SQL Server]Invalid object name '{name}'. (208)"
                raise sa.exc.ProgrammingError("", {}, Exception("42S02", words))
        return SimpleNamespace(close=lambda: None)

    def rollback(self) -> None:
        pass


def seen(*hidden: str) -> Binding:
    """Return a binding that sees all tables but some."""
    binding = Binding("st_", "dbo")
    for table in ALL_TABLES:
        if table.name in hidden:
            (binding.missing_required if table.required else binding.missing_optional).append(f"st_{table.name}")
        else:
            binding.tables[table.name] = sa.table(f"st_{table.name}", *map(sa.column, table.columns), schema="dbo")
            binding.columns[table.name] = {column: column for column in table.columns}
    return binding


def test_a_table_that_sql_server_hides_is_told_from_one_that_is_not_there() -> None:
    server: Any = HidingServer(refused=("st_Users",), away=("st_Brands",))
    with pytest.raises(SourceDenied, match="1 of the tables it needs: st_Users") as caught:
        check_access(server, seen("Users", "Brands"))
    assert "GRANT SELECT ON [dbo].[st_Users] ([UserID]" in caught.value.next_step
    assert "TO [ann];" in caught.value.next_step


def test_a_hidden_table_that_is_only_counted_is_unreadable_and_not_missing() -> None:
    binding = seen("ThreadPostAttachments", "Servers")
    check_access(HidingServer(refused=("st_ThreadPostAttachments",), away=("st_Servers",)), binding)  # type: ignore[arg-type]
    assert binding.unreadable == ["st_ThreadPostAttachments"]
    assert binding.missing_optional == ["st_Servers"]


def test_no_row_is_read_to_try_a_table() -> None:
    server: Any = HidingServer()
    check_access(server, seen())
    assert len(server.sent) == len(ALL_TABLES)
    assert all(text.startswith("SELECT TOP") for text in server.sent)


def test_a_server_that_goes_away_meanwhile_is_no_lack_of_rights() -> None:
    server: Any = HidingServer(gone=True)
    with pytest.raises(SourceUnreachable):
        check_access(server, seen())
