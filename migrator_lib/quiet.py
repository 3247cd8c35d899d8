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
from migrator_lib.canary import Canaries, Content, Proof
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.side_effects import Done, Effect, Found, Switch, look, still_off
from migrator_lib.simulators.gorgias.admin_client import outbox

PRODUCTION = "production"


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
    try:
        quiet.done = switch.off(found.effects, settings.side_effects.switch_off)
        _require_off(engagement, quiet)
        quiet.proof = canaries(engagement, target, content).run()
        note_mail(engagement)
        _require_silent(engagement, quiet.proof, target)
    except GateClosed:
        switch.restore()
        raise
    return quiet


def restore(engagement: Engagement, target: str) -> list[Done]:
    """Put back what was switched off in an account, and leave alone what somebody changed since.

    Raises:
        TargetError: the account cannot be reached or refuses the key.
    """
    if not still_off(engagement.ledger, target):
        return []
    return Switch(engagement.api(target), engagement.ledger, target).restore()


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
    engagement.note_check("side_effects", ok=not on, words=words)
    return words


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


# --- canaries ------------------------------------------------------------------------------------------


def canary_content(engagement: Engagement, lookups: Lookups | None) -> Content:
    """Return the canaries of an engagement.

    Raises:
        ParameterError: a real account has no address for them, or a requester has it.
    """
    parameters = engagement.parameters
    address = lowered(parameters.target.canary.address)
    if not address and parameters.target.simulator is None:
        raise ParameterError(
            "target.canary.address is empty, so nobody could see whether the canaries set off mail.",
            next_step="set it in engagement.yaml to an address of the company's that somebody reads and no customer "
            "has, such as migration-canary@ at its own domain.",
        )
    address = address or f"canary@{engagement.name}.st-migration.example"
    if lookups is not None and (address in lookups.requester_of_address or address in lookups.agent_of_address):
        raise ParameterError(
            "target.canary.address is an address of somebody in SmarterTrack, who would be in Gorgias twice.",
            next_step="set it in engagement.yaml to an address that is in no ticket.",
        )
    return Content(engagement.name, address, parameters.target.mailbox, parameters.policy.ticket_channel)


def canaries(engagement: Engagement, target: str, content: Content) -> Canaries:
    """Return the canaries of one account."""
    settings, api = engagement.parameters.target, engagement.api(target)
    simulated = settings.simulator is not None and not engagement.account(target).url
    url = engagement.account_url(target)
    return Canaries(
        api, engagement.ledger, content, target=target, wait_seconds=settings.canary.wait_seconds,
        lag_seconds=settings.lookup_lag_seconds, mails=(lambda: len(outbox(url))) if simulated else None,
    )  # fmt: skip


def note_mail(engagement: Engagement) -> None:
    """Keep how much mail a simulated production account would have sent so far; a real one does not tell."""
    if engagement.parameters.target.simulator is not None and not engagement.account(PRODUCTION).url:
        engagement.ledger.set_meta("outbox", len(outbox(engagement.account_url(PRODUCTION))))
