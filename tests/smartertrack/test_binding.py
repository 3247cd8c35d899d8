"""Which tables and columns are bound to what is there, on every server that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.chunks import to_staged
from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.source_desk import (
    READ,
    add_ticket,
    create,
    create_plain,
    everything,
    execute,
    known_tables,
    renamed,
    scratch_database,
    statements_of,
    tables_of,
    writing,
)

FEW = ("Tickets", "TicketMessages", "Users", "CustomDataFieldsInTickets")


def _quoted(url: str, name: str) -> str:
    return sa.make_url(url).get_dialect()().identifier_preparer.quote(name)


def _select_as_view(url: str, view: str, table: str, kind: str = "VIEW") -> None:
    execute(url, f"CREATE {kind} {_quoted(url, view)} AS SELECT * FROM {_quoted(url, table)}")


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rename",
    [str.lower, str.upper, lambda name: name.replace("_", ""), lambda name: name.replace("ID", "_Id")],
    ids=["lower case", "upper case", "no underscores", "other underscores"],
)
def test_names_match_whatever_their_case_and_underscores(url: str, rename: Any) -> None:
    tables = renamed(tables_of(FEW), rename)
    create(url, tables)
    values = {"TicketID": 7, "TicketNumber": "100-1", "UserID_Customer": 12, "IsDeleted": False}
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.tables[rename("st_Tickets")].insert(), {rename(k): v for k, v in values.items()})
    engine.dispose()
    database = SourceDatabase(url)
    assert set(database.binding.tables) == set(FEW)
    assert [name for name in database.binding.missing_optional if "." in name] == []
    assert database.binding.unknown_columns == []
    (row,) = to_staged(source_table("Tickets"), everything(database, "Tickets")).to_pylist()
    assert {name: row[name] for name in values} == values
    database.close()


@pytest.mark.parametrize(("prefix", "configured"), [("ST7_", "ST7_"), ("helpdesk_", "auto"), ("", ""), ("", "auto")])
def test_another_prefix_binds_the_same_tables(url: str, prefix: str, configured: str) -> None:
    tables = tables_of(FEW, prefix=prefix)
    create(url, tables)
    create_plain(url, ["stores", "wp_users", "wp_posts", "old_Tickets"])
    with writing(url, tables, prefix) as write:
        add_ticket(write, 1, messages=2)
    database = SourceDatabase(url, prefix=configured)
    assert set(database.binding.tables) == set(FEW)
    assert database.binding.prefix == prefix
    assert database.count("TicketMessages") == 2
    database.close()


def test_of_two_tables_that_differ_in_an_underscore_the_known_one_is_read(url: str) -> None:
    tables = tables_of(["Tickets"])
    create(url, tables)
    create_plain(url, ["stTickets", "st_Tick_ets"])
    with writing(url, tables) as write:
        add_ticket(write, 1, messages=0)
    database = SourceDatabase(url)
    assert database.binding.tables["Tickets"].name == "st_Tickets"
    assert database.count("Tickets") == 1
    assert database.binding.ambiguous == []
    database.close()


def test_of_tables_none_of_which_is_spelled_as_known_none_is_guessed(url: str) -> None:
    create(url, tables_of(name for name in READ if name not in ("Tickets", "Users")))
    create_plain(url, ["stTickets", "s_t_Tickets", "st_Us_ers", "stUsers"])
    database = SourceDatabase(url)
    with pytest.raises(SchemaMismatch, match="st_Tickets: s_t_Tickets, stTickets") as caught:
        database.preflight()
    # the one that begins with the prefix as it is configured is taken
    assert database.binding.tables.get("Users") is None
    assert "st_Users:" not in caught.value.message
    assert "st_Us_ers.UserID" in database.binding.missing_required
    assert "rename" in caught.value.next_step
    database.close()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_names_that_differ_in_case_alone_are_told_apart_where_the_engine_does(url: str) -> None:
    # lower case is what PostgreSQL makes of names that nobody quoted
    create_plain(url, ["ST_TICKETS", "st_users", "ST_USERS"])
    execute(url, 'CREATE TABLE st_tickets (ticketid int, subject text, "SUBJECT" text, isspam bool, "IsSpam" bool)')
    binding = (database := SourceDatabase(url)).binding
    assert binding.ambiguous == ["st_tickets.Subject: SUBJECT, subject"]
    assert binding.tables["Tickets"].name == "st_tickets"
    assert binding.columns["Tickets"]["IsSpam"] == "IsSpam"
    assert "st_users.UserID" in binding.missing_required
    database.close()


# --- what is missing, and what is more -----------------------------------------------------------------


def test_optional_columns_and_tables_that_are_missing_are_listed_and_the_rest_is_read(url: str) -> None:
    names = [name for name in READ if name not in ("Tasks", "KbArticles")]
    tables = tables_of(names, without=["Tickets.IsSpam", "TicketMessages.IsDraft"])
    create(url, tables)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.tables["st_Tickets"].insert(), {"TicketID": 3, "TicketNumber": "100-3"})
    engine.dispose()
    database = SourceDatabase(url)
    missing = ["st_KbArticles", "st_Tasks", "st_TicketMessages.IsDraft", "st_Tickets.IsSpam"]
    assert sorted(database.preflight().missing_optional) == missing
    (row,) = everything(database, "Tickets")
    assert "IsSpam" not in row
    assert row["TicketNumber"] == "100-3"
    assert database.count("Tasks") is None
    assert everything(database, "Tasks") == []
    assert to_staged(source_table("Tickets"), [row])["IsSpam"].to_pylist() == [None]
    database.close()


def test_one_error_names_every_required_table_and_column_that_is_missing(url: str) -> None:
    without = ["Tickets.UserID_Customer", "Tickets.TicketNumber", "TicketMessages.BodyHTML", "Users.UserID"]
    create(url, tables_of((name for name in READ if name not in ("Brands", "TicketStatuses")), without=without))
    database = SourceDatabase(url)
    with pytest.raises(SchemaMismatch) as caught:
        database.preflight()
    named = ("st_Brands", "st_TicketStatuses", "st_Tickets.UserID_Customer", "st_Tickets.TicketNumber",
             "st_TicketMessages.BodyHTML", "st_Users.UserID")  # fmt: skip
    assert all(name in caught.value.message for name in named)
    assert "source.prefix" in caught.value.next_step
    database.close()


def test_unknown_tables_and_columns_are_named_and_foreign_tables_counted(url: str) -> None:
    tables = tables_of(FEW)
    tables.tables["st_Tickets"].append_column(sa.Column("Sentiment", sa.Integer))
    create(url, tables)
    create_plain(url, ["st_agents", "ST_TicketTags", "stores"])
    binding = (database := SourceDatabase(url)).binding
    assert binding.unknown_tables == ["ST_TicketTags", "st_agents"]
    assert binding.ticket_tag_tables == ["ST_TicketTags"]
    assert binding.unknown_columns == ["st_Tickets.Sentiment"]
    assert binding.foreign_tables == 1
    database.close()


def test_columns_that_are_known_and_not_read_are_not_called_unknown(url: str) -> None:
    whole = sa.MetaData()
    known_tables("st_").tables["st_Users"].to_metadata(whole)
    create(url, whole)
    database = SourceDatabase(url)
    assert database.binding.unknown_columns == []
    assert "Password" not in database.binding.columns["Users"]
    database.close()


def test_an_optional_table_without_its_key_is_listed_and_not_read(url: str) -> None:
    create(url, tables_of(["Tasks"], without=["Tasks.TicketID"]))
    database = SourceDatabase(url)
    assert [name for name in database.binding.missing_optional if "." in name] == ["st_Tasks.TicketID"]
    assert everything(database, "Tasks") == []
    database.close()


def test_the_length_of_a_column_is_known_where_the_database_sets_one(url: str) -> None:
    create(url, tables_of(["CustomDataFieldsInTickets", "TicketMessages"]))
    database = SourceDatabase(url)
    assert database.binding.lengths["CustomDataFieldsInTickets.DataContent"] == 512
    assert "TicketMessages.BodyHTML" not in database.binding.lengths
    database.close()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_describing_takes_a_few_statements_however_many_tables_there_are(url: str) -> None:
    create(url, tables_of())
    database = SourceDatabase(url)
    sent = statements_of(database)
    assert len(database.binding.tables) == len(READ)
    assert len(sent) < len(READ) / 2
    database.close()


# --- prefixes ------------------------------------------------------------------------------------------


def test_a_wrong_prefix_says_which_one_would_fit(url: str) -> None:
    create(url, tables_of(FEW))
    database = SourceDatabase(url, prefix="desk_")
    with pytest.raises(SchemaMismatch, match=r"prefix 'desk_' \(4 other tables") as caught:
        database.preflight()
    assert "set source.prefix to 'st_' (4 of 166 known tables)" in caught.value.next_step
    database.close()


def test_of_two_installations_in_one_database_none_is_guessed(url: str) -> None:
    for prefix in ("st_", "test_"):
        create(url, tables_of(FEW, prefix=prefix))
    database = SourceDatabase(url, prefix="auto")
    with pytest.raises(SchemaMismatch, match=r"several prefixes: 'st_' \(4 of 166.*'test_' \(4 of 166"):
        database.preflight()
    database.close()
    database = SourceDatabase(url, prefix="test_")
    assert database.binding.tables["Tickets"].name == "test_Tickets"
    database.close()


@pytest.mark.parametrize("prefix", ["auto", "st_"])
def test_a_database_without_smartertrack_is_said_to_be_one(url: str, prefix: str) -> None:
    create_plain(url, ["invoices", "letters"])
    database = SourceDatabase(url, prefix=prefix)
    with pytest.raises(SchemaMismatch, match=r"No SmarterTrack table.*\(2 other tables") as caught:
        database.preflight()
    assert "source.url" in caught.value.next_step
    database.close()


# --- schemas and views ---------------------------------------------------------------------------------


def _in_schema(url: str, schema: str) -> None:
    execute(url, f"CREATE SCHEMA {schema}")
    tables = sa.MetaData(schema=schema)
    for table in tables_of(FEW).tables.values():
        table.to_metadata(tables, schema=schema)
    create(url, tables)
    execute(url, f"INSERT INTO {schema}.{_quoted(url, 'st_Users')} ({_quoted(url, 'UserID')}) VALUES (1)")


WITH_SCHEMAS = ["postgresql", pytest.param("sqlserver", marks=pytest.mark.sqlserver)]


@pytest.mark.parametrize("prefix", ["st_", "auto"])
@pytest.mark.parametrize("server", WITH_SCHEMAS, indirect=True)
def test_tables_in_another_schema_are_found(url: str, prefix: str) -> None:
    create_plain(url, ["invoices"])
    _in_schema(url, "helpdesk")
    database = SourceDatabase(url, prefix=prefix)
    assert database.binding.schema == "helpdesk"
    assert database.binding.lengths["CustomDataFieldsInTickets.DataContent"] == 512
    assert [row["UserID"] for row in everything(database, "Users")] == [1]
    database.close()


@pytest.mark.parametrize("server", WITH_SCHEMAS, indirect=True)
def test_of_several_schemas_the_configured_one_is_read_and_none_is_guessed(url: str) -> None:
    _in_schema(url, "helpdesk")
    _in_schema(url, "copy_of_it")
    database = SourceDatabase(url)
    with pytest.raises(SchemaMismatch, match="several schemas: copy_of_it, helpdesk") as caught:
        database.preflight()
    assert "source.table_schema" in caught.value.next_step
    database.close()
    database = SourceDatabase(url, schema="helpdesk")
    assert database.count("Users") == 1
    database.close()


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_mysql_s_schema_is_a_database_and_another_one_may_be_configured(url: str, tmp_path: Path) -> None:
    with scratch_database("mariadb", tmp_path) as other:
        create(other, tables_of(FEW))
        name = str(sa.make_url(other).database)
        database = SourceDatabase(url)
        assert database.binding.tables == {}
        database.close()
        database = SourceDatabase(url, schema=name)
        assert set(database.binding.tables) == set(FEW)
        assert database.binding.lengths["CustomDataFieldsInTickets.DataContent"] == 512
        assert everything(database, "Users") == []
        database.close()


def test_a_view_stands_for_a_table_and_a_table_goes_before_a_view(url: str) -> None:
    tables = renamed(tables_of(FEW), lambda name: name.replace("st_", "raw_") if name.startswith("st_") else name)
    create(url, tables)
    with_ticket = tables_of(["Tickets"])
    create(url, with_ticket)
    with writing(url, with_ticket) as write:
        add_ticket(write, 9, messages=0)
    for table in ("TicketMessages", "Users", "CustomDataFieldsInTickets"):
        _select_as_view(url, f"st_{table}", f"raw_{table}")
    _select_as_view(url, "stTickets", "raw_Tickets")
    database = SourceDatabase(url)
    binding = database.binding
    assert set(binding.tables) == set(FEW)
    assert binding.views == ["st_CustomDataFieldsInTickets", "st_TicketMessages", "st_Users"]
    assert binding.tables["Tickets"].name == "st_Tickets"
    assert binding.lengths["CustomDataFieldsInTickets.DataContent"] == 512
    assert [row["TicketID"] for row in everything(database, "Tickets")] == [9]
    assert everything(database, "Users") == []
    database.close()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_materialized_view_stands_for_a_table_too(url: str) -> None:
    create(url, renamed(tables_of(["Users"]), lambda name: name.replace("st_", "raw_")))
    _select_as_view(url, "st_Users", "raw_Users", "MATERIALIZED VIEW")
    database = SourceDatabase(url)
    assert database.binding.views == ["st_Users"]
    assert everything(database, "Users") == []
    database.close()
