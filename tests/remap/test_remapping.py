"""Re-mapping: what was sent is made again and proven, what differs is named, and the load does just that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator_lib.load import recipe
from migrator_lib.remap.remapping import DIFFERS, EARLIER, LEFT_OUT, NEW, SAME, UNKNOWN, Remapping
from migrator_lib.simulators.gorgias.resources import customers
from migrator_lib.staging import Staged
from tests.loading import TARGET
from tests.remap.remapped import remapped, statuses
from tests.shop import ANN
from tests.updating import Loaded, loaded

TICKETS = 4


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path, TICKETS) as found:
        found.load()
        yield found


def calls_of_update(desk: Loaded) -> int:
    """Load, and return the calls that it made for tickets, messages, files and people."""
    desk.calls()
    desk.load()
    parts = ("tickets", "messages", "customers", "upload")
    return sum(n for endpoint, n in desk.calls().items() if any(part in endpoint for part in parts))


def people_and_tickets(found: Remapping) -> int:
    return sum(found.objects[name].calls for name in ("requester", "organization", "ticket"))


def test_without_a_change_everything_is_as_it_was_sent(desk: Loaded) -> None:
    before = desk.account.stats.calls
    found = remapped(desk)
    assert found.objects["ticket"].states == {SAME: TICKETS}
    assert (found.updated, found.calls, found.total(DIFFERS), found.is_last) == (0, 0, 0, True)
    assert desk.account.stats.calls == before


def test_a_changed_mapping_of_a_status_is_found_in_the_tickets_that_have_it_and_the_load_makes_just_those_calls(
    desk: Loaded,
) -> None:
    desk.shop.mapped["statuses"] = statuses(waiting="on hold")
    assert not recipe.is_loaded_by(desk.ledger, TARGET, desk.shop.lookups())
    found = remapped(desk)
    ticket = found.objects["ticket"]
    assert ticket.states == {SAME: 2, DIFFERS: 2}
    assert ticket.fields == {"tags": 2}
    assert (ticket.in_place, ticket.by_messages, found.is_last) == (2, 0, False)
    (example, _) = ticket.examples["tags"]
    assert ("waiting" in example.before, "on hold" in example.after) == (True, True)
    assert people_and_tickets(found) == calls_of_update(desk) == 6
    assert desk.reconcile().wrong == 0
    assert recipe.is_loaded_by(desk.ledger, TARGET, desk.shop.lookups())
    assert remapped(desk).calls == calls_of_update(desk) == 0


def test_a_changed_policy_of_channels_makes_messages_again_and_the_page_knows_their_calls(desk: Loaded) -> None:
    desk.shop.policy["ticket_channel"] = "api"
    found = remapped(desk)
    ticket = found.objects["ticket"]
    assert ticket.states == {DIFFERS: TICKETS}
    assert ticket.fields["messages.channel"] == ticket.fields["channel"] == TICKETS
    assert ticket.messages["messages.channel"] > TICKETS
    assert ticket.by_messages == TICKETS
    assert people_and_tickets(found) == calls_of_update(desk)
    assert desk.reconcile().wrong == 0


def test_values_of_a_field_that_becomes_another_type_are_found_masked(desk: Loaded) -> None:
    desk.shop.mapped["ticket_fields"] = {"4": {"name": "Parcels", "becomes": "text", "label": "Parcels"}}
    found = remapped(desk)
    assert found.objects["ticket"].fields == {"custom_fields.4": 2}
    assert found.objects["ticket_field"].fields == {"data_type": 1}
    assert {e.before for e in found.objects["ticket"].examples["custom_fields.4"]} == {
        "1*** (1 characters)",
        "3*** (1 characters)",
    }
    assert people_and_tickets(found) == calls_of_update(desk)


def test_a_changed_name_of_a_customer_is_told_from_a_changed_mapping(desk: Loaded) -> None:
    before = desk.shop.stage("full")
    desk.load(staged=before)
    desk.shop.tables["Users"] = [dict(row) for row in desk.shop.lookups(before).users.values()]
    next(row for row in desk.shop.tables["Users"] if row["UserID"] == ANN)["DisplayName"] = "Ann Married"
    desk.shop.mapped["statuses"] = statuses(waiting="on hold")
    after = Staged([before.folders[0], desk.shop.write("delta-001")])
    found = remapped(desk, after)
    assert found.objects["requester"].states[EARLIER] == 1
    assert found.objects["ticket"].states[DIFFERS] == 2
    assert found.total(UNKNOWN) == 0


def test_what_no_recipe_and_no_stage_makes_again_is_counted_by_its_hash_alone(desk: Loaded) -> None:
    known = desk.ledger.entry(TARGET, "ticket", "1")
    assert known is not None
    desk.ledger.settle(TARGET, [replace(known, payload_hash="0" * 64)])
    found = remapped(desk)
    assert found.objects["ticket"].states == {SAME: TICKETS - 1, UNKNOWN: 1}
    assert found.objects["ticket"].fields == {}
    assert found.updated == 1


def test_a_ticket_that_a_policy_leaves_out_now_and_one_that_it_takes_in_are_told_apart(desk: Loaded) -> None:
    desk.shop.policy["spam_tickets"] = "migrate"
    next(row for row in desk.shop.tables["Tickets"] if row["TicketID"] == 1)["IsSpam"] = True
    desk.load()
    desk.shop.policy["spam_tickets"] = "skip"
    found = remapped(desk)
    assert found.objects["ticket"].states == {SAME: TICKETS - 1, LEFT_OUT: 1}
    assert found.objects["ticket"].left_out == {"spam_ticket": 1}
    assert people_and_tickets(found) == calls_of_update(desk) == 2
    desk.shop.policy["spam_tickets"] = "migrate"
    assert remapped(desk).objects["ticket"].states[NEW] == 1


def test_what_gorgias_does_otherwise_than_expected_is_part_of_the_recipe(desk: Loaded) -> None:
    next(row for row in desk.shop.tables["Tickets"] if row["TicketID"] == 1)["TicketPriorityID"] = 2
    desk.load()
    found = remapped(desk, priority_kept=False)
    assert found.objects["ticket"].fields == {"tags": 1}


def test_people_who_were_there_before_are_never_changed(desk: Loaded) -> None:
    with desk.account.store.transaction():
        customers.create_customer(desk.account, {"channels": [{"type": "email", "address": "guest9@there.example"}]})
    desk.shop.add("Tickets", {"TicketID": 9, "UserID_Customer": None, "CustomerEmailAddress": "guest9@there.example"})
    desk.load()
    assert remapped(desk).objects["requester"].states["matched"] == 1


# --- recipes -------------------------------------------------------------------------------------------


def test_a_recipe_is_kept_once_and_makes_the_same_payloads_again(desk: Loaded) -> None:
    desk.load()
    assert len(recipe.loads(desk.ledger, TARGET)) == 1
    ((digest, kept),) = recipe.recipes(desk.ledger, TARGET).items()
    lookups = desk.shop.lookups()
    assert recipe.recipe_of(recipe.lookups_by(kept, lookups)) == kept == recipe.recipe_of(lookups)
    assert recipe.loads(desk.ledger, TARGET)[0].recipe == digest


def test_a_mapping_that_comes_back_is_the_last_one_again_and_old_recipes_are_forgotten_in_the_end(
    desk: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recipe.loads(desk.ledger, TARGET)[0]
    monkeypatch.setattr(recipe, "MOST", 2)
    lookups = desk.shop.lookups()
    for tag in ("a", "b"):
        desk.shop.mapped["statuses"] = statuses(waiting=tag)
        recipe.note(desk.ledger, TARGET, desk.shop.lookups(), ["full"])
    assert first not in recipe.loads(desk.ledger, TARGET)
    assert len(recipe.recipes(desk.ledger, TARGET)) == 2
    recipe.note(desk.ledger, TARGET, lookups, ["full"])
    assert recipe.loads(desk.ledger, TARGET)[0] == first


def test_a_rehearsal_keeps_no_recipe(tmp_path: Path) -> None:
    with loaded(tmp_path / "new", 1) as fresh:
        fresh.load(rehearsal=True)
        assert recipe.loads(fresh.ledger, TARGET) == []
        found = remapped(fresh)
        assert (found.recipes, found.objects["ticket"].states) == (0, Counter({NEW: 1}))
