"""The gate, against the account's own bucket, in time that moves only when somebody waits."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.simulators.gorgias.ratelimit import RateLimit


class TurnClock(ManualClock):
    """A clock for many threads: when all of them sleep, it moves to the first that is to wake."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._workers = workers
        self._wakes: list[float] = []
        self._turn = threading.Condition()

    def sleep(self, seconds: float) -> None:
        with self._turn:
            until = self.monotonic() + seconds
            self._wakes.append(until)
            self._move_if_all_sleep()
            self._turn.wait_for(lambda: self.monotonic() >= until)

    def leave(self) -> None:
        """A thread is done; the others need not wait for it."""
        with self._turn:
            self._workers -= 1
            self._move_if_all_sleep()

    def _move_if_all_sleep(self) -> None:
        if self._wakes and len(self._wakes) == self._workers:
            self.advance(max(0.0, min(self._wakes) - self.monotonic()))
            self._elapsed = max(self._elapsed, min(self._wakes))
            self._wakes = [wake for wake in self._wakes if wake > self._elapsed]
            self._turn.notify_all()


def gate(clock: ManualClock, *, reserve: float = 0.1, requests: int = 40, window_seconds: float = 20.0) -> RateGate:
    return RateGate(requests=requests, window_seconds=window_seconds, reserve=reserve, clock=clock)


def call(gate: RateGate, server: RateLimit) -> bool:
    """Send one call as the transport does; return whether it was let in."""
    gate.acquire()
    allowed, used, wait = server.take()
    gate.release(f"{used}/{server.limit}")
    if not allowed:
        gate.hold(wait)
    return allowed


@pytest.mark.parametrize("size", ["api-key", "oauth", "enterprise-api-key", "enterprise-oauth"])
@pytest.mark.parametrize("reserve", [0.0, 0.1, 0.5])
def test_it_is_never_throttled_and_uses_its_share(size: str, reserve: float) -> None:
    clock = ManualClock()
    server = RateLimit(clock, size=size)
    ours = gate(clock, reserve=reserve, requests=server.limit, window_seconds=server.window)
    assert all(call(ours, server) for _ in range(2000))
    share = (1 - reserve) * server.limit / server.window
    assert 2000 / clock.monotonic() == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("seconds_on_the_way", [0.0, 0.2, 2.0])
def test_many_threads_together_are_never_throttled_and_use_the_share(seconds_on_the_way: float) -> None:
    workers, each = 8, 100
    clock = TurnClock(workers)
    server = RateLimit(clock)
    ours = gate(clock)
    refused: list[int] = []

    def work(number: int) -> None:
        chance = random.Random(number)
        for _ in range(each):
            ours.acquire()
            clock.sleep(chance.uniform(0, seconds_on_the_way))
            allowed, used, _ = server.take()
            clock.sleep(chance.uniform(0, seconds_on_the_way))  # so that replies overtake each other
            ours.release(f"{used}/{server.limit}")
            refused.extend([number] * (not allowed))
        clock.leave()

    threads = [threading.Thread(target=work, args=[number]) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert ours.calls == workers * each
    assert 0.9 < (ours.calls - ours.room) / clock.monotonic() / ours.allowed_rate < 1.01


def test_calls_in_flight_count_before_their_replies_come() -> None:
    clock = ManualClock()
    server = RateLimit(clock)
    for _ in range(20):
        server.take()  # somebody else's
    ours = gate(clock)
    assert call(ours, server)
    for _ in range(30):
        ours.acquire()
    # 21 were in the bucket, and room for 15 more of ours was left at once: the others had to wait for the leak
    assert clock.monotonic() >= (30 - 15) / server.limit * server.window - 0.01


def test_what_others_use_is_seen_in_the_header_and_the_reserve_stays_theirs() -> None:
    clock = ManualClock()
    server = RateLimit(clock)
    ours = gate(clock)
    for _ in range(300):
        others = 1 if int(clock.monotonic() * 10) % 7 == 0 else 0
        for _ in range(others):
            assert server.take()[0], "a call of the company's own was refused"
        assert call(ours, server)
        assert server.take()[0], "a call of the company's own was refused"


def test_a_header_that_says_full_stops_the_gate_until_it_has_leaked() -> None:
    clock = ManualClock()
    ours = gate(clock)
    ours.acquire()
    ours.release("40/40")
    ours.acquire()
    assert clock.monotonic() == pytest.approx((40 + 1 - 36) / 2, abs=0.01)


def test_the_limit_of_the_header_replaces_the_configured_one() -> None:
    clock = ManualClock()
    ours = gate(clock)
    ours.acquire()
    ours.release("1/80")
    assert (ours.limit, ours.leak) == (80, 4.0)
    ours.acquire()
    ours.release("1/20")
    assert (ours.limit, ours.leak) == (20, 1.0)


@pytest.mark.parametrize("header", [None, "", "nonsense", "a/b", "12", "-3/40"])
def test_a_call_without_a_readable_header_still_counts(header: str | None) -> None:
    clock = ManualClock()
    ours = gate(clock, reserve=0.0)
    for _ in range(39):
        ours.acquire()
        ours.release(header)
    assert clock.monotonic() == 0
    ours.acquire()
    assert clock.monotonic() == pytest.approx(0.5, abs=0.01)


def test_retry_after_holds_everybody() -> None:
    clock = ManualClock()
    ours = gate(clock)
    ours.hold(17)
    ours.hold(3)
    ours.acquire()
    assert clock.monotonic() == pytest.approx(17)
    assert ours.throttled == 2


def test_a_fixed_window_costs_waits_and_nothing_else() -> None:
    clock = ManualClock()
    server = RateLimit(clock, fixed_window=True)
    ours = gate(clock)
    let_in = sum(call(ours, server) for _ in range(500))
    assert let_in >= 450
    assert ours.throttled == 500 - let_in


def test_a_limit_of_one_passes_calls_one_by_one() -> None:
    clock = ManualClock()
    ours = gate(clock, requests=1, window_seconds=10, reserve=0.5)
    for _ in range(3):
        ours.acquire()
        ours.release(None)
    assert clock.monotonic() == pytest.approx(40, abs=0.1)


def test_calls_and_busy_seconds_are_counted() -> None:
    clock = ManualClock()
    ours = gate(clock)
    assert ours.busy_seconds == 0
    for wait in (0, 5, 7):
        clock.advance(wait)
        ours.acquire()
    assert (ours.calls, ours.busy_seconds) == (3, 12)


def test_waiting_does_not_hold_up_replies() -> None:
    clock = ManualClock()
    ours = gate(clock)
    ours.acquire()
    ours.release("40/40")
    woken: list[float] = []
    real_sleep: Callable[[float], None] = clock.sleep

    def sleep(seconds: float) -> None:
        ours.release("0/40")  # another worker's reply: would hang if the gate slept under its lock
        woken.append(seconds)
        real_sleep(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    waiting = threading.Thread(target=ours.acquire, daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()
    assert woken
