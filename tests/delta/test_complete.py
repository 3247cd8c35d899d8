"""A delta is complete: whatever happens to the source, the staged data with its deltas is what a new extract reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delta.moving import TICKETS, TRACED, UNTRACED, Doing, Moving, everything, moving
from tests.smartertrack.source_desk import scratch_database

Happening = tuple[str, int]
SERVERS = ["postgresql", "mariadb"]


def happenings(names: tuple[str, ...], most: int) -> st.SearchStrategy[list[Happening]]:
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, TICKETS)), max_size=most)


def doings(source: Moving, chosen: list[Happening]) -> list[Doing]:
    """Return what is to be done, each to a ticket that is there when it is done."""

    def do(name: str, place: int) -> None:
        tickets = source.tickets()
        if tickets:
            getattr(source, name)(tickets[place % len(tickets)])

    return [lambda name=name, place=place: do(name, place) for name, place in chosen]


def work(source: Moving, chosen: list[Happening]) -> None:
    for doing in doings(source, chosen):
        doing()


def traced_changes_arrive(source: Moving, during: list[Happening], rounds: list[list[Happening]]) -> None:
    """Things happen while the extract reads, between deltas and while deltas read; then one last delta is read."""
    source.fill()
    mark = source.extract(doings(source, during))
    for chosen in rounds:
        half = len(chosen) // 2
        work(source, chosen[:half])
        mark = source.follow(mark, doings(source, chosen[half:]))
    source.follow(mark)
    assert everything(source.staged) == everything(source.fresh())


def all_changes_arrive(source: Moving, during: list[Happening], after: list[Happening]) -> None:
    """What was purged stays as it was staged, also parts of a ticket that came behind the page of tickets."""
    source.fill()
    mark = source.extract(doings(source, during))
    work(source, after)
    source.follow(mark)
    before = source.staged
    missed = source.changes()
    source.lay_over(missed)
    gone = missed.purged | missed.ownerless
    assert everything(source.staged, without=gone) == everything(source.fresh())
    assert everything(source.staged, only=gone) == everything(before, only=gone)
    assert not source.changes()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moving]:
    with moving(tmp_path_factory.mktemp("moving")) as made:
        yield made


@pytest.fixture(params=SERVERS)
def on_a_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Moving]:
    with scratch_database(request.param, tmp_path) as url:
        made = Moving(url, tmp_path)
        yield made
        made.close()


quick = settings(max_examples=8, suppress_health_check=list(HealthCheck))
few = settings(max_examples=2, suppress_health_check=list(HealthCheck))
extracting = happenings(TRACED, 9)
rounds_of_work = st.lists(happenings(TRACED, 6), min_size=1, max_size=2)
anything = happenings((*TRACED, *UNTRACED), 10)


@pytest.mark.parametrize("name", TRACED)
def test_each_thing_that_leaves_a_trace_arrives_though_nothing_else_happens(source: Moving, name: str) -> None:
    traced_changes_arrive(source, [], [[(name, 1), (name, 2)]])


@pytest.mark.parametrize("name", UNTRACED)
def test_each_thing_that_leaves_no_trace_arrives_though_nothing_else_happens(source: Moving, name: str) -> None:
    all_changes_arrive(source, [], [(name, 1)])


@given(during=extracting, rounds=rounds_of_work)
@quick
def test_what_leaves_a_trace_is_complete_by_the_watermark_alone(
    source: Moving, during: list[Happening], rounds: list[list[Happening]]
) -> None:
    traced_changes_arrive(source, during, rounds)


@given(during=anything, after=anything)
@quick
def test_whatever_happens_is_complete_by_watermark_and_comparison(
    source: Moving, during: list[Happening], after: list[Happening]
) -> None:
    all_changes_arrive(source, during, after)


@given(during=extracting, rounds=rounds_of_work)
@few
def test_on_a_server_the_watermark_is_complete_too(
    on_a_server: Moving, during: list[Happening], rounds: list[list[Happening]]
) -> None:
    traced_changes_arrive(on_a_server, during, rounds)


@given(during=anything, after=anything)
@few
def test_on_a_server_watermark_and_comparison_are_complete_too(
    on_a_server: Moving, during: list[Happening], after: list[Happening]
) -> None:
    all_changes_arrive(on_a_server, during, after)
