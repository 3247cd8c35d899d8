"""Choosing the sample: tickets, chats and calls that are hard in every known way, then random ones.

For every kind a few candidates are drawn at random from a seed; the same seed draws the same sample from a source. Rare
kinds come first, and a record that is chosen already stands for others too, so that chance has room for the rest. A
third of the sample's size is left to chance in any case: without random ones nothing could be said about all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.engagement import Engagement
from migrator_lib.sample.required import Requirement
from migrator_lib.sample.scan import RANDOM, Kinds, Scan, key_of

__all__ = ["KEPT", "Choice", "choose", "key_of"]
KEPT = "sample_chosen"
LEFT_TO_CHANCE = 3
"""The share of the size that is random at least: one in three."""


@dataclass
class Choice:
    """The sample: which records, and why each."""

    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Record (``ticket:17``) to the kinds it stands for, in the order of choosing."""
    not_found: list[str] = field(default_factory=list)
    """Kinds that no record of the source is of."""
    population: int = 0
    """How many the random ones were drawn from: all that move, but for those that were chosen for being hard."""

    def add(self, kind: str, record: str) -> None:
        """Take a record in."""
        self.reasons.setdefault(record, []).append(kind)

    def ids(self, obj: str) -> list[int]:
        """Return the chosen ids of one object, in key order."""
        names = (name.partition(":") for name in self.reasons)
        return sorted(int(key) for one, _, key in names if one == obj)

    def is_random(self, record: str) -> bool:
        """Whether chance alone chose this record."""
        return self.reasons.get(record) == [RANDOM]


def choose(engagement: Engagement, requirement: Requirement | None = None, *, again: bool = False) -> Choice:
    """Return the sample of ``parameters.sample``: at least one record of every kind.

    A choice once made is kept, since a signature is bound to it and the source goes on changing; ``again``, or another
    size or seed, chooses anew. Where a person decided to go without a sample, it is empty.

    Raises:
        SourceError: the source cannot be read.
    """
    if requirement is not None and requirement.skipped and not again:
        return Choice()
    settings = engagement.parameters.sample.model_dump(include={"size", "seed"})
    kept = engagement.ledger.meta(KEPT)
    if kept is not None and not again and kept["settings"] == settings and "population" in kept:
        return Choice(dict(kept["reasons"]), kept["not_found"], kept["population"])
    choice = _scan(engagement, settings)
    engagement.ledger.set_meta(
        KEPT,
        {
            "settings": settings,
            "reasons": [[record, kinds] for record, kinds in choice.reasons.items()],
            "not_found": choice.not_found,
            "population": choice.population,
        },
    )
    return choice


def _scan(engagement: Engagement, settings: Mapping[str, Any]) -> Choice:
    size = int(settings["size"])
    lookups = engagement.lookups(engagement.staged("definitions"))
    scan = Scan(engagement, Kinds(settings["seed"]), lookups, size)
    scan.run()
    choice = Choice()
    covered: dict[str, str] = {}
    for kind in scan.kinds.rarest_first():
        found = covered.get(kind) or scan.first_fitting(kind)
        if found is None:
            choice.not_found.append(kind)
            continue
        choice.add(kind, found)
        for other in scan.kinds_of_record(found):
            covered.setdefault(other, found)
    choice.population = scan.moving - sum(scan.moves(record) for record in choice.reasons)
    wanted = max(size, len(choice.reasons) + size // LEFT_TO_CHANCE)
    for record in scan.drawn():
        if len(choice.reasons) >= wanted:
            break
        if record not in choice.reasons:
            choice.add(RANDOM, record)
    return choice
