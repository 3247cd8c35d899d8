"""A day of work in an account after a migration: agents and customers do what they do, once, and no mail leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.clock import ScaledClock
from migrator_lib.errors import ParameterError
from migrator_lib.ledger import Ledger
from migrator_lib.parameters import load as load_parameters
from migrator_lib.paths import Paths
from migrator_lib.simulators import embedded
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.simulators.gorgias.working_day import KINDS, MARKER, migrated, work
from tests.homes import demo_home
from tests.loading import filled, load
from tests.simulated_account import SEED, SPEED

REPLIES = {"name": "Auto-reply", "event_types": "ticket-created,ticket-message-created",
           "code": "Action('replyToTicket', {body_text: 'Thank you.'});"}  # fmt: skip


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, dict[str, int], int]]:
    """An account after the day, what was done, and how many tickets were there before."""
    folder = tmp_path_factory.mktemp("day")
    account = Account("demo", None, seed=SEED, clock=ScaledClock(SPEED))
    ledger = Ledger.in_folder(folder / "state")
    load(filled(folder / "shop", tickets=24), api_of(account), ledger)
    ledger.close()
    with account.store.transaction():
        account.store.put("rule", {"id": 1, "deactivated_datetime": None, "priority": 1, **REPLIES})
    before = account.store.count("ticket")
    yield account, work(account), before
    account.store.close()


def test_something_of_everything_happens(worked: tuple[Account, dict[str, int], int]) -> None:
    account, done, before = worked
    assert set(done) == set(KINDS)
    assert all(done.values()), done
    assert account.store.count("ticket") == before + done["new tickets"]
    told = [event["type"] for event in account.store.by_kind("event") if event["user_id"] != account.me()["id"]]
    assert "ticket-updated" in told
    assert "customer-updated" in told


def test_no_mail_leaves_and_no_rule_acts(worked: tuple[Account, dict[str, int], int]) -> None:
    account, _, _ = worked
    assert account.store.outbox() == []
    assert account.store.fired() == []
    assert not account.seeding


def test_it_passes_once(worked: tuple[Account, dict[str, int], int]) -> None:
    account, done, _ = worked
    before = account.store.saved()
    assert work(account) == dict.fromkeys(KINDS, 0)
    assert account.store.saved() == before
    (kept,) = account.store.by_kind(MARKER)
    assert kept["done"] == done


def test_only_migrated_tickets_are_worked_on(worked: tuple[Account, dict[str, int], int]) -> None:
    account, _, _ = worked
    assert all(ticket["external_id"] for ticket in migrated(account))
    assert not [ticket for ticket in migrated(account) if ticket["trashed_datetime"]]


def test_an_engagement_without_a_simulated_account_or_a_migrated_ticket_is_told_what_to_do(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    paths = Paths.of(home, "demo")
    paths.make()
    parameters = load_parameters(paths.engagement_file)
    with pytest.raises(ParameterError, match="no migrated ticket") as caught:
        embedded.go_to_work(parameters, paths)
    assert "migrator run demo --execute" in caught.value.next_step
    target = parameters.target.model_copy(update={"simulator": None})
    with pytest.raises(ParameterError, match="no simulated Gorgias account"):
        embedded.go_to_work(parameters.model_copy(update={"target": target}), paths)
