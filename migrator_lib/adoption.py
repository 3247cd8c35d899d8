"""The sample is kept: what was loaded into an account is adopted by the load of that account, and not made again.

Where the sample goes into production (``target.sample_in_production``), the ledger has it as production's from the
start. Where it went into a sandbox whose address has become production's since, the ledger's entries go over: the
ledger keeps with the entries of an account at which address they were made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migrator_lib.engagement import Engagement
from migrator_lib.ledger import PENDING, REMOVED, Entry, Ledger
from migrator_lib.ledger.written import as_written
from migrator_lib.objects import OBJECTS
from migrator_lib.rollback.context import snapshot_name
from migrator_lib.storage import refusals

PRODUCTION, SANDBOX = "production", "sandbox"
ADOPTED = "adopted_by_production"
"""Rule by which a sandbox's entry is no more: the account is production now."""


def _address(engagement: Engagement, target: str) -> str:
    """Return an account's address as it is compared; empty for a simulated one, which has none of its own."""
    account = engagement.parameters.target.accounts.get(target)
    return account.url.rstrip("/").lower() if account else ""


def _name(target: str) -> str:
    return f"account:{target}"


def note_account(engagement: Engagement, target: str) -> None:
    """Keep at which address an account is that is about to be written to."""
    engagement.ledger.set_meta(_name(target), _address(engagement, target))


def adopt(engagement: Engagement) -> int:
    """Take over the entries of a sandbox that is the production account now; return how many there were.

    Safe to repeat, and to go on with where a run died. A record that production has an entry of already stays where it
    is: it is in the account twice, and the sweep tells.
    """
    ledger, here = engagement.ledger, _address(engagement, PRODUCTION)
    if not here or ledger.meta(_name(SANDBOX)) != here:
        return 0
    _carry_snapshot(engagement)
    names = {obj.name for obj in OBJECTS}
    found = [e for e in ledger.entries(SANDBOX) if e.object in names and e.state != REMOVED]
    for obj in names:
        _hand_over(ledger, obj, [entry for entry in found if entry.object == obj])
    ledger.set_meta(_name(SANDBOX), "")
    return len(found)


def _hand_over(ledger: Ledger, obj: str, entries: Iterable[Entry]) -> None:
    """Write the entries of one object down as production's, and then as the sandbox's no more."""
    all_of_them = list(entries)
    known = ledger.known(PRODUCTION, obj, [entry.source_key for entry in all_of_them])
    new = [entry for entry in all_of_them if entry.source_key not in known]
    same = [entry for entry in all_of_them if entry.source_key in known and _is_same(entry, known[entry.source_key])]
    ledger.settle(PRODUCTION, [_as_production(entry) for entry in new if entry.state != PENDING])
    for entry in new:
        if entry.state == PENDING:
            ledger.intend(PRODUCTION, _as_production(entry))
    ledger.settle(SANDBOX, [_over(entry) for entry in (*new, *same)])


def _is_same(entry: Entry, known: Entry) -> bool:
    """Whether production's entry is this one, handed over by a run that died."""
    return (entry.target_id, entry.payload_hash) == (known.target_id, known.payload_hash)


def _as_production(entry: Entry) -> Entry:
    return replace(entry, detail={**entry.detail, **as_written(entry)})


def _over(entry: Entry) -> Entry:
    was = {"state": entry.state, "target_id": entry.target_id}
    return replace(entry, state=REMOVED, rule=ADOPTED, target_id=None, payload_hash=None, detail={"was": was})


def _carry_snapshot(engagement: Engagement) -> None:
    """Let the snapshot from before the sample be production's: it is how the account was before the first write."""
    ledger, folder = engagement.ledger, engagement.paths.state
    kept = ledger.meta(snapshot_name(SANDBOX))
    if kept is None or ledger.meta(snapshot_name(PRODUCTION)) is not None:
        return
    file = folder / f"snapshot_{SANDBOX}.sqlite3"
    with refusals(f"{file} could not be renamed"):
        if file.exists():
            file.replace(folder / f"snapshot_{PRODUCTION}.sqlite3")
    ledger.set_meta(snapshot_name(PRODUCTION), kept)
    ledger.set_meta(snapshot_name(SANDBOX), None)
