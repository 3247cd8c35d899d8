"""Hypothesis as the one who decides what happens in a simulated world, and in which order.

``MIGRATOR_WORLD_EXAMPLES=200`` tries more, and other ones each time.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from migrator_lib.simulators.gorgias.limits.faults import PROFILES, Profile
from tests.world.world import AGENTS_DO, EDITS, HOUR, World, patched

MORE = int(os.environ.get("MIGRATOR_WORLD_EXAMPLES", "0"))
WHICH = st.integers(0, 9)


class Migration(RuleBasedStateMachine):
    """Loads, deltas and roll-backs, with whatever may come between."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.is_loaded = False
        self._until_the_end = ExitStack()

    @initialize(seed=st.integers(0, 1 << 16))
    def a_help_desk_is_loaded(self, seed: int) -> None:
        self._until_the_end.enter_context(patched(seed))
        self.world = World(seed)
        self._until_the_end.callback(self.world.close)
        self.world.begin()
        self.is_loaded = True

    def teardown(self) -> None:
        self._until_the_end.close()

    @rule(name=st.sampled_from(["calm", *PROFILES]), deaths=st.sampled_from([0.0, 0.01, 0.04]))
    def gorgias_falters(self, name: str, deaths: float) -> None:
        """Of the profiles, or not at all; and processes die more or less often."""
        assert self.world
        profile = replace(PROFILES.get(name, Profile()), lag_seconds=0.0)  # patience is as the world began with
        slow = replace(profile, slow_seconds=self.world.nature.profile.slow_seconds)
        self.world.become(replace(self.world.nature, profile=slow, death=deaths))

    @rule(name=st.sampled_from(EDITS), which=WHICH)
    def something_happens_in_the_source(self, name: str, which: int) -> None:
        assert self.world
        self.world.let_happen(name, which)

    @precondition(lambda self: self.is_loaded)
    @rule(what=st.sampled_from(sorted(AGENTS_DO)), which=WHICH)
    def an_agent_works_in_gorgias(self, what: str, which: int) -> None:
        assert self.world
        self.world.let_an_agent(what, which)

    @rule(hours=st.sampled_from([1, 12, 60]))
    def time_passes(self, hours: int) -> None:
        assert self.world
        self.world.let_pass(hours * HOUR)

    @precondition(lambda self: self.is_loaded)
    @rule()
    def a_delta_is_loaded(self) -> None:
        assert self.world
        self.world.delta()

    @rule()
    def everything_is_loaded(self) -> None:
        assert self.world
        self.world.load_and_check(None)
        self.is_loaded = True

    @precondition(lambda self: self.is_loaded)
    @rule()
    def the_load_is_rolled_back(self) -> None:
        assert self.world
        self.world.roll_back_and_check()
        self.is_loaded = False

    @invariant()
    def gorgias_holds_what_the_mapping_makes_of_what_was_staged(self) -> None:
        if self.world is not None and self.is_loaded:
            self.world.check_again()


Migration.TestCase.settings = settings(
    deadline=None, derandomize=not MORE, max_examples=MORE or 5, stateful_step_count=10,
    suppress_health_check=list(HealthCheck), print_blob=True,
)  # fmt: skip
TestMigration = Migration.TestCase
