"""The gate beside the company's own traffic, from the first call on: even or by chance, near and far, any phase."""

from __future__ import annotations

import random

import pytest

from migrator_lib.gorgias.rate.foreign import Foreign
from tests.gorgias.rate_world import World, between

SIZES = [(40, 20.0), (80, 20.0), (40, 10.0), (80, 10.0)]
LATENCIES = [0.05, 1.0, 3.0]
SEEDS = range(1, 4)


def refused(worlds: list[World]) -> float:
    """Return the share of our calls that were refused, the first included."""
    return sum(len(world.refused) for world in worlds) / sum(world.gate.calls for world in worlds)


def beside_others(*, fixed: bool, poisson: bool, limit: int, window: float, uneven: float = 0.0) -> list[World]:
    """Let an account be filled that others use a quarter of: a world a phase of theirs and latency."""
    worlds = []
    for latency in LATENCIES:
        for seed in SEEDS:
            way = between(latency / 2, latency / 2 * (1 + uneven))
            world = World(
                limit=limit, window=window, fixed=fixed, foreign=0.25, poisson=poisson, way=way, workers=48, seed=seed
            )
            world.server._foreign_at = -world.chance.random() * 4 * window / limit
            worlds.append(world.run(14 * window))
    return worlds


@pytest.mark.parametrize(("limit", "window"), SIZES)
@pytest.mark.parametrize("poisson", [False, True])
def test_hardly_one_call_in_a_thousand_is_refused_by_a_window_from_the_first_on(
    limit: int, window: float, poisson: bool
) -> None:
    worlds = beside_others(fixed=True, poisson=poisson, limit=limit, window=window)
    assert refused(worlds) <= (0.0015 if poisson else 0.001)  # chance makes few worlds differ
    assert {world.gate.kind for world in worlds} == {"fixed window"}


@pytest.mark.parametrize("poisson", [False, True])
def test_no_call_is_refused_by_a_bucket_from_the_first_on(poisson: bool) -> None:
    worlds = [
        world
        for limit, window in SIZES
        for world in beside_others(fixed=False, poisson=poisson, limit=limit, window=window, uneven=0.3)
    ]
    assert refused(worlds) == 0
    assert {world.gate.kind for world in worlds} == {"leaky bucket"}
    assert sum(world.share(4 * world.server.window, 14 * world.server.window) for world in worlds) / len(worlds) > 0.99


def test_an_even_traffic_leaves_less_free_than_one_by_chance() -> None:
    even, by_chance = Foreign(40.0), Foreign(40.0)
    chance = random.Random(3)
    for _ in range(200):
        even.saw(1, 2.0)
        by_chance.saw(1, chance.expovariate(0.5))
    assert even.rate == pytest.approx(0.5, rel=0.05)
    assert even.room(10.0) < 6.5 < by_chance.room(10.0)
    before = even.room(10.0)
    even.took_more()
    assert even.room(10.0) > before


def test_the_next_call_of_an_even_traffic_is_expected_when_it_is_due() -> None:
    others = Foreign(40.0)
    for _ in range(200):
        others.saw(0, 1.9)
        others.saw(1, 0.1)
    assert others.room(1.0) < 0.3  # one came just now, and one comes every two seconds
    others.saw(0, 1.5)
    assert others.room(0.2) < 0.5 < others.room(1.0) < 1.5


def test_a_window_that_falls_more_often_than_any_does_is_a_bucket_again() -> None:
    world = World(foreign=0.25, workers=48, way=between(0.5, 0.6)).run(60)
    told = world.gate._last
    assert told is not None
    world.gate._take_for("fixed window", told)
    assert world.run(60).gate.kind == "leaky bucket"
    assert world.refused == []
