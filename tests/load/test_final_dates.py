"""Final dates and status: a ticket that took several calls is read behind the last, and mended where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import LoadReport
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.loading import TARGET, everything, filled, load, loader, ticket
from tests.shop import Shop
from tests.simulated_account import SEED

NOW = "2026-02-03T04:05:06.000000"


class Forgetful:
    """A shop whose threads take several calls, and an account that dates some tickets by itself behind a change."""

    def __init__(self, shop: Shop, ledger: Ledger, patch: pytest.MonkeyPatch) -> None:
        self.shop, self.ledger = shop, ledger
        self.account = Account("demo", None, seed=SEED, clock=ManualClock())
        self.api: GorgiasApi = api_of(self.account)
        self.puts: list[dict[str, Any]] = []
        self._update = self.api.tickets.update
        self._patch = patch

    def forget(self, times: int, **changes: Any) -> None:
        """Let what ticket 3 was given be changed behind the next ``times`` changes of it."""
        left = [times]

        def update(ticket_id: int, body: dict[str, Any]) -> None:
            self._update(ticket_id, body)
            there = self.account.store.get("ticket", ticket_id)
            assert there is not None
            if there["external_id"] == "st:demo:ticket:3":
                self.puts.append(body)
                if left[0]:
                    left[0] -= 1
                    with self.account.store.transaction():
                        self.account.store.put("ticket", {**there, **changes}, parent=there["customer"]["id"])

        self._patch.setattr(self.api.tickets, "update", update)

    def load(self) -> LoadReport:
        return load(self.shop, self.api, self.ledger)


@pytest.fixture
def forgetful(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forgetful]:
    monkeypatch.setattr("migrator_lib.load.tickets.CALL_LIMIT", 2)
    made = Forgetful(filled(tmp_path / "shop"), ledger, monkeypatch)
    yield made
    made.account.store.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"updated_datetime": NOW},
        {"last_message_datetime": NOW, "updated_datetime": NOW},
        {"status": "open", "closed_datetime": None, "updated_datetime": NOW},
        {"opened_datetime": NOW},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_what_is_wrong_behind_the_last_call_is_put_once_more(forgetful: Forgetful, changes: dict[str, Any]) -> None:
    for row in forgetful.shop.tables["Tickets"]:
        row["TicketStatusID"] = 3  # closed
    forgetful.forget(1, **changes)
    report = forgetful.load()
    assert len(forgetful.puts) == 2
    assert set(forgetful.puts[1]) == {*changes, "updated_datetime"}
    there = ticket(forgetful.account, 3)
    assert not {name: there[name] for name in changes if there[name] == changes[name]}
    assert there["status"] == "closed"
    assert report.conflicts == []
    assert set(everything(forgetful.account.store)["message"].values()) == {1}


def test_what_stays_wrong_is_listed_and_stands_in_the_ledger_before_anybody_reconciles(forgetful: Forgetful) -> None:
    forgetful.forget(9, last_message_datetime=NOW)
    report = forgetful.load()
    assert len(forgetful.puts) == 2
    words = "Gorgias does not keep what it was given twice: last_message_datetime"
    assert report.conflicts == [f"ticket 3: {words}"]
    entry = forgetful.ledger.entry(TARGET, "ticket", "3")
    assert entry is not None
    assert (entry.state, entry.reason) == ("created", words)


def test_a_date_that_the_account_never_keeps_is_not_put_again(forgetful: Forgetful) -> None:
    forgetful.forget(9, last_message_datetime=NOW)
    work = loader(forgetful.shop, forgetful.api, forgetful.ledger)
    work.lookups.behaviour = Behaviour(dates_lost=("last_message_datetime",))
    report = work.run()
    assert len(forgetful.puts) == 1
    assert report.conflicts == []


def test_a_ticket_that_goes_in_one_call_is_not_read_again(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Forgetful(filled(tmp_path / "shop"), ledger, monkeypatch)
    made.load()
    assert "GET tickets/{id}" not in made.account.stats.by_endpoint
    for row in made.shop.tables["Tickets"]:
        row["Subject"] = "Another question" if row["TicketID"] == 3 else "A question"
    made.load()
    assert made.account.stats.by_endpoint["GET tickets/{id}"] == 2  # before the change, and behind it
