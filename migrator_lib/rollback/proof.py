"""The proof: the account afterwards, compared with the snapshot from before the load, thing by thing.

Every difference is explained by what the contract cannot undo, by what is protected, or by what somebody else did
meanwhile (the ledger names no write of ours to it). What is left is unexplained: none may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from migrator_lib.external_id import parse
from migrator_lib.ledger import REMOVED
from migrator_lib.proofs.bench import OBJECT as PROBE
from migrator_lib.rollback.context import Context
from migrator_lib.rollback.inventory import KINDS, Inventory, Item
from migrator_lib.rollback.plan import Plan
from migrator_lib.rollback.snapshot import is_first
from migrator_lib.side_effects import still_off

ARCHIVED, DEACTIVATED = "made by the load, and archived: Gorgias deletes no fields", "made by the load, and deactivated"
TRASHED = "made by the load, and in the trash"
SHELVED = "made by the load, and archived, since a rule uses it"
STAYS = "made by the load, and protected"
OURS_GONE = "of an earlier load, and gone now"
SYNTHETIC = "made by a question of notebook 03, which Gorgias cannot delete"
OTHERS_MADE, OTHERS_REMOVED = "made by somebody else since", "removed by somebody else since"
OTHERS_CHANGED = "changed by somebody else since"
OFF = "switched off for the load, and not put back"
UNEXPLAINED_THERE = "made by the load, and still there"
UNEXPLAINED_GONE = "was there before, is none of ours, and went with this roll-back"
UNEXPLAINED = (UNEXPLAINED_THERE, UNEXPLAINED_GONE, OFF)
LISTED = 200


@dataclass
class Proved:
    """What the comparison of one kind showed."""

    kind: str
    before: int | None
    """How many there were; None where there is no snapshot."""
    after: int
    same: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    """Why something differs to number."""
    unexplained: dict[str, int] = field(default_factory=dict)

    @property
    def wrong(self) -> int:
        """How many differ without a reason."""
        return sum(self.unexplained.values())


@dataclass
class Proof:
    """What the comparison showed."""

    kinds: list[Proved] = field(default_factory=list)
    listed: list[tuple[str, int, str]] = field(default_factory=list)
    """(kind, id, why) of the first that differ without a reason."""
    at: str = ""
    snapshot_at: str = ""
    no_snapshot: str = ""
    """Why there is nothing to compare with, in words; empty where there is."""

    @property
    def wrong(self) -> int:
        """How many things differ without a reason."""
        return sum(kind.wrong for kind in self.kinds)

    def as_json(self) -> dict[str, Any]:
        """Return it as the ledger keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Proof:
        """Return what :meth:`as_json` made."""
        kinds = [Proved(**one) for one in kept["kinds"]]
        listed = [(kind, thing, why) for kind, thing, why in kept["listed"]]
        return cls(kinds, listed, kept["at"], kept["snapshot_at"], kept["no_snapshot"])


class Prover:
    """Compares one account with its snapshot."""

    def __init__(self, context: Context, plan: Plan, before: Inventory | None, after: Inventory) -> None:
        self.context = context
        self.plan = plan
        self.before = before
        self.after = after
        self.first = is_first(context)
        self.off = {(effect.kind, effect.id) for effect in still_off(context.ledger, context.target)}

    def run(self) -> Proof:
        """Compare everything."""
        proof = Proof()
        for kind in KINDS:
            one = Proved(kind, None if self.before is None else self.before.count(kind), self.after.count(kind))
            explained: Counter[str] = Counter()
            unexplained: Counter[str] = Counter()
            for thing, why in self._kind(kind):
                if not why:
                    one.same += 1
                elif why in UNEXPLAINED:
                    unexplained[why] += 1
                    if len(proof.listed) < LISTED:
                        proof.listed.append((kind, thing, why))
                else:
                    explained[why] += 1
            one.explained, one.unexplained = dict(explained), dict(unexplained)
            proof.kinds.append(one)
        return proof

    def _kind(self, kind: str) -> Iterator[tuple[int, str]]:
        """Yield every thing that was there or is, and why it differs, or nothing."""
        for now in self.after.things(kind):
            then = self.before.get(kind, now.id) if self.before else None
            yield now.id, self._why_there(now) if then is None else self._why_changed(then, now)
        for then in self.before.things(kind) if self.before else ():
            if self.after.get(kind, then.id) is None:
                yield then.id, self._why_gone(then)

    def _why_there(self, now: Item) -> str:
        """Return why something is there now that was not before."""
        item = self.plan.get(now.kind, now.id)
        if item is not None and item.decision == "protect":
            return STAYS
        if item is not None:
            return _undone(now) or UNEXPLAINED_THERE
        named = parse(now.external_id, self.context.engagement)
        if named is not None and named[0] == PROBE and now.facts.get("archived"):
            return SYNTHETIC
        if named is not None:
            return (_undone(now) if self._was_removed(*named, now) else "") or UNEXPLAINED_THERE
        return OTHERS_MADE if self.before is not None else ""

    def _was_removed(self, obj: str, key: str, now: Item) -> bool:
        """Whether an earlier roll-back undid this very thing: a plan that is made after it does not name it."""
        entry = self.context.ledger.entry(self.context.target, obj, key)
        was = {} if entry is None or entry.state != REMOVED else entry.detail.get("was") or {}
        return was.get("target_id") == str(now.id)

    def _why_changed(self, then: Item, now: Item) -> str:
        if then.hash == now.hash:
            return ""
        if (now.kind, now.id) in self.off:
            return OFF
        return OTHERS_CHANGED

    def _why_gone(self, then: Item) -> str:
        """Return why something is gone that was there before; the plan names what was removed by us."""
        if self.plan.get(then.kind, then.id) is None:
            return OTHERS_REMOVED
        return UNEXPLAINED_GONE if self.first else OURS_GONE


def _undone(now: Item) -> str:
    """Return how something that Gorgias does not delete was undone, in words; empty where it was not."""
    undone = {
        "custom-fields": ARCHIVED if now.facts.get("archived") else "",
        "users": "" if now.facts.get("active") else DEACTIVATED,
        "macros": SHELVED if now.facts.get("archived") else "",
        "tickets": TRASHED if now.facts.get("trashed") else "",
    }
    return undone.get(now.kind, "")
