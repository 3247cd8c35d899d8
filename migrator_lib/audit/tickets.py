"""Tickets, one pass over all of them, and what the database adds up of their messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from migrator_lib.audit import queries
from migrator_lib.audit.codes import DIRECTION, EMPTY
from migrator_lib.audit.facts import Code, Messages, Tickets
from migrator_lib.audit.live import Live
from migrator_lib.chunks import Row
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.mapping import EngagementMapping
from migrator_lib.objects.thread import CALL_LIMIT, SUBJECT_MAXIMUM
from migrator_lib.plan.codes import directions_of, name_of
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import narrow

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
RATE_DAYS = 30
LOOKED_AT = narrow(
    "Tickets",
    ("DateOpenedUTC", "DateClosedUTC", "TicketStatusID", "TicketPriorityID", "DepartmentID", "GroupID",
     "UserID_Customer", "CustomerEmailAddress", "Subject", "IsDeleted", "IsSpam"),
)  # fmt: skip
GARBLED = re.compile("[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")
"""UTF-8 that was read as Windows-1252, and what no decoder knew."""


def is_garbled(text: str | None) -> bool:
    """Whether a text shows the marks of a wrong decoding: ``GrÃ¶ÃŸe`` for ``Größe``."""
    return GARBLED.search(text or "") is not None


@dataclass
class _Pass:
    """What is added up over all tickets."""

    now: datetime
    lookups: Lookups
    priorities: dict[int, str]
    spam_moves: bool
    totals: Counter[str] = field(default_factory=Counter)
    status: Counter[int] = field(default_factory=Counter)
    priority: Counter[int] = field(default_factory=Counter)
    department: Counter[int] = field(default_factory=Counter)
    month: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, row: Row) -> None:
        """Take one ticket in."""
        deleted, spam = bool(row["IsDeleted"]), bool(row["IsSpam"])
        self.totals["number"] += 1
        self.totals["deleted"] += deleted
        self.totals["spam"] += spam and not deleted
        self.totals["moved"] += not deleted and (self.spam_moves or not spam)
        self.status[row["TicketStatusID"]] += 1
        self.priority[row["TicketPriorityID"]] += 1
        self.department[row["DepartmentID"]] += 1
        self.totals["unknown_codes"] += (
            row["TicketStatusID"] not in self.lookups.statuses or row["TicketPriorityID"] not in self.priorities
        )
        self.totals["without_team"] += (
            row["DepartmentID"] not in self.lookups.departments
            or (row["DepartmentID"], row["GroupID"]) not in self.lookups.groups
        )
        known = row["UserID_Customer"] in self.lookups.users or lowered(row["CustomerEmailAddress"])
        self.totals["without_requester"] += not known
        self.totals["garbled_subjects"] += is_garbled(row["Subject"])
        self.totals["long_subjects"] += len((row["Subject"] or "").strip()) > SUBJECT_MAXIMUM
        self._add_dates(row["DateOpenedUTC"], row["DateClosedUTC"])

    def _add_dates(self, opened: datetime | None, closed: datetime | None) -> None:
        if opened is None:
            self.totals["without_date"] += 1
            return
        self.totals["before_2000"] += opened < EPOCH
        self.totals["in_future"] += opened > self.now + timedelta(days=1)
        self.totals["closed_before_opened"] += closed is not None and closed < opened
        if EPOCH <= opened <= self.now + timedelta(days=1):
            self.first = min(self.first or opened, opened)
            self.last = max(self.last or opened, opened)
            self.month[f"{opened:%Y-%m}"] += 1


def ticket_facts(
    live: Live, lookups: Lookups, mapping: EngagementMapping, now: datetime, progress: Progress
) -> Tickets:
    """Return tickets in numbers, in one pass and constant memory; ``mapping`` is what people wrote so far."""
    source, spam_moves = live.source, lookups.parameters.policy.spam_tickets == "migrate"
    outgoing = [int(code) for code, entry in directions_of(mapping).items()
                if entry.becomes == "outgoing" and code.lstrip("-").isdecimal()]  # fmt: skip
    priorities = {row["TicketPriorityID"]: name_of(row) for row in live.rows("TicketPriorities")}
    found = _Pass(now, lookups, priorities, spam_moves)
    progress.begin("Looking at tickets", source.count("Tickets") or 0)
    for page in pages(source, LOOKED_AT, live.page_rows):
        for row in page:
            found.add(row)
        progress.advance(len(page))
    statuses = {key: name_of(row) for key, row in lookups.statuses.items()}
    departments = {key: str(row["DisplayName"]) for key, row in lookups.departments.items()}
    sums = {name: found.totals[name] for name in _SUMS}
    return Tickets(
        first=found.first.date() if found.first else None,
        last=found.last.date() if found.last else None,
        by_status=_named(found.status, statuses),
        by_priority=_named(found.priority, priorities),
        by_department=_named(found.department, departments),
        by_origin=_origins(source, sums["number"]),
        by_month=dict(sorted(found.month.items())),
        answered_by_month=dict(sorted(queries.answered_by_month(source, outgoing).items())),
        without_messages=queries.tickets_without_messages(source),
        **sums,
    )


_SUMS = (
    "number", "deleted", "spam", "moved", "without_requester", "without_date", "before_2000", "in_future",
    "closed_before_opened", "garbled_subjects", "long_subjects", "unknown_codes",
    "without_team",
)  # fmt: skip


def _named(counts: Counter[int], names: dict[int, str]) -> dict[str, int]:
    """Return numbers by name; a code without a name, or with a name that is taken, keeps its number beside it."""
    found: dict[str, int] = {}
    for code, n in counts.most_common():
        name = names.get(code, f"unknown ({code})")
        found[f"{name} ({code})" if name in found else name] = n
    return found


def _origins(source: SourceDatabase, number: int) -> dict[str, int]:
    """Return what tickets came from, as far as links say; SmarterTrack has no channel on a ticket."""
    chats, calls = queries.linked(source, "ChatID"), queries.linked(source, "CallLogID")
    return {"mail or portal": max(0, number - chats - calls), "linked to a chat": chats, "linked to a call": calls}


def message_facts(source: SourceDatabase, codes: Iterable[Code], now: datetime) -> Messages:
    """Return messages and comments in numbers; ``codes`` are those of :func:`codes.code_facts`."""
    newest = queries.newest_message(source, now)
    start = newest - timedelta(days=RATE_DAYS) if newest else None
    recent = queries.messages_since(source, start, newest) if start and newest else 0
    longest, long, beyond = queries.threads_of_tickets(source, CALL_LIMIT)
    return Messages(
        number=source.count("TicketMessages") or 0,
        comments=source.count("TicketComments") or 0,
        newest=newest,
        per_day=round(recent / RATE_DAYS, 1),
        drafts=queries.flagged(source, "TicketMessages", "IsDraft"),
        undeliverable=queries.undeliverable(source),
        without_direction=sum(code.number for code in codes if (code.column, code.code) == (DIRECTION, EMPTY)),
        odd_dates=queries.odd_dates(source, now),
        longest_thread=longest,
        long_threads=long,
        overflow=beyond,
    )
