"""The history of the deltas: when each was read, what had changed, and how long it took to read and to load.

It is kept in the ledger. Each delta should be smaller than the one before it, so that the last one, within the freeze,
is short; and what was measured is what a freeze is predicted from (:mod:`migrator_lib.freeze`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from migrator_lib.ledger import Ledger

HISTORY, MEASURED, PURGED = "delta_history", "delta_measured", "purged_tickets"
"""Values that the ledger keeps."""
PURGED_OTHERS = "purged_conversations"
"""Chats and call logs of which the same is known: name of the family, and id."""
COMPARISON = "comparison_seconds"
"""In what was measured: wall seconds of the last comparison of everything with the source."""
READ_BACK = "readback_calls"
"""Calls that it took to read the account back."""
RECONCILED = "reconcile_seconds"
"""Wall seconds of the last comparison of everything with what was read back, without the reading."""
QUIET = "quiet_seconds"
"""The account's seconds that it took to make it quiet, canaries included."""
DOCUMENTS = "documents_seconds"
"""Wall seconds of writing the handoff documents."""


@dataclass(frozen=True)
class Delta:
    """One delta."""

    stage: str
    at: str
    """When it was looked for, ISO, UTC."""
    tickets: int
    """Tickets that had changed, those that were merged away among them."""
    messages: int
    """Messages that are staged more than before."""
    read_seconds: float
    """Of the wall: to find it and to stage it."""
    loaded_at: str = ""
    """When a load had brought it to Gorgias; empty while none has."""
    load_seconds: float | None = None
    """Of the account's clock; None where it was loaded with the full extract."""
    calls: int | None = None
    """Calls of that load."""
    loaded_with: list[str] = field(default_factory=list)
    """Other deltas of the same load: time and calls are for all."""


def deltas(ledger: Ledger) -> list[Delta]:
    """Return the deltas that were staged, oldest first."""
    kept: list[dict[str, Any]] = ledger.meta(HISTORY, [])
    return [Delta(**one) for one in kept]


def forget(ledger: Ledger) -> None:
    """Forget the deltas: everything is read anew."""
    ledger.set_meta(HISTORY, [])
    ledger.set_meta(PURGED, [])
    ledger.set_meta(PURGED_OTHERS, [])


def note_read(ledger: Ledger, delta: Delta) -> None:
    """Keep a delta that was staged; one that was never finished, and is read anew, counts once."""
    earlier = [one for one in deltas(ledger) if one.stage != delta.stage]
    ledger.set_meta(HISTORY, [vars(one) for one in (*earlier, delta)])


def note_purged(ledger: Ledger, purged: Collection[int], others: Collection[tuple[str, int]] = ()) -> None:
    """Keep which staged tickets, chats and call logs the source does not hold any more, beside those before."""
    known = set(ledger.meta(PURGED, []))
    if not known.issuperset(purged):
        ledger.set_meta(PURGED, sorted(known | set(purged)))
    before = {(name, one) for name, one in ledger.meta(PURGED_OTHERS, [])}
    if not before.issuperset(others):
        ledger.set_meta(PURGED_OTHERS, sorted(before | set(others)))


def note_loaded(ledger: Ledger, stages: Collection[str], at: str, seconds: float | None, calls: int) -> None:
    """Keep that a load has brought deltas to Gorgias.

    Args:
        ledger: where to.
        stages: those deltas.
        at: when it had, ISO, UTC.
        seconds: of the account's clock; None if everything else was loaded, too.
        calls: that it made.
    """
    found = []
    for one in deltas(ledger):
        if one.stage in stages:
            others = [stage for stage in stages if stage != one.stage]
            took = None if seconds is None else round(seconds, 1)
            one = replace(one, loaded_at=at, load_seconds=took, calls=None if seconds is None else calls,
                          loaded_with=others)  # fmt: skip
        found.append(one)
    if found:
        ledger.set_meta(HISTORY, [vars(one) for one in found])


def measured(ledger: Ledger) -> dict[str, float]:
    """Return what took how long when it was done last, in seconds."""
    found: dict[str, float] = ledger.meta(MEASURED, {})
    return found


def note_measured(ledger: Ledger, what: str, seconds: float) -> None:
    """Keep how long something took."""
    ledger.set_meta(MEASURED, {**measured(ledger), what: round(seconds, 3)})
