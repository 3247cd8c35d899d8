"""Open questions of a mapping: entries that were proposed without being sure, and that nobody has answered yet.

Such an entry says ``becomes: CHOOSE``, with the proposal beside it (``proposed: normal``). It is no part of the mapping
until a person writes what it becomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from migrator_lib.mapping.model import CHOOSE, EngagementMapping
from migrator_lib.yaml_file import line_of

CALLED = ("team", "label", "tag", "category")
"""Fields of an entry that say what its thing is called in Gorgias."""


@dataclass(frozen=True)
class Question:
    """An entry that waits for an answer."""

    section: str
    key: str
    name: str
    """What it is called in SmarterTrack."""
    proposed: str
    reason: str
    confidence: float
    line: int
    """Of its ``becomes``, in mapping.yaml."""
    target: str = ""
    """What it is called in Gorgias, as the line beside says, where that is another name: ``team: Returns``."""

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be written; nothing where that is not a list of words."""
        return choices(self.section)

    @property
    def to_write(self) -> str:
        """Return the line to write: as is proposed."""
        return f"becomes: {self.proposed}"

    @property
    def others(self) -> str:
        """Return what else may be written, in words."""
        others = [choice for choice in self.choices if choice != self.proposed]
        words = f"or {', '.join(others)}" if others else "or what it shall become"
        if not self.target:
            return words
        return f"{words}; beside it stands '{self.target}': change that where another one is meant"

    def words(self) -> str:
        """Return the question as a line of text."""
        named = f"{self.section}.{self.key}" + (f" ('{self.name}')" if self.name else "")
        return f"line {self.line}, {named}: write '{self.to_write}', {self.others}. Why it is asked: {self.reason}"


def choices(section: str) -> tuple[str, ...]:
    """Return what entries of a section may become; nothing where that is not a list of words."""
    field = EngagementMapping.entry_type(section).model_fields["becomes"].annotation
    return get_args(field) if get_origin(field) is Literal else ()


def is_open(entry: Any) -> bool:
    """Whether an entry waits for an answer."""
    return isinstance(entry, Mapping) and entry.get("becomes") == CHOOSE and bool(entry.get("proposed"))


def settled(document: Any, *, as_proposed: bool) -> Any:
    """Return a document without its open questions, or with each answered as it is proposed."""
    if not isinstance(document, Mapping):
        return document
    return {section: _settled(entries, as_proposed) for section, entries in document.items()}


def _settled(entries: Any, as_proposed: bool) -> Any:
    if not isinstance(entries, Mapping):
        return entries
    return {
        key: {**entry, "becomes": entry["proposed"]} if is_open(entry) else entry
        for key, entry in entries.items()
        if as_proposed or not is_open(entry)
    }


def asked(document: Any) -> Iterator[Question]:
    """Yield the open questions of a document that was read with its lines."""
    for section in EngagementMapping.model_fields:
        entries = document.get(section) if isinstance(document, Mapping) else None
        if isinstance(entries, Mapping):
            for key, entry in entries.items():
                if is_open(entry):
                    yield _question(document, section, key, entry)


def _question(document: Any, section: str, key: Any, entry: Mapping[str, Any]) -> Question:
    return Question(
        section,
        str(key),
        str(entry.get("name") or ""),
        str(entry["proposed"]),
        str(entry.get("reason") or "it is not sure"),
        float(entry.get("confidence") or 0),
        line_of(document, (section, key, "becomes")),
        next((f"{part}: {entry[part]}" for part in CALLED if entry.get(part) not in (None, entry.get("name"))), ""),
    )
