"""SLA inventory: what acts like a service level in SmarterTrack, and the set-up of Gorgias that takes its place.

SmarterTrack has no SLA table: departments' timers, business hours, holidays and events that wait are what there is.
Gorgias' SLA policies are made by hand (docs.gorgias.com, sla-policies): 1 minute to 14 days, first response and
resolution, applied when a ticket is created.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from migrator_lib.handoff.workflow_inventory import BY_SNOOZE, SLA_MINUTES, Event, duration_words, events
from migrator_lib.lookups import Lookups
from migrator_lib.objects.sla_rule import SlaRule
from migrator_lib.staging import Staged

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""By SmarterTrack's DayOfWeek, taken to count as .NET does (its codes are not published)."""
TIMERS = {
    "AutoClose": (60, "are closed", f"Not an SLA. Rebuild it as {BY_SNOOZE}: status closed."),
    "AutoLock": (60, "are locked against new answers",
                 "No counterpart: a customer's answer opens a closed ticket again. Tell agents; decide whether old "
                 "answers should become new tickets."),
    "AutoDelete": (1440, "are deleted",
                   "No counterpart: Gorgias deletes nothing by itself. Make a view of old tickets that somebody "
                   "empties on a date, if the law or the company wants it."),
}  # fmt: skip
Row = dict[str, object]


def timers(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the departments' timers that are on."""
    found: list[Row] = []
    for record in SlaRule().records(staged, lookups):
        if isinstance(record.data, dict):
            department = lookups.departments[int(record.key.rpartition("-d")[2])]
            factor, what, words = TIMERS[record.data["timer"]]
            after = duration_words(int(record.data["after"] or 0) * factor)
            deleted = " (deleted)" if department.get("IsDeleted") else ""
            found.append({"department": f"{department['DisplayName']}{deleted}",
                          "in SmarterTrack": f"Idle tickets {what} after {after}", "in Gorgias": words})  # fmt: skip
    return found


def business_hours(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return each set of business hours, its days with equal times gathered."""
    found: list[Row] = []
    for record in SlaRule().records(staged, lookups):
        if isinstance(record.data, list):
            found.append(
                {
                    "of": _owner(record.key.removeprefix("hours-"), lookups),
                    "hours (UTC)": "; ".join(_gathered(record.data)),
                    "in Gorgias": "Settings, Business hours: the same days, in the company's own time zone",
                }
            )
    return found


def _owner(key: str, lookups: Lookups) -> str:
    number = int(key[1:]) if key[1:].isdigit() else 0
    if key.startswith("b"):
        return f"brand {lookups.brands.get(number, {}).get('BrandName') or number}"
    return f"department {lookups.departments.get(number, {}).get('DisplayName') or number}"


def _gathered(rows: list[dict[str, Any]]) -> Iterator[str]:
    days: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: (int(row["DayOfWeek"]), str(row["TimeStartUTC"]))):
        day = WEEKDAYS[row["DayOfWeek"]] if row["DayOfWeek"] in range(7) else f"day {row['DayOfWeek']}"
        days.setdefault(f"{_clock(row['TimeStartUTC'])} to {_clock(row['TimeStopUTC'])}", []).append(day)
    for hours, names in days.items():
        yield f"{names[0]} to {names[-1]} {hours}" if _follow(names) else f"{', '.join(names)} {hours}"


def _follow(names: list[str]) -> bool:
    places = [WEEKDAYS.index(name) for name in names if name in WEEKDAYS]
    return len(places) > 2 and places == list(range(places[0], places[0] + len(names)))


def _clock(value: object) -> str:
    return f"{value:%H:%M}" if isinstance(value, datetime) else "?"


def holidays(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the holidays; whose they are follows from brand or department."""
    return [
        {
            "day": f"{row['Date']:%d %B}" if isinstance(row.get("Date"), datetime) else "?",
            "name": row.get("Name") or "",
            "of": _owner(f"b{row['BrandID']}" if row.get("BrandID") is not None else f"d{row.get('DepartmentID')}",
                         lookups),
        }
        for row in staged.rows("BusinessHolidays")
    ]  # fmt: skip


def waiting_events(staged: Staged) -> list[Row]:
    """Return the ticket events that wait for a time, and the SLA policy that says the same."""
    return [
        {
            "event": event.name,
            "after": duration_words(minutes),
            "SLA policy in Gorgias": _policy(event, minutes) if event.is_on else "None: it is switched off.",
        }
        for event in events(staged)
        if event.group.startswith("ticket") and (minutes := event.minutes()) is not None
    ]


def _policy(event: Event, minutes: int) -> str:
    if event.waits_for_customer():
        return f"None: it waits for the customer. Rebuild it as {BY_SNOOZE}."
    if minutes > SLA_MINUTES:
        return f"None: a policy holds at most {duration_words(SLA_MINUTES)}. Make a view of open tickets that old."
    target = (
        "Resolution time"
        if any(word in event.words() for word in ("resol", "clos", "solve"))
        else "First response time"
    )
    return f"{target}: {duration_words(minutes)}, within business hours, for the tickets that its conditions name."
