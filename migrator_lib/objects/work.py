"""Tasks and time logs of tickets become internal notes: Gorgias has neither.

What they are called, when they are due and how long something took stands in words, since an agent reads them and
nothing acts on them. Deleted ones are left out (``deleted_task``, ``deleted_time_log``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects.notes import body_of, note
from migrator_lib.staging import Row, TicketRecord

TASK, TIME_LOG = "task", "time_log"


def notes(ticket: TicketRecord, lookups: Lookups) -> Iterator[tuple[str, int, datetime, Json | None]]:
    """Yield object, id, moment and note of every task and time log of a ticket; None for one that is deleted."""
    opened = ticket.row["DateOpenedUTC"]
    for row in ticket.tasks:
        moment = row["DateCreatedUTC"] or row["DateModifiedUTC"] or opened
        yield TASK, row["TaskID"], moment, None if row["IsDeleted"] else _task(row, moment, lookups)
    for row in ticket.time_logs:
        moment = row["DateCreatedUTC"] or row["DateEndUTC"] or opened
        yield TIME_LOG, row["TimeLogID"], moment, None if row["IsDeleted"] else _time_log(row, moment, lookups)


def _task(row: Row, moment: datetime, lookups: Lookups) -> Json:
    status = named(lookups.task_statuses, row["TaskStatusID"], "Status")
    priority = named(lookups.task_priorities, row["TaskPriorityID"], "Priority")
    agent = "" if lookups.is_unassigned(row["UserID"]) else lookups.agent_name(row["UserID"])
    lines = [
        f"Task: {(row['Subject'] or '').strip() or '(no subject)'}",
        f"Status: {status}" if status else "",
        f"Priority: {priority}" if priority else "",
        f"Assigned to: {agent}" if agent else "",
        f"Start: {said(row['DateStartUTC'])}" if row["DateStartUTC"] else "",
        f"Due: {said(row['DateDueUTC'])}" if row["DateDueUTC"] else "",
        f"Completed: {said(row['DateCompletedUTC'])}" if row["DateCompletedUTC"] else "",
    ]
    known = {"task_id": row["TaskID"], "status": status, "agent": agent, "due": iso(row["DateDueUTC"])}
    return note(
        moment,
        body_of(lines, row["Description"]),
        author=lookups.agent_reference(row["UserID"]),
        external_id=lookups.external_id(TASK, row["TaskID"]),
        meta={name: value for name, value in known.items() if value},
    )


def _time_log(row: Row, moment: datetime, lookups: Lookups) -> Json:
    minutes, agent = minutes_of(row), lookups.agent_name(row["UserID"])
    span = [said(at) for at in (row["DateStartUTC"], row["DateEndUTC"]) if at]
    tag = lookups.tags.get(row["TagID"] or -1)
    length = "of unknown length" if minutes is None else f"{minutes:,} {'minute' if minutes == 1 else 'minutes'}"
    lines = [
        f"Time log: {length}, {'billable' if row['IsBillable'] else 'not billable'}, by {agent}",
        " to ".join(span),
        f"Category: {tag['Name']}" if tag else "",
        (row["Subject"] or "").strip(),
    ]
    known = {"time_log_id": row["TimeLogID"], "minutes": minutes, "billable": bool(row["IsBillable"]), "agent": agent}
    return note(
        moment,
        body_of(lines, row["Description"]),
        author=lookups.agent_reference(row["UserID"]),
        external_id=lookups.external_id(TIME_LOG, row["TimeLogID"]),
        meta={name: value for name, value in known.items() if value is not None},
    )


def minutes_of(row: Row) -> int | None:
    """Return how long a time log took, whole minutes; None where a date is missing, or it ends before it starts."""
    start, end = row["DateStartUTC"], row["DateEndUTC"]
    if start is None or end is None or end < start:
        return None
    return round(float((end - start).total_seconds()) / 60)


def named(table: Mapping[int, Row], code: int | None, what: str) -> str:
    """Return what a code is called; one that no table defines keeps its number; nothing for no code."""
    if code is None:
        return ""
    row: Mapping[str, Any] = table.get(code) or {}
    return str(row.get("DisplayName") or row.get("EnglishName") or f"{what} {code}")


def said(moment: datetime) -> str:
    """Return a moment in words for a note."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
