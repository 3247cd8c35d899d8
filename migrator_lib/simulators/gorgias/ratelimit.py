"""The rate limit: 40 requests in 20 s by API key, as a leaky bucket or as a fixed window.

Source: developers.gorgias.com, limitations. ``used/limit`` goes into a header of every reply.
"""

from __future__ import annotations

import math
import threading

from migrator_lib.clock import Clock

SIZES = {"api-key": (40, 20.0), "oauth": (80, 20.0), "enterprise-api-key": (40, 10.0), "enterprise-oauth": (80, 10.0)}


class RateLimit:
    """Counts requests; says how many are used, and how long to wait when there are too many."""

    def __init__(self, clock: Clock, *, size: str = "api-key", fixed_window: bool = False) -> None:
        self.limit, self.window = SIZES[size]
        self._clock = clock
        self._fixed = fixed_window
        self._lock = threading.Lock()
        self._level = 0.0
        self._at = clock.monotonic()

    def take(self) -> tuple[bool, int, int]:
        """Count one request; return (allowed, used, seconds to wait)."""
        with self._lock:
            now = self._clock.monotonic()
            if self._fixed:
                if now - self._at >= self.window:
                    self._level, self._at = 0.0, now
            else:
                self._level = max(0.0, self._level - (now - self._at) * self.limit / self.window)
                self._at = now
            if self._level + 1 > self.limit:
                left = self.window - (now - self._at) if self._fixed else self.window / self.limit
                return False, self.limit, max(1, math.ceil(left))
            self._level += 1
            return True, math.ceil(self._level), 0
