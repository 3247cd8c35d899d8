"""What the server says of its tables: the views of INFORMATION_SCHEMA and sys, as SQLite tables of the same names."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from tests.tds.values import COLLATION_NAME, SqlType, sql_type

VIEWS = {
    "INFORMATION_SCHEMA.SCHEMATA": "CATALOG_NAME, SCHEMA_NAME, SCHEMA_OWNER",
    "INFORMATION_SCHEMA.TABLES": "TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE",
    "INFORMATION_SCHEMA.COLUMNS": "TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, "
    "COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
    "COLLATION_NAME",
    "sys.schemas": "name, schema_id, principal_id",
    "sys.objects": "name, object_id, schema_id, parent_object_id, type, type_desc, create_date, modify_date",
    "sys.tables": "name, object_id, schema_id, parent_object_id, type, type_desc, create_date, modify_date",
    "sys.columns": "object_id, name, column_id, system_type_id, user_type_id, max_length, precision, scale, "
    "collation_name, is_nullable, default_object_id, is_identity, is_computed",
    "sys.types": "name, system_type_id, user_type_id, schema_id, is_user_defined",
    "sys.databases": "name, database_id, snapshot_isolation_state, snapshot_isolation_state_desc, "
    "is_read_committed_snapshot_on, is_read_only, collation_name, compatibility_level, state_desc",
    "sys.dm_exec_sessions": "session_id, transaction_isolation_level, program_name, login_name",
    "sys.system_views": "name, object_id",
    "sys.key_constraints": "name, object_id, schema_id, parent_object_id, type, unique_index_id",
    "sys.indexes": "object_id, name, index_id, type, type_desc, is_unique, is_primary_key, is_unique_constraint, "
    "filter_definition",
    "sys.index_columns": "object_id, index_id, index_column_id, column_id, key_ordinal, is_descending_key, "
    "is_included_column",
    "sys.default_constraints": "name, object_id, schema_id, parent_object_id, parent_column_id, definition",
    "sys.computed_columns": "object_id, name, column_id, definition, is_computed, is_persisted",
    "sys.identity_columns": "object_id, name, column_id, seed_value, increment_value, last_value, is_identity",
    "sys.extended_properties": "class, class_desc, major_id, minor_id, name, value",
    "sys.fn_listextendedproperty": "objtype, objname, name, value",
}
COUNTED = {"max_length", "precision", "scale", "key_ordinal", "snapshot_isolation_state", "compatibility_level",
           "transaction_isolation_level", "class", "ORDINAL_POSITION", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION",
           "NUMERIC_SCALE"}  # fmt: skip
NUMBERS = {"bigint": 127, "int": 56, "smallint": 52, "tinyint": 48, "bit": 104, "float": 62, "numeric": 108,
           "nvarchar": 231, "varchar": 167, "ntext": 99, "varbinary": 165, "uniqueidentifier": 36, "datetime": 61,
           "datetime2": 42}  # fmt: skip
"""sys.types.user_type_id, of these the same as system_type_id."""
DATABASE_ID = 5
LEVELS = ("", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT")
"""By sys.dm_exec_sessions.transaction_isolation_level."""


def view_type(view: str, column: str) -> SqlType | None:
    """Return the type of a column of the catalog's views, or None where it is none of theirs."""
    found = next((names for name, names in VIEWS.items() if name.split(".")[1] == view), "")
    if column not in found.split(", "):
        return None
    if column.startswith("is_"):
        return sql_type("bit")
    whole = column in COUNTED or column.endswith("_id") or (view, column) == ("indexes", "type")
    return sql_type("int" if whole else "nvarchar(4000)")


