"""Loads, deltas and roll-backs in simulated worlds, each decided by a seed: ``tests/world`` tells what happens there.

A seed that failed once stays here. ``python -m benchmarks.simulated_faults --seed N`` replays one and tells it in full.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from migrator_lib.load.context import LoadContext
from migrator_lib.simulators.gorgias.limits.faults import Profile
from tests.world.world import World, Wrong, live, patched

SEEDS = (2, 9, 12, 39)
ONCE_WRONG = {
    2005: "the source removed messages of a ticket that it had deleted and that an agent keeps",
    100100: "a roll-back that was taken over wrote on in the plan of the one that took over",
}
LOOKS_MATTER = 15
"""A seed in whose world a loader that looks nothing up makes something twice."""
LATE_SECONDS = 10.0
MADE = ("teams", "tags", "custom-fields", "customers", "tickets", "upload")


@pytest.mark.parametrize("seed", [*SEEDS, *ONCE_WRONG])
def test_whatever_happens_the_account_is_what_the_mapping_makes_of_the_source(seed: int) -> None:
    tally = live(seed)
    assert tally.injected > 0
    assert tally.hours > 6


def test_a_seed_decides_all_that_happens() -> None:
    assert live(12).trace == live(12).trace != live(21).trace


def test_a_loader_that_does_not_look_before_it_sends_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoadContext, "look_up", lambda self, obj, payload, **options: None)
    with pytest.raises(Wrong, match="live_chat:2 is there 2 times"):
        live(LOOKS_MATTER)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which nothing happens by chance; whoever died is run again at once."""
    monkeypatch.setattr("tests.world.world.REST", (0.0,))
    made = World(1)
    made.become(replace(made.nature, profile=Profile(), death=0.0, take_over=0.0, late_seconds=LATE_SECONDS))
    monkeypatch.setattr(made.wire, "later", lambda running, _: type(made.wire).later(made.wire, running, LATE_SECONDS))
    return made


def dies_once(left: list[str], where: str) -> bool:
    """Whether a process dies at this moment: at the first one that begins as one of ``left``."""
    met = [one for one in left if where.startswith(one)]
    left[:] = [one for one in left if one not in met]
    return bool(met)


@pytest.mark.parametrize("what", MADE)
def test_what_arrives_when_its_sender_is_dead_and_the_next_run_has_begun_is_not_made_twice(
    world: World, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [f"while POST /demo/api/{what}"]
    monkeypatch.setattr(world, "dies", partial(dies_once, left))
    with patched(1):
        world.begin()
    assert left == []
    world.close()


def test_a_message_that_arrives_when_its_sender_is_dead_is_not_added_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ["while POST /demo/api/tickets/"]
    with patched(1):
        world.begin()
        world.let_happen("receive", 2)
        monkeypatch.setattr(world, "dies", partial(dies_once, left))
        world.delta()
    assert left == []
    world.close()
