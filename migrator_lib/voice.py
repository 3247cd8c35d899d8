"""Gorgias' Voice add-on, which tickets of channel phone need: what becomes one, and what the account tells of it.

Call logs do, and tickets by the word of the custom field that holds their channel. Whether an account has the add-on no
endpoint says, and a ticket of channel phone may be counted as a Voice ticket (gorgias.com/pricing; unverified for
imported ones). So a person confirms it at the gate ``voice``. An integration of type phone, and calls that the account
has had, are what speaks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.errors import RecordRejected, TargetDenied
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters

GATE = "voice"
PHONE = "phone"
"""The channel that belongs to the add-on."""
PHONE_TYPES = ("phone", "twilio")
"""Types of integrations that bring calls (unverified: the list of types is not published)."""
NO_CALLS = "it has had no call yet"


def in_scope(parameters: Parameters, audited: Mapping[str, Any] | None, there: int) -> bool:
    """Return whether there are call logs that move.

    Args:
        parameters: the engagement's; ``policy.call_logs`` may leave them all out.
        audited: the audit as the ledger keeps it, or None.
        there: how many are staged, or in the source.
    """
    counted = (row["number"] or 0 for row in (audited or {}).get("counts", ()) if row["name"] == "call_log")
    return parameters.policy.call_logs == "migrate" and bool(there or any(counted))


def words(mapping: EngagementMapping) -> list[str]:
    """Return the words that make a ticket one of channel phone; none where no custom field holds the channel."""
    held = any(entry.holds == "channel" for entry in mapping.ticket_fields.values())
    return [entry.name for entry in mapping.channels.values() if held and entry.becomes == PHONE]


def told(api: GorgiasApi) -> str:
    """Return in words what an account tells of the add-on; reads, and changes nothing."""
    try:
        phones = sum(one.type in PHONE_TYPES and one.deactivated_datetime is None for one in api.integrations.every())
        had = "it has had calls" if api.voice_calls.any() else NO_CALLS
    except (RecordRejected, TargetDenied) as error:
        return f"The production account does not say whether it has the Voice add-on: {error.message}"
    number = f"{phones} phone integration{'' if phones == 1 else 's'}" if phones else "no phone integration"
    return f"The production account has {number}, and {had}."
