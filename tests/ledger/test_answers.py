"""What a person says of an intent without an outcome is what the next load goes by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import LeaseHeld
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import PENDING, REMOVED, Entry, Ledger
from migrator_lib.ledger.answers import answer
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.ledger.ledgers import Place
from tests.loading import TARGET, filled, load, tickets
from tests.shop import Shop
from tests.simulated_account import SEED


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger.in_folder(tmp_path / "state", engagement="demo")
    yield found
    found.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return filled(tmp_path / "shop", tickets=3)


@pytest.fixture
def account() -> Account:
    return Account("demo", None, seed=SEED, clock=ManualClock(datetime(2026, 7, 1, tzinfo=UTC)))


@pytest.fixture
def api(account: Account) -> GorgiasApi:
    return api_of(account)


def forgotten(ledger: Ledger, key: str) -> Entry:
    """Let the ledger have forgotten what came of a ticket; return what it knew."""
    known = ledger.entry(TARGET, "ticket", key)
    assert known is not None
    ledger.intend(TARGET, Entry("ticket", key, PENDING, payload_hash=known.payload_hash, detail=known.detail))
    return known


def test_a_ticket_that_a_person_found_is_completed_and_not_made_again(
    shop: Shop, account: Account, api: GorgiasApi, ledger: Ledger
) -> None:
    load(shop, api, ledger)
    known = forgotten(ledger, "3")
    (there,) = tickets(account, 3)
    messages = account.store.by("message", "parent", there["id"])
    account.store.delete("message", messages[-1]["id"])
    words = answer(ledger, TARGET, ("ticket", "3"), target_id=str(there["id"]), by="Margit")
    assert words == f"ticket:3 is {there['id']} in Gorgias"
    load(shop, api, ledger)
    assert len(tickets(account, 3)) == 1
    assert len(account.store.by("message", "parent", there["id"])) == len(messages)
    again = ledger.entry(TARGET, "ticket", "3")
    assert again is not None
    assert (again.state, again.target_id, again.payload_hash) == ("created", known.target_id, known.payload_hash)


def test_a_ticket_that_is_not_there_is_made_by_the_next_load(
    shop: Shop, account: Account, api: GorgiasApi, ledger: Ledger
) -> None:
    ledger.intend(TARGET, Entry("ticket", "3", PENDING, payload_hash="of another day"))
    answer(ledger, TARGET, ("ticket", "3"), target_id=None, by="Margit")
    entry = ledger.entry(TARGET, "ticket", "3")
    assert entry is not None
    assert (entry.state, entry.target_id, entry.payload_hash) == (REMOVED, None, None)
    load(shop, api, ledger)
    assert len(tickets(account, 3)) == 1
    assert ledger.verify()


def test_nobody_answers_while_a_run_is_at_work(place: Place) -> None:
    running = place.open("run-2")
    running.take_lease()
    running.intend(TARGET, Entry("tag", "3", PENDING))
    with pytest.raises(LeaseHeld):
        answer(place.open(), TARGET, ("tag", "3"), target_id="7", by="Margit")
    assert running.counts(TARGET) == {"tag": {PENDING: 1}}


def test_a_ticket_that_was_lost_in_gorgias_is_made_anew_when_a_person_says_that_it_is_not_there(
    shop: Shop, account: Account, api: GorgiasApi, ledger: Ledger
) -> None:
    load(shop, api, ledger)
    (there,) = tickets(account, 3)
    api.tickets.delete(there["id"])
    assert load(shop, api, ledger).created() == 0, "a load does not look at what is there"
    answer(ledger, TARGET, ("ticket", "3"), target_id=None, by="Margit Olsen")
    load(shop, api, ledger)
    (anew,) = tickets(account, 3)
    assert anew["id"] != there["id"]
    entry = ledger.entry(TARGET, "ticket", "3")
    assert entry is not None
    assert (entry.state, entry.target_id) == ("created", str(anew["id"]))
    assert len(account.store.by("message", "parent", anew["id"])) == there["messages_count"]
