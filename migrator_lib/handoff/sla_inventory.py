"""SLA inventory: what acts like a service level in SmarterTrack, and the set-up of Gorgias that takes its place.

SmarterTrack has no SLA table: departments' timers, business hours, holidays and events that wait are what there is.
Gorgias' SLA policies are made by hand (docs.gorgias.com, sla-policies): 1 minute to 14 days, first response and
resolution, applied when a ticket is created.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from migrator_lib.handoff import rule_words
from migrator_lib.handoff.correspondence import Correspondence, within
from migrator_lib.handoff.workflow_inventory import (
    BY_SNOOZE,
    SLA_MINUTES,
    Event,
    conditions_words,
    duration_words,
    events,
)
from migrator_lib.lookups import Lookups
from migrator_lib.objects.sla_rule import SlaRule
from migrator_lib.staging import Staged

FIRST, RESOLUTION = "First response time", "Resolution time"
STEPS = (15, 30, 60, 120, 240, 480, 720, 1440)
"""Times that a proposed policy is rounded up to, minutes; above, whole days."""
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""By SmarterTrack's DayOfWeek, taken to count as .NET does (its codes are not published)."""
TIMERS = {
    "AutoClose": (60, "Idle tickets are closed", f"Not an SLA. Rebuild it as {BY_SNOOZE}: status closed."),
    "AutoLock": (60, "Idle tickets are locked against new answers",
                 "No counterpart: a customer's answer opens a closed ticket again. Tell agents; decide whether old "
                 "answers should become new tickets."),
    "AutoDeleteCallLog": (1440, "Call logs are deleted",
                          "No counterpart: Gorgias deletes nothing by itself. Make a view of old tickets of channel "
                          "phone that somebody empties on a date."),
    "AutoDelete": (1440, "Idle tickets are deleted",
                   "No counterpart: Gorgias deletes nothing by itself. Make a view of old tickets that somebody "
                   "empties on a date, if the law or the company wants it."),
}  # fmt: skip
Row = dict[str, object]


