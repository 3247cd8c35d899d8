"""Loads, deltas and roll-backs in simulated worlds, each decided by a seed: ``tests/world`` tells what happens there.

A seed that failed once stays here. ``python -m benchmarks.simulated_faults --seed N`` replays one and tells it in full.
"""

from __future__ import annotations

import pytest

from migrator_lib.load.context import LoadContext
from tests.world.world import Wrong, live

LOOKS_MATTER = 0
"""A seed in whose world a loader that looks nothing up makes something twice."""
SEEDS = (0, 9, 12, 13, 18)
ONCE_WRONG = {
    11: "a file came to a ticket that the source deleted and an agent keeps, and nobody accounted for it",
    88: "a team was made by a request that arrived after the next run had read the list of teams",
    128: "a message was added by a request that arrived after the next run had read the thread",
}


@pytest.mark.parametrize("seed", [*SEEDS, *ONCE_WRONG])
def test_whatever_happens_the_account_is_what_the_mapping_makes_of_the_source(seed: int) -> None:
    tally = live(seed)
    assert tally.injected > 0
    assert tally.hours > 6


def test_a_seed_decides_all_that_happens() -> None:
    assert live(7).trace == live(7).trace != live(8).trace


def test_a_loader_that_does_not_look_before_it_sends_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoadContext, "look_up", lambda self, obj, payload, **options: None)
    with pytest.raises(Wrong, match="is there 2 times"):
        live(LOOKS_MATTER)
