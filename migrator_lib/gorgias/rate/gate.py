"""The gate that all workers of an account share."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.clock import Clock
from migrator_lib.gorgias.rate.calls import Passage, Told, Ways, read_header
from migrator_lib.gorgias.rate.course import Course
from migrator_lib.gorgias.rate.kind import Kind, judged
from migrator_lib.gorgias.rate.leaky import LeakyBucket
from migrator_lib.gorgias.rate.turns import Turns
from migrator_lib.gorgias.rate.window import FixedWindow

JITTER = 0.1
"""Share of Retry-after by which it is exceeded at most, and at most a second, so that programs don't return as one."""
SHORTEST_WAIT = 0.005
MEASURE_SECONDS = 30.0
"""So long a bucket is ridden at its middle before the reserve is taken off: how fast it leaks shows in no empty one."""


@dataclass(frozen=True)
class Usage:
    """How an account's limit was used. Rates are in calls a second."""

    calls: int
    throttled: int
    """Replies that were 429."""
    held: int
    """How often everybody was held for it."""
    busy_seconds: float
    """Of the clock, between the first and the last call."""
    allowed_rate: float
    """What may be ours in the long run: all but the reserve, or what others use, if that is more."""
    reached_rate: float
    foreign_rate: float
    """What others use, as far as it was seen."""
    kind: Kind
    limit: int
    in_flight: int
    """The most that were on their way at a time."""
    course: dict[str, Any] = field(default_factory=dict)
    """How calls went over time: :meth:`~.course.Course.as_json`."""


