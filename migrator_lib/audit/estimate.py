"""What the migration takes: calls, hours and the cutover's window. Pure functions of an audit.

Every number comes with its formula. Facts: developers.gorgias.com (limitations, list endpoints).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil

from migrator_lib.audit.facts import Audit
from migrator_lib.audit.pricing import Cost, Line, cost, full_months

PAGE = 100
"""Rows of a list page."""
SETUP_READS = 20
SETUP = ("department", "brand", "brand_team", "ticket_field", "person_field", "tag", "macro")
"""List pages and settings that are read before anything is written."""
UPDATE_CALLS = 3
"""A ticket that changed: it and its thread are read, and it is written."""
WINDOW_HOURS = (4.0, 8.0)
"""What a cutover's night allows: better within the first, never beyond the second."""


@dataclass(frozen=True)
class Volume:
    """The numbers that calls follow from."""

    tickets: int
    """Tickets that are moved."""
    messages: int
    """Messages and comments."""
    uploads: int
    customers: int
    """Requesters and organizations, without those that merge."""
    setup: int
    """Teams, tags and fields."""
    long_threads: int = 0
    overflow: int = 0
    """Messages beyond what one call takes."""
    talks: int = 0
    """Chats and calls that are moved."""
    ratings: int = 0
    """Surveys that were offered: at most so many are moved."""
    tickets_per_day: float = 0.0
    """New tickets, chats and calls."""
    messages_per_day: float = 0.0

    @classmethod
    def of(cls, audit: Audit) -> Volume:
        """Return the volume of an audited source."""
        storage, tickets = audit.storage, audit.tickets
        setup = sum(audit.count(name) for name in SETUP)
        talks, months = audit.talks, Counter(tickets.by_month)
        months += Counter(talks.chats_by_month) + Counter(talks.calls_by_month if talks.calls_moved else {})
        recent = list(full_months(dict(months)).values())[-3:]
        return cls(
            tickets=tickets.moved,
            messages=audit.messages.number
            - audit.messages.drafts
            + audit.messages.comments
            + talks.lines
            + talks.calls_moved,
            uploads=storage.rows - storage.deleted_rows - (storage.missing or 0) - storage.oversized,
            customers=audit.count("requester") + audit.count("organization") - audit.people.merged,
            setup=setup,
            long_threads=audit.messages.long_threads + talks.long_chats,
            overflow=audit.messages.overflow + talks.overflow,
            talks=talks.moved,
            ratings=audit.count("survey"),
            tickets_per_day=round(sum(recent) / max(1, len(recent)) / 30, 1),
            messages_per_day=audit.messages.per_day,
        )


# --- calls and hours -----------------------------------------------------------------------------------


def calls(volume: Volume) -> tuple[Line, ...]:
    """Return the calls of a full load and of reading all of it back."""
    v = volume
    pages = sum(ceil(n / PAGE) for n in (v.tickets + v.talks, v.messages, v.customers, v.ratings))
    return (
        Line("Set-up", v.setup + SETUP_READS, f"{v.setup:,} teams, tags, fields and macros + {SETUP_READS} reads"),
        Line("Customers", v.customers, "requesters + organizations - those that merge, 1 call each"),
        Line("Uploads", v.uploads, "attachments with a file that may be sent, 1 call each"),
        Line("Tickets", v.tickets, "1 call each, with the whole thread, tags and fields"),
        Line("Chats and calls", v.talks, "1 call each, as tickets"),
        Line("Ratings", v.ratings, "1 call each at most: those that nobody answered take none"),
        Line(
            "Long threads",
            v.overflow + 2 * v.long_threads,
            f"{v.overflow:,} messages beyond 500 + 2 x {v.long_threads:,} tickets or chats (thread read, closed again)",
        ),
        Line(
            "Reading back",
            pages,
            f"{v.tickets + v.talks:,} tickets / {PAGE} + {v.messages:,} messages / {PAGE} + {v.customers:,} customers "
            f"/ {PAGE} + {v.ratings:,} ratings / {PAGE}, each rounded up",
        ),
    )


def hours(number: float, rate: float) -> float:
    """Return the hours that ``number`` calls take at ``rate`` calls per second."""
    return number / rate / 3600


@dataclass(frozen=True)
class Window:
    """Whether the cutover's delta fits into a night."""

    days: int
    calls: int
    hours: float
    fits: str
    """``comfortably``, ``tightly`` or ``not``."""
    formula: str


def window(volume: Volume, load_hours: float, rate: float) -> Window:
    """Return the delta of the days between extract and cutover, and what it takes."""
    v = volume
    days = ceil(load_hours / 24) + 1
    per_ticket = 1 + (v.uploads + v.customers) / max(1, v.tickets + v.talks)
    fresh, changed = v.tickets_per_day * per_ticket, v.messages_per_day * (UPDATE_CALLS + 1)
    number = ceil(days * (fresh + changed))
    needed = hours(number, rate)
    fits = "comfortably" if needed <= WINDOW_HOURS[0] else "tightly" if needed <= WINDOW_HOURS[1] else "not"
    formula = (
        f"{days} days (load, rounded up, + 1) x ({v.tickets_per_day:g} new tickets a day x {per_ticket:.2f} calls + "
        f"{v.messages_per_day:g} messages a day x {UPDATE_CALLS + 1} calls)"
    )
    return Window(days, number, needed, fits, formula)


# --- the whole -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """Everything that is estimated."""

    volume: Volume
    lines: tuple[Line, ...]
    calls: int
    rate: float
    hours: float
    window: Window
    cost: Cost


def estimate(audit: Audit) -> Estimate:
    """Return the estimate of an audited engagement."""
    volume = Volume.of(audit)
    lines = calls(volume)
    number = int(sum(line.number for line in lines))
    load = hours(number, audit.rate)
    return Estimate(
        volume, lines, number, audit.rate, load, window(volume, load, audit.rate),
        cost(audit.tickets.answered_by_month, audit.ai_share),
    )  # fmt: skip
