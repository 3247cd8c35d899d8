"""A proposal that is made again, beside what stands in mapping.yaml: what would be proposed differently now, and what
the source has no more. Both are shown to a person; nothing of what stands is changed or removed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from migrator_lib.mapping import CommentType, EngagementMapping, Entry
from migrator_lib.mapping.model import UNSIGNED

BY_HAND = ("comment_types", "chat_senders", "chat_views", "directions", "channels", "placeholders")
"""Sections that a person fills for what no table defines: a key that nothing proposes is not gone for that."""
NUMBERS = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True)
class Standing:
    """An entry of mapping.yaml that a new proposal does not bear out."""

    section: str
    key: str
    name: str
    stands: str
    """What it says."""
    now: str
    """What would be proposed now; empty where the source has it no more."""
    reason: str


def proposed_differently(stands: EngagementMapping, proposal: EngagementMapping) -> list[Standing]:
    """Return the entries that would be proposed differently now, for another reason than the one that they give.

    What a person chose against a proposal is not repeated as long as the proposal's reason is the same; numbers in it
    may differ. An entry without a reason is a person's own.
    """
    return [
        Standing(section, key, str(getattr(entry, "name", "")), in_words(entry), in_words(new), new.reason)
        for section, key, entry in _entries(stands)
        if (new := getattr(proposal, section).get(key)) is not None
        and entry.reason
        and _gist(new.reason) not in _gist(entry.reason)
        and _content(entry) != _content(new)
    ]


def vanished(
    stands: EngagementMapping, proposal: EngagementMapping, in_use: Mapping[str, Collection[str]]
) -> list[Standing]:
    """Return the entries whose source is gone.

    Args:
        stands: what mapping.yaml says.
        proposal: what would be proposed now.
        in_use: codes that the source holds, by section.
    """
    return [
        Standing(section, key, str(getattr(entry, "name", "")), in_words(entry), "", entry.reason)
        for section, key, entry in _entries(stands)
        if section not in BY_HAND and key not in getattr(proposal, section) and key not in in_use.get(section, ())
    ]


def _entries(mapping: EngagementMapping) -> Iterator[tuple[str, str, Entry]]:
    for section in EngagementMapping.model_fields:
        for key, entry in getattr(mapping, section).items():
            yield section, key, entry


def _gist(reason: str) -> str:
    """Return a reason without its numbers, which differ as the source grows."""
    return NUMBERS.sub("#", reason)


def _content(entry: Entry) -> dict[str, object]:
    return entry.model_dump(exclude={*UNSIGNED, "name"})


def in_words(entry: Entry) -> str:
    """Return in words what an entry makes of its thing."""
    if isinstance(entry, CommentType):
        return f"internal note, called '{entry.name}'"
    becomes = str(getattr(entry, "becomes", "")) or "stays as text, and is listed"
    if becomes == "nothing":
        return becomes
    parts = ("tag",) if becomes == "tag" else ("team", "label", "category")
    named = next((str(value) for part in parts if (value := getattr(entry, part, ""))), "")
    words = f"{becomes} '{named}'" if named else becomes
    return "".join([words, *(f", {more}" for more in _more(entry, becomes))])


def _more(entry: Entry, becomes: str) -> Iterator[str]:
    """Yield what an entry says beside what it becomes and is called."""
    if becomes in ("open", "closed") and (tag := getattr(entry, "tag", None)):
        yield f"tag '{tag}'"
    match getattr(entry, "keeps", "tag"):
        case "field":
            yield "kept in the field of the status"
        case "snooze":
            yield f"snoozed {getattr(entry, 'snooze_days', '')} days"
        case "nothing":
            yield "that it waits is not kept"
    if choices := getattr(entry, "choices", ()) if becomes == "dropdown" else ():
        yield f"choices {', '.join(choices)}"
    if slashes := getattr(entry, "slashes", None):
        yield f"dates as {slashes}"
    if (long := getattr(entry, "long_values", "accept")) != "accept":
        yield {"trim": "long values trimmed", "split": "long values split"}[long]
    if holds := getattr(entry, "holds", ""):
        yield f"holds the {holds}"
    if center := getattr(entry, "help_center", None):
        yield f"articles to Help Center {center}"
