"""The watermark: what the source's dates and ids had reached when a stage began, and what lies behind it since.

Each date and each id has a mark of its own, taken before the first page of a stage is read. A date's mark is the
highest of its column that is not after the database's clock. So it fits a restored backup, whose dates end long before
the clock; a clock of SmarterTrack's that is behind the database's moves it back with it; and a wrong date in one column
blinds none of the others. What was written around the mark (by a transaction that was still open, by a web server whose
clock is behind) is found by the overlap; mail that is imported late with its old date by its id.

A change that leaves no such trace is found by :mod:`migrator_lib.delta.comparison` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from migrator_lib.chunks import as_int
from migrator_lib.delta.comparison import differing, merged_away, retagged
from migrator_lib.errors import SourceDenied
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase, as_utc
from migrator_lib.smartertrack.tables import TAGS_IN_TASKS, TICKET_FAMILY, Family, family_of, source_table
from migrator_lib.staging import Staged

TICKET_MERGES = source_table("TicketMerges")
DATES: tuple[tuple[str, str], ...] = (
    ("TicketEventLogs", "EventDateUTC"),
    ("Tickets", "DateOpenedUTC"),
    ("Tickets", "DateClosedUTC"),
    ("Tickets", "DateDeletedUTC"),
    ("TicketMessages", "DateReceivedUTC"),
    ("TicketComments", "DateEnteredUTC"),
    ("TicketAttachments", "CreationDateUTC"),
    ("Tasks", "DateModifiedUTC"),
    ("TimeLogs", "DateModifiedUTC"),
    ("Chats", "DateStartedUTC"),
    ("Chats", "DateEndedUTC"),
    ("Chats", "DateDeletedUTC"),
    ("ChatMessages", "DateSubmittedUTC"),
    ("ChatComments", "DateEnteredUTC"),
    ("ChatAttachments", "CreationDateUTC"),
    ("CallLogs", "DateCreatedUTC"),
    ("CallLogs", "DateModifiedUTC"),
    ("CallLogs", "DateDeletedUTC"),
    ("CallLogAttachments", "CreationDateUTC"),
)
"""Dates that say when something happened. (DateFollowUpUTC says when something is to happen.)"""
IDS: tuple[tuple[str, str], ...] = (
    ("Tickets", "TicketID"),
    ("TicketMessages", "TicketMessageID"),
    ("TicketComments", "TicketCommentID"),
    ("TicketAttachments", "TicketAttachmentID"),
    ("Tasks", "TaskID"),
    ("TimeLogs", "TimeLogID"),
    ("TicketLinks", "TicketLinkID"),
    ("Chats", "ChatID"),
    ("ChatMessages", "ChatMessageID"),
    ("ChatComments", "ChatCommentID"),
    ("ChatAttachments", "ChatAttachmentID"),
    ("CallLogs", "CallLogID"),
    ("CallLogAttachments", "CallLogAttachmentID"),
)
"""Ids that the database counts up: whatever has a higher one is new, whatever its date says."""
WHOLE = (TICKET_MERGES, TAGS_IN_TASKS)
"""Small tables without a date or an id that the database counts up: they are compared whole."""
NO_MARK = "no mark was taken of it: it could not be read, or was not asked for then"
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""A mark before this is an empty date of some programming language."""
CLOCK: dict[str, sa.ColumnElement[Any]] = {
    "sqlite": sa.func.current_timestamp(),
    "mssql": sa.func.sysutcdatetime(),
    "mysql": sa.func.utc_timestamp(),
    "mariadb": sa.func.utc_timestamp(),
    "postgresql": sa.func.timezone("UTC", sa.func.now()),
}
"""Dialect to the database's own time in UTC."""


