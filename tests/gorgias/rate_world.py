"""An account, others who use it, and workers behind one gate, in time that jumps from event to event.

Nothing waits and nothing runs at the same moment, so that thousands of calls take a second, and a seed decides all.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.rate import Passage, RateGate
from migrator_lib.simulators.gorgias.limits.rate_limit import RateLimit

Way = Callable[[random.Random], float]
"""Seconds that a call or a reply is on its way."""


def steady(seconds: float) -> Way:
    """Ways that are always alike."""
    return lambda chance: seconds


def between(least: float, most: float) -> Way:
    """Ways of any length between two."""
    return lambda chance: chance.uniform(least, most)


class World:
    """What happens to one account."""

    def __init__(
        self, *, limit: int = 40, window: float = 20.0, fixed: bool = False, hint: float | None = None,
        requests: int | None = None, reserve: float = 0.0, way: Way | None = None, workers: int = 16,
        work: float = 0.01, foreign: float = 0.0, poisson: bool = False, lost: float = 0.0, seed: int = 1,
    ) -> None:  # fmt: skip
        self.clock = ManualClock()
        self.chance = random.Random(seed)
        self.server = RateLimit(self.clock, fixed_window=fixed, foreign_share=0.0 if poisson else foreign)
        self.server.limit, self.server.window = limit, window
        self.reserve = reserve
        self.gate = RateGate(
            requests=requests or limit, window_seconds=hint or window, reserve=reserve, clock=self.clock
        )
        self.way, self.work, self.lost = way or steady(0.025), work, lost
        self.ours: list[float] = []
        self.refused: list[float] = []
        self.others: list[float] = []
        self.others_refused: list[float] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._idle = workers
        self._asking = False
        self._ask()
        self._foreign = foreign * limit / window
        if poisson and foreign:
            self.later(self.chance.expovariate(self._foreign), self._other)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        heapq.heappush(self._events, (self.clock.monotonic() + seconds, next(self._order), what))

    def run(self, seconds: float) -> World:
        """Let so many seconds pass."""
        until = self.clock.monotonic() + seconds
        while self._events and self._events[0][0] <= until:
            at, _, what = heapq.heappop(self._events)
            self.clock.advance(max(0.0, at - self.clock.monotonic()))
            what()
        self.clock.advance(until - self.clock.monotonic())
        return self

    def _ask(self) -> None:
        """Let an idle worker ask; of several that wait, one asks for all."""
        self._asking = False
        while self._idle:
            answer = self.gate.ask()
            if isinstance(answer, float):
                self._asking = True
                self.later(max(answer, 0.005), self._ask)
                return
            self._idle -= 1
            self.later(self.way(self.chance), partial(self._arrive, answer))

    def _rest(self) -> None:
        self._idle += 1
        if not self._asking:
            self._ask()

    def _arrive(self, passage: Passage) -> None:
        allowed, used, wait = self.server.take()
        (self.ours if allowed else self.refused).append(self.clock.monotonic())
        header = None if self.chance.random() < self.lost else f"{used}/{self.server.limit}"
        self.later(self.way(self.chance), lambda: self._reply(passage, header, None if allowed else wait))

    def _reply(self, passage: Passage, header: str | None, retry_after: float | None) -> None:
        self.gate.release(header, passage)
        if retry_after is not None:
            self.gate.hold(retry_after, passage)
        self.later(self.work, self._rest)

    def _other(self) -> None:
        allowed, _, _ = self.server.take()
        (self.others if allowed else self.others_refused).append(self.clock.monotonic())
        self.later(self.chance.expovariate(self._foreign), self._other)

    # --- what it comes to --------------------------------------------------------------------------

    def share(self, since: float, until: float) -> float:
        """Return what we got of what was left for us: the limit's, less the reserve or what others got."""
        passed = until - since
        whole = passed * self.server.limit / self.server.window
        ours = sum(since < at <= until for at in self.ours)
        others = sum(since < at <= until for at in self.others)
        if self.server.foreign_share:
            others = round(passed * self._foreign)
        return ours / (whole - max(others, self.reserve * whole))
