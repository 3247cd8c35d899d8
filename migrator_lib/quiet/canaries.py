"""The canaries of an engagement: whose they are, and which account they go to."""

from __future__ import annotations

from migrator_lib.canary import Canaries, Content, still_there
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ParameterError
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.simulators.gorgias.admin_client import outbox

PRODUCTION = "production"


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


def remove_canaries(engagement: Engagement, target: str) -> int:
    """Take away the canaries that a run left in an account, and return how many there were.

    A run that stopped or crashed leaves them, and so does one that found them noisy, for people to look at.

    Raises:
        TargetError: the account cannot be reached or refuses the key.
    """
    there = still_there(engagement.ledger, target)
    if there:  # found by their external ids, so that it does not matter what address the parameters say by now
        canaries(engagement, target, Content(engagement.name, "", "", "")).remove()
    return there


def note_mail(engagement: Engagement) -> None:
    """Keep how much mail a simulated production account would have sent so far; a real one does not tell."""
    if engagement.parameters.target.simulator is not None and not engagement.account(PRODUCTION).url:
        engagement.ledger.set_meta("outbox", len(outbox(engagement.account_url(PRODUCTION))))
