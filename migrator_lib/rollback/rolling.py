"""Rolling back one account: plan, signature, removal, proof; each can be stopped anywhere and run again.

A roll-back changes nothing that is not ours: no request of a load changes what was there before, but for rules,
integrations and settings that were switched off, which are put back. So nothing in the account acts because of it:
no rule or integration is called when something is deleted (create-rule and create-integration name no such event).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from migrator_lib.knowledge.removing import Radius, Remover
from migrator_lib.ledger import REMOVED
from migrator_lib.rollback.context import Context, snapshot_name
from migrator_lib.rollback.inventory import Inventory, discard
from migrator_lib.rollback.plan import Plan, Planned
from migrator_lib.rollback.planning import Planner
from migrator_lib.rollback.proof import Proof, Prover
from migrator_lib.rollback.removal import Removal
from migrator_lib.rollback.snapshot import WORDS, open_snapshot, state_of
from migrator_lib.rollback.standing import Standing
from migrator_lib.side_effects import still_off

LISTED = 200


@dataclass
class Blast:
    """What a roll-back would remove, and what it leaves: what a person reads before it is signed."""

    target: str
    digest: str
    state: str
    counts: dict[str, dict[str, int]]
    """Kind to decision (remove, protect, gone; removed of remove) to number."""
    reasons: list[tuple[str, str, int]]
    """(kind, reason, number) of what is protected."""
    protected: list[Planned]
    """The first that are protected."""
    files: int
    """Uploaded files, which stay."""
    off: list[str]
    """What of the company's own is off because of us, and is put back."""
    snapshot_at: str = ""
    no_snapshot: str = ""
    """Why there is none, in words."""
    articles: Radius = field(default_factory=Radius)
    """What of the knowledge base goes and stays."""

    @property
    def to_remove(self) -> int:
        """How many things are to go, and are not gone yet."""
        rest = sum(one.get("remove", 0) - one.get("removed", 0) for one in self.counts.values())
        return rest + self.articles.goes - self.articles.removed

    @property
    def removed(self) -> int:
        """How many things are gone."""
        return sum(one.get("removed", 0) for one in self.counts.values()) + self.articles.removed

    @property
    def protects(self) -> int:
        """How many things stay, since somebody touched or uses them."""
        return sum(one.get("protect", 0) for one in self.counts.values()) + self.articles.stays

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not self.to_remove and not self.off and not any(one.get("gone", 0) for one in self.counts.values())


class RollBack:
    """The roll-back of one account."""

    def __init__(self, context: Context, *, now: datetime, remover: Remover | None = None) -> None:
        self.context = context
        self.now = now
        self.remover = remover
        """What takes the knowledge base out; None: that is left alone."""
        self.articles = Radius()
        self._plan: Plan | None = None

    # --- what is kept ------------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return Standing.of(self.context.ledger, self.context.target)

    def _keep(self, **changes: Any) -> None:
        kept = self.context.ledger.meta(self.context.kept) or {}
        self.context.ledger.set_meta(self.context.kept, {**kept, **changes})

    @property
    def plan(self) -> Plan:
        """The plan's file."""
        if self._plan is None:
            self._plan = Plan(self.context.plan_file)
        return self._plan

    def close(self) -> None:
        """Close the plan's file."""
        if self._plan is not None:
            self._plan.close()
            self._plan = None

    # --- the steps ---------------------------------------------------------------------------------

    def look(self, *, fresh: bool) -> Blast:
        """Return what would go; made anew by reading the account, unless a plan is being carried out.

        Args:
            fresh: read the account again, though nothing was written since the plan was made.

        Raises:
            TargetError: the account cannot be read.
        """
        standing = self.standing
        there = self.context.plan_file.exists()
        is_bound = self.remover is None or standing.articles is not None
        unchanged = standing.head == self.context.ledger.head()[0]
        current = standing.state == "planned" and unchanged and is_bound and not fresh
        if not there or not (standing.state == "under way" or current):
            self._make(standing)
        elif self.remover is not None:
            self.articles = self.remover.look(standing.articles)
        return self.blast()

    def _make(self, before: Standing) -> None:
        begun = self.now.isoformat(timespec="seconds")
        self.context.ledger.renew_lease()  # a run that was taken over leaves the files alone,
        self.close()
        for file in (self.context.plan_file, self.context.inventory_file):
            discard(file)  # and the one that took over has files of its own
        there, snapshot = Inventory(self.context.inventory_file), open_snapshot(self.context)
        try:
            there.read(self.context.api, self.context.progress, self.context.behaviour)
            Planner(self.context, there, self.plan, snapshot).make()
        finally:
            there.close()
            if snapshot is not None:
                snapshot.close()
        self.articles = self.remover.look() if self.remover is not None else Radius()
        going = self.articles.going
        state = "done" if before.state == "done" and self._is_empty() else "planned"
        digest = self.plan.digest([*self._off(), *going])
        self._keep(state=state, digest=digest, head=self.context.ledger.head()[0], at=begun, articles=going)

    def _is_empty(self) -> bool:
        counts = self.plan.counts().values()
        is_left = any(one.get("remove") or one.get("gone") for one in counts)
        return not is_left and not self.articles.goes and not self._off()

    def _off(self) -> list[str]:
        return [effect.words for effect in still_off(self.context.ledger, self.context.target)]

    def blast(self) -> Blast:
        """Return what the plan says, and how far it was carried out."""
        standing, plan = self.standing, self.plan
        protected = []
        for item in plan.items(decision="protect"):
            protected.append(item)
            if len(protected) >= LISTED:
                break
        kept = self.context.ledger.meta(snapshot_name(self.context.target)) or {}
        snapshot = state_of(self.context)
        uploaded = self.context.ledger.counts(self.context.target).get("attachment", {})
        files = uploaded.get("created", 0) + uploaded.get(REMOVED, 0)
        return Blast(
            self.context.target, standing.digest, standing.state, plan.counts(), plan.reasons(), protected, files,
            self._off(), str(kept.get("at", "")), WORDS[snapshot], self.articles,
        )  # fmt: skip

    def remove(self) -> None:
        """Carry the plan out; whatever stops it, it goes on where it was when it is called again.

        Raises:
            TargetError: the account cannot be reached or refuses the key.
        """
        self._keep(state="under way")
        there = Inventory(self.context.inventory_file)
        try:
            Removal(self.context, self.plan, there).run()
        finally:
            there.close()
        if self.remover is not None:
            self.articles = self.remover.remove(self.standing.articles)

    def prove(self) -> Proof:
        """Read the account again, compare it with the snapshot, and finish.

        Raises:
            TargetError: the account cannot be read.
        """
        file = self.context.folder / f"after_{self.context.target}.sqlite3"
        discard(file)
        after, before = Inventory(file), open_snapshot(self.context)
        try:
            after.read(self.context.api, self.context.progress, self.context.behaviour)
            proof = Prover(self.context, self.plan, before, after).run()
        finally:
            after.close()
            if before is not None:
                before.close()
            discard(file)
        proof.at = self.now.isoformat(timespec="seconds")
        proof.snapshot_at = str((self.context.ledger.meta(snapshot_name(self.context.target)) or {}).get("at", ""))
        proof.no_snapshot = WORDS[state_of(self.context)]
        self._keep(state="done", proof=proof.as_json(), protected=self.blast().protects)
        return proof

    def last_proof(self) -> Proof | None:
        """Return the proof of the last roll-back that was finished."""
        kept = self.standing.proof
        return Proof.from_json(kept) if kept else None
