"""When an account was quiet because of this migration: from before its first write until everything was put back.

What the account's own rules wrote in between is this migration's doing; what they write before and afterwards is
theirs. The moments are those of the account's clock, kept in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib.ledger import Ledger
from migrator_lib.objects.conversation import moment

Window = tuple[str, str | None]
"""Begin and end, ISO and UTC; None while it lasts."""


def _name(target: str) -> str:
    return f"quiet_windows:{target}"


def windows(ledger: Ledger, target: str) -> list[Window] | None:
    """Return the windows of an account, oldest first; None where none was noted, as in a ledger of an old version."""
    kept = ledger.meta(_name(target))
    return None if kept is None else [(began, ended) for began, ended in kept]


def begin(ledger: Ledger, target: str, at: str) -> None:
    """Note that an account is made quiet; one that is stays so since then."""
    kept = windows(ledger, target) or []
    if not kept or kept[-1][1] is not None:
        ledger.set_meta(_name(target), [*kept, (at, None)])


def end(ledger: Ledger, target: str, at: str) -> None:
    """Note that everything in an account is as it was."""
    kept = windows(ledger, target) or []
    if kept and kept[-1][1] is None:
        ledger.set_meta(_name(target), [*kept[:-1], (kept[-1][0], at)])


def is_within(at: str | None, known: Sequence[Window] | None) -> bool:
    """Whether a moment is in a window; where none is known, every moment counts, and so does what is no moment."""
    when = moment(at)
    if known is None or when is None:
        return True
    return any(str(moment(began)) <= when and (ended is None or when < str(moment(ended))) for began, ended in known)