class RateGate:
    """Lets calls pass at the allowed rate; shared by every worker of one account.

    Args:
        requests: calls that a full bucket (or window) holds, until a reply tells.
        window_seconds: in which it drains (or begins anew), as far as anybody knows; what is seen goes before.
        reserve: share of the limit that is left to the company's own traffic.
        clock: what waits are spent on.
    """

    def __init__(self, *, requests: int, window_seconds: float, reserve: float, clock: Clock) -> None:
        self.calls = self.throttled = self.held = 0
        self.kind: Kind = "leaky bucket"
        self._reserve = reserve
        self._hint = window_seconds
        self._clock = clock
        self._lock = threading.Lock()
        now = clock.monotonic()
        self._bucket = LeakyBucket(requests, window_seconds, now)
        self._window: FixedWindow | None = None
        self._own = 0.0
        self._own_at = now
        self._flying: set[int] = set()
        self._most_in_flight = 0
        self._ways = Ways()
        self._last: Told | None = None
        self._is_answered = False
        self._is_proven = False
        """Whether the kind was seen, and is not only what is documented."""
        self._blocked_until = -math.inf
        self._held_by = 0
        self._local = threading.local()
        self._waiting = 0
        self.turns = Turns()
        """Who may work on a record, so that no more are in hand than the gate lets pass."""
        self._first_at: float | None = None
        self._last_at = 0.0
        self._course = Course()

    # --- what it lets pass -------------------------------------------------------------------------

    @property
    def limit(self) -> int:
        """Calls that the account's bucket or window holds."""
        return self._window.limit if self._window else self._bucket.limit

    @property
    def rate(self) -> float:
        """Calls a second that Gorgias allows the account in the long run."""
        return self._window.limit / self._window.length if self._window else self._bucket.leak

    @property
    def foreign_rate(self) -> float:
        """Calls a second that others make, as far as they were seen."""
        return (self._window or self._bucket).foreign.rate

    @property
    def is_told(self) -> bool:
        """Whether a reply has told how much is used."""
        return self._last is not None

    @property
    def allowed_rate(self) -> float:
        """Calls a second that may be ours in the long run."""
        return max(0.0, self.rate - max(self._reserve * self.rate, self.foreign_rate))

    @property
    def busy_seconds(self) -> float:
        """Seconds of the clock between the first and the last call."""
        return max(0.0, self._last_at - (self._first_at or 0.0))

    def usage(self) -> Usage:
        """Return how the limit was used so far."""
        with self._lock:
            reached = (self.calls - 1) / self.busy_seconds if self.busy_seconds else 0.0
            return Usage(
                self.calls, self.throttled, self.held, self.busy_seconds, self.allowed_rate, reached,
                self.foreign_rate, self.kind, self.limit, self._most_in_flight, self._course.as_json(),
            )  # fmt: skip

    def _wait_needed(self, now: float) -> float:
        """Return seconds until the next call may pass; 0 when it may now."""
        held = self._blocked_until - now
        if self._window:
            return max(0.0, held, self._window.wait(now, len(self._flying)))
        waits = [held, self._bucket.wait(now), self._until_it_suits_a_window_too(now)]
        if self._reserve and self._first_at is not None and now - self._first_at >= MEASURE_SECONDS:
            waits.append((self._own_level(now) + 1 - self._bucket.middle) / self._own_rate)
        return max(0.0, *waits)

    def _until_it_suits_a_window_too(self, now: float) -> float:
        """Return seconds until a call may pass though nothing should have drained; 0 where it is known to drain.

        The very first goes alone: what a run before this one, or others, have used is not known before it is told.
        """
        soon = self._hint / self._bucket.limit / 4  # with the next reply
        if not self._is_answered:
            return soon if self._flying else 0.0
        if self._is_proven or self._last is None:
            return 0.0
        sent_at = self._last.passage.sent_at
        used = self._last.used + len(self._flying) + self._bucket.foreign.room(now - sent_at)
        if used + 1 <= self._last.limit:
            return 0.0
        return soon if self._flying else sent_at + self._hint - now

    @property
    def _own_rate(self) -> float:
        return self._bucket.leak * (1 - self._reserve)

    def _own_level(self, now: float) -> float:
        return max(0.0, self._own - max(0.0, now - self._own_at) * self._own_rate)

    # --- what workers call -------------------------------------------------------------------------

    def acquire(self) -> Passage:
        """Wait until one call may be sent, and count it. A thread has one call on its way at a time."""
        answer, waited = self.ask(), False
        if isinstance(answer, float):
            waited = True
            with self._counted_as_waiting():
                while isinstance(answer, float):
                    self._clock.sleep(max(answer, SHORTEST_WAIT))
                    answer = self.ask()
        self._local.passage = answer
        self.turns.passed(waited=waited, waiting=self._waiting)
        return answer

    @contextmanager
    def _counted_as_waiting(self) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def ask(self) -> Passage | float:
        """Count one call that may be sent now, else return the seconds until one may; it waits for nothing."""
        with self._lock:
            now = self._clock.monotonic()
            wait = self._wait_needed(now)
            return wait if wait > 0 else self._passed(now)

    def _passed(self, now: float) -> Passage:
        self.calls += 1
        self._first_at = now if self._first_at is None else self._first_at
        self._last_at = now
        self._course.passed(now, self.allowed_rate)
        self._bucket.sent(now)
        self._own, self._own_at = min(self._own_level(now) + 1, self._bucket.middle), now
        window = self._window.sent(now, self.calls) if self._window else 0
        passage = Passage(self.calls, now, len(self._flying), self._last, window)
        self._flying.add(passage.number)
        self._most_in_flight = max(self._most_in_flight, len(self._flying))
        return passage

    def release(self, header: str | None, passage: Passage | None = None) -> None:
        """Take the count from a reply's header (None when there was no reply).

        Args:
            header: ``used/limit``, as it came.
            passage: the call; that of this thread, if it is not given.
        """
        passage = passage or self._local.passage
        with self._lock:
            now = self._clock.monotonic()
            self._flying.discard(passage.number)
            self._is_answered = True
            found = read_header(header)
            if found is None:
                if self._window:
                    self._window.lost()
                return
            delayed = self._ways.took(now - passage.sent_at)
            later, earlier = self.calls - passage.number, sum(one < passage.number for one in self._flying)
            told = Told(
                passage, *found, at=now, later=later, earlier=earlier, delayed=delayed, flying=len(self._flying)
            )
            self._judge(told)
            if self._window:
                self._window.differ(self._ways.spread)
                self._window.told(told)
                if self._window.leaks:
                    self._take_for("leaky bucket", told)
            if not self._window:
                self._bucket.told(told)
            self._last = told

    def _judge(self, told: Told) -> None:
        proven = judged(told, leak=self._bucket.leak, foreign=self.foreign_rate)
        if self._window is None and self._bucket.does_not_leak():
            proven = "fixed window"
        self._is_proven = self._is_proven or proven is not None
        if proven is None or proven == self.kind:
            return
        self._take_for(proven, told)

    def _take_for(self, kind: Kind, told: Told) -> None:
        self.kind = kind
        if kind == "fixed window":
            self._window = FixedWindow(told.limit, self._hint, self._reserve, told)
        else:
            self._window = None
            self._bucket = LeakyBucket(told.limit, self._hint, told.at)

    def hold(self, retry_after: float, passage: Passage | None = None) -> None:
        """Let nobody pass for ``retry_after`` seconds, and a little more: the server answered 429.

        What was on its way already when others were held is refused for the same reason, and holds nobody again.

        Args:
            retry_after: seconds, as the server says.
            passage: the call; that of this thread, if it is not given.
        """
        passage = passage or self._local.passage
        with self._lock:
            self.throttled += 1
            now = self._clock.monotonic()
            until = now + retry_after
            if self._window:
                self._window.refused(passage, retry_after)
            if passage.number > self._held_by:
                self.held += 1
                self._held_by = self.calls
                until += random.uniform(0, min(JITTER * retry_after, 1.0))
            self._blocked_until = max(self._blocked_until, until)
