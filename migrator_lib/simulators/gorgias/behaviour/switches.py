"""Which of an account's settings are on. UNVERIFIED: the names of settings and what they hold are read live."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document

SURVEYS, AUTO_MERGE, ASSIGNMENT = "satisfaction-surveys", "auto-merge", "ticket-assignment"


MOST = 1e8
"""The largest number that a setting is read as."""


def number(data: Document, name: str, otherwise: float) -> float:
    """Return a number that a setting holds; what is no sensible one counts as not given."""
    given = data.get(name)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return otherwise
    return float(given) if 0 < given <= MOST else otherwise


def switched_on(account: Account, setting: str) -> Document | None:
    """Return what a setting of this type holds if it is on, else None."""
    for found in account.store.by_kind("setting"):
        data = found.get("data")
        if found.get("type") == setting and isinstance(data, dict):
            return data if data.get("enabled") or data.get("auto_assign_to_teams") else None
    return None
