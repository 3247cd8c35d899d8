"""The running count: tickets are read back while they are loaded, and a load that goes wrong stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import ExitCode, LoadDiffers, RecordRejected, exit_code_for
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import loader as loading
from migrator_lib.load import running
from migrator_lib.load.crew import Alone
from migrator_lib.load.running import LEAST, Count
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.loading import loader
from tests.shop import Shop
from tests.simulated_account import SEED

TICKETS, FEW, BATCH = 120, 24, 12
LIST = "GET tickets"


@dataclass
class World:
    """A shop of many short tickets, and an account of its own for each load."""

    shop: Shop
    staged: Staged
    folder: Path
    seen: dict[str, Count] = field(default_factory=dict)
    """What the last load counted."""
    loaded: int = 0
    """Tickets that the account holds behind it."""
    listed: int = 0
    """Calls that read tickets back."""
    why: str = ""

    def load(self, name: str, *, tickets: int | None = None, change: Callable[[GorgiasApi], None] = lambda api: None,
             **knobs: Any) -> None:  # fmt: skip
        account = Account("demo", None, seed=SEED, clock=ManualClock())
        for knob, value in knobs.items():
            setattr(account.knobs, knob, value)
        api, ledger = api_of(account), Ledger.in_folder(self.folder / name, inline=True)
        change(api)
        chosen = None if tickets is None else set(range(1, tickets + 1))
        made = loader(self.shop, api, ledger, self.staged, crew=Alone())
        try:
            made.run(tickets=chosen)
        finally:
            self.seen, self.loaded = made.report.running, len(account.store.by_kind("ticket"))
            self.listed, self.why = account.stats.by_endpoint.get(LIST, 0), made.report.not_counted
            ledger.close()
            account.store.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("running")
    shop = Shop(folder / "shop")
    for number in range(1, TICKETS + 1):
        shop.add("Tickets", {"TicketID": number})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number})
    return World(shop, shop.stage(), folder)


def creating(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[GorgiasApi], None]:
    """Let the account take tickets otherwise than they are sent."""

    def patch(api: GorgiasApi) -> None:
        create = api.tickets.create
        api.tickets.create = lambda body: create(change(body))  # type: ignore[method-assign]

    return patch


def test_every_ticket_is_read_back_by_a_call_for_a_hundred(world: World) -> None:
    world.load("all")
    assert world.seen == {"ticket": Count(sent=TICKETS, found=TICKETS)}
    assert world.listed == 2
    assert world.seen["ticket"].words == "120 sent, 120 found again, 0 differ"


@pytest.fixture
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call for each dozen, of which a load may stop: what holds of a hundred is seen with fewer tickets."""
    monkeypatch.setattr(running, "CALL", BATCH)
    monkeypatch.setattr(running, "STOPS_FROM", BATCH)
    monkeypatch.setattr(loading, "batched", partial(loading.batched, size=BATCH))


def test_a_small_load_costs_no_call_more_and_none_does_where_it_is_switched_off(world: World) -> None:
    world.load("small", tickets=LEAST - 1)
    assert (world.seen, world.listed) == ({"ticket": Count(sent=LEAST - 1)}, 0)
    world.shop.load = {"running_count": False}
    world.load("off", tickets=LEAST)
    world.shop.load = {}
    assert (world.seen, world.listed, world.loaded) == ({}, 0, LEAST)


@pytest.mark.usefixtures("fewer")
def test_dates_that_the_account_did_not_take_stop_the_load_behind_a_batch(world: World) -> None:
    with pytest.raises(LoadDiffers, match="The first of them: ticket 1: created_datetime") as caught:
        world.load("dates", change=creating(lambda body: {**body, "created_datetime": "2026-01-01T00:00:00Z"}))
    assert (world.loaded, world.seen["ticket"]) == (BATCH, Count(sent=BATCH, found=BATCH, differing=BATCH))
    assert "--only 90 --execute" in caught.value.next_step
    assert exit_code_for("LoadDiffers") is ExitCode.EXCEPTIONS


@pytest.mark.usefixtures("fewer")
def test_a_handful_that_differs_or_that_somebody_touched_is_counted_and_stops_nothing(world: World) -> None:
    def odd(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "spam": True} if body["external_id"].endswith(":7") else body

    def agents(api: GorgiasApi) -> None:
        creating(odd)(api)
        pages = api.tickets.pages

        def meanwhile(**filters: Any) -> Any:
            ids = filters.get("ticket_ids", ())
            api.clock.sleep(1)
            for ticket in ids[:2]:
                api.tickets.update(int(ticket), {"priority": "high"})
            return pages(**filters)

        api.tickets.pages = meanwhile  # type: ignore[method-assign]

    world.load("odd", tickets=FEW, change=agents)
    assert world.seen["ticket"] == Count(sent=FEW, found=FEW, differing=1, touched=4)


@pytest.mark.usefixtures("fewer")
def test_what_the_list_does_not_show_at_once_is_asked_for_again_and_only_then_missing(world: World) -> None:
    world.load("lags", tickets=FEW, lookup_lag_seconds=5.0, listed_ids_lag=True)
    assert world.seen == {"ticket": Count(sent=FEW, found=FEW)}
    world.load("never", tickets=LEAST, lookup_lag_seconds=1e7, listed_ids_lag=True)
    assert world.seen == {"ticket": Count(sent=LEAST, missing=LEAST)}
    assert world.listed == 5  # the dozen, with the rest once more, and both calls at the end


def test_an_account_that_refuses_the_filter_is_not_asked_again_and_the_load_goes_on(world: World) -> None:
    def refuse(api: GorgiasApi) -> None:
        def pages(**_: Any) -> Any:
            raise RecordRejected("unknown parameter ticket_ids", status=400)

        api.tickets.pages = pages  # type: ignore[method-assign]

    world.load("refused", tickets=LEAST, change=refuse)
    assert (world.why, world.loaded) == ("unknown parameter ticket_ids", LEAST)
    assert world.seen["ticket"].found == 0
