"""The channel that a ticket came by: a custom field may hold it, since SmarterTrack keeps no channel of a ticket.

The field's entry in mapping.yaml says ``holds: channel``, and ``channels`` what each of its words becomes. A word that
is not there leaves the ticket on ``policy.ticket_channel``, and stands in its meta; so does a channel that the sandbox
did not take. Tickets of channel phone wait at the gate ``voice``, as calls do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from migrator_lib.lookups import Lookups
from migrator_lib.staging import Row

NO_TICKETS = ("internal-note",)
"""Channels of messages that a ticket cannot come by."""


class CameBy(NamedTuple):
    """A ticket's channel."""

    channel: str
    unknown: str = ""
    """The word of the source that mapping.yaml does not know."""
    refused: str = ""
    """The channel that the mapping says, and that this account does not take."""


def came_by(fields: Sequence[Row], lookups: Lookups) -> CameBy:
    """Return the channel of a ticket by its custom fields' rows; the first field that says one counts."""
    usual, held = lookups.parameters.policy.ticket_channel, lookups.mapping.ticket_fields
    for row in sorted(fields, key=lambda row: row["CustomFieldID"]):
        entry, word = held.get(str(row["CustomFieldID"])), (row["DataContent"] or "").strip()
        if entry is not None and entry.holds == "channel" and word:
            known = lookups.mapping.channels.get(word.lower())
            if known is None or known.becomes in NO_TICKETS:
                return CameBy(usual, word)
            taken = lookups.behaviour.channel(known.becomes) == known.becomes
            return CameBy(known.becomes) if taken else CameBy(usual, refused=known.becomes)
    return CameBy(usual)