@dataclass(frozen=True)
class Catalog:
    """The tables of one database, and what its login sees and may do."""

    database: str
    tables: Mapping[str, Mapping[str, SqlType]]
    keys: Mapping[str, Collection[str]]
    snapshot: bool = True
    """Whether the database allows snapshot isolation."""
    denied: frozenset[str] = frozenset()
    """Tables that the login sees and may not read."""
    hidden: frozenset[str] = frozenset()
    """Tables that the login may do nothing with, so that the catalog does not show them."""

    @classmethod
    def of(cls, tables: sa.MetaData, database: str, **more: object) -> Catalog:
        """Return the catalog of tables as SQLAlchemy would create them on SQL Server."""
        dialect = mssql.dialect(deprecate_large_types=True)
        types = {t.name: {c.name: sql_type(c.type.compile(dialect)) for c in t.columns} for t in tables.tables.values()}
        keys = {t.name: [c.name for c in t.primary_key] for t in tables.tables.values()}
        return cls(database, types, keys, **more)  # type: ignore[arg-type]

    def columns_of(self, table: str) -> Mapping[str, SqlType] | None:
        """Return a table's columns, its name in any case, or None if it is not there."""
        return next((columns for name, columns in self.tables.items() if name.lower() == table.lower()), None)

    def type_of(self, table: str, column: str) -> SqlType | None:
        """Return a column's type, names in any case."""
        columns = self.columns_of(table)
        if columns is None:
            return view_type(table, column)
        return next((kind for name, kind in columns.items() if name.lower() == column.lower()), None)

    def may_read(self, table: str) -> bool:
        return table.lower() not in {name.lower() for name in self.denied | self.hidden}

    def fill(self, connection: sqlite3.Connection, session: int, user: str) -> None:
        """Make the catalog's views in databases attached as INFORMATION_SCHEMA and sys."""
        for schema in ("INFORMATION_SCHEMA", "sys"):
            connection.execute(f"ATTACH ':memory:' AS {schema}")
        for view, names in VIEWS.items():
            connection.execute(f"CREATE TABLE {view} ({names.replace(',', ' COLLATE CI,')} COLLATE CI)")

        def add(view: str, *rows: tuple[object, ...]) -> None:
            for row in rows:
                connection.execute(f"INSERT INTO {view} VALUES ({','.join('?' * len(row))})", row)

        add("INFORMATION_SCHEMA.SCHEMATA", (self.database, "dbo", "dbo"))
        add("sys.schemas", ("dbo", 1, 1))
        add("sys.types", *((name, number, number, 4, 0) for name, number in NUMBERS.items()))
        add("sys.system_views", ("dm_exec_sessions", -1))
        add("sys.dm_exec_sessions", (session, 2, "", user))
        state = (1, "ON") if self.snapshot else (0, "OFF")
        add("sys.databases", (self.database, DATABASE_ID, *state, 0, 0, COLLATION_NAME, 160, "ONLINE"))
        for number, (table, columns) in enumerate(self.tables.items(), 1000):
            if table not in self.hidden:
                self._add_table(add, number, table, columns)

    def _add_table(self, add, number, table, columns) -> None:  # type: ignore[no-untyped-def]
        key = list(self.keys.get(table, ()))
        add("INFORMATION_SCHEMA.TABLES", (self.database, "dbo", table, "BASE TABLE"))
        for view in ("sys.objects", "sys.tables"):
            add(view, (table, number, 1, 0, "U ", "USER_TABLE", "2018-03-01 00:00:00", "2018-03-01 00:00:00"))
        if key:
            add("sys.key_constraints", (f"PK_{table}", number + 5000, 1, number, "PK", 1))
            add("sys.indexes", (number, f"PK_{table}", 1, 1, "CLUSTERED", 1, 1, 0, None))
        for place, (column, kind) in enumerate(columns.items(), 1):
            collation, null = COLLATION_NAME if kind.is_text else None, column not in key
            facts = (kind.precision, kind.scale) if kind.precision else (None, None)
            add(
                "INFORMATION_SCHEMA.COLUMNS",
                (self.database, "dbo", table, column, place, None, "YES" if null else "NO", kind.name,
                 kind.characters, *facts, collation),
            )  # fmt: skip
            type_number = NUMBERS[kind.name]
            add(
                "sys.columns",
                (number, column, place, type_number, type_number, kind.length, kind.precision, kind.scale, collation,
                 null, 0, 0, 0),
            )  # fmt: skip
            if column in key:
                add("sys.index_columns", (number, 1, key.index(column) + 1, place, key.index(column) + 1, 0, 0))
