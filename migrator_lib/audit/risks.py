"""The risk register: a line for each known trap of both sides, with what was found here and what to do.

A trap looks at the audit, so its severity follows from a fact; what a database cannot show is said to be open.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator_lib.audit.estimate import Estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.traps import ORDER, TRAPS, Severity, Side


@dataclass(frozen=True)
class Risk:
    """One line of the register."""

    name: str
    title: str
    side: Side
    severity: Severity
    found: str
    to_do: str
    source: str


def register(audit: Audit, estimate: Estimate) -> tuple[Risk, ...]:
    """Return every known trap with what was found here, the gravest first."""
    found = []
    for trap in TRAPS:
        severity, words = trap.look(audit, estimate)
        found.append(Risk(trap.name, trap.title, trap.side, severity, words, trap.to_do, trap.source))
    return tuple(sorted(found, key=lambda risk: ORDER.index(risk.severity)))
