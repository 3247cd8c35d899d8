"""Whole loads while Gorgias falters by chance: whatever comes, the result is that of an undisturbed load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ScaledClock
from migrator_lib.errors import HaltError
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.limits.faults import PROFILES, Profile
from migrator_lib.staging import Staged
from tests.conftest import Switch
from tests.loading import TARGET, everything, filled, load, thread_of
from tests.shop import Shop, minutes
from tests.simulated_account import SEED, SPEED, client

TICKETS = 30
RUNS = 30
"""How often a person would start a load again that stopped."""
PATIENCE = 0.3
"""Seconds of the wall that the client waits for a reply here, so that a slow one is soon given up."""


@pytest.fixture(autouse=True)
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ticket's call takes two messages here, so that threads take several."""
    monkeypatch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 2)


def grown(shop: Shop) -> Staged:
    """Let a day pass in the shop: threads grow, tickets are closed and come; return the new stage."""
    for number in range(1, TICKETS, 3):
        row = {"TicketID": number, "TicketMessageID": number * 100 + 50, "DateReceivedUTC": minutes(600)}
        shop.add("TicketMessages", row)
    for row in shop.tables["Tickets"][::5]:
        row["TicketStatusID"] = 3
    shop.add("Tickets", {"TicketID": TICKETS + 1}).add(
        "TicketMessages", {"TicketID": TICKETS + 1, "TicketMessageID": 9}
    )
    return shop.stage("later")


@contextmanager
def served_account(served: tuple[Switch, str], profile: Profile | None, seed: int = 0) -> Iterator[tuple[Account, str]]:
    account = Account("demo", None, seed=SEED, clock=ScaledClock(SPEED), profile=profile, fault_seed=seed)
    account.cursor_seconds = 3600 * SPEED
    switch, url = served
    switch.app = create_app({"demo": account})
    yield account, f"{url}/demo"
    account.store.close()


def load_until_done(shop: Shop, account: Account, url: str, ledger: Ledger, staged: Staged) -> int:
    """Load as a person would, who runs it again when it stopped; return how often it was run."""
    for run in range(1, RUNS + 1):
        try:
            load(shop, client(url, account.clock, timeout_seconds=PATIENCE), ledger, staged)
            return run
        except HaltError:
            continue
    raise AssertionError(f"not done after {RUNS} runs")


def load_and_load_again(folder: Path, account: Account, url: str) -> list[Any]:
    """Load a shop, and what a day brought; return what the account and the ledger hold after each."""
    shop, ledger, found = filled(folder / "shop", tickets=TICKETS), Ledger.in_folder(folder / "state"), []
    if account.weather and "slow" in account.weather.profile.chances:
        shop.target["lookup_lag_seconds"] = 4 * PATIENCE * SPEED
    for stage in (shop.stage, lambda: grown(shop)):
        load_until_done(shop, account, url, ledger, stage())
        outcomes = {kind: dict(states) for kind, states in ledger.counts(TARGET).items()}
        found.append((picture(account), outcomes))
    ledger.close()
    return found


def picture(account: Account) -> dict[str, Any]:
    """Return what an account holds, without the ids and moments that each load makes anew."""
    store = account.store
    customers = {found["id"]: found["external_id"] for found in store.by_kind("customer")}
    tickets = {}
    for found in store.by_kind("ticket"):
        key = str(found["external_id"])
        sent = store.by("message", "parent", found["id"])
        files = sorted((m["external_id"], f["name"], f["size"]) for m in sent for f in m["attachments"])
        tickets[key] = {
            "thread": thread_of(account, found), "files": files, "customer": customers[found["customer"]["id"]],
            "tags": sorted(tag["name"] for tag in found["tags"]),
            "fields": sorted((value["field"]["label"], value["value"]) for value in found["custom_fields"]),
            "agent": (found["assignee_user"] or {}).get("email"), "team": (found["assignee_team"] or {}).get("name"),
            **{name: found[name] for name in ("status", "priority", "subject", "created_datetime", "closed_datetime")},
        }  # fmt: skip
    return {"held": everything(store), "tickets": tickets}


@pytest.fixture(scope="module")
def undisturbed(served: tuple[Switch, str], tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What an account holds that never falters."""
    with pytest.MonkeyPatch.context() as patch, served_account(served, None) as (account, url):
        patch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 2)
        found = load_and_load_again(tmp_path_factory.mktemp("undisturbed"), account, url)
    assert [len(picture["tickets"]) for picture, _ in found] == [TICKETS, TICKETS + 1]
    assert found[0] != found[1]
    return found


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("name", PROFILES)
def test_a_whole_load_under_a_profile_ends_as_an_undisturbed_one(
    served: tuple[Switch, str], tmp_path: Path, undisturbed: list[Any], name: str, seed: int
) -> None:
    profile = replace(PROFILES[name], slow_seconds=2 * PATIENCE)
    with served_account(served, profile, seed) as (account, url):
        assert load_and_load_again(tmp_path, account, url) == undisturbed
        assert account.weather is not None
        assert account.weather.drawn.keys() == profile.chances.keys()  # every kind of fault was met
        assert account.store.outbox() == []
        assert account.store.fired() == []
