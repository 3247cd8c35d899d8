"""What the soak counts at its end it would find: a thing twice, one that is missing, a time that is another."""

from __future__ import annotations

import pytest

from benchmarks.soak import both_profiles, held, wrong_times
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias.limits.faults import PROFILES
from tests.loading import load, ticket
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias


@pytest.fixture
def loaded(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> SimulatedGorgias:
    """An account with a small shop."""
    load(shop, gorgias.api, ledger)
    return gorgias


def test_what_is_twice_and_what_is_missing_is_counted(loaded: SimulatedGorgias) -> None:
    store = loaded.account.store
    before = held(store)
    assert {key[0] for key in before} == {"ticket", "message", "file", "customer", "team", "tag", "custom_field"}
    there = ticket(loaded.account, 1)
    message = store.by("message", "parent", there["id"])[0]
    with store.transaction():
        store.put("message", {**message, "id": 9001}, parent=there["id"])
        store.put("message", {**message, "id": message["id"], "external_id": "another"}, parent=there["id"])
    after = held(store)
    assert sorted(key[0] for key in (after - before).elements()) == ["file", "message"]
    loaded.api.tickets.delete(there["id"])
    assert ("ticket", "st:demo:ticket:1") in before - held(store)


def test_a_time_that_is_another_is_counted(loaded: SimulatedGorgias, shop: Shop) -> None:
    from migrator_lib.objects import TICKET

    staged = shop.stage()
    lookups = shop.lookups(staged)
    payloads = {}
    for record in TICKET.records(staged, lookups, None):
        payload = dict(TICKET.transform(record, lookups).payload)  # type: ignore[union-attr]
        payloads[payload["external_id"]] = payload
    store = loaded.account.store
    assert wrong_times(store, payloads) == 0
    there = ticket(loaded.account, 3)
    message = store.by("message", "parent", there["id"])[0]
    with store.transaction():
        loaded.account.save_ticket({**there, "closed_datetime": "2026-01-01T00:00:00"})
        store.put("message", {**message, "sent_datetime": "2026-01-01T00:00:00"}, parent=there["id"])
    assert wrong_times(store, payloads) == 2


def test_the_soak_has_the_chances_of_both_profiles() -> None:
    both = both_profiles()
    assert both.chances == {**PROFILES["flaky"].chances, **PROFILES["lagging"].chances}
    assert (both.lag_seconds, both.latency_seconds) == (8.0, 2.0)
