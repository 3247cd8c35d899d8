"""The allow-list: no secret, nothing that does not exist, keys that the ledger can keep."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from migrator_lib.smartertrack.tables import (
    ALL_TABLES,
    AUDITED,
    DEFINITIONS,
    TICKET_CHILDREN,
    TICKETS,
    SourceTable,
    known_schema,
    source_table,
)

SECRET = re.compile(r"password|passwd|pwd|salt|token|secret|handshake|apikey|privatekey|session|credential|login", re.I)
HARMLESS = {"Users.DateLastLoginUTC", "Brands.EnablePortalLogin", "Chats.SessionLengthInSeconds"}
SECRET_TABLES = {"PopAccounts", "SmtpAccounts", "VoipAccounts", "TransferServers", "UserHandshakes", "UserWebSessions"}


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_no_column_that_could_hold_a_secret_is_read(table: SourceTable) -> None:
    assert table.name not in SECRET_TABLES
    secret = [column for column in table.columns if SECRET.search(column)]
    assert [column for column in secret if f"{table.name}.{column}" not in HARMLESS] == []


def test_the_pattern_of_secrets_finds_those_of_the_schema() -> None:
    found = {f"{table}.{column}" for table, columns in known_schema().items() for column in columns}
    secret = {name for name in found if SECRET.search(name.partition(".")[2])}
    assert {"Users.Password", "Users.PasswordSalt", "SmtpAccounts.LoginPassword"} <= secret
    assert set(known_schema()) >= SECRET_TABLES


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_listed_column_exists_and_is_listed_once(table: SourceTable) -> None:
    known = known_schema()[table.name]
    assert [column for column in table.columns if column not in known] == []
    listed = [*table.key, *table.required, *table.optional]
    assert len(listed) == len(set(listed))


def test_every_table_is_listed_once() -> None:
    names = [table.name for table in ALL_TABLES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("table", [table for table in ALL_TABLES if table.key], ids=lambda table: table.name)
def test_a_key_survives_the_ledger(table: SourceTable) -> None:
    """The last key of a chunk is kept as JSON, and compared again by the next run."""
    kinds = {table.type_of(column) for column in table.key}
    assert kinds <= {"int", "long", "short", "string"}


def test_what_is_read_ticket_by_ticket_is_keyed_by_its_ticket() -> None:
    assert {table.key[0] for table in (TICKETS, *TICKET_CHILDREN)} == {"TicketID"}
    assert TICKETS.key == ("TicketID",)
    assert all(len(table.key) == 2 for table in TICKET_CHILDREN)


def test_the_known_schema_is_all_of_2018() -> None:
    schema = known_schema()
    assert len(schema) == 166
    assert sum(len(columns) for columns in schema.values()) == 1328
    kinds = {kind.rstrip("?") for columns in schema.values() for kind in columns.values()}
    assert kinds <= {"int", "long", "short", "bool", "double", "string", "datetime", "guid"}
    assert json.dumps(schema)


def test_a_table_is_found_by_its_name() -> None:
    assert source_table("Brands") is DEFINITIONS[0]


def test_the_readme_lists_every_table_that_a_read_only_login_needs() -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"A login that may read just these tables.*?\n\n((?:    .*\n)+)", page)
    names = {name.strip() for name in listed.replace("\n", " ").split(",")}
    assert names == {table.name for table in (*ALL_TABLES, *AUDITED)}
