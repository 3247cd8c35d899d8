"""The leaky bucket: what is in it, how fast it leaks, and when the next call may go.

It is ridden at the middle. Throughput is the same at any level, as long as the bucket never runs empty; what is free
above is for the company's own traffic, which may come at once, and what lies below drains while our calls are on their
way.
"""

from __future__ import annotations

from collections import deque

from migrator_lib.gorgias.rate.calls import Told
from migrator_lib.gorgias.rate.foreign import Foreign

WINDOWS = (10.0, 20.0)
"""Seconds in which a whole limit leaks, as documented: enterprise accounts and others."""
MEMORY_SECONDS = 30.0
"""What the traffic of others is judged by."""
MARK_SECONDS = 3.0
SPAN_SECONDS = 20.0
SPANS = 6
"""So many spans without faster leaking show that the leak is slower than it was taken for."""
LOOK_SECONDS = 2.0
"""So often a call goes to see how full the bucket is, while there is room."""
ALMOST_FULL = 0.9


class LeakyBucket:
    """What is known of a bucket in which every call leaves a drop.

    Args:
        limit: drops that it holds.
        window_seconds: in which it leaks them all, as far as we are told; what is seen goes before.
        now: seconds of a clock that only grows, as everywhere here.
    """

    def __init__(self, limit: int, window_seconds: float, now: float) -> None:
        self.limit = limit
        self.leak = limit / window_seconds
        self.foreign = Foreign(MEMORY_SECONDS)
        self._hint = window_seconds
        self._level = 0.0
        self._at = self._last_sent = now
        self._newest: Told | None = None
        self._forget()

    def _forget(self) -> None:
        self._should_leak = self._leaked = 0.0
        self._mark: Told | None = None
        self._floors: deque[float] = deque(maxlen=2)
        self._span: Told | None = None
        self._spans: deque[float] = deque(maxlen=SPANS)

    @property
    def middle(self) -> float:
        """The level to ride at; at least one, or nothing would ever pass."""
        return max(1.0, self.limit / 2)

    @property
    def sinking(self) -> float:
        """Drops a second by which the level sinks while we send nothing."""
        return max(self.leak - self.foreign.rate, self.leak / 20)

    def level(self, now: float) -> float:
        """Return the drops in the bucket, those of calls on their way included."""
        return max(0.0, self._level - max(0.0, now - self._at) * self.sinking)

    def sent(self, now: float) -> None:
        """Count a call that leaves."""
        self._level, self._at = self.level(now) + 1, now
        self._last_sent = now

    def wait(self, now: float) -> float:
        """Return seconds until the next call may leave; 0 when it may now."""
        level = self.level(now)
        wait = max(0.0, (level + 1 - self.middle) / self.sinking)
        # a guess that is wrong would last if nobody went to see
        look = LOOK_SECONDS if level + 1 < ALMOST_FULL * self.limit else self._hint
        return min(wait, max(0.0, self._last_sent + look - now))

    def told(self, told: Told) -> None:
        """Take a reply's word for the level, unless what it tells may be older than what is known."""
        if told.limit != self.limit:
            self.leak *= told.limit / self.limit
            self.limit = told.limit
            self._forget()
        drained = max(0.0, told.at - told.arrived) * self.sinking
        level = max(0.0, told.used - drained) + told.later + told.earlier
        if self._newest is None or told.is_after(self._newest):
            if self._newest:
                self._compare(self._newest, told)
            self._newest = told
        elif level <= self.level(told.at):
            return  # which of the two came first is not known: the higher count holds
        self._level, self._at = level, told.at

    # --- what others put in, and how fast it leaks -------------------------------------------------

    def _compare(self, last: Told, told: Told) -> None:
        """Learn from the counts of two calls: what the leak leaves of the first, ours between them, and the others'."""
        ours, passed = told.counted - last.counted, max(0.0, told.arrived - last.arrived)
        expected = max(0.0, last.used - passed * self.leak) + ours
        self.foreign.saw(told.used - expected, passed)
        self._look_from_mark_to_mark(told)
        self._look_for_a_slower_leak(told)

    def does_not_leak(self) -> bool:
        """Whether next to nothing has leaked where much should have, in the time that there certainly was."""
        if self._should_leak < max(6.0, self.limit / 8):
            return False
        tight = self._leaked < 0.15 * self._should_leak
        self._should_leak = self._leaked = 0.0
        return tight

    def _look_from_mark_to_mark(self, told: Told) -> None:
        """What certainly has leaked, in the time that certainly was enough, is a floor of the leak.

        Seen twice in a row, since a window that begins anew looks like it once.
        """
        if self._mark is None:
            self._mark = told
        mark, passed = self._mark, told.at - self._mark.passage.sent_at
        if passed < MARK_SECONDS:
            return
        self._mark = told
        if min(mark.used, told.used) >= 3:
            between = told.passage.sent_at - mark.passage.sent_at - mark.delayed
            self._should_leak += max(0.0, between) * self.leak
            self._leaked += _gone(mark, told)
        self._floors.append((_gone(mark, told) - told.passage.in_flight - 1) / passed)
        floor = min(self._floors)
        if len(self._floors) == 2 and floor > 1.1 * self.leak:
            self.leak = self._documented(floor)
            self._spans.clear()

    def _look_for_a_slower_leak(self, told: Told) -> None:
        """A bucket that is never empty, and never leaks as fast as it should, leaks more slowly."""
        if self._span is None or told.used < 2:
            self._span = told
            return
        passed = told.arrived - self._span.arrived
        if passed < SPAN_SECONDS:
            return
        self._spans.append(_gone(self._span, told) / passed)
        self._span = told
        slower = self._documented(0.95 * max(self._spans))
        if len(self._spans) == SPANS and slower < 0.75 * self.leak:
            self.leak = slower
            self._spans.clear()

    def _documented(self, leak: float) -> float:
        """Return the slowest leak that an account is known to have, and that is not slower than this one."""
        known = [self.limit / window for window in {*WINDOWS, self._hint}]
        return min((one for one in known if one >= 0.98 * leak), default=leak)


def _gone(first: Told, second: Told) -> float:
    """Return how many of our calls between two counts are not to be seen in the second."""
    return second.counted - first.counted - (second.used - first.used)
