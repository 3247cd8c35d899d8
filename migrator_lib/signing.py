"""Signing a gate: what ``migrator sign`` does, and what the form in a notebook does. Both write ``signoffs.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_lib import gates
from migrator_lib.errors import ParameterError
from migrator_lib.mapping import signed as signed_mapping

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.mapping import Difference


@dataclass(frozen=True)
class Signed:
    """A signature that was written."""

    gate: gates.Gate
    by: str
    subject: str
    """Hash of what was signed."""
    statement: str
    """What the person states."""
    changed: list[Difference] | None = None
    """Of the mapping: what is another one than what was signed before; None where nothing was, or that is not kept."""


def sign(engagement: Engagement, gate: str, *, by: str, note: str = "", shown: str = "") -> Signed:
    """Open a gate: a named person states that its condition is met.

    Args:
        engagement: whose gate it is.
        gate: its name.
        by: name of the person.
        note: what they write beside it.
        shown: hash of what the person was shown; it must still be what is signed. Empty where nothing was shown.

    Raises:
        ParameterError: there is no such gate, nobody can sign it, the name is none, what is to be signed does not exist
            or is another one by now, or a question or a record is still open.
        StorageError: it cannot be written.
    """
    found = gates.find(gate)
    if not found.statement:
        raise ParameterError(
            f"The gate '{gate}' is decided by a check, nobody can sign it.",
            next_step=f"mend what the check found (migrator status {engagement.name}), and run again.",
        )
    person = gates.signer(by)
    subject = engagement.gate_subject(found)
    if subject is None:
        raise ParameterError(
            f"What the gate '{gate}' is about does not exist yet.",
            next_step=f"migrator run {engagement.name} {found.after_signing} makes it, and stops at the gate.",
        )
    if shown and shown != subject:
        raise ParameterError(
            f"What the gate '{gate}' is about was changed since it was shown here, so nothing was signed.",
            next_step="run this cell again, look at it as it is now, and sign then.",
        )
    changed = _mapping_kept(engagement) if gate == "mapping" else None
    statement = _statement(engagement, found, note)
    gates.SignOffs(engagement.paths.signoffs_file).sign(found, by=person, subject=subject, note=note)
    return Signed(found, person, subject, statement, changed)


def _statement(engagement: Engagement, gate: gates.Gate, note: str) -> str:
    if gate.name != "sample":
        return gate.statement
    from migrator_lib.sample import signing  # it opens engagements itself

    return signing.statement(engagement, note)


def _mapping_kept(engagement: Engagement) -> list[Difference] | None:
    """Keep a copy of the mapping that is signed, and return what changed since the signature before.

    Raises:
        ParameterError: a question is not answered; nothing is kept.
    """
    asked = engagement.questions
    if asked:
        raise ParameterError(
            f"The mapping cannot be signed while it asks: {len(asked)}\n"
            + "\n".join(f"  {one.words()}" for one in asked),
            next_step=f"answer them in {engagement.paths.mapping_file}: write what each becomes in the place of "
            "CHOOSE; then sign again.",
        )
    changed = engagement.changed_since_signed()
    signed_mapping.keep(engagement.paths.mapping_file, engagement.paths.signed_mapping_file)
    return changed
