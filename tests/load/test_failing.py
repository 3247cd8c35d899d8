"""What Gorgias fails on again and again: one record never stops a run, many do, and what is not known is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import OutcomeUnknown, RecordRejected, TargetUnreachable, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.load import LoadReport
from migrator_lib.objects import PEOPLE, TICKET
from migrator_lib.objects.base import MigrationObject
from migrator_lib.simulators.gorgias import Account, Fault
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.load.test_profiles import picture
from tests.loading import TARGET, everything, filled, load, tickets, writes
from tests.shop import ANN, Shop
from tests.simulated_account import SEED

Doing = Callable[..., Any]


class World:
    """A shop, an account in this process, and what fails in it."""

    def __init__(self, shop: Shop, ledger: Ledger) -> None:
        self.shop, self.ledger = shop, ledger
        self.account = Account("demo", None, seed=SEED, clock=ManualClock())
        self.api: GorgiasApi = api_of(self.account)

    def load(self) -> LoadReport:
        return load(self.shop, self.api, self.ledger)

    def entry(self, key: str, obj: str = "ticket") -> Entry:
        found = self.ledger.entry(TARGET, obj, key)
        assert found is not None
        return found


@pytest.fixture
def world(tmp_path: Path, ledger: Ledger) -> Iterator[World]:
    made = World(filled(tmp_path / "shop"), ledger)
    yield made
    made.account.store.close()


@pytest.fixture
def undisturbed(tmp_path: Path) -> Any:
    """What an account holds that never fails."""
    ledger = Ledger.in_folder(tmp_path / "undisturbed")
    made = World(filled(tmp_path / "other"), ledger)
    made.load()
    ledger.close()
    return picture(made.account)


def failing_on(
    world: World, key: str, words: str = "status 502", *, times: int = 100, after: bool = False,
    obj: MigrationObject = TICKET,
) -> Doing:  # fmt: skip
    """Return a creation of tickets that is not answered for one of them, before or after it is made."""
    create, left = obj.create, [times]

    def failing(api: GorgiasApi, payload: Any) -> str:
        if payload["external_id"].endswith(f":{key}") and left[0]:
            left[0] -= 1
            if after:
                create(api, payload)
            raise Unanswered(f"POST tickets was not answered: {words}")
        return create(api, payload)

    return failing


def test_a_record_that_gorgias_fails_on_each_time_is_quarantined_and_the_others_go_on(
    world: World, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(TICKET, "create", failing_on(world, "3"))
        report = world.load()
    entry = world.entry("3")
    assert entry.state == "quarantined"
    assert "Gorgias failed on it 4 times" in str(entry.reason)
    assert "status 502" in str(entry.reason)
    assert (entry.detail["unsure"], entry.external_id) == (True, "st:demo:ticket:3")
    assert world.ledger.counts(TARGET)["ticket"] == {"created": 5, "quarantined": 1}
    assert (report.counts["ticket", "put off"], report.counts["ticket", "quarantined"]) == (1, 1)
    world.load()
    assert picture(world.account) == undisturbed
    assert world.entry("3").state == "created"
    assert "unsure" not in world.entry("3").detail
    assert world.ledger.verify()


def test_what_was_made_though_no_answer_ever_came_is_found_by_the_next_run_and_not_made_again(
    world: World, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.account.knobs.lookup_lag_seconds = 1e7
    with monkeypatch.context() as patch:
        patch.setattr(TICKET, "create", failing_on(world, "3", times=1, after=True))
        patch.setattr("migrator_lib.load.sending.SENDS", 1)
        patch.setattr("migrator_lib.load.loader.Loader._load_once_more", lambda *_: None)
        world.load()
    assert world.entry("3").state == "quarantined"
    assert len(tickets(world.account, 3)) == 1
    world.account.knobs.lookup_lag_seconds = 0.0
    world.load()
    assert picture(world.account) == undisturbed


def test_what_fails_for_a_while_is_there_when_the_run_ends(
    world: World, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TICKET, "create", failing_on(world, "3", times=5))
    report = world.load()
    assert report.counts["ticket", "created"] == 6
    assert picture(world.account) == undisturbed


def test_a_ticket_waits_for_its_requester_whom_gorgias_fails_on_for_a_while_also_where_open_ones_go_first(
    world: World, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop.load = {"order": "open_first", "recent_days": 30}
    requester = PEOPLE[0]
    monkeypatch.setattr(requester, "create", failing_on(world, f"u{ANN}", times=5, obj=requester))
    report = world.load()
    assert (report.counts["ticket", "created"], report.counts["ticket", "quarantined"]) == (6, 0)
    assert report.counts["ticket", "put off"] > 0
    assert picture(world.account) == undisturbed


def test_a_ticket_that_is_unsure_and_left_out_by_now_is_looked_up_and_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.account.knobs.lookup_lag_seconds = 1e7
    with monkeypatch.context() as patch:
        patch.setattr(TICKET, "create", failing_on(world, "3", times=1, after=True))
        patch.setattr("migrator_lib.load.sending.SENDS", 1)
        patch.setattr("migrator_lib.load.loader.Loader._load_once_more", lambda *_: None)
        world.load()
    world.account.knobs.lookup_lag_seconds = 0.0
    for row in world.shop.tables["Tickets"]:
        row["IsDeleted"] = row["TicketID"] == 3
    world.load()
    (there,) = tickets(world.account, 3)
    assert there["trashed_datetime"]
    assert world.entry("3").state == "skipped"


def test_a_change_that_gorgias_fails_on_each_time_is_listed_and_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load()
    for row in world.shop.tables["Tickets"]:
        row["Subject"] = "Another question"
    update, first = world.api.tickets.update, int(world.entry("3").target_id or 0)

    def failing(ticket_id: int, body: Any) -> None:
        if ticket_id == first:
            raise TargetUnreachable("Gorgias did not answer PUT tickets after 6 tries: status 500")
        update(ticket_id, body)

    with monkeypatch.context() as patch:
        patch.setattr(world.api.tickets, "update", failing)
        report = world.load()
    assert report.counts["ticket", "incomplete"] == 1
    assert len(report.conflicts) == 1
    assert "though it answers other calls" in str(world.entry("3").reason)
    again = world.load()
    assert (again.counts["ticket", "updated"], again.counts["ticket", "unchanged"]) == (1, 5)
    assert {found["subject"] for found in world.account.store.by_kind("ticket")} == {"Another question"}
    assert world.entry("3").reason is None


def test_a_file_that_gorgias_fails_on_each_time_is_quarantined_and_its_ticket_goes_without_it(world: World) -> None:
    world.account.faults.append(Fault("http_500_before", "POST", "upload", times=16))
    world.load()
    assert world.ledger.counts(TARGET)["ticket"] == {"created": 6}
    assert world.ledger.counts(TARGET)["attachment"] == {"quarantined": 2}
    assert "Gorgias failed 4 times on a file" in str(world.entry("1", "attachment").reason)
    world.load()
    assert world.ledger.counts(TARGET)["attachment"] == {"created": 2}


def test_many_records_in_a_row_that_fail_stop_the_run_and_the_next_one_goes_on(tmp_path: Path, ledger: Ledger) -> None:
    world = World(filled(tmp_path / "shop", tickets=30), ledger)
    world.account.faults.append(Fault("http_500_before", "POST", "tickets", times=10_000))
    with pytest.raises(TargetUnreachable, match="failed on 25 records one behind the other"):
        world.load()
    world.account.faults.clear()
    world.load()
    assert world.ledger.counts(TARGET)["ticket"] == {"created": 30}
    assert set(everything(world.account.store)["ticket"].values()) == {1}


def test_many_in_a_row_stop_the_run_also_when_they_are_tried_for_the_last_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop.target["workers"] = 1
    monkeypatch.setattr("migrator_lib.load.failing.IN_A_ROW", 2)
    create = TICKET.create

    def failing(api: GorgiasApi, payload: Any) -> str:
        if payload["external_id"][-1] in "135":  # never two of them in a row, until they are tried once more
            raise Unanswered("POST tickets was not answered: status 502")
        return create(api, payload)

    monkeypatch.setattr(TICKET, "create", failing)
    with pytest.raises(TargetUnreachable, match="failed on 2 records one behind the other"):
        world.load()
    assert world.ledger.counts(TARGET)["ticket"]["created"] == 3


def test_where_nothing_is_answered_the_run_stops_at_once(world: World) -> None:
    world.account.faults.append(Fault("http_500_before", "PUT", "tickets/", times=10_000))
    world.load()
    for row in world.shop.tables["Tickets"]:
        row["Subject"] = "Another question"
    world.account.faults.append(Fault("http_500_before", "GET", "account", times=10_000))
    with pytest.raises(TargetUnreachable, match="did not answer PUT"):
        world.load()


@pytest.mark.parametrize(
    "error",
    [RecordRejected("Gorgias answered GET tickets with 400: no", status=400), TargetUnreachable("it does not answer")],
)
def test_an_intent_that_cannot_be_looked_up_stops_the_run_and_asks(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.load()
    known = world.entry("3")
    world.ledger.intend(TARGET, Entry("ticket", "3", PENDING, known.rule, known.payload_hash, known.external_id))
    before = writes(world.account)

    def refuse(_: str) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(world.api.tickets, "by_external_id", refuse)
        with pytest.raises(OutcomeUnknown, match="st:demo:ticket:3 was sent, and may or may not be") as stopped:
            world.load()
    assert "migrator ledger settle demo" in stopped.value.next_step
    assert writes(world.account) == before
    assert world.entry("3").state == PENDING
    world.load()
    assert world.entry("3").state == "created"
    assert len(tickets(world.account, 3)) == 1


def test_of_several_that_carry_an_external_id_one_that_is_not_in_the_trash_is_taken(world: World) -> None:
    world.load()
    known, store = world.entry("3"), world.account.store
    (there,) = tickets(world.account, 3)
    with store.transaction():
        store.put("ticket", {**there, "id": 5, "trashed_datetime": "2025-01-01T00:00:00"})
    world.ledger.intend(TARGET, Entry("ticket", "3", PENDING, known.rule, known.payload_hash, known.external_id))
    world.load()
    assert world.entry("3").target_id == known.target_id
