"""What the values of a custom field look like: counts, lengths, and short choices; no other value is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from migrator_lib.mapping import LONG
from migrator_lib.values import Slashes, boolean_of, has_slashes, iso_date, number_of

NEAR_CEILING = (500, 512)
DISTINCT_KEPT = 1000
"""Different values of a field that a profile remembers; a field with more is no dropdown."""
WORD = 100
"""Characters of a value that a profile remembers."""


@dataclass
class ValueProfile:
    """What the values of a custom field look like. Counts only: no value is kept but short choices."""

    values: int = 0
    words: Counter[str] = field(default_factory=Counter)
    """Different values, cut, with how often each occurs, for the first of them."""
    numbers: int = 0
    booleans: int = 0
    dates: int = 0
    slashes: int = 0
    day_first: int = 0
    month_first: int = 0
    longest: int = 0
    near_ceiling: int = 0
    long: int = 0
    """Values that are longer than a field is sure to take."""

    def add(self, text: str) -> None:
        """Take one value in; an empty one says nothing."""
        if not text.strip():
            return
        self.values += 1
        self.longest = max(self.longest, len(text))
        self.near_ceiling += len(text) >= NEAR_CEILING[0]
        self.long += len(text) > LONG
        word = text.strip()[:WORD]
        if word in self.words or len(self.words) <= DISTINCT_KEPT:
            self.words[word] += 1
        self.numbers += number_of(text) is not None
        self.booleans += boolean_of(text) is not None
        self._add_date(text)

    def _add_date(self, text: str) -> None:
        day_first, month_first = iso_date(text, "day/month"), iso_date(text, "month/day")
        if day_first or month_first:
            self.dates += 1
            self.slashes += has_slashes(text)
            self.day_first += not month_first
            self.month_first += not day_first

    @property
    def distinct(self) -> set[str]:
        """The different values, cut."""
        return set(self.words)

    @property
    def date_order(self) -> Slashes | None:
        """How dates with slashes are written, as far as days above 12 tell."""
        if self.day_first and not self.month_first:
            return "day/month"
        return "month/day" if self.month_first and not self.day_first else None
