"""What came of the expectations of a gate: numbers and source keys, no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from migrator_lib.errors import ExpectationsFailed
from migrator_lib.expectations.suites import GATES, TITLES, Gate, Suite

SHOWN_KEYS = 5
"""Source keys that stand in a row of a table; the folded details have all that are kept."""


@dataclass(frozen=True)
class Outcome:
    """Whether an expectation is met."""

    says: str
    stops: bool
    """Whether a step is not done where it is not met."""
    met: bool
    number: int = 0
    """Rows that are not as expected; 0 also where a table as a whole is not."""
    keys: tuple[str, ...] = ()
    """Of the first of them."""
    next: str = ""

    @property
    def first_keys(self) -> str:
        """The first few keys, in one line."""
        return ", ".join(self.keys[:SHOWN_KEYS]) + (", ..." if len(self.keys) > SHOWN_KEYS else "")


@dataclass(frozen=True)
class Checked:
    """One suite, checked."""

    name: str
    title: str
    rows: int
    outcomes: tuple[Outcome, ...]

    @classmethod
    def of(cls, suite: Suite, rows: int, outcomes: Sequence[Outcome]) -> Checked:
        """Return what came of a suite."""
        return cls(suite.name, suite.title, rows, tuple(outcomes))

    @property
    def unmet(self) -> list[Outcome]:
        """What is not as expected; what stops a run comes first."""
        return sorted((one for one in self.outcomes if not one.met), key=lambda one: not one.stops)


@dataclass(frozen=True)
class Result:
    """One gate, checked; or not, where an engagement goes without."""

    engagement: str
    gate: Gate
    at: str = ""
    """When (ISO, UTC)."""
    checked: tuple[Checked, ...] = ()
    why: str = ""
    """Why nothing was checked, where it was not to be."""
    failed: str = ""
    """Why it could not be checked, where it was to be."""
    next: str = ""
    """What to do then."""

    @property
    def ran(self) -> bool:
        """Whether anything was checked."""
        return bool(self.checked)

    @property
    def expectations(self) -> int:
        """How many there are."""
        return sum(len(one.outcomes) for one in self.checked)

    @property
    def unmet(self) -> list[tuple[Checked, Outcome]]:
        """What is not as expected; what stops a run comes first."""
        found = [(one, outcome) for one in self.checked for outcome in one.unmet]
        return sorted(found, key=lambda pair: not pair[1].stops)

    @property
    def stops(self) -> list[tuple[Checked, Outcome]]:
        """What is not as it must be."""
        return [(one, outcome) for one, outcome in self.unmet if outcome.stops]

    def to_do(self, outcome: Outcome) -> str:
        """Return what is to be done where something is not met; empty where there is nothing."""
        return outcome.next.replace("{engagement}", self.engagement)

    def require(self) -> None:
        """Pass if everything is as it must be.

        Raises:
            ExpectationsFailed: naming what is not, how often, and the first keys; or why nobody knows.
        """
        if self.failed:
            raise ExpectationsFailed(self.failed, next_step=self.next)
        if not self.stops:
            return
        lines = [f"  {one.title}: {outcome.says} {_not_so(outcome)}" for one, outcome in self.stops]
        _, first = self.stops[0]
        raise ExpectationsFailed(
            f"{TITLES[self.gate]} is not as it must be:\n" + "\n".join(lines),
            next_step=self.to_do(first),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the result as it is kept beside the reports."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Result:
        """Return the result that :meth:`as_json` made."""
        checked = [
            Checked(one["name"], one["title"], one["rows"],
                    tuple(Outcome(**{**each, "keys": tuple(each["keys"])}) for each in one["outcomes"]))
            for one in kept["checked"]
        ]  # fmt: skip
        failed, todo = kept.get("failed", ""), kept.get("next", "")
        return cls(kept["engagement"], kept["gate"], kept["at"], tuple(checked), failed=failed, next=todo)


NOT_AFTER = Result("", "target", why="Not checked after the cutover.")
NOT_REHEARSED = {gate: Result("", gate, why="Not checked in a rehearsal.") for gate in GATES}


def _not_so(outcome: Outcome) -> str:
    if not outcome.number:
        return "Not so."
    return f"Not so: {outcome.number:,} ({outcome.first_keys})."
