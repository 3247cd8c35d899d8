"""How much of an account's limit others use: what the server counts beyond our own calls."""

from __future__ import annotations

import math


class Foreign:
    """Calls a second that are not ours; what was seen last counts most."""

    def __init__(self, memory_seconds: float) -> None:
        self._memory = memory_seconds
        self._calls = 0.0
        self._seconds = 0.0

    def saw(self, calls: float, seconds: float) -> None:
        """Note ``calls`` that were not ours within ``seconds``; below 0 where it was told too many before."""
        if seconds <= 0:
            self._calls += calls
            return
        fading = math.exp(-seconds / self._memory)
        self._calls = self._calls * fading + calls
        self._seconds = self._seconds * fading + seconds

    @property
    def rate(self) -> float:
        """Calls a second."""
        # of a short time nothing is known: one call in the first second is not one every second
        return max(0.0, self._calls / max(self._seconds, self._memory / 3))
