"""Work that goes on at the same time, one piece after the other: which one is next is drawn from a seed.

A fiber is a thread that has the baton or waits for it. It hands the baton on where it would wait for something else: at
every sleep, request and ledger write. Time moves only when nobody can go on, so that a day of waiting takes no time.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random

from migrator_lib.clock import ManualClock
from migrator_lib.load.crew import Hands, Job

START = datetime(2031, 1, 1, tzinfo=UTC)
"""After any real day on which this may run, since a ledger and the mail guard look at the real one."""
SWITCHES = 2_000_000
"""More than this in one life is a standstill."""


class Killed(BaseException):
    """The process is dead. Not an Exception: nothing may handle it."""


class Standstill(AssertionError):
    """Nobody can go on."""


class Process:
    """What dies at once: the fibers of one run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False


class Fiber:
    """One piece of work."""

    def __init__(self, work: Callable[[], None], process: Process | None) -> None:
        self.process = process
        self.work = work
        self.baton = threading.Semaphore(0)
        self.wake = 0.0
        self.ready: Callable[[], bool] | None = None
        self.is_done = False
        self.error: BaseException | None = None


class Fibers:
    """Runs fibers, and is the clock that they sleep by."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.clock = FiberClock(self)
        self.switches = 0
        self._fibers: list[Fiber] = []
        self._running: Fiber | None = None
        self._home = threading.Semaphore(0)

    @property
    def process(self) -> Process | None:
        """The process of whoever has the baton."""
        return self._running.process if self._running else None

    def start(self, work: Callable[[], None], process: Process | None = None) -> Fiber:
        """Let something go on beside what goes on already."""
        fiber = Fiber(work, process)
        fiber.wake = self.clock.monotonic()
        self._fibers.append(fiber)
        threading.Thread(target=self._live, args=(fiber,), name="fiber", daemon=True).start()
        return fiber

    def run(self) -> None:
        """Run until all fibers are done; called from outside of them."""
        assert self._running is None
        while self._fibers:
            self._running = self._next()
            self._running.baton.release()
            self._home.acquire()

    def _live(self, fiber: Fiber) -> None:
        fiber.baton.acquire()
        try:
            self._check(fiber)
            fiber.work()
        except BaseException as error:
            fiber.error = error
        fiber.is_done = True
        self._fibers.remove(fiber)
        if self._fibers:
            self._hand_on()
        else:
            self._running = None
            self._home.release()

    def _hand_on(self) -> None:
        try:
            self._running = self._next()
        except Standstill as error:
            for fiber in self._fibers:
                fiber.error = error
            self._fibers.clear()
            self._running = None
            self._home.release()
            return
        self._running.baton.release()

    def _next(self) -> Fiber:
        self.switches += 1
        now = self.clock.monotonic()
        able = [fiber for fiber in self._fibers if fiber.wake <= now and self._may(fiber)]
        if not able:
            sleeping = [fiber for fiber in self._fibers if self._may(fiber)]
            if not sleeping:
                raise Standstill("everybody waits for somebody else")
            until = min(fiber.wake for fiber in sleeping)
            self.clock.advance(until - now)
            able = [fiber for fiber in sleeping if fiber.wake <= until]
        return able[0] if len(able) == 1 else able[self.chance.randrange(len(able))]

    def _may(self, fiber: Fiber) -> bool:
        dead = fiber.process is not None and fiber.process.is_dead
        return fiber.ready is None or dead or fiber.ready()

    def _check(self, fiber: Fiber) -> None:
        if fiber.process is not None and fiber.process.is_dead:
            raise Killed

    def switch(self, seconds: float = 0.0, ready: Callable[[], bool] | None = None) -> None:
        """Hand the baton on, and go on in ``seconds``, once ``ready`` says so.

        Raises:
            Killed: the process died meanwhile, or is dead.
        """
        me = self._running
        if me is None:
            self.clock.advance(max(0.0, seconds))
            return
        self._check(me)
        me.wake, me.ready = self.clock.monotonic() + max(0.0, seconds), ready
        if self.switches > SWITCHES:
            raise Standstill(f"{SWITCHES:,} switches, and no end")
        following = self._next()
        if following is not me:
            self._running = following
            following.baton.release()
            me.baton.acquire()
        me.ready = None
        self._check(me)


class FiberClock(ManualClock):
    """A clock on which sleeping lets others go on, and on which something may be due."""

    def __init__(self, fibers: Fibers) -> None:
        super().__init__(START)
        self._fibers = fibers
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen in so many seconds, whoever is at work then."""
        heapq.heappush(self._due, (self.monotonic() + seconds, next(self._order), what))

    @property
    def due(self) -> int:
        """How much is still to happen."""
        return len(self._due)

    def advance(self, seconds: float) -> None:
        """Let time pass, and happen what is due meanwhile."""
        until = self.monotonic() + seconds
        while self._due and self._due[0][0] <= until:
            at, _, what = heapq.heappop(self._due)
            super().advance(max(0.0, at - self.monotonic()))
            what()
        super().advance(max(0.0, until - self.monotonic()))

    def sleep(self, seconds: float) -> None:
        """Let others go on for so many seconds."""
        self._fibers.switch(seconds)


class FiberCrew:
    """A crew of the Loader whose workers are fibers."""

    def __init__(self, fibers: Fibers, process: Process, wanted: Callable[[], int]) -> None:
        self._fibers = fibers
        self._process = process
        self._wanted = wanted
        """How many may have a record in hand."""

    @contextmanager
    def at_work(self, most: int) -> Iterator[Hands]:
        """See :class:`migrator_lib.load.crew.Crew`."""
        yield lambda jobs: self._do(jobs, most)

    def _do(self, jobs: Sequence[Job], most: int) -> None:
        waiting, errors, in_hand = list(jobs), list[BaseException](), list[Job]()

        def is_my_turn() -> bool:
            return len(in_hand) < self._wanted() or not waiting or bool(errors)

        def worker() -> None:
            while waiting and not errors:
                self._fibers.switch(ready=is_my_turn)
                if not waiting or errors:
                    return
                job = waiting.pop(0)
                in_hand.append(job)
                try:
                    job()
                except BaseException as error:
                    errors.append(error)
                in_hand.remove(job)

        if most == 1 or len(jobs) < 2:
            worker()
        else:
            workers = [self._fibers.start(worker, self._process) for _ in range(min(most, len(jobs)))]
            self._fibers.switch(ready=lambda: all(fiber.is_done for fiber in workers))
            errors += [fiber.error for fiber in workers if fiber.error is not None]
        if errors:
            raise errors[0]
