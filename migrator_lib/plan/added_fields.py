"""The proposal of added ticket fields: for what SmarterTrack keeps of tickets, chats and calls beside custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from migrator_lib.mapping import AddedField, FieldMapping, Status

Family = Literal["tickets", "chats", "calls", "waiting"]


@dataclass(frozen=True)
class Addition:
    """One field that may be added."""

    becomes: Literal["text", "number"]
    label: str
    of: Family
    """What the source must hold for it to be of use."""
    reason: str


ADDITIONS = {
    "ticket_number": Addition(
        "text",
        "SmarterTrack number",
        "tickets",
        "the number that customers know; chats and calls have theirs in it too",
    ),
    "status": Addition("text", "SmarterTrack status", "waiting", "a status is kept in it, as its entry says"),
    "chat_duration": Addition("number", "Chat duration (seconds)", "chats", "how long a chat took"),
    "chat_participants": Addition("text", "Chat participants", "chats", "who took part in a chat"),
    "call_direction": Addition("text", "Call direction", "calls", "incoming or outgoing"),
    "call_duration": Addition("number", "Call duration (seconds)", "calls", "how long a call took"),
    "call_number": Addition("text", "Phone number of the call", "calls", "who called, or was called"),
}
"""Name of an added field to what it is."""


def propose_added(
    fields: Mapping[str, FieldMapping], statuses: Mapping[str, Status], *, chats: bool, calls: bool
) -> dict[str, AddedField]:
    """Return the added fields that are of use.

    Args:
        fields: the custom fields as proposed or chosen; a label of theirs is not taken twice.
        statuses: the statuses as proposed or chosen.
        chats: whether the source holds live chats.
        calls: whether it holds call logs, and these are migrated.
    """
    waiting = any(status.keeps == "field" for status in statuses.values())
    there = {"tickets": True, "chats": chats, "calls": calls, "waiting": waiting}
    taken = {entry.label.strip().lower() for entry in fields.values() if entry.becomes != "nothing"}
    return {
        name: AddedField(becomes=one.becomes, label=_free(one.label, taken), reason=one.reason)
        for name, one in ADDITIONS.items()
        if there[one.of]
    }


def _free(label: str, taken: set[str]) -> str:
    """Return the label, or the same with a number behind it where a custom field has it."""
    free, n = label, 2
    while free.lower() in taken:
        free, n = f"{label} ({n})", n + 1
    return free
