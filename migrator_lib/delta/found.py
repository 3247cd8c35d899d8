"""What a delta found: by which signal, how much of it really changed, and what no signal showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib.delta.comparison import Changes, Named
from migrator_lib.delta.watermark import Candidates, family_by
from migrator_lib.smartertrack.tables import Family

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

    def ids(self, family: Family) -> frozenset[int]:
        """Return all tickets (chats, call logs) that changed, and are to be read again."""
        return self.traced.ids(family) | self.missed.ids(family)

    @property
    def touched(self) -> dict[str, frozenset[int]]:
        """Return what changed of each family, merged tickets too."""
        return (self.traced | self.missed).touched

    @property
    def number(self) -> int:
        """Return how many tickets, chats and call logs changed."""
        return (self.traced | self.missed).number

    @property
    def words(self) -> str:
        """Return the same in words."""
        return (self.traced | self.missed).words

    @property
    def others_purged(self) -> frozenset[Named]:
        """All staged chats and call logs that were purged in the source."""
        return self.traced.others_purged | self.missed.others_purged

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
        """Return a row for every way: tickets (chats, calls) that it found, that changed, and that it alone found."""
        if self.candidates is None:
            n = self.number
            return [{"found by": COMPARISON, "tickets": n, "changed": n, "by this alone": n}]
        changed, signals = self.traced.touched, self.candidates.by_signal
        of = {signal: family_by(signal).name for signal in signals}
        times = Counter((of[signal], one) for signal, ids in signals.items() for one in ids)
        rows = [
            {
                "found by": signal,
                "tickets": len(ids),
                "changed": len(ids & changed[of[signal]]),
                "by this alone": sum(times[of[signal], one] == 1 for one in ids & changed[of[signal]]),
            }
            for signal, ids in signals.items()
        ]
        if self.compared:
            n = self.missed.number
            rows.append({"found by": COMPARISON, "tickets": n, "changed": n, "by this alone": n})
        return rows

    def summary(self) -> dict[str, Any]:
        """Return what the ledger keeps."""
        return {
            "changed_tickets": len(self.tickets) + len(self.traced.others | self.missed.others),
            "delta": {
                "watermark": self.candidates is not None,
                "candidates": sum(map(len, self.candidates.by_family.values())) if self.candidates else 0,
                "changed": self.traced.number,
                "missed_by_the_watermark": self.missed.number if self.compared else None,
                "definitions": list(self.definitions),
            },
        }
