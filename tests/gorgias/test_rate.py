"""The gate against an account's own count: in time that jumps from event to event, and with threads and HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrator_lib.clock import ManualClock, ScaledClock
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.rate.calls import Ways, read_header
from migrator_lib.gorgias.rate.turns import Turns
from migrator_lib.simulators.gorgias import Account, create_app
from tests.conftest import Switch
from tests.gorgias.rate_world import World, between, steady
from tests.simulated_account import SEED, client

SIZES = [(40, 20.0), (80, 20.0), (40, 10.0), (80, 10.0)]
WARM = 100.0
"""Seconds in which the gate gets to know an account; what is held against it comes after."""


def gate(clock: ManualClock, *, reserve: float = 0.0, requests: int = 40, window_seconds: float = 20.0) -> RateGate:
    return RateGate(requests=requests, window_seconds=window_seconds, reserve=reserve, clock=clock)


def answered(ours: RateGate) -> RateGate:
    """Let the first call go, and answer it."""
    first = ours.ask()
    assert not isinstance(first, float)
    assert isinstance(ours.ask(), float), "until it is answered nobody knows what is used"
    ours.release("1/40", first)
    return ours


def late(world: World) -> int:
    """Return how many of our calls were refused after the gate had got to know the account."""
    return sum(at > WARM for at in world.refused)


# --- close to the limit, and never over it --------------------------------------------------------------


@pytest.mark.parametrize(("limit", "window"), SIZES)
@pytest.mark.parametrize("seconds", [0.05, 1.0, 3.0])
def test_a_leaky_bucket_is_used_up_and_never_over(limit: int, window: float, seconds: float) -> None:
    world = World(limit=limit, window=window, way=steady(seconds / 2), workers=32).run(300)
    assert world.share(WARM, 300) > 0.998
    assert world.refused == []
    assert world.gate.kind == "leaky bucket"


@pytest.mark.parametrize(("limit", "window"), SIZES)
@pytest.mark.parametrize("seconds", [0.05, 1.0, 3.0])
def test_a_fixed_window_is_found_out_and_used_up_and_never_over(limit: int, window: float, seconds: float) -> None:
    world = World(limit=limit, window=window, fixed=True, way=steady(seconds / 2), workers=32).run(300)
    assert world.share(WARM, 300) > 0.99
    assert world.refused == []
    assert (world.gate.kind, world.gate.rate) == ("fixed window", limit / window)


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("reserve", [0.1, 0.5])
def test_the_reserve_is_not_touched(fixed: bool, reserve: float) -> None:
    world = World(fixed=fixed, reserve=reserve).run(300)
    assert 0.97 < world.share(WARM, 300) < 1.01
    assert world.gate.allowed_rate == pytest.approx(2.0 * (1 - reserve), rel=0.02)


@settings(max_examples=15, derandomize=True)
@given(
    limit=st.integers(10, 120),
    window=st.sampled_from([10.0, 20.0]),
    hint=st.sampled_from([10.0, 20.0]),
    reserve=st.sampled_from([0.0, 0.1, 0.3]),
    way=st.tuples(st.floats(0.01, 1.0), st.floats(1.0, 1.5)),
    foreign=st.just(0.0) | st.floats(0.01, 0.4),
    poisson=st.booleans(),
    lost=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 2**16),
)
@example(40, 10.0, 20.0, 0.1, (0.5, 1.2), 0.25, True, 0.2, 7)
def test_whatever_a_bucket_is_like_and_whoever_uses_it_hardly_a_call_is_refused_and_little_is_left(
    limit: int, window: float, hint: float, reserve: float, way: tuple[float, float], foreign: float, poisson: bool,
    lost: float, seed: int,
) -> None:  # fmt: skip
    world = World(
        limit=limit, window=window, hint=hint, reserve=reserve, way=between(way[0] / 2, way[0] * way[1] / 2),
        foreign=foreign, poisson=poisson, lost=lost, workers=64, seed=seed,
    ).run(250)  # fmt: skip
    # chance may bring more calls of others at once than a small bucket has room for
    assert len(world.refused) + len(world.others_refused) + world.server.foreign_throttled <= 1
    if hint == window:  # else it takes time to find out, more where others hide it
        assert world.share(WARM, 250) > 0.95  # of a limit of ten, a call or two more or less


@settings(max_examples=15, derandomize=True)
@given(
    limit=st.integers(30, 120),
    window=st.sampled_from([10.0, 20.0]),
    hint=st.sampled_from([10.0, 20.0]),
    reserve=st.sampled_from([0.0, 0.1, 0.3]),
    way=st.tuples(st.floats(0.01, 1.0), st.floats(1.0, 1.2)),
    seed=st.integers(0, 2**16),
)
def test_whatever_a_window_is_like_hardly_a_call_is_refused_and_little_is_left(
    limit: int, window: float, hint: float, reserve: float, way: tuple[float, float], seed: int
) -> None:
    world = World(
        limit=limit, window=window, hint=hint, fixed=True, reserve=reserve,
        way=between(way[0] / 2, way[0] * way[1] / 2), workers=64, seed=seed,
    ).run(300)  # fmt: skip
    assert late(world) <= 1
    assert len(world.refused) <= limit / 4
    assert world.share(WARM, 300) > 0.93


@pytest.mark.parametrize("limit", [40, 80])
@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_others_are_seen_and_yielded_to(limit: int, seconds: float) -> None:
    bucket = World(limit=limit, foreign=0.25, way=steady(seconds / 2)).run(300)
    assert (bucket.refused, bucket.server.foreign_throttled) == ([], 0)
    assert bucket.share(WARM, 300) > 0.99
    assert bucket.gate.foreign_rate == pytest.approx(0.25 * bucket.gate.rate, rel=0.2)
    window = World(limit=limit, fixed=True, foreign=0.25, way=steady(seconds / 2)).run(300)
    assert late(window) <= 2
    assert window.share(WARM, 300) > 0.93
    assert window.gate.foreign_rate == pytest.approx(0.25 * window.gate.rate, rel=0.2)


def test_the_rate_shrinks_while_others_use_more_than_the_reserve_and_grows_back() -> None:
    world = World(reserve=0.1).run(100)
    world.server.foreign_share, world.server._foreign_at = 0.5, world.clock.monotonic()
    world.run(100)
    assert world.gate.allowed_rate == pytest.approx(1.0, rel=0.1)
    world.server.foreign_share = 0.0
    world.run(200)
    assert world.gate.allowed_rate == pytest.approx(1.8, rel=0.1)
    rates = [sum(first < at <= first + 50 for at in world.ours) / 50 for first in (50, 150, 350)]
    assert rates[1] < 0.65 * rates[0]
    assert rates[2] > 0.95 * rates[0]


@pytest.mark.parametrize("window", [10.0, 20.0])
def test_a_wrong_window_in_the_parameters_is_found_out(window: float) -> None:
    world = World(window=window, hint=30.0 - window, reserve=0.1).run(400)
    assert world.refused == []
    assert world.gate.rate == pytest.approx(40 / window)
    assert 0.97 < world.share(300, 400) < 1.02


def test_a_limit_in_the_header_replaces_the_configured_one() -> None:
    world = World(limit=80, requests=40).run(300)
    assert (world.gate.limit, world.refused) == (80, [])
    assert world.share(WARM, 300) > 0.99


@pytest.mark.parametrize("fixed", [False, True])
def test_a_clock_that_jumps_costs_one_hold_at_most(fixed: bool) -> None:
    world = World(fixed=fixed).run(150)
    world.gate._clock = Ahead(world.clock, 15.0)
    world.run(150)
    assert world.gate.held <= 1
    assert world.share(200, 300) > 0.9


class Ahead(ManualClock):
    """A clock that shows another time than the account's."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        super().__init__()
        self._other, self._ahead = clock, seconds

    def monotonic(self) -> float:
        return self._other.monotonic() + self._ahead


