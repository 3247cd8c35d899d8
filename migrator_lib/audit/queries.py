"""What the audit asks the database to add up, since reading every message for it would take hours.

Statements are made of bound columns, so they hold for every engine and prefix. A column that is not there gives zero.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from migrator_lib.chunks import TRUTH
from migrator_lib.smartertrack.database import SourceDatabase, as_utc
from migrator_lib.smartertrack.tables import source_table

EPOCH = datetime(2000, 1, 1)


def flagged(source: SourceDatabase, table: str, column: str) -> int:
    """Return how many rows have a flag set, or a number that is not 0."""
    found = source.column(table, column)
    if found is None:
        return 0
    is_flag = source_table(table).type_of(column) == "bool"
    chosen = [found.is_not(None), sa.not_(_is_off(source, found))] if is_flag else [found != 0]
    return _number(source, sa.select(sa.func.count()).where(*chosen), table)


def _is_off(source: SourceDatabase, flag: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a flag says no; SQLite may hold it as a word."""
    if source.engine.dialect.name == "sqlite":
        return sa.func.lower(sa.func.trim(flag)).in_([word for word, yes in TRUTH.items() if not yes])
    return flag == sa.false()


def _moment(value: datetime) -> sa.BindParameter[datetime]:
    return sa.literal(value.replace(tzinfo=None), sa.DateTime())


def _number(source: SourceDatabase, statement: sa.Select[*tuple[Any, ...]], what: str) -> int:
    rows = source.select(statement, what)
    return int(next(iter(rows[0].values())) or 0) if rows else 0


def _sent(source: SourceDatabase) -> list[sa.ColumnElement[bool]]:
    """Return the condition that a message is no draft."""
    draft = source.column("TicketMessages", "IsDraft")
    return [] if draft is None else [sa.or_(draft.is_(None), _is_off(source, draft))]


def newest_message(source: SourceDatabase, now: datetime) -> datetime | None:
    """Return when the newest message was received, leaving out dates in the future."""
    received = source.column("TicketMessages", "DateReceivedUTC")
    if received is None:
        return None
    rows = source.select(sa.select(sa.func.max(received)).where(received <= _moment(now)), "TicketMessages")
    return as_utc(next(iter(rows[0].values())))


def messages_since(source: SourceDatabase, start: datetime, end: datetime) -> int:
    """Return how many messages were received in a span."""
    received = source.column("TicketMessages", "DateReceivedUTC")
    if received is None:
        return 0
    chosen = sa.select(sa.func.count()).where(received > _moment(start), received <= _moment(end))
    return _number(source, chosen, "TicketMessages")


def odd_dates(source: SourceDatabase, now: datetime) -> int:
    """Return how many messages are dated before 2000 or after tomorrow."""
    received = source.column("TicketMessages", "DateReceivedUTC")
    if received is None:
        return 0
    odd = sa.or_(received < _moment(EPOCH), received > _moment(now + timedelta(days=1)))
    return _number(source, sa.select(sa.func.count()).where(odd), "TicketMessages")


def answered_by_month(source: SourceDatabase, outgoing: Collection[int]) -> dict[str, int]:
    """Return tickets by the month of their first public message of one of the ``outgoing`` directions."""
    ticket = source.column("TicketMessages", "TicketID")
    received = source.column("TicketMessages", "DateReceivedUTC")
    direction = source.column("TicketMessages", "MessageDirection")
    if ticket is None or received is None or direction is None:
        return {}
    first = (
        sa.select(sa.func.min(received).label("at"))
        .where(direction.in_(outgoing), *_sent(source))
        .group_by(ticket)
        .subquery()
    )
    year, month = sa.extract("year", first.c.at), sa.extract("month", first.c.at)
    counted = sa.select(year.label("y"), month.label("m"), sa.func.count().label("n")).group_by(year, month)
    rows = source.select(counted, "TicketMessages")
    return {f"{int(r['y']):04d}-{int(r['m']):02d}": int(r["n"]) for r in rows if r["y"] is not None}


def threads_of_tickets(source: SourceDatabase, limit: int) -> tuple[int, int, int]:
    """Return :func:`thread_lengths` of tickets; drafts are no messages."""
    return thread_lengths(source, limit, [("TicketMessages", _sent(source)), ("TicketComments", [])], "TicketID")


def thread_lengths(
    source: SourceDatabase, limit: int, tables: Sequence[tuple[str, list[sa.ColumnElement[bool]]]], key: str
) -> tuple[int, int, int]:
    """Return (longest thread, threads beyond ``limit``, what of them is beyond it), over several tables together.

    Args:
        source: the database.
        limit: messages that one call takes.
        tables: name and conditions of each.
        key: column of what a thread is of, in each of them.
    """
    parts = []
    for table, conditions in tables:
        owner = source.column(table, key)
        if owner is not None:
            parts.append(sa.select(owner.label("id")).where(*conditions))
    if not parts:
        return 0, 0, 0
    every = sa.union_all(*parts).subquery()
    counted = sa.select(sa.func.count().label("n")).where(every.c.id.is_not(None)).group_by(every.c.id).subquery()
    is_long, beyond = counted.c.n > limit, counted.c.n - limit
    statement = sa.select(
        sa.func.max(counted.c.n).label("longest"),
        sa.func.sum(sa.case((is_long, 1), else_=0)).label("long"),
        sa.func.sum(sa.case((is_long, beyond), else_=0)).label("beyond"),
    )
    (row,) = source.select(statement, tables[0][0])
    return int(row["longest"] or 0), int(row["long"] or 0), int(row["beyond"] or 0)


