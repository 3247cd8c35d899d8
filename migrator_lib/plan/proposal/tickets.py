"""Proposals for what tickets are: statuses by their flags, priorities and channels by their words, directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from migrator_lib.chunks import Row
from migrator_lib.mapping import Channel, Direction, FieldMapping, Priority, Status
from migrator_lib.plan.proposal.names import Names, plain
from migrator_lib.plan.proposal.profile import ValueProfile

DIRECTIONS = {
    "0": Direction(becomes="incoming", reason="0 is from the customer"),
    "1": Direction(becomes="outgoing", reason="1 is from an agent"),
}
"""The two codes of TicketMessages.MessageDirection whose meaning is proven (public code that reads the table)."""
CLOSED = {"closed", "close", "resolved", "solved", "done", "completed", "geschlossen", "gelost", "ferme", "cerrado"}
OPEN = {"open", "active", "new", "offen", "neu", "ouvert", "abierto"}
Level = Literal["critical", "high", "normal", "low"]
LEVELS: dict[str, Level] = {
    "urgent": "critical", "critical": "critical", "emergency": "critical",
    "dringend": "critical", "kritisch": "critical",
    "high": "high", "hoch": "high", "important": "high",
    "normal": "normal", "medium": "normal", "standard": "normal", "mittel": "normal",
    "low": "low", "niedrig": "low", "minor": "low",
}  # fmt: skip
"""Words of priorities. Critical, high, normal and low are Gorgias' own (developers.gorgias.com, create-ticket)."""
CHANNELS = {
    "email": "email", "e mail": "email", "mail": "email", "phone": "phone", "telephone": "phone", "call": "phone",
    "phone call": "phone", "telefon": "phone", "chat": "chat", "live chat": "chat", "livechat": "chat", "sms": "sms",
    "text message": "sms", "web form": "contact_form", "webform": "contact_form", "contact form": "contact_form",
    "form": "contact_form", "web": "contact_form", "website": "contact_form", "portal": "contact_form",
    "kontaktformular": "contact_form", "whatsapp": "whatsapp", "facebook": "facebook",
    "facebook messenger": "facebook-messenger", "messenger": "facebook-messenger", "twitter": "twitter",
    "instagram": "instagram-direct-message", "api": "api", "help center": "help-center",
}  # fmt: skip
"""Words of channels to channels of every account."""
CHANNEL_NAMES = {"channel", "contact channel", "ticket channel", "source", "origin", "ticket source", "contact method",
                 "kanal", "canal", "herkunft"}  # fmt: skip
MOST_CHANNELS = 40
"""Different words from which a field holds no channel."""


def propose_statuses(rows: Sequence[Row], tags: Names | None = None) -> dict[str, Status]:
    """Open or closed by the status table's flags; waiting is open with a tag. A name that contradicts is asked."""
    found = {}
    for row in rows:
        name = row["DisplayName"] or row["EnglishName"] or f"Status {row['TicketStatusID']}"
        waiting = bool(row["IsOpen"]) and not row["IsActive"]
        same = tags.same(name) if tags and waiting else None
        tag = (same.name if same else name.lower()[:256]) if waiting else None
        confidence, reason = _of_flags(row, name)
        found[str(row["TicketStatusID"])] = Status(
            name=name, becomes="open" if row["IsOpen"] else "closed", tag=tag, confidence=confidence, reason=reason
        )
    return found


def _of_flags(row: Row, name: str) -> tuple[float, str]:
    """Return how sure it is whether a status is open, and what its flags say."""
    flags = f"IsOpen={row['IsOpen']}, IsActive={row['IsActive']}, IsLocked={row['IsLocked']}"
    if row["IsOpen"] is None:
        return 0.3, f"its flags do not say whether it is open ({flags})"
    if plain(name) in (CLOSED if row["IsOpen"] else OPEN):
        return 0.5, f"its name says the opposite of its flags ({flags})"
    words = "closed" if not row["IsOpen"] else "open" if row["IsActive"] else "open, and waiting"
    return 1.0, f"its flags say {words} ({flags})"


def propose_priorities(rows: Sequence[Row]) -> dict[str, Priority]:
    """By name; one whose name is not known is asked, and normal is proposed."""
    found = {}
    for row in rows:
        names = [str(row[column] or "") for column in ("EnglishName", "DisplayName")]
        level = next((LEVELS[plain(name)] for name in names if plain(name) in LEVELS), None)
        found[str(row["TicketPriorityID"])] = Priority(
            name=row["DisplayName"] or row["EnglishName"] or f"Priority {row['TicketPriorityID']}",
            becomes=level or "normal",
            confidence=1.0 if level else 0.3,
            reason="by its name" if level else "name not known: please choose",
        )
    return found


def is_channel(name: str, words: Sequence[str]) -> bool:
    """Whether a custom field looks like the one that holds the channel of tickets: by its name, and by its words."""
    known = sum(plain(word) in CHANNELS for word in words)
    return plain(name) in CHANNEL_NAMES and 0 < len(words) <= MOST_CHANNELS and known * 2 >= len(words)


def propose_channels(
    fields: Mapping[str, FieldMapping], rows: Sequence[Row], profiles: Mapping[int, ValueProfile]
) -> dict[str, Channel]:
    """Propose a channel for each word of the fields that hold it; one that is not known is asked."""
    found: dict[str, Channel] = {}
    for row in rows:
        entry = fields.get(str(row["CustomFieldID"]))
        if entry is None or entry.holds != "channel":
            continue
        for word in words_of(row, profiles.get(row["CustomFieldID"]))[:MOST_CHANNELS]:
            slug = CHANNELS.get(plain(word))
            reason = f"a word of '{entry.name}'"
            found.setdefault(
                word.lower(),
                Channel(name=word, becomes=slug, reason=f"{reason}, by its name")
                if slug
                else Channel(name=word, becomes="email", confidence=0.3, reason=f"{reason} that is not known"),
            )
    return found


def words_of(row: Row, profile: ValueProfile | None) -> list[str]:
    """Return the options of a field, and the values that are none of them, most frequent first."""
    options = options_of(row)
    strays = [word for word, _ in profile.words.most_common()] if profile else []
    return list(dict.fromkeys([*options, *strays]))


def options_of(row: Row) -> tuple[str, ...]:
    """Return what a field lets people choose from."""
    return tuple(dict.fromkeys(line.strip() for line in (row["Options"] or "").splitlines() if line.strip()))
