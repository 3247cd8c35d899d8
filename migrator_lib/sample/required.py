"""Whether a sample has to be moved and reviewed, by rule; and the decision to go without one, where it has not.

It is required above 5,000 tickets, and with complex custom fields: more than 10 of them, or one whose value is changed
on the way (a choice, a number, a date, a value that is cut). It is offered always.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib import gates
from migrator_lib.engagement import Engagement
from migrator_lib.ledger import Ledger
from migrator_lib.mapping import EngagementMapping

TICKETS = 5_000
FIELDS = 10
TYPED = {"dropdown": "a choice", "number": "a number", "date as text": "a date"}
KEPT = "sample_required"
WITHOUT = gates.hash_of_lines(["No sample is moved: by the rule of this program none is required."])
"""What the decision to go without a sample is bound to."""


@dataclass(frozen=True)
class Requirement:
    """Whether a sample is required, and why."""

    reasons: tuple[str, ...]
    skipped: bool = False
    """Whether a person decided to go without one."""
    by: str = ""
    note: str = ""

    @property
    def required(self) -> bool:
        """Whether it is."""
        return bool(self.reasons)

    @property
    def words(self) -> str:
        """Return it in a sentence."""
        if self.required:
            return f"A sample is required: {'; '.join(self.reasons)}."
        if self.skipped:
            return f"No sample is moved: {self.by} decided so. {self.note}".rstrip()
        return (
            f"A sample is not required: there are no more than {TICKETS:,} tickets, no more than {FIELDS} custom "
            "fields, and none whose values change on the way. It is worth its hour all the same."
        )


def reasons(tickets: int, mapping: EngagementMapping, *, always: bool) -> Iterator[str]:
    """Yield every reason for which a sample is required."""
    if always:
        yield "engagement.yaml says so (sample.required: always)"
    if tickets > TICKETS:
        yield f"{tickets:,} tickets are more than {TICKETS:,}"
    moving = [entry for entry in mapping.ticket_fields.values() if entry.becomes != "nothing"]
    if len(moving) > FIELDS:
        yield f"{len(moving)} custom fields are more than {FIELDS}"
    for what, named in TYPED.items():
        labels = [entry.label for entry in moving if entry.becomes == what]
        if labels:
            yield f"custom fields that become {named}: {', '.join(labels)}"
    cut = [entry.label for entry in moving if entry.long_values != "accept"]
    if cut:
        yield f"custom fields whose long values are cut: {', '.join(cut)}"


def requirement(engagement: Engagement) -> Requirement:
    """Look whether a sample is required, and keep it for the gate.

    Raises:
        SourceError: the source cannot be read.
    """
    tickets = engagement.source.count("Tickets") or 0
    always = engagement.parameters.sample.required == "always"
    found = tuple(reasons(tickets, engagement.mapping, always=always))
    engagement.ledger.set_meta(KEPT, list(found))
    return decided(engagement, found)


def decided(engagement: Engagement, found: tuple[str, ...]) -> Requirement:
    """Return the requirement of these reasons with what a person decided, where there are none."""
    if found or engagement.ledger.meta("sample_digest"):
        return Requirement(found)
    state = engagement.gate_state("sample")
    return Requirement((), state.state == "met", state.by, state.note)


def is_left_open(ledger: Ledger) -> bool:
    """Whether a person may decide to go without a sample: none is required, and none was moved."""
    return ledger.meta(KEPT) == [] and not ledger.meta("sample_digest")


def subject(ledger: Ledger) -> str | None:
    """Return what a signature of the gate is bound to: the sample, or going without one; None while it is not known."""
    digest = ledger.meta("sample_digest")
    if digest:
        return str(digest)
    return WITHOUT if is_left_open(ledger) else None
