"""Staged tickets, chats and call logs as they were on earlier days, as far as their dates tell.

SmarterTrack keeps no history of a ticket's own fields, so a day in the past is approximated (:data:`APPROXIMATED`):
what has a later date was not there yet. It is exact for what a delta mostly is: new tickets, messages, comments and
attachments.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from migrator_lib.chunks import to_staged, write_chunk
from migrator_lib.smartertrack.file_index import BLOBS, FILES
from migrator_lib.smartertrack.tables import CALL_FAMILY, CHAT_FAMILY, FAMILIES, TICKET_FAMILY, Family
from migrator_lib.staging import GONE, Row, Staged

APPROXIMATED = (
    "A ticket that was closed since was open before, with the first open status; when it was reopened is not known.",
    "Its subject, priority, assignee, team, fields and the tickets merged into it are those of today on every day.",
    "A task's or time log's tag came when the task or time log was changed last.",
    "A file went up as fast as any call: how long the line takes for large ones is added apart.",
    "Tickets that did not change, and show somebody who is new or is called otherwise, are sent again by a cutover, "
    "but not here.",
    "Of a call log that was changed since, the note was another one before.",
)
"""What is not known of a day in the past, in words for people."""
SLICE = 1000
"""Tickets that are held at a time, with all that belongs to them."""
DATED: Mapping[str, tuple[str, ...]] = {
    "Tickets": ("DateOpenedUTC", "DateClosedUTC", "DateDeletedUTC"),
    "TicketMessages": ("DateReceivedUTC",),
    "TicketComments": ("DateEnteredUTC",),
    "TicketAttachments": ("CreationDateUTC",),
    "Tasks": ("DateModifiedUTC",),
    "TimeLogs": ("DateModifiedUTC",),
    "Chats": ("DateStartedUTC", "DateEndedUTC", "DateDeletedUTC"),
    "ChatMessages": ("DateSubmittedUTC",),
    "ChatComments": ("DateEnteredUTC",),
    "ChatAttachments": ("CreationDateUTC",),
    "CallLogs": ("DateCreatedUTC", "DateModifiedUTC", "DateDeletedUTC"),
    "CallLogAttachments": ("CreationDateUTC",),
}
"""Table to the columns that say when something happened to a ticket (chat, call log); of its own table, the first one
says since when it was there."""
Thing = tuple[str, int]
"""A ticket, chat or call log: name of its family, and its id."""


@dataclass(frozen=True)
class Span:
    """The days that are gone through again: day ``k`` is behind ``moments[k]`` and up to ``moments[k + 1]``."""

    moments: tuple[datetime, ...]

    @classmethod
    def of(cls, end: datetime, days: int) -> Span:
        """Return so many days up to a moment."""
        return cls(tuple(end - timedelta(days=days - k) for k in range(days + 1)))

    @property
    def begin(self) -> datetime:
        """The moment before the first day."""
        return self.moments[0]

    @property
    def days(self) -> int:
        """How many they are."""
        return len(self.moments) - 1

    def day_of(self, moment: datetime | None) -> int | None:
        """Return the number of the day that a moment is in, or None."""
        if moment is None or not self.begin < moment <= self.moments[-1]:
            return None
        return next(k for k in range(self.days) if moment <= self.moments[k + 1])


@dataclass(frozen=True)
class Activity:
    """Which tickets, chats and call logs changed on which day."""

    days: Mapping[Thing, frozenset[int]] = field(default_factory=dict)
    """Each to the days on which something of it has a date."""

    def on(self, day: int, family: Family) -> set[int]:
        """Return the ids of a family that changed on one day."""
        return {one for (name, one), days in self.days.items() if name == family.name and day in days}

    def of(self, family: Family) -> list[int]:
        """Return the ids of a family that changed on any day, in their order."""
        return sorted(one for name, one in self.days if name == family.name)


def last_moment(staged: Staged, now: datetime) -> datetime | None:
    """Return when the last thing happened that is staged: a restored backup ends there. None if nothing ever did."""
    return max((moment for _, moment in _dates(staged) if moment <= now), default=None)


def activity(staged: Staged, span: Span) -> Activity:
    """Return which tickets, chats and call logs changed within the days, in one pass over the dates."""
    found: dict[Thing, set[int]] = {}
    for thing, moment in _dates(staged):
        day = span.day_of(moment)
        if day is not None:
            found.setdefault(thing, set()).add(day)
    return Activity({thing: frozenset(days) for thing, days in found.items()})


def _dates(staged: Staged) -> Iterator[tuple[Thing, datetime]]:
    for family in FAMILIES:
        for table in (one.name for one in family.tables if one.name in DATED):
            for row in staged.columns(table, DATED[table]):
                for column in DATED[table]:
                    if row.get(column) is not None:
                        yield (family.name, row[family.key]), row[column]


# --- stages --------------------------------------------------------------------------------------------


def write_stages(staged: Staged, found: Activity, span: Span, folder: Path, open_status: int) -> list[Path]:
    """Write the changing tickets as they were before the first day, and after each day those that changed on it.

    Args:
        staged: all stages.
        found: what changed on which day.
        span: the days.
        folder: where the stages go.
        open_status: code of the status that a ticket had before it was closed.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    stages = [folder / "before", *(folder / f"day-{day + 1:02d}" for day in range(span.days))]
    link_definitions(staged, stages[0])
    for family in FAMILIES:
        ids = found.of(family)
        for part, start in enumerate(range(0, len(ids), SLICE)):
            rows = _rows_of(staged, family, ids[start : start + SLICE])
            for number, stage in enumerate(stages):
                day = number - 1
                wanted = {one for one in rows if day < 0 or day in found.days[family.name, one]}
                then = [as_of(family, rows[one], span.moments[number], open_status) for one in sorted(wanted)]
                _write(stage, part, family, [tables for tables in then if tables])
    return stages


