"""What a reconciliation found: the state of every record, and what happened in Gorgias since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.reconcile.contents import Looked
from migrator_lib.reconcile.differences import Difference
from migrator_lib.sweep.finding import DUPLICATE, Extra

KEPT = 1000
"""Findings that are listed in full; all are counted."""
CHANGED = "changed"
"""State of a record that others have changed in Gorgias since it was written there: their work, and nothing wrong."""
WRONG = ("mismatched", "missing", "unexpected", DUPLICATE)
"""States of records that are not as they should be."""
RECONCILED = ("validated", CHANGED, *WRONG)
"""Every state."""
ADDED, ADDED_TITLE = "added_note", "Internal note that the migration adds"
"""What is compared and has no account, since no one record of the source is it; counted together."""
TOUCHED, NEW_MESSAGES, NEW_TICKETS = "touched tickets", "new messages", "new tickets"


@dataclass(frozen=True)
class Finding:
    """One record that is not as it should be."""

    object: str
    source_key: str
    state: str
    """Of those in :data:`RECONCILED`, which say what they mean; never validated."""
    differences: tuple[Difference, ...] = ()
    target_id: int | None = None
    words: str = ""


@dataclass
class Reconciliation:
    """What a reconciliation found."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Object to state (one of :data:`RECONCILED`) to number."""
    findings: list[Finding] = field(default_factory=list)
    """What is not as it should be."""
    changes: list[Finding] = field(default_factory=list)
    """What others have changed in Gorgias."""
    extras: list[Extra] = field(default_factory=list)
    """What is there more than once."""
    news: Counter[str] = field(default_factory=Counter)
    """What happened in Gorgias since: migrated tickets that were touched, new messages in them, new tickets."""
    rule_messages: int = 0
    """Outgoing messages in migrated tickets that a rule of the account sent while it was to be quiet for the load."""
    looked: Looked = field(default_factory=Looked)
    """How many contents of files were seen."""
    untold: int = 0
    """Files of which source or ledger does not tell the digest: staged or sent by a version that did not note it."""
    read: dict[str, int] = field(default_factory=dict)
    """Object to number of things read back."""
    not_compared: tuple[str, ...] = ()
    """What this account was found not to keep, so that it was left out of the comparison: ``message.source.type``."""
    made_otherwise: bool = False
    """Whether the mapping, or a parameter that records are made by, is not the one that was loaded by last."""
    note: Callable[[Finding], None] = field(default=lambda _finding: None, repr=False, compare=False)
    """Is told of every record that is not validated, however many there are."""

    def count(self, obj: str, state: str) -> None:
        """Count one record."""
        self.counts[obj][state] += 1

    def add(self, finding: Finding) -> None:
        """Count a record that is not as it was sent, and keep it for the report."""
        self.count(finding.object, finding.state)
        self.note(finding)
        listed = self.changes if finding.state == CHANGED else self.findings
        if len(listed) < KEPT:
            listed.append(finding)

    def judge(
        self, obj: str, key: str, target_id: int, differences: Sequence[Difference], state: str = "mismatched",
        words: str = "",
    ) -> None:  # fmt: skip
        """Count a record that is there: as validated, or by its differences, in a state and with words for people."""
        if differences:
            self.add(Finding(obj, key, state, tuple(differences), target_id, words))
        else:
            self.count(obj, "validated")

    @property
    def validated(self) -> int:
        """Records that are in Gorgias as they should be."""
        return self.counted("validated")

    @property
    def wrong(self) -> int:
        """Records that are not, though nobody changed them there."""
        return sum(self.counted(state) for state in WRONG)

    def beside(self, objects: Iterable[str]) -> Counter[str]:
        """Return state to number of what is none of these objects: the notes that the migration adds."""
        return added(self.counts, objects)

    def counted(self, state: str) -> int:
        """Return the number of records in a state, of all objects."""
        return sum(states[state] for states in self.counts.values())


def added(counts: Mapping[str, Mapping[str, int]], objects: Iterable[str]) -> Counter[str]:
    """Return state to number of what has been compared and is none of these objects."""
    known = frozenset(objects)
    return sum((Counter(states) for obj, states in counts.items() if obj not in known), Counter())
