"""The snapshot from before the first write: what the account held, so that a roll-back can prove that it is so again.

It is an inventory by list pages, one call for a hundred things, taken once before a load and kept until the load after
a roll-back. ``rollback.snapshot: off`` takes none; then a roll-back can tell what it removed, and not that everything
else is as it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from migrator_lib.ledger import PENDING
from migrator_lib.objects import OBJECTS
from migrator_lib.rollback.context import Context, kept_name, snapshot_name
from migrator_lib.rollback.inventory import VERSION, Inventory, discard

State = Literal["taking", "complete", "off", "too late"]
WORDS: dict[str, str] = {
    "complete": "",
    "off": "rollback.snapshot is off, so none was taken",
    "too late": "records had been loaded before this version took snapshots, so none was taken",
    "taking": "it was not finished",
    "other version": "another version of this program took it",
    "": "none was taken",
}
"""State of a snapshot to why there is none, in words."""


def take(context: Context, *, now: datetime, full: bool = True) -> None:
    """Take the snapshot of an account that nothing was written to yet; go on with one that was interrupted.

    Args:
        context: the account.
        now: the current moment, UTC.
        full: whether one is wanted; else only the moment is kept.

    Raises:
        TargetError: the account cannot be read.
        StorageError: the disk is full or does not let us.
    """
    ledger, name = context.ledger, snapshot_name(context.target)
    rolled_back = (ledger.meta(kept_name(context.target)) or {}).get("state") == "done"
    kept = ledger.meta(name)
    if kept is None or rolled_back:
        state: State = "taking" if full else "off"
        if not rolled_back and _was_written(context):
            state = "too late"
        kept = {"at": now.isoformat(timespec="seconds"), "state": state, "renewed": rolled_back, "version": VERSION}
        discard(context.snapshot_file)
        ledger.set_meta(name, kept)
        if rolled_back:
            ledger.set_meta(kept_name(context.target), None)
    if kept["state"] == "taking":
        inventory = Inventory(context.snapshot_file)
        try:
            inventory.read(context.api, context.progress, context.behaviour)
        finally:
            inventory.close()
        ledger.set_meta(name, {**kept, "state": "complete"})


def _was_written(context: Context) -> bool:
    """Whether a load has written to the account already."""
    names = {obj.name for obj in OBJECTS}
    counts = context.ledger.counts(context.target)
    return any(states.get("created") or states.get(PENDING) for obj, states in counts.items() if obj in names)


def state_of(context: Context) -> str:
    """Return where the snapshot of an account stands, one of :data:`WORDS`."""
    kept = context.ledger.meta(snapshot_name(context.target)) or {}
    state = str(kept.get("state", ""))
    if state == "complete" and kept.get("version") != VERSION:
        return "other version"
    return "" if state == "complete" and not context.snapshot_file.exists() else state


def is_first(context: Context) -> bool:
    """Whether nothing of ours was in the account when the snapshot was taken; a roll-back may leave something."""
    return not (context.ledger.meta(snapshot_name(context.target)) or {}).get("renewed")


def open_snapshot(context: Context) -> Inventory | None:
    """Return the snapshot of an account, or None where there is none."""
    return Inventory(context.snapshot_file) if state_of(context) == "complete" else None
