"""What SmarterTrack's table names begin with in a database, found by the names behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from migrator_lib.smartertrack.tables import known_schema

AUTO = "auto"
"""As ``source.prefix``: find it."""
CORE = frozenset({"tickets", "ticketmessages"})
"""Where these are, there is a SmarterTrack; one table more or less with a known name proves nothing."""


def normalized(name: str) -> str:
    """Return a name as it is compared: lower case, without underscores."""
    return name.lower().replace("_", "")


def detect(names: Iterable[str]) -> str | None:
    """Return the prefix that SmarterTrack's tables are behind, or None where there is none, or there are several."""
    best = list(fitting(names))
    return best[0] if len(best) == 1 else None


def fitting(names: Iterable[str]) -> dict[str, int]:
    """Return the prefixes that fit best, with the number of known tables behind each, most first.

    These are all that have tickets and messages behind them. Where none has, it is the one with most known tables, or
    several with as many.
    """
    found = _known_behind(names)
    counts = {spelling: len(known) for spelling, known in found.items()}
    best = [prefix for prefix, known in found.items() if known >= CORE]
    if not best:
        most = max(counts.values(), default=0)
        best = [prefix for prefix, count in counts.items() if count == most]
    return {prefix: counts[prefix] for prefix in sorted(best, key=lambda prefix: (-counts[prefix], prefix))}


def _known_behind(names: Iterable[str]) -> dict[str, set[str]]:
    """Return every possible prefix, in its most frequent spelling, with the known tables behind it."""
    ends = {normalized(name) for name in known_schema()}
    known: dict[str, set[str]] = {}
    spellings: dict[str, Counter[str]] = {}
    for name in names:
        whole = normalized(name)
        for start in range(len(whole)):
            if whole[start:] in ends:
                known.setdefault(whole[:start], set()).add(whole[start:])
                spellings.setdefault(whole[:start], Counter())[_start(name, start)] += 1
    return {_most_frequent(spellings[prefix]): behind for prefix, behind in known.items()}


def _start(name: str, letters: int) -> str:
    """Return the start of a name that holds so many letters, with the underscores behind them."""
    end = 0
    while letters or name[end] == "_":
        letters -= name[end] != "_"
        end += 1
    return name[:end]


def _most_frequent(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda spelling: (-spellings[spelling], spelling))
