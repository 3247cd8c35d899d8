"""How long a freeze will take: what was measured, added up. Pure arithmetic.

A freeze is five things one after the other: to read what changed, to make the account quiet, to load the last delta, to
read everything back and compare it, and to write the documents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any, Literal

READ, QUIET, LOAD, READ_BACK, COMPARE, DOCUMENTS = (
    "Read and compare the source", "Make the account quiet", "Load the last delta", "Read everything back",
    "Compare what was read back", "Write the documents",
)  # fmt: skip
PAGE = 100
"""Records that one page of a list holds."""
Fit = Literal["fits", "may not fit", "does not fit"]


@dataclass(frozen=True)
class Day:
    """What the changes of one day took to load."""

    day: str
    tickets: int = 0
    """Tickets, chats and call logs with a date on that day."""
    messages: int = 0
    """Messages and comments of that day."""
    calls: int = 0
    seconds: float = 0.0
    """By the account's clock."""
    file_bytes: int = 0
    """Size of the files of that day."""


@dataclass(frozen=True)
class Measured:
    """What is known of the other parts. Seconds; None where nothing was measured yet."""

    comparison: float | None = None
    """Of the last comparison of everything with the source."""
    reconcile: float | None = None
    """Of the last comparison of everything with what was read back, without the reading."""
    documents: float | None = None
    quiet: float | None = None
    """To look at what acts, to switch it off, and to watch three canaries, by the account's clock; before a load was
    measured, how long those are watched."""
    readback_calls: int = 0
    """Pages of lists, and whatever is asked for one by one."""
    rate: float = 1.8
    """Calls a second."""
    bytes_per_second: float = 100_000.0
    """What the line carries at least."""
    idle_seconds: float = 0.0
    """Of a load that has nothing to do, by the account's clock."""


@dataclass(frozen=True)
class Part:
    """One part of a freeze, seconds: when little had changed, as usual, and when much had."""

    name: str
    low: float
    usual: float
    high: float
    known: bool = True
    """Whether it was measured; else it is left out of the sum, and that is said."""


@dataclass(frozen=True)
class Prediction:
    """How long a freeze takes that begins some hours after the last delta."""

    hours_since: float
    parts: Sequence[Part]
    window_hours: float

    @property
    def low(self) -> float:
        """Seconds, if little has changed."""
        return sum(part.low for part in self.parts)

    @property
    def usual(self) -> float:
        """Seconds on a usual day."""
        return sum(part.usual for part in self.parts)

    @property
    def high(self) -> float:
        """Seconds, if much has changed."""
        return sum(part.high for part in self.parts)

    @property
    def unknown(self) -> list[str]:
        """Parts that nothing is known of."""
        return [part.name for part in self.parts if not part.known]

    @property
    def fit(self) -> Fit:
        """Whether it fits the window."""
        window = self.window_hours * 3600
        return "fits" if self.high <= window else "may not fit" if self.low <= window else "does not fit"


@dataclass(frozen=True)
class Result:
    """A rehearsal as the ledger keeps it."""

    days: Sequence[Day]
    measured: Measured
    window_hours: float
    stages: int = 0
    """How many deltas were staged when it was made: with another one it is out of date."""
    at: str = ""
    last: str = ""
    """When the last thing happened that was staged."""
    ran_seconds: float = 0.0
    approximated: Sequence[str] = field(default=())

    def predict(self, hours_since: float) -> Prediction:
        """Return how long a freeze takes that begins so many hours after the last delta."""
        return predict(self.days, self.measured, hours_since=hours_since, window_hours=self.window_hours)

    def as_json(self) -> dict[str, Any]:
        """Return what the ledger keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Result:
        """Return what :meth:`as_json` made."""
        return cls(**{**kept, "days": [Day(**day) for day in kept["days"]], "measured": Measured(**kept["measured"])})


def readback_calls(counts: Mapping[str, int], *, setup_calls: int, values_in_lists: bool) -> int:
    """Return how many calls it takes to read an account back.

    Args:
        counts: ``customers``, ``tickets`` and ``messages`` in it.
        setup_calls: for the lists of users, teams, fields and tags.
        values_in_lists: whether lists of tickets bring the values of fields; else each ticket is asked for them.
    """
    pages = sum(max(1, math.ceil(n / PAGE)) for n in counts.values())
    return setup_calls + pages + (0 if values_in_lists else counts["tickets"])


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the 10 %, 50 % and 90 % quantiles of what was seen on some days."""
    if len(values) < 2:
        one = float(values[0]) if values else 0.0
        return one, one, one
    tenths = quantiles(values, n=10, method="inclusive")
    return tenths[0], tenths[4], tenths[8]


def predict(days: Sequence[Day], measured: Measured, *, hours_since: float, window_hours: float) -> Prediction:
    """Return how long a freeze takes.

    The last delta is as large as what changes in the hours between the last one before the freeze and its begin: the
    days' quantiles, in that share of a day. A load that has nothing to do takes some time, too. If much has changed,
    everything is compared twice (what left no trace is loaded, and looked for again), and files take the line.

    Args:
        days: what each day took.
        measured: of the other parts.
        hours_since: between the last delta and the freeze.
        window_hours: how long it may take.
    """
    share = hours_since / 24
    idle = measured.idle_seconds
    low, usual, high = (idle + max(0.0, one - idle) * share for one in spread([day.seconds for day in days]))
    line = spread([day.file_bytes for day in days])[2] / measured.bytes_per_second * share
    back = measured.readback_calls / measured.rate
    compared = measured.comparison
    parts = [
        _part(READ, compared, 2 * compared if compared is not None else None),
        _part(QUIET, measured.quiet),
        Part(LOAD, low, usual, high + line),
        Part(READ_BACK, back, back, back),
        _part(COMPARE, measured.reconcile),
        _part(DOCUMENTS, measured.documents),
    ]
    return Prediction(hours_since, parts, window_hours)


def _part(name: str, seconds: float | None, high: float | None = None) -> Part:
    if seconds is None:
        return Part(name, 0.0, 0.0, 0.0, known=False)
    return Part(name, seconds, seconds, seconds if high is None else high)
