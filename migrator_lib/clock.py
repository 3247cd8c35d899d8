"""Time, in one place, so that a simulated day does not take a day and a test never waits.

Everything that measures or waits (the rate gate, retries, the simulated account) takes a :class:`Clock`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the library needs to know about time."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock."""


def attempts(sleep: Callable[[float], object], seconds: float) -> Iterator[float]:
    """Yield at once, and behind pauses that grow, until so long was waited: what was just written may be found late.

    Args:
        sleep: waits for a number of seconds.
        seconds: how long to wait in all, at least; 0 is one attempt.

    Yields:
        The seconds that were waited before each attempt.
    """
    waited, pause = 0.0, 1.0
    while True:
        yield waited
        if waited >= seconds:
            return
        sleep(pause)
        waited, pause = waited + pause, pause * 2


class ScaledClock:
    """A clock that runs ``speed`` times as fast as the wall; 1.0 is the wall itself."""

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._wall_start = datetime.now(UTC)
        self._monotonic_start = time.monotonic()
        self._skipped = 0.0

    def monotonic(self) -> float:
        """Return scaled seconds since this clock was made, and what was skipped."""
        return (time.monotonic() - self._monotonic_start) * self.speed + self._skipped

    def now(self) -> datetime:
        """Return the scaled moment: it starts at the wall's and runs ahead of it."""
        return self._wall_start + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float) -> None:
        """Sleep ``seconds`` of this clock, so ``seconds / speed`` on the wall."""
        if seconds > 0:
            time.sleep(seconds / self.speed)

    def advance(self, seconds: float) -> None:
        """Skip ``seconds`` (not negative) of this clock."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._skipped += seconds


class ManualClock:
    """A clock that moves only when told or slept on: for tests and virtual time."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._elapsed

    def now(self) -> datetime:
        """Return the start plus what was advanced."""
        return self._start + timedelta(seconds=self._elapsed)

    def sleep(self, seconds: float) -> None:
        """Advance by ``seconds`` at once; like the wall's, a wait below 0 is none."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Move the clock on by ``seconds`` (not negative)."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        with self._lock:
            self._elapsed += seconds