# --- one call ------------------------------------------------------------------------------------------


def test_a_refusal_holds_everybody_once_and_a_little_longer_than_it_says() -> None:
    clock = ManualClock()
    ours = answered(gate(clock))
    sent = [ours.ask() for _ in range(4)]
    for passage in sent:
        assert not isinstance(passage, float)
        ours.release("40/40", passage)
        ours.hold(10, passage)
    assert (ours.throttled, ours.held) == (4, 1)
    wait = ours.ask()
    assert isinstance(wait, float)
    assert 10 <= ours._blocked_until <= 11
    clock.advance(30)
    again = ours.ask()
    assert not isinstance(again, float)
    ours.hold(10, again)
    assert (ours.throttled, ours.held) == (5, 2)


@pytest.mark.parametrize(
    ("header", "read"),
    [("10/40", (10, 40)), (" 1 / 80 ", (1, 80)), (None, None), ("", None), ("a/b", None), ("12", None), ("-3/40", None),
     ("1/0", None), ("²/40", None)],
)  # fmt: skip
def test_a_header_is_read_or_it_is_none(header: str | None, read: tuple[int, int] | None) -> None:
    assert read_header(header) == read


def test_calls_without_a_header_count_all_the_same() -> None:
    world = World(lost=1.0).run(200)
    assert world.refused == []
    assert world.share(WARM, 200) > 0.9


