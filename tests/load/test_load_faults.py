"""Loading while Gorgias falters: replies that get lost, errors before and after the deed, slow and lagging answers."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account, Fault
from tests.loading import everything, filled, load, thread
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias, client

KINDS = ("http_500_before", "http_500_after_commit", "reset_after_commit")
PATHS = ("customers", "tickets", "tags", "teams", "custom-fields", "upload", "tickets/")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return filled(tmp_path / "shop", tickets=8)


def assert_complete(account: Account, ledger: Ledger) -> None:
    """Assert that an undisturbed load would have left the same."""
    found = everything(account.store)
    assert {kind: set(names.values()) for kind, names in found.items()} == {kind: {1} for kind in found}
    numbers = {kind: len(names) for kind, names in found.items()}
    assert numbers == {"customer": 6, "ticket": 8, "message": 25, "custom_field": 1, "team": 2, "tag": 3}
    settled = ledger.counts("production")
    assert settled["ticket"] == {"created": 8}
    assert settled["attachment"] == {"created": 2}
    assert thread(account, 7) == ["message:700", "message:701", "message:702", "message:703", "comment:7"]
    assert account.store.outbox() == []


def test_an_undisturbed_load_is_complete(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    load(shop, gorgias.api, ledger)
    assert_complete(gorgias.account, ledger)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_post_that_falters_is_neither_doubled_nor_missing(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, kind: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "tickets/":
        monkeypatch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 2)
    gorgias.account.faults.append(Fault(kind, "POST", path, times=2))
    load(shop, gorgias.api, ledger)
    assert gorgias.account.faults[0].times < 2  # it was hit
    assert_complete(gorgias.account, ledger)


@pytest.mark.parametrize("seed", range(4))
def test_faults_anywhere_leave_what_an_undisturbed_load_leaves(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 3)
    rng = Random(seed)
    for _ in range(8):
        method = rng.choice(("POST", "POST", "GET", "PUT"))
        gorgias.account.faults.append(Fault(rng.choice(KINDS), method, rng.choice(PATHS), times=1))
    load(shop, gorgias.api, ledger)
    assert_complete(gorgias.account, ledger)


def test_a_look_up_that_lags_behind_the_write_is_waited_for(
    gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger
) -> None:
    gorgias.account.knobs.lookup_lag_seconds = 6000.0
    shop.target["lookup_lag_seconds"] = 30000.0
    gorgias.account.faults.append(Fault("reset_after_commit", "POST", "tickets", times=2))
    load(shop, gorgias.api, ledger)
    assert_complete(gorgias.account, ledger)


def test_an_answer_that_comes_too_late_is_looked_up(gorgias: SimulatedGorgias, shop: Shop, ledger: Ledger) -> None:
    gorgias.account.faults.append(Fault("slow", "POST", "tickets", times=1, seconds=0.6))
    shop.target["lookup_lag_seconds"] = 60000.0
    load(shop, client(gorgias.url, gorgias.clock, timeout_seconds=0.3), ledger)
    assert_complete(gorgias.account, ledger)
