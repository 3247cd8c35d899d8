"""What became of a knowledge base: every article in every language ends somewhere, and what was odd is listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, Protocol

from migrator_lib.gorgias.help_center.articles import KnowledgeBase

State = Literal["written", "created", "matched", "updated", "left", "quarantined"]
"""In the package; in the help center now; there already, and the same; changed there, since it changed in the source;
changed or deleted there by somebody else, and left so; not moved, for a reason."""


@dataclass(frozen=True)
class Problem:
    """Something that a person should look at. It quotes no article."""

    record: str
    """External id of an article or a category."""
    locale: str
    kind: str
    words: str


@dataclass(frozen=True)
class Entry:
    """Where one article in one language ended."""

    article: str
    locale: str
    state: State
    target: str
    """The file in the package, or the article's id in the help center."""


@dataclass
class Outcome:
    """All of it."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many articles, each language counted, ended in which state."""
        return dict(sorted(Counter(entry.state for entry in self.entries).items()))

    def add(self, article: str, locale: str, state: State, target: str = "") -> None:
        """Note where one ended."""
        self.entries.append(Entry(article, locale, state, target))


class HelpCenter(Protocol):
    """A way into a help center."""

    def publish(self, base: KnowledgeBase) -> Outcome:
        """Move everything; what is there already is not made again.

        Raises:
            HaltError: it cannot go on; nothing is lost, and it may be called again.
        """