def timers(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the departments' timers that are on."""
    found: list[Row] = []
    for record in SlaRule().records(staged, lookups):
        if record.key.startswith("auto"):
            department = lookups.departments[int(record.key.rpartition("-d")[2])]
            factor, what, words = TIMERS[record.data["timer"]]
            after = duration_words(int(record.data["after"] or 0) * factor)
            deleted = " (deleted)" if department.get("IsDeleted") else ""
            mailed = ", and the customer is e-mailed" if record.data["mails"] else ""
            found.append({"department": f"{department['DisplayName']}{deleted}",
                          "in SmarterTrack": f"{what} after {after}{mailed}", "in Gorgias": words})  # fmt: skip
    return found


def business_hours(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return each set of business hours, its days with equal times gathered."""
    found: list[Row] = []
    for record in SlaRule().records(staged, lookups):
        if record.key.startswith("hours-"):
            found.append(
                {
                    "of": _owner(record.key.removeprefix("hours-"), lookups),
                    "hours (UTC)": "; ".join(_gathered(record.data)),
                    "also of": ", ".join(_users_of(record.key, "UseBrandHours", lookups)),
                    "in Gorgias": "Settings, Business hours: a time range for the same days, in the company's own time "
                    "zone; where brands differ, custom hours for each brand's channels",
                }
            )
    return found


def _users_of(key: str, column: str, lookups: Lookups) -> Iterator[str]:
    """Yield the departments that take hours or holidays of this brand."""
    for row in lookups.departments.values():
        if key.endswith(f"-b{row.get('BrandID')}") and row.get(column) is not False and not row.get("IsDeleted"):
            yield str(row["DisplayName"])


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
            "of": _owner(record.key.removeprefix("holidays-"), lookups),
            "also of": ", ".join(_users_of(record.key, "UseBrandHolidays", lookups)),
        }
        for record in SlaRule().records(staged, lookups)
        if record.key.startswith("holidays-")
        for row in record.data
    ]


def waiting_events(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the ticket events that wait for a time, and the SLA policy that says the same."""
    return [
        {
            "event": f"{event.name} ({event.row['EventID']})",
            "trigger": ", ".join(dict.fromkeys(str(c.get("EventType") or "") for c in event.conditions)) or "its name",
            "conditions": conditions_words(event),
            "first response, minutes": minutes if _target(event) == FIRST else None,
            "resolution, minutes": minutes if _target(event) == RESOLUTION else None,
            "business hours": "not told: SmarterTrack's events count by the clock",
            "SLA policy in Gorgias": _policy(event, minutes, lookups) if event.is_on else "None: it is switched off.",
        }
        for event in events(staged)
        if event.group.startswith("ticket") and (minutes := event.minutes()) is not None
    ]


def _target(event: Event) -> str:
    """Return which time of a policy an event is about; empty where it is about the customer."""
    if event.waits_for_customer():
        return ""
    return RESOLUTION if any(word in event.words() for word in ("resol", "clos", "solve")) else FIRST


def _policy(event: Event, minutes: int, lookups: Lookups) -> str:
    target = _target(event)
    if not target:
        return f"None: it waits for the customer. Rebuild it as {BY_SNOOZE}."
    if minutes > SLA_MINUTES:
        return f"None: a policy holds at most {duration_words(SLA_MINUTES)}. Make a view of open tickets that old."
    fitting = [rule_words.condition(part, lookups) for part in event.conditions]
    named = " AND ".join(words for words in fitting if words and not words.startswith("ticket status"))
    which = (
        f"for tickets with {named} (a policy knows channels, tags and ticket fields)" if named else "for all tickets"
    )
    return f"{target}: {duration_words(minutes)}, within business hours, {which}."


def settings(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the settings of departments whose names sound like a service level; their values are not read."""
    return [
        {
            "department": _owner(f"d{record.data['DepartmentID']}", lookups).removeprefix("department "),
            "setting": record.data["SettingName"],
            "what to do": "Look its value up in SmarterTrack (settings may hold secrets, so values are not read), and "
            "put it into the policy of that department's tickets.",
        }
        for record in SlaRule().records(staged, lookups)
        if record.key.startswith("setting-")
    ]


def follow_ups(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return how many open tickets of each department are to be followed up, and how many of them with a date."""
    open_ones = {int(key) for key, status in lookups.mapping.statuses.items() if status.becomes == "open"}
    found: dict[int, list[int]] = {}
    columns = ("DepartmentID", "TicketStatusID", "RequiresFollowUp", "DateFollowUpUTC", "IsDeleted")
    for row in staged.columns("Tickets", columns):
        if row["RequiresFollowUp"] and not row["IsDeleted"] and row["TicketStatusID"] in open_ones:
            counted = found.setdefault(row["DepartmentID"], [0, 0])
            counted[0] += 1
            counted[1] += row["DateFollowUpUTC"] is not None
    return [
        {
            "department": _owner(f"d{department}", lookups).removeprefix("department "),
            "open tickets to follow up": number,
            "with a date": dated,
            "in Gorgias": "They have the tag follow-up and a note with the date. Make a view of that tag, and snooze "
            "each ticket to its date (some are snoozed already, where the status is kept so).",
        }
        for department, (number, dated) in sorted(found.items())
    ]


def measured(found: Correspondence, lookups: Lookups) -> list[Row]:
    """Return how fast each department answers and closes today, and the policy that nine of ten tickets would keep."""
    rows: list[Row] = []
    for department in sorted({*found.first_answers, *found.resolutions}):
        first, closed = found.first_answers.get(department, []), found.resolutions.get(department, [])
        median, most = within(first) if first else (None, None)
        middle, last = within(closed) if closed else (None, None)
        rows.append(
            {
                "department": _owner(f"d{department}", lookups).removeprefix("department "),
                "answered": len(first),
                "first answer, median minutes": median,
                "first answer, 9 of 10 within": most,
                "closed": len(closed),
                "resolution, median minutes": middle,
                "resolution, 9 of 10 within": last,
                "policy that would be kept": _kept(most, last),
            }
        )
    return rows


def _kept(first: int | None, last: int | None) -> str:
    """Return a policy by what nine of ten tickets keep, rounded up; Gorgias wants the resolution above the response."""
    said = [
        f"{name}: {duration_words(rounded)}"
        for name, minutes in ((FIRST, first), (RESOLUTION, last))
        if minutes is not None and (rounded := _rounded(minutes)) <= SLA_MINUTES
    ]
    return "; ".join(said) or "none: what is measured is beyond the 14 days that a policy holds"


def _rounded(minutes: int) -> int:
    return next((step for step in STEPS if step >= minutes), -(-minutes // 1440) * 1440)


def policies(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the policies to make, with the fields of Gorgias' form, in the order that they are to stand there."""
    found: list[Row] = []
    for event in events(staged):
        minutes = event.minutes()
        if minutes is None or minutes > SLA_MINUTES or not event.is_on or not event.group.startswith("ticket"):
            continue
        if target := _target(event):
            named = [rule_words.condition(part, lookups) for part in event.conditions]
            tags = "; ".join(words for words in named if words.startswith(("ticket tags", "ticket priority")))
            found.append(
                {
                    "SLA name": event.name,
                    "channels": "Email, Contact form",
                    "tags and ticket fields": tags or "none: all tickets of these channels",
                    "first response time, minutes": minutes if target == FIRST else None,
                    "resolution time, minutes": minutes if target == RESOLUTION else None,
                    "enable": "yes, after the load",
                }
            )
    return sorted(found, key=lambda row: str(row["tags and ticket fields"]).startswith("none"))
