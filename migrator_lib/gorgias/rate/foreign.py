"""How much of an account's limit others use: what the server counts beyond our own calls."""

from __future__ import annotations

import math
from collections import deque

SURE = 2.2
"""Standard deviations that are kept free beyond what others usually use: they need more once in seventy times."""
SPAN_CALLS = 3.0
"""Calls of others that a span holds which tells an even traffic from one by chance."""
SPANS = 10
"""How many spans are remembered."""
BY_CHANCE = 2
"""So many spans of traffic that comes by chance are taken as seen, until others have shown what it is like."""
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
        self._uneven: deque[float] = deque([1.0] * BY_CHANCE, maxlen=SPANS)

    def saw(self, calls: float, seconds: float) -> None:
        """Note ``calls`` that were not ours within ``seconds``; below 0 where it was told too many before."""
        self._look_how_even(calls, max(0.0, seconds))
        if calls >= 1:
            self._ago = seconds / 2
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
            self._uneven.append(min(MOST_UNEVEN, (self._span[0] - expected) ** 2 / expected))
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

        The variance of calls that come by chance is their number (Poisson); an even traffic has less, and the longer
        its last call is ago, the sooner comes the next.
        """
        usual = self.rate * max(0.0, seconds)
        uneven = sum(self._uneven) / len(self._uneven)
        due = 0.0 if self._ago is None else min(1.0, self.rate * self._ago) - 0.5
        return max(0.0, usual + due * max(0.0, 1 - uneven)) + SURE * math.sqrt(usual * uneven)
