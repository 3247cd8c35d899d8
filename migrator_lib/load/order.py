"""In which order tickets are loaded: by number, or first those with which agents go on working.

Open tickets and those that were active lately come first, newest first; then history, newest first. Numbers are all
that is kept of two million tickets.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migrator_lib.load.context import First, LoadContext
from migrator_lib.lookups import Lookups
from migrator_lib.staging import Staged

FIRST = "Open and recent tickets, with their people"
HISTORY = "Ticket history, newest first"
"""What progress says of the two passes."""
DATED = (
    ("Tickets", ("DateOpenedUTC", "DateClosedUTC")),
    ("TicketMessages", ("DateReceivedUTC",)),
    ("TicketComments", ("DateEnteredUTC",)),
)
"""Tables and columns whose dates are activity on a ticket."""


@dataclass(frozen=True)
class Order:
    """The numbers of all staged tickets, in the order of loading."""

    first: array[int]
    """Open, or active lately; newest first."""
    history: array[int]
    """All others, those that are left out too; newest first."""


def open_first(staged: Staged, lookups: Lookups, *, now: datetime | None = None) -> Order:
    """Return the order in which agents can start soonest.

    Args:
        staged: what is to be loaded.
        lookups: of it; ``load.recent_days`` says how far back from the last activity of all "lately" reaches.
        now: the present, since a date that has not come is no activity; None: this machine's.
    """
    since = _last_activity(staged, now or datetime.now(UTC)) - timedelta(days=lookups.parameters.load.recent_days)
    recent = {ticket for ticket, at in _activity(staged) if at >= since}
    codes = {code for code, status in lookups.mapping.statuses.items() if status.becomes == "open"}
    first: list[int] = []
    history: list[int] = []
    for row in staged.columns("Tickets", ["TicketStatusID", "IsDeleted", "IsSpam"]):
        moves = not row["IsDeleted"] and not row["IsSpam"]
        soon = moves and (str(row["TicketStatusID"]) in codes or row["TicketID"] in recent)
        (first if soon else history).append(row["TicketID"])
    return Order(array("q", sorted(first, reverse=True)), array("q", sorted(history, reverse=True)))


def _activity(staged: Staged) -> Iterator[tuple[int, datetime]]:
    """Yield (ticket, moment) of everything that happened on tickets, in constant memory."""
    for table, columns in DATED:
        for row in staged.columns(table, columns):
            for column in columns:
                if row[column] is not None:
                    yield row["TicketID"], row[column]


def _last_activity(staged: Staged, now: datetime) -> datetime:
    """Return the last moment at which anything happened: a restored backup is as old as that."""
    return max((at for _, at in _activity(staged) if at <= now), default=now)


def noted(context: LoadContext, tickets: int, *, rehearsal: bool) -> First:
    """Return when the tickets that go first were all there, and keep it in the ledger: the moment of the first run."""
    if rehearsal:
        return First(tickets)
    name = f"open_first:{context.target}"
    kept = context.ledger.meta(name)
    if kept is None:
        kept = {"tickets": tickets, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        context.ledger.set_meta(name, kept)
    return First(kept["tickets"], kept["at"])
