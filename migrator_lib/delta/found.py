"""What a delta found: by which signal, how much of it really changed, and what no signal showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib.delta.comparison import Changes
from migrator_lib.delta.watermark import Candidates

COMPARISON = "comparison of everything"


@dataclass(frozen=True)
class Found:
    """What changed since the last stage, and how that came to be known."""

    candidates: Candidates | None
    """What the watermark led to; None if none was taken when the last stage was read."""
    traced: Changes
    """Of the candidates, what really differs; without a watermark, what the comparison found."""
    definitions: Sequence[str] = ()
    """Small tables (users, departments, fields ...) that differ: they are read whole."""
    missed: Changes = field(default_factory=Changes)
    """What the comparison of everything found beyond that."""
    compared: bool = False
    """Whether everything was compared, so that nothing is missing."""

    def __bool__(self) -> bool:
        """Whether there is anything to stage."""
        return bool(self.traced or self.missed or self.definitions)

    @property
    def tickets(self) -> frozenset[int]:
        """All tickets that changed, and are to be read again."""
        return self.traced.tickets | self.missed.tickets

    @property
    def merged(self) -> frozenset[int]:
        """All staged tickets that were merged away."""
        return self.traced.merged | self.missed.merged

    @property
    def purged(self) -> frozenset[int]:
        """All staged tickets that were purged in the source."""
        return self.traced.purged | self.missed.purged

    @property
    def ownerless(self) -> frozenset[int]:
        """All ids of tickets that never were there, with rows that came or went."""
        return self.traced.ownerless | self.missed.ownerless

    @property
    def by_table(self) -> dict[str, int]:
        """Table to number of tickets for which it differs."""
        return dict(Counter(self.traced.by_table) + Counter(self.missed.by_table))

    def with_missed(self, missed: Changes) -> Found:
        """Return this with what the comparison of everything found beyond it."""
        return replace(self, missed=missed, compared=True)

    def signals(self) -> list[dict[str, Any]]:
        """Return a row for every way: tickets that it found, how many of them changed, and how many it alone found."""
        if self.candidates is None:
            n = len(_touched(self.traced) | _touched(self.missed))
            return [{"found by": COMPARISON, "tickets": n, "changed": n, "by this alone": n}]
        changed = _touched(self.traced)
        times = Counter(ticket for tickets in self.candidates.by_signal.values() for ticket in tickets)
        rows = [
            {
                "found by": signal,
                "tickets": len(tickets),
                "changed": len(tickets & changed),
                "by this alone": sum(times[ticket] == 1 for ticket in tickets & changed),
            }
            for signal, tickets in self.candidates.by_signal.items()
        ]
        if self.compared:
            n = len(_touched(self.missed))
            rows.append({"found by": COMPARISON, "tickets": n, "changed": n, "by this alone": n})
        return rows

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps."""
        return {
            "changed_tickets": len(self.tickets),
            "delta": {
                "watermark": self.candidates is not None,
                "candidates": len(self.candidates.tickets) if self.candidates else 0,
                "changed": len(_touched(self.traced)),
                "missed_by_the_watermark": len(_touched(self.missed)) if self.compared else None,
                "definitions": list(self.definitions),
            },
        }


def _touched(changes: Changes) -> frozenset[int]:
    return changes.tickets | changes.merged