def test_a_limit_of_one_passes_calls_one_by_one() -> None:
    world = World(limit=1, window=10.0).run(300)
    assert 25 <= len(world.ours) <= 31
    assert len(world.refused) <= 3


def test_usage_tells_what_was_allowed_reached_and_seen() -> None:
    used = World(foreign=0.25, way=steady(0.5)).run(300).gate.usage()
    assert used.kind == "leaky bucket"
    assert used.allowed_rate == pytest.approx(1.5, rel=0.05)
    assert used.reached_rate == pytest.approx(1.57, rel=0.05)
    assert (used.throttled, used.held, used.limit) == (0, 0, 40)
    assert used.in_flight >= 2


def test_how_ways_differ_is_told_without_the_slowest() -> None:
    ways = Ways()
    assert ways.spread == 0.0
    for seconds in [1.0] * 8 + [1.5, 9.0]:
        ways.took(seconds)
    assert ways.spread == 0.5
    assert ways.took(3.0) == 2.0


# --- threads and HTTP ----------------------------------------------------------------------------------


def test_as_many_work_at_a_time_as_the_gate_lets_pass() -> None:
    turns = Turns()
    turns.most = 6
    for _ in range(9):
        turns.passed(waited=False, waiting=0)
    assert turns.wanted == 6
    for _ in range(40):
        turns.passed(waited=True, waiting=3)
    assert turns.wanted == 2
    turns.passed(waited=True, waiting=1)
    turns.passed(waited=False, waiting=1)
    assert turns.wanted == 2


def test_who_waits_for_a_turn_gets_it_when_another_ends_or_more_are_wanted() -> None:
    turns, inside, go = Turns(), threading.Semaphore(0), threading.Event()
    turns.most = 3

    def work() -> None:
        with turns.turn():
            inside.release()
            go.wait(30)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(work)
        assert inside.acquire(timeout=30)
        assert inside.acquire(timeout=30)
        assert not inside.acquire(blocking=False)
        turns.passed(waited=False, waiting=0)
        assert inside.acquire(timeout=30)
        go.set()
        assert inside.acquire(timeout=30)


@pytest.mark.parametrize("fixed", [False, True])
def test_many_threads_over_http_fill_an_account_that_is_slow_to_answer(
    served: tuple[Switch, str], tmp_path: Path, fixed: bool
) -> None:
    switch, url = served
    clock = ScaledClock(40.0)
    account = Account(
        "demo", tmp_path / "account.sqlite3", seed=SEED, clock=clock, rate="oauth", fixed_window=fixed,
        latency_seconds=1.0, foreign_share=0.1,
    )  # fmt: skip
    switch.app = create_app({"demo": account})
    api = client(f"{url}/demo", clock)
    gate = api.gate
    with ThreadPoolExecutor(16) as pool:
        for answer in pool.map(lambda _: api.transport.call("GET", "account"), range(160)):
            assert answer
    account.store.close()
    assert gate.limit == 80
    assert gate.throttled == account.stats.throttled == 0
    assert gate.usage().in_flight > 3


def test_replies_that_overtake_each_other_do_not_empty_a_bucket() -> None:
    clock = ManualClock()
    ours = answered(gate(clock))
    burst = [ours.ask() for _ in range(19)]
    first, last = burst[0], burst[-1]
    assert not isinstance(first, float)
    assert not isinstance(last, float)
    ours.release("2/40", last)  # it came first, and the other 18 are still on their way
    assert isinstance(ours.ask(), float)
