"""The tables of a simulated SmarterTrack: all 166 of March 2018, on any engine that SQLAlchemy speaks to."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql

from migrator_lib.smartertrack.tables import known_schema

NOW = datetime(2026, 6, 30, 12, 0, 0)
"""The simulated present, naive UTC as SmarterTrack stores it."""
LONG_TEXT = {"BodyText", "BodyHTML", "Body", "CommentText", "TextSubmitted", "Description", "Options", "Signature",
             "InitialQuestion", "SettingValue", "EventValue", "Summary", "SummaryShort", "SummaryLong", "ToAddress",
             "CcAddresses", "Subject", "LastDeliveryError", "TextAnswerValue"}  # fmt: skip
CEILING = 512
"""Declared length of custom field values. The real one is not published; 512 is what is said of it."""
KEYS = {
    "Groups": 2, "UsersInRoles": 2, "UsersInGroups": 3, "CustomDataFieldsInTickets": 2, "CustomDataFieldsInChats": 2,
    "CustomDataFieldsInCallLogs": 2, "CustomDataFieldsForUsers": 2, "TicketEventLogs": 2, "DepartmentSettings": 2,
    "GlobalSettings": 2, "UserSettings": 2, "TicketMerges": 1, "CustomDataFieldsInCustomTemplates": 2,
    "KbArticlesBrands": 2, "NewsItemsBrands": 2, "ThreadTagsInThreads": 2, "TicketTimings": 2,
}  # fmt: skip
OWN_KEY = {"TicketMessages": "TicketMessageID", "TicketAttachments": "TicketAttachmentID",
           "TicketComments": "TicketCommentID"}  # fmt: skip
INDEXED = ("TicketID", "ChatID", "CallLogID", "ThreadID", "EventID")


def _type(column: str, kind: str) -> sa.types.TypeEngine[Any]:
    match kind.rstrip("?"):
        case "int":
            return sa.Integer()
        case "short":
            return sa.SmallInteger()
        case "long":
            return sa.BigInteger()
        case "bool":
            return sa.Boolean()
        case "double":
            return sa.Float()
        case "datetime":  # SQL Server's DATETIME would round to 3 ms, and MySQL's to a second
            moment = sa.DateTime().with_variant(mssql.DATETIME2(), "mssql")  # type: ignore[no-untyped-call]
            return moment.with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
        case "guid":
            return sa.String(36)
        case _ if column == "DataContent":
            return sa.Unicode(CEILING)
        case _ if column in LONG_TEXT:
            return sa.UnicodeText().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
        case _ if column.startswith(("Setting", "TicketNumber")):  # short enough for a key
            return sa.Unicode(255)
        case _:  # a row of MySQL holds 65,535 bytes, long texts beside it
            return sa.Unicode(1024).with_variant(mysql.TEXT(), "mysql", "mariadb")


@cache
def metadata(prefix: str = "st_") -> sa.MetaData:
    """Return all tables, named as in the known schema behind ``prefix``."""
    result = sa.MetaData()
    for table, columns in known_schema().items():
        names = list(columns)
        keys = {OWN_KEY[table]} if table in OWN_KEY else set(names[: KEYS.get(table, 1)])
        if not any(name.endswith(("ID", "Name", "Number", "UTC", "Guid", "Category")) for name in keys):
            keys = set()
        sa.Table(
            prefix + table,
            result,
            *(
                sa.Column(
                    name,
                    _type(name, kind),
                    primary_key=name in keys,
                    autoincrement=False,
                    index=name in INDEXED and name not in keys and name in names[:3],
                )
                for name, kind in columns.items()
            ),
        )
    return result


DEFAULTS: dict[str, Any] = {"int": 0, "short": 0, "long": 0, "bool": False, "double": 0.0, "datetime": NOW}


class Writer:
    """Writes rows in batches; what a row does not say gets the column's plain default."""

    def __init__(self, connection: sa.Connection, tables: sa.MetaData, prefix: str, batch: int = 2000) -> None:
        self._connection = connection
        self._tables = tables
        self._prefix = prefix
        self._batch = batch
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._blank = {
            table: {name: DEFAULTS.get(kind) for name, kind in columns.items()}
            for table, columns in known_schema().items()
        }

    def add(self, table: str, **values: Any) -> None:
        """Add one row."""
        unknown = values.keys() - self._blank[table].keys()
        if unknown:
            raise KeyError(f"{table} has no columns {sorted(unknown)}")
        rows = self._waiting.setdefault(table, [])
        rows.append({**self._blank[table], **values})
        if len(rows) >= self._batch:
            self._flush(table)

    def _flush(self, table: str) -> None:
        rows = self._waiting.pop(table, [])
        if rows:
            self._connection.execute(self._tables.tables[self._prefix + table].insert(), rows)

    def close(self) -> None:
        """Write what waits."""
        for table in list(self._waiting):
            self._flush(table)
