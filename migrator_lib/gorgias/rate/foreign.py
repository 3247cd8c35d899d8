"""How much of an account's limit others use: what the server counts beyond our own calls."""

from __future__ import annotations

import math
from collections import deque

SURE = 2.4
"""Standard deviations that are kept free beyond what others usually use: they need more once in a hundred times."""
SPAN_CALLS = 3.0
"""Calls of others that a span holds which tells an even traffic from one by chance."""
SPANS = 10
"""How many spans are remembered."""
BY_CHANCE = 2
"""So many spans of traffic that comes by chance are taken as seen, until others have shown what it is like."""
ROUNDING = 0.5
"""Square of what whole calls may differ from their rate in a span of an even traffic."""
UNSURE = 0.1
"""Share of its interval by which the next call of an even traffic is told too exactly, at least."""
MOST_UNEVEN = 4.0
"""Times the variance of calls by chance: what a single span may show, however wild it was."""


class Foreign:
    """Calls a second that are not ours; what was seen last counts most."""

    def __init__(self, memory_seconds: float) -> None:
        self._memory = memory_seconds
        self._calls = 0.0
        self._seconds = 0.0
        self._span = (0.0, 0.0)
        self._ago: float | None = None
        """Seconds since the last call of others came, give or take ``_either_way``."""
        self._either_way = 0.0
        self._uneven: deque[float] = deque([1.0] * BY_CHANCE, maxlen=SPANS)

    def saw(self, calls: float, seconds: float) -> None:
        """Note ``calls`` that were not ours within ``seconds``; below 0 where it was told too many before."""
        self._look_how_even(calls, max(0.0, seconds))
        if calls >= 1:
            self._ago = self._either_way = max(0.0, seconds) / 2
        elif self._ago is not None:
            self._ago += max(0.0, seconds)
        if seconds <= 0:
            self._calls += calls
            return
        fading = math.exp(-seconds / self._memory)
        self._calls = self._calls * fading + calls
        self._seconds = self._seconds * fading + seconds

    def _look_how_even(self, calls: float, seconds: float) -> None:
        self._span = (self._span[0] + calls, self._span[1] + seconds)
        expected = self.rate * self._span[1]
        if expected >= SPAN_CALLS:
            squared = max(0.0, (self._span[0] - expected) ** 2 - ROUNDING)
            self._uneven.append(min(MOST_UNEVEN, squared / expected))
            self._span = (0.0, 0.0)

    def took_more(self) -> None:
        """Note that they needed more than what was left to them."""
        self._uneven.append(MOST_UNEVEN)

    @property
    def rate(self) -> float:
        """Calls a second."""
        # of a short time nothing is known: one call in the first second is not one every second
        return max(0.0, self._calls / max(self._seconds, self._memory / 3))

    def lost_sight(self) -> None:
        """Note that it is not known any more when a call of others was seen last."""
        self._ago = None

    def room(self, seconds: float) -> float:
        """Return how many calls to leave to others for so many seconds: what is usual, and a margin.

        The variance of calls that come by chance is their number (Poisson); an even traffic has less, and where its
        last call is known, so is its next.
        """
        seconds = max(0.0, seconds)
        usual = self.rate * seconds
        uneven = sum(self._uneven) / len(self._uneven)
        by_chance = min(1.0, uneven)
        margin = SURE * math.sqrt(usual * uneven)
        return by_chance * usual + (1 - by_chance) * self._of_an_even_traffic(seconds) + margin

    def _of_an_even_traffic(self, seconds: float) -> float:
        """Return how many calls to expect if they come at equal distances; what is usual where none was seen lately."""
        usual = self.rate * seconds
        if self._ago is None or usual <= 0:
            return usual
        interval = 1 / self.rate
        either_way = max(self._either_way, UNSURE * interval)
        earliest, latest = (interval - self._ago + way for way in (-either_way, either_way))
        if latest <= 0:  # it is overdue by more than an even traffic would be
            return usual
        earliest = max(0.0, earliest)
        first = min(1.0, max(0.0, (seconds - earliest) / (latest - earliest)))
        return first + max(0.0, (seconds - (earliest + latest) / 2) / interval - 0.5)