@dataclass(frozen=True)
class Watermark:
    """The marks of one moment. What a database lacks has none."""

    clock: datetime
    """The database's own time."""
    dates: Mapping[str, datetime | None]
    """``Table.Column`` to its highest date that is not after the clock; None where there was none."""
    ids: Mapping[str, int | None]
    """``Table.Column`` to its highest id; None where there was none."""

    @property
    def last(self) -> datetime | None:
        """When the last thing happened that the database knows of; None in an empty one."""
        return max((moment for moment in self.dates.values() if moment), default=None)

    def as_json(self) -> dict[str, Any]:
        """Return what the ledger keeps."""
        dates = {name: moment and moment.isoformat() for name, moment in self.dates.items()}
        return {"clock": self.clock.isoformat(), "dates": dates, "ids": dict(self.ids)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Watermark:
        """Return the marks that the ledger kept."""
        dates = {name: moment and datetime.fromisoformat(moment) for name, moment in kept["dates"].items()}
        return cls(datetime.fromisoformat(kept["clock"]), dates, kept["ids"])


@dataclass(frozen=True)
class Candidates:
    """Tickets, chats and call logs that something may have happened to."""

    by_signal: Mapping[str, frozenset[int]]
    """What they were found by (a column, or a table that is compared whole) to their ids."""
    unavailable: Mapping[str, str]
    """Signal that could not be asked for to the reason."""

    @property
    def by_family(self) -> dict[str, frozenset[int]]:
        """All of them, by the name of their family."""
        found: dict[str, frozenset[int]] = {}
        for signal, ids in self.by_signal.items():
            name = family_by(signal).name
            found[name] = found.get(name, frozenset()) | ids
        return found

    @property
    def tickets(self) -> frozenset[int]:
        """The tickets among them."""
        return self.by_family.get(TICKET_FAMILY.name, frozenset())


def family_by(signal: str) -> Family:
    """Return of which family a signal (``Table.Column``, or a table) tells."""
    return family_of(signal.partition(".")[0]) or TICKET_FAMILY


def take(source: SourceDatabase) -> Watermark:
    """Return the marks as they are now; none of what the login may not read."""
    clock = as_utc(_one(source, CLOCK[source.engine.dialect.name], "the clock")) or datetime.now(UTC)
    dates, ids = {}, {}
    for table, name in _signals(source, DATES):
        column = _asked(source, table, name)
        if column is not None:
            with suppress(SourceDenied):
                highest = _one(source, sa.func.max(column), table, column <= _moment(clock))
                if highest is None or as_utc(highest):
                    dates[f"{table}.{name}"] = as_utc(highest)
    for table, name in _signals(source, IDS):
        column = _asked(source, table, name)
        if column is not None:
            with suppress(SourceDenied):
                highest = _one(source, sa.func.max(column), table)
                if highest is None or _whole(highest) is not None:
                    ids[f"{table}.{name}"] = _whole(highest)
    return Watermark(clock, dates, ids)


def since(
    source: SourceDatabase,
    staged: Staged,
    mark: Watermark,
    overlap: timedelta,
    progress: Progress,
    *,
    page_rows: int = 10_000,
) -> Candidates:
    """Return the tickets, chats and call logs with a trace behind the marks, or up to ``overlap`` before a date's."""
    found: dict[str, frozenset[int]] = {}
    unavailable: dict[str, str] = {}
    signals = _signals(source, (*DATES, *IDS))
    progress.begin("Asking the source for what is new", len(signals) + len(WHOLE))
    for table, name in signals:
        signal = f"{table}.{name}"
        column = _asked(source, table, name)
        if column is None:
            unavailable[signal] = "not in this database"
        elif signal not in mark.dates and signal not in mark.ids:
            unavailable[signal] = NO_MARK
        else:
            found[signal] = _tickets(source, table, _behind(column, signal, mark, overlap))
        progress.advance()
    for one in WHOLE:
        if one.name not in source.binding.tables:
            unavailable[one.name] = "not in this database"
        elif one is TICKET_MERGES:
            found[one.name] = frozenset(_merged(source, staged, progress, page_rows))
        else:
            found[one.name] = frozenset(retagged(source, staged, page_rows))
    return Candidates(found, unavailable)


def _signals(source: SourceDatabase, signals: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the signals of what the database has: one without chats, or call logs, lacks nothing by them."""
    return [(table, name) for table, name in signals if family_by(table).root.name in source.binding.tables]


def _merged(source: SourceDatabase, staged: Staged, progress: Progress, page_rows: int) -> set[int]:
    """Return tickets that others were merged into since, and staged ones that were merged away.

    Those are looked for by all numbers: a merge while a stage was read may have its number staged, and its ticket too.
    """
    survivors = differing(source, staged, TICKET_MERGES, progress, page_rows=page_rows)
    return survivors | merged_away(source, staged, page_rows)


def _behind(column: sa.ColumnElement[Any], signal: str, mark: Watermark, overlap: timedelta) -> sa.ColumnElement[bool]:
    if signal in mark.ids:
        highest = mark.ids[signal]
        return column.is_not(None) if highest is None else column > highest
    moment = mark.dates[signal]
    return column.is_not(None) if moment is None else column > _moment(max(moment, EARLIEST) - overlap)


def _tickets(source: SourceDatabase, table: str, condition: sa.ColumnElement[bool]) -> frozenset[int]:
    ticket = source.column(table, family_by(table).key)
    assert ticket is not None, "see _asked"
    statement = sa.select(ticket.label("id")).where(ticket.is_not(None), condition).distinct()
    numbers = (_whole(row["id"]) for row in source.select(statement, table))
    return frozenset(number for number in numbers if number is not None)


def _whole(value: Any) -> int | None:
    """Return an id, or None for what cannot be one, and is never staged."""
    try:
        return None if value is None else as_int(value)
    except ValueError:
        return None


def _asked(source: SourceDatabase, table: str, name: str) -> sa.ColumnElement[Any] | None:
    """Return a column of a table that says which ticket a row belongs to, or None if the database lacks either."""
    return None if source.column(table, family_by(table).key) is None else source.column(table, name)


def _one(source: SourceDatabase, value: sa.ColumnElement[Any], what: str, *conditions: sa.ColumnElement[bool]) -> Any:
    return next(iter(source.select(sa.select(value.label("value")).where(*conditions), what)[0].values()))


def _moment(value: datetime) -> sa.BindParameter[datetime]:
    return sa.literal(value.replace(tzinfo=None), sa.DateTime())
