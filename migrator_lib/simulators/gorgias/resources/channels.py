"""The channels of an account: those that every one has, and the slugs of its own. Source: create-ticket."""

from __future__ import annotations

from migrator_lib.gorgias.contract.fields import LEGACY_CHANNELS
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import refuse


def has_channel(account: Account, slug: str) -> bool:
    """Return whether an account has a channel."""
    knobs = account.knobs
    return slug not in knobs.channels_refused and (slug in LEGACY_CHANNELS or slug in knobs.custom_channels)


def check_channel(account: Account, given: Document, action: str) -> None:
    """Check the channel of a ticket's body, if it names one.

    Raises:
        Refused: 400, the account has none of this name.
    """
    slug = given.get("channel")
    if slug is not None and not has_channel(account, slug):
        raise refuse(400, action, "channel", "Not a valid choice.")
