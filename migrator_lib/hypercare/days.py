"""The days of hypercare, as the ledger keeps them: so that the second day shows the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from migrator_lib.ledger import Ledger
from migrator_lib.rollback.standing import ROLLED_BACK

CUTOVER = "07_cutover"
KEPT = "hypercare"
"""Name in the ledger's meta."""


@dataclass(frozen=True)
class Day:
    """One day's numbers."""

    number: int
    """1 is the first day that was looked at."""
    on: str
    """The day, ISO, UTC."""
    at: str
    """The moment of the look, ISO, UTC."""
    verified: int = 0
    """Records that are in Gorgias as they were sent."""
    changed: int = 0
    """Records that others changed in Gorgias since."""
    lost: int = 0
    """Records that are missing, or not as they should be, though nobody changed them there."""
    known: int = 0
    """Records of which the cutover said so already; they are not counted as lost again."""
    tickets: int = 0
    """Migrated tickets that were compared."""
    touched: int = 0
    """Migrated tickets that somebody worked on in Gorgias since."""
    new_messages: int = 0
    new_tickets: int = 0
    """In Gorgias since the cutover."""
    late: int | None = 0
    """Tickets that changed in SmarterTrack since the last delta that was loaded; None where it did not answer."""
    calls: int = 0
    seconds: float = 0.0
    """What the look cost."""
    still_off: Sequence[str] = field(default_factory=list)
    """What is switched off in the account because of us, in words."""

    @property
    def share_touched(self) -> float:
        """Share of the migrated tickets that somebody worked on, 0 to 1."""
        return self.touched / self.tickets if self.tickets else 0.0


def days_of(ledger: Ledger) -> list[Day]:
    """Return the days so far, in order; those before the last roll-back belong to another load."""
    removed = _taken_back(ledger.steps())
    kept: list[dict[str, Any]] = ledger.meta(KEPT, [])
    return [Day(**one) for one in kept if one["at"] > removed]


def number_of(days: Sequence[Day], today: date, asked: int = 0) -> int:
    """Return the number of a day: of today's earlier look, or else the next one; or what is ``asked``."""
    if asked > 0:
        return asked
    same = [day.number for day in days if day.on == today.isoformat()]
    return max(same) if same else max((day.number for day in days), default=0) + 1


def keep(ledger: Ledger, day: Day) -> list[Day]:
    """Keep a day in the ledger, in place of the same day's earlier numbers, and return all."""
    others = [one for one in days_of(ledger) if one.number != day.number]
    days = sorted([*others, day], key=lambda one: one.number)
    ledger.set_meta(KEPT, [asdict(one) for one in days])
    return days


def cutover_of(steps: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Return when the engagement was cut over: the first time since it was loaded anew, if it was rolled back."""
    removed = _taken_back(steps)
    done = [s["finished_at"] for s in _cutovers(steps, "done") if (s["finished_at"] or "") > removed]
    return datetime.fromisoformat(min(done)) if done else None


def _cutovers(steps: Sequence[Mapping[str, Any]], status: str) -> list[Mapping[str, Any]]:
    return [s for s in steps if s["step"] == CUTOVER and s["status"] == status]


def _taken_back(steps: Sequence[Mapping[str, Any]]) -> str:
    """Return when the cutover was last taken back, or nothing; a roll-back of the sandbox takes no cutover back."""
    return max((s["finished_at"] or "" for s in _cutovers(steps, ROLLED_BACK)), default="")
