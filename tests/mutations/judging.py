"""Applying mutations, and judging each by what the reconciliation says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from migrator_lib.reconcile import Finding, Reconciliation
from migrator_lib.simulators.gorgias.store import Store
from tests.mutations.catalogue import Expected, Mutation, Named, rounds
from tests.mutations.world import World

NOT_FOUND = "NOT FOUND"


@dataclass(frozen=True)
class Row:
    """One mutation, and what became of it: a line of the table."""

    object: str
    field: str
    mutation: str
    found_as: str
    """States of the records that were told; ``NOT FOUND``, or what was told instead, where it was not as it must be."""
    is_found: bool
    """Whether each record was told by its name, in its state, with the fields that differ and no other."""


@dataclass(frozen=True)
class Judged:
    """All rows, and what was told of records that nobody had changed."""

    rows: list[Row]
    unclaimed: list[Finding]

    def __add__(self, other: Judged) -> Judged:
        return Judged([*self.rows, *other.rows], [*self.unclaimed, *other.unclaimed])


def judged(
    world: World, mutations: Sequence[Mutation], compare: Callable[[], Reconciliation], *,
    restore: Callable[[], None] = lambda: None,
) -> Judged:  # fmt: skip
    """Apply all mutations, a few rounds of them, and judge each by itself.

    Args:
        world: what they are applied to.
        mutations: in any order.
        compare: what is to find them.
        restore: puts back, after each round, what is not in the account's store.
    """
    found = Judged([], [])
    for members in rounds(mutations):
        with changed(world, *(one.apply for one in members)):
            told = compare()
        found += by_findings(members, [*told.findings, *told.changes])
        restore()
    return found


@contextmanager
def changed(world: World, *changes: Callable[[Store], object]) -> Iterator[None]:
    """Let an account be changed for the length of a block."""
    store = world.account.store
    saved = store.saved()
    try:
        with store.transaction():
            for change in changes:
                change(store)
        yield
    finally:
        with store.transaction():
            store.restore(saved)


def by_findings(mutations: Sequence[Mutation], findings: Sequence[Finding]) -> Judged:
    """Judge mutations that were applied together."""
    by_record: dict[Named, list[Finding]] = {}
    for one in findings:
        by_record.setdefault((one.object, one.source_key), []).append(one)
    rows, claimed = [], set[Named]()
    for mutation in mutations:
        rows.append(_row(mutation, by_record))
        claimed |= mutation.taken
    if any(mutation.echoes for mutation in mutations):
        return Judged(rows, [])
    unclaimed = [one for record, several in by_record.items() if record not in claimed for one in several]
    return Judged(rows, unclaimed)


def _row(mutation: Mutation, told: dict[Named, list[Finding]]) -> Row:
    found = [_found(one, told.get(one.record, [])) for one in mutation.expected]
    states = ", ".join(dict.fromkeys(found))
    is_found = all(state in one.states for one, state in zip(mutation.expected, found, strict=True))
    return Row(mutation.record[0], mutation.field, mutation.words, states, is_found)


def _found(expected: Expected, findings: Sequence[Finding]) -> str:
    """Return the state in which a record was told with just its differences; in words what was told instead."""
    for one in findings:
        fields = {difference.field for difference in one.differences}
        named = {next((name for name in expected.fields if _is_of(field, name)), "") for field in fields}
        if named == set(expected.fields) if expected.fields else one.state != "mismatched":
            return one.state
    told = "; ".join(f"{one.state} {sorted(d.field for d in one.differences)}" for one in findings)
    return f"{NOT_FOUND} ({told})" if told else NOT_FOUND


def _is_of(field: str, name: str) -> bool:
    return field == name or field.startswith(f"{name}.")
