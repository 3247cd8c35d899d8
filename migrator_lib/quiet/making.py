"""Making an account quiet before anything is written to it, and as it was afterwards.

In this order: what only a person can switch off is looked at and signed (gate ``hands_off``); what acts is recorded and
switched off, as far as the engagement allows, and what is still on closes the gate ``side_effects``; three canaries
prove silence, and a person says what the mailbox shows (gate ``silence``). Where a gate stops the step, what was
switched off is put back first: the company's rules don't stay off while somebody is awaited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from migrator_lib import gates
from migrator_lib.canary import Proof
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed
from migrator_lib.lookups import Lookups, iso
from migrator_lib.quiet.canaries import PRODUCTION, canaries, canary_content, note_mail
from migrator_lib.side_effects import Done, Effect, Found, Switch, look, still_off, windows


@dataclass
class Quiet:
    """What an account did by itself, and what was done about it."""

    target: str
    found: Found
    off_before: list[Effect] = field(default_factory=list)
    """What an earlier run had switched off already."""
    done: list[Done] = field(default_factory=list)
    proof: Proof | None = None
    """Of the canaries; None after a rehearsal."""
    came_since: tuple[Effect, ...] = ()
    """What was switched on by somebody else while records were written."""


def make_quiet(engagement: Engagement, target: str, lookups: Lookups | None = None) -> Quiet:
    """See to it that nothing in an account acts on what is written from here on. A rehearsal lists what it would do.

    Args:
        engagement: of a step that writes.
        target: production or sandbox.
        lookups: of the staged data, to see that the canaries are nobody's.

    Raises:
        GateClosed: something acts, or a person has to state something; the account is as it was before.
        ParameterError: there is no address for the canaries.
        TargetError: the account cannot be reached or refuses the key.
    """
    api, settings = engagement.api(target), engagement.parameters.target
    found = look(api, invites=engagement.parameters.agents.missing == "create")
    quiet = Quiet(target, found, still_off(engagement.ledger, target))
    if target == PRODUCTION:
        engagement.ledger.set_meta("hands_off", list(found.by_hand))
    content = canary_content(engagement, lookups)
    if engagement.rehearsal:
        quiet.done = [_would(effect, settings.side_effects.switch_off) for effect in found.effects]
        _note(engagement, quiet, [one for one in quiet.done if one.outcome == "left on"])
        return quiet
    if target == PRODUCTION:
        _require_signed(engagement, "hands_off", "; ".join(found.by_hand))
    switch = Switch(api, engagement.ledger, target)
    windows.begin(engagement.ledger, target, _now(engagement, target))
    try:
        quiet.done = switch.off(found.effects, settings.side_effects.switch_off)
        _require_off(engagement, quiet)
        quiet.proof = canaries(engagement, target, content).run()
        note_mail(engagement)
        _require_silent(engagement, quiet.proof, target)
    except GateClosed as closed:
        raise _with_what_is_left(closed, restore(engagement, target)) from None
    return quiet


def look_again(engagement: Engagement, quiet: Quiet) -> None:
    """See after the last write whether somebody switched something on meanwhile, which may have acted on records.

    The gate ``side_effects`` tells of it until the next step that writes looks anew.

    Raises:
        TargetError: the account cannot be read.
    """
    quiet.came_since = look(engagement.api(quiet.target)).effects
    if quiet.came_since:
        _note(engagement, quiet, [Done(one.words, one.kind, "left on") for one in quiet.came_since])


def restore(engagement: Engagement, target: str) -> list[Done]:
    """Put back what was switched off in an account, and leave alone what somebody changed since.

    Raises:
        TargetError: the account cannot be reached or refuses the key.
    """
    ledger, began = engagement.ledger, _now(engagement, target)
    done = Switch(engagement.api(target), ledger, target).restore() if still_off(ledger, target) else []
    if not still_off(ledger, target):
        windows.end(ledger, target, began)
    return done


def _now(engagement: Engagement, target: str) -> str:
    return str(iso(engagement.api(target).clock.now()))


# --- gates ---------------------------------------------------------------------------------------------


def _require_signed(engagement: Engagement, gate: str, details: str) -> None:
    state = engagement.gate_state(gate)
    try:
        gates.require(state, engagement.name, engagement.step)
    except GateClosed as closed:
        raise GateClosed(f"{closed.message} ({details})", gate=gate, next_step=closed.next_step) from None


def _require_off(engagement: Engagement, quiet: Quiet) -> None:
    """Pass if nothing is on any more."""
    on = [one for one in quiet.done if one.outcome != "switched off"]
    words = _note(engagement, quiet, on)
    if on:
        raise GateClosed(
            f"{engagement.step} waits at the gate 'side_effects': {words}. They would act on every imported ticket.",
            gate="side_effects",
            next_step="name their kinds in target.side_effects.switch_off, and they are switched off and put back by "
            "this program; or switch them off in Gorgias, noting their state. Then "
            f"migrator run {engagement.name} --execute again: it looks anew.",
        )


def _note(engagement: Engagement, quiet: Quiet, on: Sequence[Done]) -> str:
    """Keep what the check saw, for its gate, and return it in words."""
    listed = [one.what + (f" ({one.words})" if one.words else "") for one in on]
    words = f"switched on in the {quiet.target} account: " + ", ".join(listed) if on else ""
    engagement.note_check("side_effects", ok=not on, words=words, account=quiet.target)
    return words


def _with_what_is_left(closed: GateClosed, done: Sequence[Done]) -> GateClosed:
    """Return what closed a gate, and what could not be put back as it was."""
    left = [f"{one.what} ({one.words})" for one in done if one.outcome != "restored"]
    if not left:
        return closed
    words = f"{closed.message} Not put back: {', '.join(left)}."
    return GateClosed(words, gate=closed.gate, next_step=closed.next_step)


def _would(effect: Effect, allowed: Sequence[str]) -> Done:
    if effect.kind in allowed:
        return Done(effect.words, effect.kind, "would switch off")
    return Done(effect.words, effect.kind, "left on", f"target.side_effects.switch_off does not hold '{effect.kind}'")


def _require_silent(engagement: Engagement, proof: Proof, target: str) -> None:
    """Pass if the canaries stayed silent in the account and, where customers' mail is at stake, in the mailbox."""
    if not proof.quiet:
        words = "; ".join(f"canary {one.canary}: {one.what} ({one.by})" for one in proof.findings)
        raise GateClosed(
            f"{engagement.step} waits at the gate 'silence': the canaries in the {target} account were not left alone. "
            f"{words}.",
            gate="silence",
            next_step="switch off in Gorgias what did it (the canaries are still there to be looked at), then "
            f"migrator run {engagement.name} --execute: it removes them and sends new ones.",
        )
    if target == PRODUCTION:
        address = engagement.parameters.target.canary.address or "the canaries' reserved address"
        _require_signed(engagement, "silence", f"look into the mailbox of {address}: nothing may be there")