def link_definitions(staged: Staged, stage: Path) -> None:
    """Let a stage have the small tables of the last stage that holds each; they are not copied where links work."""
    stage.mkdir(parents=True, exist_ok=True)
    own = {table.name for family in FAMILIES for table in family.tables} | {GONE, FILES, BLOBS}
    for folder in staged.folders:
        for table in sorted(folder.iterdir()):
            if table.name in own or not table.is_dir():
                continue
            place = stage / table.name
            place.unlink(missing_ok=True)
            try:
                place.symlink_to(table.resolve(), target_is_directory=True)
            except OSError:
                shutil.copytree(table, place)


def _rows_of(staged: Staged, family: Family, ids: Collection[int]) -> dict[int, dict[str, list[Row]]]:
    """Return the ids of a family to table to its rows."""
    found: dict[int, dict[str, list[Row]]] = {one: {} for one in ids}
    for table in family.tables:
        for row in staged.columns_of(ids, table.name, table.columns):
            found[row[family.key]].setdefault(table.name, []).append(row)
    return {one: tables for one, tables in found.items() if family.root.name in tables}


def _write(stage: Path, part: int, family: Family, found: Sequence[Mapping[str, Sequence[Row]]]) -> None:
    for table in family.tables:
        rows = [row for tables in found for row in tables.get(table.name, ())]
        if rows:
            rows.sort(key=lambda row: tuple(row[column] for column in table.key))
            write_chunk(stage / table.name, part, to_staged(table, rows))


# --- one ticket, chat or call log ----------------------------------------------------------------------


def as_of(
    family: Family, tables: Mapping[str, Sequence[Row]], moment: datetime, open_status: int
) -> dict[str, list[Row]]:
    """Return the rows of one ticket (chat, call log) as they were at a moment; empty where it was not there yet.

    Args:
        family: of what it is one.
        tables: table to its rows of today.
        moment: that moment.
        open_status: code of the status that a ticket had before it was closed.
    """
    (own,) = tables[family.root.name]
    if _is_after(own.get(DATED[family.root.name][0]), moment):
        return {}
    parts = {name: rows for name, rows in tables.items() if name != family.root.name}
    then = {name: [row for row in rows if _was_there(name, row, moment)] for name, rows in parts.items()}
    if family is TICKET_FAMILY:
        messages = {row["TicketMessageID"] for row in then.get("TicketMessages", ())}
        later = {row["TicketMessageID"] for row in tables.get("TicketMessages", ())} - messages
        files = then.get("TicketAttachments", ())
        then["TicketAttachments"] = [row for row in files if row["TicketMessageID"] not in later]
    return {family.root.name: [_own(family, own, moment, open_status)], **then}


def _was_there(table: str, row: Row, moment: datetime) -> bool:
    """Whether a row was there; what has no date was."""
    return not any(_is_after(row.get(column), moment) for column in DATED.get(table, ()))


def _own(family: Family, row: Row, moment: datetime, open_status: int) -> Row:
    """Return a row of a family's own table as it was."""
    then: dict[str, Any] = dict(row)
    if _is_after(row.get("DateDeletedUTC"), moment):
        then |= {"IsDeleted": False, "DateDeletedUTC": None}
    if family is TICKET_FAMILY and _is_after(row.get("DateClosedUTC"), moment):
        then |= {"DateClosedUTC": None, "TicketStatusID": open_status}
    if family is CHAT_FAMILY and _is_after(row.get("DateEndedUTC"), moment):
        then |= {"DateEndedUTC": None, "SessionLengthInSeconds": None}
    if family is CALL_FAMILY and _is_after(row.get("DateModifiedUTC"), moment):
        then |= {"Description": None}
    return then


def _is_after(date: datetime | None, moment: datetime) -> bool:
    return date is not None and date > moment
