"""What a trap is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from migrator_lib.audit.estimate import Estimate
from migrator_lib.audit.facts import Audit

Side = Literal["SmarterTrack", "Gorgias"]
Severity = Literal["high", "medium", "low"]
ORDER: tuple[Severity, ...] = ("high", "medium", "low")
Finding = tuple[Severity, str]
"""How grave it is here, and what was found."""


@dataclass(frozen=True)
class Trap:
    """A known trap. ``source`` is where it is documented."""

    name: str
    title: str
    side: Side
    look: Callable[[Audit, Estimate], Finding]
    to_do: str
    source: str


def by_number(number: int, words: str, *, otherwise: str, severity: Severity = "medium") -> Finding:
    """Return a finding that is there where a number is above 0; ``words`` has a place for it.

    Its severity is medium where a person has something to do, and low where the tool does it.
    """
    if not number:
        return "low", otherwise
    return severity, words.format(f"{number:,}")
