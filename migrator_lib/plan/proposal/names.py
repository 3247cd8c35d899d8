"""Names in SmarterTrack and names in the account: which of them mean the same, and how sure that is.

Rules come first: the same name, then the same but for case, accents, punctuation and spaces. What is merely alike
(rapidfuzz) is the last resort, and a question: unverified requests are not verified ones. Numbers and short words tell
names apart, however alike the rest is: Orders EU is not Orders US.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

ALIKE = 85.0
"""Likeness (0 to 100) from which two names may mean the same."""
CLOSE = 5.0
"""Two candidates that are less apart than this cannot be told from each other."""
SHORT = 3
"""Letters of a word that must be the same in both names."""


@dataclass(frozen=True)
class Match:
    """The name in the account that is most likely meant."""

    name: str
    confidence: float
    reason: str


def plain(name: str) -> str:
    """Return a name without case, accents and punctuation; ``&`` is and."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", kept))


def together(name: str) -> str:
    """Return a plain name without the spaces between letters: Whole-sale is Wholesale; 1-1 is not 11."""
    return re.sub(r"(?<=[^\W\d]) (?=[^\W\d])", "", plain(name))


class Names:
    """Names that the account has."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(dict.fromkeys(names))
        self._by_plain: dict[str, list[str]] = {}
        self._together: dict[str, list[str]] = {}
        for name in self.names:
            self._by_plain.setdefault(plain(name), []).append(name)
            self._together.setdefault(together(name), []).append(name)

    def same(self, name: str) -> Match | None:
        """Return the name that is this one, or is it but for case, accents, punctuation and spaces."""
        if name in self.names:
            return Match(name, 1.0, "the account has it by the same name")
        wanted = plain(name)
        found = (self._by_plain.get(wanted) or self._together.get(together(name), [])) if wanted else []
        if len(found) == 1:
            what = "case or punctuation" if wanted in self._by_plain else "a space or hyphen"
            return Match(found[0], 0.95, f"the account has '{found[0]}', the same but for {what}")
        if found:
            listed = ", ".join(f"'{one}'" for one in found)
            return Match(found[0], 0.5, f"the account has {listed}: which of them is meant?")
        return None

    def like(self, name: str) -> Match | None:
        """Return the name that is most alike, or None where none is alike enough."""
        wanted = plain(name)
        if not wanted:
            return None
        scored = process.extract(
            wanted, list(self._by_plain), scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=5
        )
        alike = [(self._by_plain[found][0], score) for found, score, _ in scored if _tells_apart(wanted, found) is None]
        if not alike:
            return None
        best, score = alike[0]
        rivals = [other for other, likeness in alike[1:] if score - likeness < CLOSE]
        if rivals:
            return Match(best, 0.4, f"the account has '{best}' and '{rivals[0]}', both alike: which of them is meant?")
        if sorted(wanted.split()) == sorted(plain(best).split()):
            return Match(best, 0.75, f"the account has '{best}', the same words in another order")
        return Match(best, 0.5, f"the account has '{best}', which is alike ({score:.0f} of 100): is that meant?")

    def match(self, name: str) -> Match | None:
        """Return the same name, or else one that is alike."""
        return self.same(name) or self.like(name)


def _tells_apart(one: str, other: str) -> str | None:
    """Return a number or short word that only one of two plain names has."""
    telling = [
        {word for word in name.split() if len(word) <= SHORT or any(sign.isdigit() for sign in word)}
        for name in (one, other)
    ]
    return next(iter(sorted(telling[0] ^ telling[1])), None)


def free(name: str, taken: set[str], more: Callable[[int], str]) -> str:
    """Return ``name``, or the first of ``more`` (from 2) that is not taken yet, case aside."""
    found, n = name, 2
    while found.lower() in taken:
        found, n = more(n), n + 1
    taken.add(found.lower())
    return found