def by_month(source: SourceDatabase, table: str, column: str) -> dict[str, int]:
    """Return the rows of a table by the month of a date; those without one are left out."""
    moment = source.column(table, column)
    if moment is None:
        return {}
    year, month = sa.extract("year", moment), sa.extract("month", moment)
    counted = sa.select(year.label("y"), month.label("m"), sa.func.count().label("n")).group_by(year, month)
    rows = source.select(counted, table)
    return {f"{int(r['y']):04d}-{int(r['m']):02d}": int(r["n"]) for r in rows if r["y"] is not None}


def tickets_without_messages(source: SourceDatabase) -> int:
    """Return how many tickets have no message, drafts left out."""
    ticket, owner = source.column("Tickets", "TicketID"), source.column("TicketMessages", "TicketID")
    if ticket is None or owner is None:
        return 0
    # joined: a NOT EXISTS is asked for each ticket, and where nothing indexes the messages it reads them all each time
    has = sa.select(owner.label("id")).where(*_sent(source)).distinct().subquery()
    lacking = sa.select(sa.func.count(ticket)).outerjoin(has, has.c.id == ticket)
    return _number(source, lacking.where(has.c.id.is_(None)), "Tickets")


def undeliverable(source: SourceDatabase) -> int:
    """Return how many messages carry a delivery error."""
    status = source.column("TicketMessages", "DeliveryStatus")
    error = source.column("TicketMessages", "LastDeliveryError")
    if status is None or error is None:
        return 0
    failed = sa.select(sa.func.count()).where(status > 0, error.is_not(None), error != "")
    return _number(source, failed, "TicketMessages")


def linked(source: SourceDatabase, column: str) -> int:
    """Return how many tickets are linked to a chat (``ChatID``) or a call (``CallLogID``)."""
    return int(source.scalar("TicketLinks", column, "distinct") or 0)


def stray_teams(source: SourceDatabase, known: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return (department, group) to tickets, of pairs that are not among the known ones."""
    department, group = source.column("Tickets", "DepartmentID"), source.column("Tickets", "GroupID")
    if department is None or group is None:
        return {}
    counted = sa.select(department.label("d"), group.label("g"), sa.func.count().label("n"))
    rows = source.select(counted.group_by(department, group), "Tickets")
    return {(row["d"], row["g"]): int(row["n"]) for row in rows if (row["d"], row["g"]) not in known}


def engine_words(source: SourceDatabase) -> str:
    """Return what the database server calls its own version, its first line."""
    asked = {"sqlite": sa.func.sqlite_version(), "mssql": sa.literal_column("@@VERSION")}
    version = asked.get(source.engine.dialect.name, sa.func.version())
    rows = source.select(sa.select(version.label("v")), "the version")
    return next(iter(str(rows[0]["v"]).splitlines()), "").strip()


def file_paths(source: SourceDatabase) -> tuple[str, ...]:
    """Return where SmarterTrack's servers say that their files are."""
    return tuple(str(path) for path, _ in source.frequencies("Servers", "FilePath") if path)


def settings(source: SourceDatabase, names: tuple[str, ...]) -> dict[str, str]:
    """Return the global settings of these names; no other is ever selected (some hold passwords)."""
    name, value = source.column("GlobalSettings", "SettingName"), source.column("GlobalSettings", "SettingValue")
    if name is None or value is None:
        return {}
    rows = source.select(sa.select(name.label("k"), value.label("v")).where(name.in_(names)), "GlobalSettings")
    return {row["k"]: str(row["v"]) for row in rows if row["v"]}


def lengths(
    source: SourceDatabase, table: str, near: tuple[int, int], ceiling: int | None
) -> dict[int, tuple[int, int, int, int]]:
    """Return field id to (values, longest, values as long as ``near`` says, values that fill the column).

    A column is filled at ``ceiling``; where that is None, a value as long as the longest of ``near`` may be cut off.
    """
    field, text = source.column(table, "CustomFieldID"), source.column(table, "DataContent")
    if field is None or text is None:
        return {}
    size = sa.func.char_length(text)
    fills = size == near[1] if ceiling is None else size >= ceiling
    statement = sa.select(
        field.label("id"),
        sa.func.count().label("n"),
        sa.func.max(size).label("longest"),
        sa.func.sum(sa.case((size.between(*near), 1), else_=0)).label("near"),
        sa.func.sum(sa.case((fills, 1), else_=0)).label("at"),
    ).where(text.is_not(None), text != "")
    rows = source.select(statement.group_by(field), table)
    return {int(r["id"]): (int(r["n"]), int(r["longest"] or 0), int(r["near"]), int(r["at"])) for r in rows}
