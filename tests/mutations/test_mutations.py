"""Mutation test of the verification: whatever is wrong in an account is found, under its name, with its field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.objects import CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.reconcile import CHANGED
from migrator_lib.simulators.gorgias.resources import events
from migrator_lib.simulators.gorgias.store import Store
from tests.loading import TARGET
from tests.mutations.catalogue import KINDS, Catalogue, Expected, Mutation, setter
from tests.mutations.hidden import everything
from tests.mutations.judging import Judged, by_findings, changed, judged
from tests.mutations.knowledge import OfPackage, of_help_center
from tests.mutations.summary import ROWS, told
from tests.mutations.world import World, migrated

DANA = 3
"""Gorgias id of an agent."""
Record = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with migrated(tmp_path_factory.mktemp("mutations")) as found:
        yield found


def check(found: Judged, record_property: Record) -> None:
    record_property(ROWS, [astuple(row) for row in found.rows])
    assert [row for row in found.rows if not row.is_found] == []
    assert found.unclaimed == []


def test_what_was_loaded_is_right_and_has_something_of_everything(world: World) -> None:
    found = world.reconcile()
    assert (found.findings, found.changes, found.wrong) == ([], [], 0)
    knowledge = world.compare_knowledge()
    assert knowledge.findings == []
    loaded = {entry.object for entry in world.ledger.entries(TARGET) if entry.state in ("created", "handed_over")}
    parts = {part for entry in world.ledger.entries(TARGET) for part in entry.detail.get("parts") or ()}
    assert {obj.name for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS)} <= loaded
    assert {"attachment", "kb_category", "kb_article"} <= loaded
    assert parts >= {
        "ticket_message", "ticket_comment", "ticket_field_value", "task", "time_log", "ticket_link", "chat_message",
        "chat_comment", "person_field_value",
    }  # fmt: skip


def test_every_mutation_of_an_account_is_found_and_named(world: World, record_property: Record) -> None:
    catalogue = everything(world)
    assert {one.record[0] for one in catalogue} >= {obj.name for obj in (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS)}
    check(judged(world, catalogue, world.reconcile), record_property)
    assert world.reconcile().wrong == 0  # the account is as it was


def test_every_mutation_of_an_export_package_is_found_and_named(world: World, record_property: Record) -> None:
    package = OfPackage(world.packages)
    check(judged(world, package.all(), world.compare_knowledge, restore=package.restore), record_property)


def test_every_mutation_of_a_help_center_is_found_and_named(tmp_path: Path, record_property: Record) -> None:
    with migrated(tmp_path, by_api=True) as one:
        assert one.compare_knowledge().findings == []
        check(judged(one, of_help_center(one), one.compare_knowledge), record_property)


AGENTS_WORK = [
    ("user", "4", "name", "User"), ("department", "g1-11", "description", "Team"),
    ("brand", "1", "description", "Tag"), ("requester", "u101", "name", "Customer"), ("ticket", "3", "subject", ""),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "key", "name", "kind"), AGENTS_WORK, ids=[obj for obj, *_ in AGENTS_WORK])
def test_the_same_change_by_an_agent_is_their_work(world: World, obj: str, key: str, name: str, kind: str) -> None:
    """An event tells of it; of a ticket its own date does."""
    thing = KINDS[obj], int(Catalogue(world).entry(obj, key).target_id or 0)

    def work(_: Store) -> None:
        if kind:
            events.record(world.account, f"{kind.lower()}-updated", kind, thing[1], user_id=DANA)
        else:
            setter(thing, ("updated_datetime",), lambda _: "2031-01-01T00:00:00")(world.account.store)

    with changed(world, setter(thing, (name,))):
        (fault,) = world.reconcile().findings
    with changed(world, setter(thing, (name,)), work):
        found = world.reconcile()
    assert (fault.object, fault.source_key, fault.state) == (obj, key, "mismatched")
    assert [(one.object, one.source_key, one.state) for one in found.changes] == [(obj, key, CHANGED)]
    assert name in {difference.field for difference in found.changes[0].differences}
    assert found.findings == []


def test_a_mutation_that_nothing_tells_of_or_that_is_told_otherwise_counts_as_not_found(world: World) -> None:
    """The judge is no rubber stamp: it sees a finding of another field, of another record, and of another state."""
    catalogue = Catalogue(world).all()
    (wanted,) = (one for one in catalogue if (one.record[0], one.field) == ("macro", "name"))
    (other,) = (one for one in catalogue if (one.record[0], one.field) == ("macro", "language"))
    wrongly = Mutation(wanted.record, "name", "", lambda _: None, other.expected)
    as_missing = Mutation(wanted.record, "name", "", lambda _: None, (Expected(wanted.record, ("missing",)),))
    with changed(world, wanted.apply):
        findings = world.reconcile().findings
    assert [row.is_found for row in by_findings([wanted], findings).rows] == [True]
    for one in (wrongly, as_missing):
        assert [row.is_found for row in by_findings([one], findings).rows] == [False]
    assert by_findings([], findings).unclaimed == findings
    nothing = by_findings([wanted], [])
    assert [(row.is_found, row.found_as) for row in nothing.rows] == [(False, "NOT FOUND")]
    lines = list(told([astuple(row) for row in nothing.rows], whole=False))
    assert lines[0].split() == ["macro", "name", "another", "value", "NOT", "FOUND"]
    assert "1 tried     0 found" in lines[1]
