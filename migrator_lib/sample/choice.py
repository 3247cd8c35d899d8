"""Choosing the sample: tickets that are hard in every known way, then random ones.

For every kind a few candidates are drawn at random from a seed; the same seed draws the same sample from a source. Rare
kinds come first, and a ticket that is chosen already stands for others too, so that chance has room for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from migrator_lib.engagement import Engagement
from migrator_lib.sample.scan import RANDOM, Kinds, Scan

KEPT = "sample_chosen"


@dataclass
class Choice:
    """The sample: which tickets, and why each."""

    reasons: dict[int, list[str]] = field(default_factory=dict)
    """Ticket to the kinds it stands for, in the order of choosing."""
    not_found: list[str] = field(default_factory=list)
    """Kinds that no ticket of the source is of."""

    def add(self, kind: str, ticket: int) -> None:
        """Take a ticket in."""
        self.reasons.setdefault(ticket, []).append(kind)

    @property
    def ids(self) -> list[int]:
        """All tickets, in key order."""
        return sorted(self.reasons)

    def is_random(self, ticket: int) -> bool:
        """Whether chance alone chose this ticket."""
        return self.reasons.get(ticket) == [RANDOM]


def choose(engagement: Engagement, *, again: bool = False) -> Choice:
    """Return the sample of ``parameters.sample``: at least one ticket of every kind.

    A choice once made is kept, since a signature is bound to it and the source goes on changing; ``again``, or another
    size or seed, chooses anew.

    Raises:
        SourceError: the source cannot be read.
    """
    settings = engagement.parameters.sample
    kept = engagement.ledger.meta(KEPT)
    if kept is not None and not again and kept["settings"] == settings.model_dump():
        reasons = {int(ticket): kinds for ticket, kinds in kept["reasons"]}
        return Choice(reasons, kept["not_found"])
    choice = _scan(engagement)
    engagement.ledger.set_meta(
        KEPT,
        {
            "settings": settings.model_dump(),
            "reasons": [[ticket, kinds] for ticket, kinds in choice.reasons.items()],
            "not_found": choice.not_found,
        },
    )
    return choice


def _scan(engagement: Engagement) -> Choice:
    settings = engagement.parameters.sample
    lookups = engagement.lookups(engagement.staged("definitions"))
    scan = Scan(engagement, Kinds(settings.seed), lookups)
    drawn = scan.tickets(settings.size)
    scan.parts()
    choice = Choice()
    covered: dict[str, int] = {}
    for kind in scan.kinds.rarest_first():
        found = covered.get(kind) or scan.first_fitting(kind)
        if found is None:
            choice.not_found.append(kind)
            continue
        choice.add(kind, found)
        for other in scan.kinds_of_ticket(found):
            covered.setdefault(other, found)
    for ticket in drawn:
        if len(choice.reasons) >= settings.size:
            break
        if ticket not in choice.reasons:
            choice.add(RANDOM, ticket)
    return choice
