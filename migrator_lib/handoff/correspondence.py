"""What the messages themselves say of service and of mailboxes: how fast each department answers, by which addresses.

SmarterTrack's accounts of mail servers hold passwords, so they are never read; who writes to whom is known without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from migrator_lib.lookups import Lookups, addresses, lowered
from migrator_lib.plan.codes import directions_of
from migrator_lib.staging import Row, Staged

COLUMNS = ("DateReceivedUTC", "MessageDirection", "FromAddress", "ToAddress", "IsDraft")
SHARES = (0.5, 0.9)
"""The median, and what nine of ten are within."""


@dataclass
class Correspondence:
    """What was found, by department. Times are minutes by the clock, nights and week-ends included."""

    first_answers: dict[int, list[int]] = field(default_factory=dict)
    resolutions: dict[int, list[int]] = field(default_factory=dict)
    outgoing: Counter[tuple[int, str]] = field(default_factory=Counter)
    """(department, address that agents wrote from) to number of messages."""
    incoming: Counter[tuple[int, str]] = field(default_factory=Counter)
    """(department, address that customers wrote to) to number of messages."""

    @classmethod
    def of(cls, staged: Staged, lookups: Lookups) -> Correspondence:
        """Walk over all tickets and messages once. Memory is a number for each ticket."""
        found = cls()
        departments: dict[int, int] = {}
        for row in staged.columns("Tickets", ["DepartmentID", "DateOpenedUTC", "DateClosedUTC", "IsDeleted", "IsSpam"]):
            if row["IsDeleted"] or row["IsSpam"]:
                continue
            departments[row["TicketID"]] = row["DepartmentID"]
            if row["DateClosedUTC"] and row["DateOpenedUTC"]:
                minutes = _minutes(row["DateOpenedUTC"], row["DateClosedUTC"])
                found.resolutions.setdefault(row["DepartmentID"], []).append(minutes)
        ways = {code: entry.becomes for code, entry in directions_of(lookups.mapping).items()}
        for ticket, messages in groupby(staged.columns("TicketMessages", COLUMNS), key=lambda row: row["TicketID"]):
            if ticket in departments:
                found._take(departments[ticket], [m for m in messages if not m["IsDraft"]], ways)
        return found

    def _take(self, department: int, messages: list[Row], ways: Mapping[str, str]) -> None:
        asked: datetime | None = None
        answered = False
        for row in sorted((m for m in messages if m["DateReceivedUTC"]), key=lambda m: m["DateReceivedUTC"]):
            way = ways.get(str(row["MessageDirection"]))
            if way == "incoming":
                asked = asked or row["DateReceivedUTC"]
                self.incoming.update((department, each) for each in _plain(row["ToAddress"]))
            elif way == "outgoing":
                self.outgoing.update((department, each) for each in _plain(row["FromAddress"]))
                if asked is not None and not answered:
                    answered = True
                    self.first_answers.setdefault(department, []).append(_minutes(asked, row["DateReceivedUTC"]))

    def mailboxes(self, lookups: Lookups) -> list[tuple[int, str, int, int]]:
        """Return (department, address, messages to it, messages from it) of the company's own mailboxes.

        Its own are those that agents write from, and others of the same domains; an agent's own address is none.
        """
        own = {address.partition("@")[2] for _, address in self.outgoing}
        agents = {lowered(lookups.users[agent]["Email"]) for agent in lookups.agents}
        pairs = {*self.outgoing, *(pair for pair in self.incoming if pair[1].partition("@")[2] in own)}
        return [
            (department, address, self.incoming[department, address], self.outgoing[department, address])
            for department, address in sorted(pairs)
            if address not in agents
        ]


def within(minutes: Sequence[int]) -> tuple[int, int]:
    """Return the median of times, and what nine of ten are within."""
    ordered = sorted(minutes)
    median, most = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in SHARES)
    return median, most


def _minutes(begin: datetime, end: datetime) -> int:
    return max(0, int((end - begin).total_seconds() // 60))


def _plain(header: str | None) -> Iterator[str]:
    return (lowered(each["address"]) for each in addresses(header))
