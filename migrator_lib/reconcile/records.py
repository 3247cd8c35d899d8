"""What the comparison of every kind of record has in common: in what it differs, and whose doing that is."""

from __future__ import annotations

from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import Entry
from migrator_lib.lookups import lowered
from migrator_lib.objects import PEOPLE, TICKET
from migrator_lib.objects.base import MigrationObject, Resolver
from migrator_lib.objects.conversation import Conversation
from migrator_lib.reconcile.context import Context
from migrator_lib.reconcile.differences import Difference, compare, ours
from migrator_lib.reconcile.result import CHANGED, Finding, Reconciliation
from migrator_lib.reconcile.since import Doing, History
from migrator_lib.reconcile.witness import Witness

NOT_EXPECTED = ("quarantined", "handed_over")
REFERS_TO = "refers_to"
"""What the witness is told of a record that refers to what is not there, so that its other fields cannot be known."""


class Records:
    """Judges records of one stage beside one account."""

    def __init__(self, context: Context, history: History, witness: Witness, result: Reconciliation) -> None:
        """Take what it asks, and what it tells.

        Args:
            context: of the reconciliation.
            history: tells what others did to a record.
            witness: is told of both sides of every record.
            result: adds up.
        """
        self.context, self.history, self.witness, self.result = context, history, witness, result
        self.ids: dict[tuple[str, str], str] = {}
        """Object and source key to Gorgias id of what was found so far."""
        fallback = context.read.by_natural("user", lowered(context.lookups.parameters.agents.fallback))
        self.resolver = Resolver(self.ids, int(fallback["id"]) if fallback else None)
        """Resolves references by what was found."""

    def differences(self, obj: MigrationObject, key: str, expected: Json, there: Json) -> list[Difference]:
        """Return in what a record differs, of a resolved payload and the canonical form of what is there."""
        meant = obj.meant(obj.verified_form(expected), there)
        self.witness.saw(obj.name, key, meant, there)
        return ours(compare(meant, there), self.context.lookups.behaviour, obj.kind)

    def judge(
        self, obj: str, key: str, actual: Json, differences: list[Difference], *, doing: Doing | None = None,
        touched: bool = False,
    ) -> None:  # fmt: skip
        """Count a record by its differences, which are others' work where somebody touched it since."""
        state, words = CHANGED if touched or doing else "mismatched", doing.words if doing else ""
        self.result.judge(obj, key, int(actual["id"]), differences, state, words)

    def not_there(self, obj: MigrationObject, key: str, entry: Entry | None, words: str) -> str:
        """Note a record that is not in Gorgias, and return its state: missing, if nobody is known to have removed it.

        It would be there under another id, had somebody made it anew; one id is asked for.
        """
        known = (entry.target_id if entry else None) or ""
        target_id = int(known) if known.isdigit() else None
        doing = (
            self.history.trashed(target_id, entry)
            if isinstance(obj, Conversation) and target_id is not None and entry
            else None
        )
        if doing is None and target_id is not None:
            doing = self.history.last(obj.path, target_id, entry)
        removed = doing if doing is not None and doing.kind != "updated" else None
        state = CHANGED if removed else "missing"
        self.result.add(Finding(obj.name, key, state, target_id=target_id, words=removed.words if removed else words))
        return state

    def by_id(self, obj: MigrationObject, key: str, entry: Entry | None) -> Json | None:
        """Return what the load made of a record, where it is there and does not carry its name any more.

        So a record that was renamed is told as that, rather than as one that is missing. Nothing that is right is found
        by what the load noted alone.
        """
        known = (entry.target_id if entry else None) or ""
        kind = PEOPLE[0].name if obj in PEOPLE else TICKET.name if isinstance(obj, Conversation) else obj.name
        return self.context.read.by_id(kind, int(known), (obj.name, key)) if known.isdigit() else None

    def saw_unexpected(self, obj: str, key: str, target_id: int) -> None:
        """Tell the witness of what is there, and should not be."""
        self.witness.saw(obj, key, None, {"id": target_id})
