"""The rate limit: 40 requests in 20 s by API key, as a leaky bucket or as a fixed window.

Source: developers.gorgias.com, limitations. ``used/limit`` goes into a header of every reply. The company's own
integrations may use the same bucket: foreign traffic at a given share of the allowed rate.
"""

from __future__ import annotations

import math
import threading

from migrator_lib.clock import Clock

SIZES = {"api-key": (40, 20.0), "oauth": (80, 20.0), "enterprise-api-key": (40, 10.0), "enterprise-oauth": (80, 10.0)}
"""Requests and seconds, as documented."""
CHOICES = {**SIZES, "unlimited": (1_000_000_000, 20.0)}
"""The documented sizes, and none of Gorgias': for whoever tries something else than the limit."""
SELDOM = 1e-9
"""Requests a second that are as good as none: one in thirty years."""


class RateLimit:
    """Counts requests; says how many are used, and how long to wait when there are too many."""

    def __init__(
        self, clock: Clock, *, size: str = "api-key", fixed_window: bool = False, foreign_share: float = 0.0
    ) -> None:
        if not 0.0 <= foreign_share < 1.0:
            raise ValueError(f"foreign traffic takes a share of 0 up to below 1 of the limit, not {foreign_share}")
        self.size = size
        self.limit, self.window = CHOICES[size]
        self.fixed_window = fixed_window
        self.foreign_share = foreign_share
        self.foreign_calls = self.foreign_throttled = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._level = 0.0
        self._at = self._foreign_at = clock.monotonic()

    def take(self) -> tuple[bool, int, int]:
        """Count one request; return (allowed, used, seconds to wait)."""
        with self._lock:
            now = self._clock.monotonic()
            self._let_foreign_traffic_in(now)
            self._drain(now)
            if self._level + 1 > self.limit:
                left = self.window - (now - self._at) if self.fixed_window else self.window / self.limit
                return False, self.limit, max(1, math.ceil(left))
            self._level += 1
            return True, math.ceil(self._level), 0

    def used(self) -> int:
        """Return how many requests are counted at the moment, without counting one."""
        with self._lock:
            now = self._clock.monotonic()
            self._let_foreign_traffic_in(now)
            self._drain(now)
            return math.ceil(self._level)

    def _drain(self, now: float) -> None:
        if self.fixed_window:
            if now - self._at >= self.window:
                self._level, self._at = 0.0, now
        else:
            self._level = max(0.0, self._level - (now - self._at) * self.limit / self.window)
            self._at = now

    def _let_foreign_traffic_in(self, now: float) -> None:
        """Count the requests of others since the last look, each at its moment, as far as there was room."""
        rate = self.foreign_share * self.limit / self.window
        if rate < SELDOM:
            return
        apart = 1 / rate
        skipped = max(0.0, math.floor((now - 2 * self.window - self._foreign_at) / apart))  # long forgotten
        self._foreign_at += skipped * apart
        while self._foreign_at + apart <= now:
            self._foreign_at += apart
            self._drain(self._foreign_at)
            if self._level + 1 <= self.limit:
                self._level += 1
                self.foreign_calls += 1
            else:
                self.foreign_throttled += 1
