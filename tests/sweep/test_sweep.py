"""The sweep: duplicates of every cause are found, those that nobody touched go, and the account is right afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.objects.conversation import moment
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Account, Fault
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from migrator_lib.sweep import DUPLICATE, Extra, Mender
from tests.load.test_profiles import picture
from tests.loading import TARGET, filled, loader, ticket, writes
from tests.shop import Shop
from tests.simulated_account import SEED

BEYOND_PATIENCE = 1e7
NOTE = {"channel": "internal-note", "via": "helpdesk", "from_agent": True, "body_text": "I look into it",
        "sender": {"id": 3}, "created_datetime": "2025-06-01T10:00:00"}  # fmt: skip


class Desk:
    """A shop, an account in this process, and what a test does to them."""

    def __init__(self, shop: Shop, ledger: Ledger) -> None:
        self.shop, self.ledger = shop, ledger
        self.staged: Staged = shop.stage()
        self.account = Account("demo", None, seed=SEED, clock=ManualClock())
        self.api: GorgiasApi = api_of(self.account)

    def load(self, ledger: Ledger | None = None) -> None:
        loader(self.shop, self.api, ledger or self.ledger, self.staged).run()

    def reconcile(self) -> Reconciliation:
        progress = Progress(self.shop.folder / "progress.json", "06_reconcile")
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        read.read(self.api, progress)
        lookups = self.shop.lookups(self.staged)
        found = Reconciler(
            ledger=self.ledger, target=TARGET, staged=self.staged, lookups=lookups, read=read, progress=progress
        ).run()  # fmt: skip
        read.close()
        return found

    def mend(self, extras: list[Extra], *, rehearsal: bool = False) -> dict[str, int]:
        """Take extras away; return what was done, with how many."""
        progress = Progress(self.shop.folder / "progress.json", "sweep")
        done = Mender(self.api, self.ledger, TARGET, progress, rehearsal=rehearsal).mend(extras)
        return {outcome: sum(one.outcome == outcome for one in done) for outcome in {one.outcome for one in done}}

    def twice(self, key: int, **changes: Any) -> dict[str, Any]:
        """Make a loaded ticket once more, with its thread, behind the loader's back; return the second one."""
        first, store = ticket(self.account, key), self.account.store
        with store.transaction():
            second = {**first, "id": store.next_id("ticket"), **changes}
            store.put("ticket", second, parent=first["customer"]["id"])
            for message in store.by("message", "parent", first["id"]):
                copy = {**message, "id": store.next_id("message"), "ticket_id": second["id"]}
                store.put("message", copy, parent=second["id"])
        return second


@pytest.fixture
def desk(tmp_path: Path, ledger: Ledger) -> Iterator[Desk]:
    """A shop that is not loaded yet."""
    made = Desk(filled(tmp_path / "shop"), ledger)
    yield made
    made.account.store.close()


@pytest.fixture
def loaded(desk: Desk) -> Desk:
    """A shop that is loaded."""
    desk.load()
    return desk


def shown(desk: Desk) -> Any:
    """Return what agents see: everything but the trash."""
    store = desk.account.store
    with store.transaction():
        for one in store.by_kind("ticket"):
            if one.get("trashed_datetime"):
                for message in store.by("message", "parent", one["id"]):
                    store.delete("message", message["id"])
                store.delete("ticket", one["id"])
    return picture(desk.account)


def assert_clean(desk: Desk, undisturbed: Any) -> None:
    """Assert that nothing is there too often any more, nothing is wrong, and agents see what they should."""
    found = desk.reconcile()
    assert (found.extras, found.findings, found.wrong) == ([], [], 0)
    desk.ledger.verify()
    assert desk.account.store.outbox() == []
    assert shown(desk) == undisturbed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What an account holds into which nothing came twice."""
    folder = tmp_path_factory.mktemp("undisturbed")
    ledger = Ledger.in_folder(folder / "state")
    made = Desk(filled(folder / "shop"), ledger)
    made.load()
    ledger.close()
    return picture(made.account)


# --- causes --------------------------------------------------------------------------------------------


def test_two_runs_that_knew_nothing_of_each_other_leave_every_ticket_twice_and_one_sweep_mends_it(
    desk: Desk, undisturbed: Any, tmp_path: Path
) -> None:
    other = Ledger.in_folder(tmp_path / "other")
    desk.load(other)
    desk.load()
    other.close()
    found = desk.reconcile()
    assert found.counts["ticket"] == {"validated": 6, DUPLICATE: 6}
    assert [extra.why_left for extra in found.extras] == [""] * 6
    kept = {entry.source_key: int(entry.target_id or 0) for entry in desk.ledger.entries(TARGET, "ticket")}
    assert {extra.source_key: extra.kept for extra in found.extras} == kept
    assert desk.mend(found.extras) == {"trashed": 6}
    assert_clean(desk, undisturbed)


def test_a_ticket_that_no_look_up_shows_in_time_is_made_twice_and_the_second_is_kept(
    desk: Desk, undisturbed: Any
) -> None:
    desk.account.knobs.lookup_lag_seconds = BEYOND_PATIENCE
    desk.account.faults.append(Fault("reset_after_commit", "POST", "tickets", times=1))
    desk.load()
    desk.account.knobs.lookup_lag_seconds = 0.0
    found = desk.reconcile()
    (extra,) = found.extras
    assert extra.kept > extra.target_id
    assert found.counts["ticket"] == {"validated": 6, DUPLICATE: 1}
    assert desk.mend(found.extras) == {"trashed": 1}
    assert_clean(desk, undisturbed)


def test_a_run_that_dies_behind_its_request_and_is_not_found_by_the_next_one_leaves_two(
    desk: Desk, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = desk.ledger.settle

    def die(target: str, entries: Any, **more: Any) -> None:
        batch = list(entries)
        if any(entry.object == "ticket" for entry in batch):
            raise KeyboardInterrupt
        settle(target, batch, **more)

    desk.shop.target["workers"] = 1
    desk.account.knobs.lookup_lag_seconds = BEYOND_PATIENCE
    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            desk.load()
    desk.load()
    desk.account.knobs.lookup_lag_seconds = 0.0
    extras = desk.reconcile().extras
    assert extras
    assert desk.mend(extras) == {"trashed": len(extras)}
    assert_clean(desk, undisturbed)


def message_twice(loaded: Desk) -> None:
    """Make a message of a loaded ticket once more, behind the loader's back."""
    store, there = loaded.account.store, ticket(loaded.account, 3)
    with store.transaction():
        message = store.by("message", "parent", there["id"])[1]
        store.put("message", {**message, "id": 99_999}, parent=there["id"])
        store.put("ticket", {**there, "messages_count": there["messages_count"] + 1}, parent=there["customer"]["id"])


def date_anew(desk: Desk, key: int) -> None:
    """Do what Gorgias may do to a ticket of which a message is deleted."""
    there = ticket(desk.account, key)
    with desk.account.store.transaction():
        dated = {**there, "updated_datetime": "2026-07-02T10:00:00.000000"}
        desk.account.store.put("ticket", dated, parent=there["customer"]["id"])


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_ticket_that_gorgias_dates_anew_when_a_message_goes_gets_its_date_back_or_its_new_one_is_ours(
    loaded: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    message_twice(loaded)
    delete = loaded.api.messages.delete

    def deleted(ticket_id: int, message: int) -> None:
        delete(ticket_id, message)
        date_anew(loaded, 3)

    monkeypatch.setattr(loaded.api.messages, "delete", deleted)
    if not kept:
        monkeypatch.setattr(loaded.api.tickets, "update", lambda *_: None)
    before = ticket(loaded.account, 3)["updated_datetime"]
    assert loaded.mend(loaded.reconcile().extras) == {"deleted": 1}
    there, entry = ticket(loaded.account, 3), loaded.ledger.entry(TARGET, "ticket", "3")
    assert (there["updated_datetime"] == before) is kept
    assert entry is not None
    assert moment(entry.detail["updated"]) == there["updated_datetime"]  # so the next load takes it for nobody's work


def test_a_message_that_is_there_twice_goes_and_its_ticket_keeps_its_dates(loaded: Desk, undisturbed: Any) -> None:
    message_twice(loaded)
    found = loaded.reconcile()
    assert [(f.object, f.state, f.target_id) for f in found.findings] == [("ticket_message", DUPLICATE, 99_999)]
    assert loaded.mend(found.extras) == {"deleted": 1}
    assert_clean(loaded, undisturbed)


def test_a_message_that_came_into_another_ticket_goes_from_there(loaded: Desk, undisturbed: Any) -> None:
    store, home, other = loaded.account.store, ticket(loaded.account, 3), ticket(loaded.account, 2)
    with store.transaction():
        message = store.by("message", "parent", home["id"])[0]
        store.delete("message", message["id"])
        store.put("message", message, parent=home["id"])
        wrong = {**message, "id": 5, "ticket_id": other["id"]}  # older than the one in its own ticket
        store.put("message", wrong, parent=other["id"])
    found = loaded.reconcile()
    (extra,) = found.extras
    assert (extra.object, extra.target_id, extra.ticket, extra.owner) == (
        "ticket_message",
        5,
        other["id"],
        ("ticket", "2"),
    )
    assert loaded.mend(found.extras) == {"deleted": 1}
    assert_clean(loaded, undisturbed)


def test_a_customer_who_is_there_twice_goes_unless_he_has_tickets(loaded: Desk, undisturbed: Any) -> None:
    store = loaded.account.store
    (there,) = store.by("customer", "external_id", "st:demo:requester:u101")
    with store.transaction():
        store.put("customer", {**there, "id": 99_998, "channels": []}, name=None)
    assert loaded.mend(loaded.reconcile().extras) == {"left": 1}  # an agent took his address away
    with store.transaction():
        store.put("customer", {**there, "id": 99_998}, name=None)
        store.put("customer", {**there, "id": 99_999}, name=None)
        store.put("ticket", {**ticket(loaded.account, 3), "id": 5, "external_id": None, "customer": {"id": 99_999}})
    extras = loaded.reconcile().extras
    assert {extra.target_id: extra.why_left for extra in extras} == {99_998: "", 99_999: "has tickets"}
    assert loaded.mend(extras) == {"deleted": 1, "left": 1}
    assert len(store.by("customer", "external_id", "st:demo:requester:u101")) == 2


def test_a_field_that_is_there_twice_is_listed_and_left_to_a_person(loaded: Desk) -> None:
    store = loaded.account.store
    (field,) = store.by_kind("custom_field")
    with store.transaction():
        store.put("custom_field", {**field, "id": 99_999}, name=field["object_type"])
    found = loaded.reconcile()
    assert [(f.object, f.state, f.target_id) for f in found.findings] == [("ticket_field", DUPLICATE, 99_999)]
    assert "archive it in Gorgias" in found.findings[0].words
    assert loaded.mend(found.extras) == {"left": 1}
    assert found.counts["ticket"] == {"validated": 6}  # values are compared by the field that the ledger names


# --- what somebody touched -----------------------------------------------------------------------------


def test_an_extra_ticket_with_an_agents_reply_is_left_and_listed(loaded: Desk) -> None:
    extra, store = loaded.twice(3), loaded.account.store
    with store.transaction():
        store.put("message", {**NOTE, "id": 99_999, "ticket_id": extra["id"]}, parent=extra["id"])
    found = loaded.reconcile()
    assert [finding.words for finding in found.findings] == [
        f"there beside {ticket_id(loaded, 3)}; left, since it has a message that is not ours"
    ]
    before = writes(loaded.account)
    assert loaded.mend(found.extras) == {"left": 1}
    assert writes(loaded.account) == before


@pytest.mark.parametrize("change", [{"status": "open"}, {"tags": [{"name": "mine"}]}, {"priority": "high"}])
def test_an_extra_ticket_that_an_agent_worked_on_is_left_and_listed(loaded: Desk, change: dict[str, Any]) -> None:
    extra = loaded.twice(5)
    loaded.api.tickets.update(extra["id"], change)
    found = loaded.reconcile()
    assert "somebody may have worked on it" in found.extras[0].why_left
    assert loaded.mend(found.extras) == {"left": 1}


def test_an_extra_ticket_that_is_touched_between_reading_and_mending_is_left(loaded: Desk) -> None:
    extra = loaded.twice(5)
    found = loaded.reconcile()
    loaded.api.tickets.update(extra["id"], {"status": "open"})
    assert loaded.mend(found.extras) == {"left": 1}


def test_an_extra_ticket_of_an_older_version_goes_too(loaded: Desk) -> None:
    thread = loaded.account.store.by("message", "parent", ticket(loaded.account, 3)["id"])
    last = max(message["created_datetime"] for message in thread)
    loaded.twice(3, status="open", updated_datetime=last, closed_datetime=None)
    assert loaded.mend(loaded.reconcile().extras) == {"trashed": 1}


# --- safety --------------------------------------------------------------------------------------------


def test_a_rehearsal_takes_nothing_away_and_says_what_it_would(loaded: Desk) -> None:
    loaded.twice(3)
    before, length = writes(loaded.account), loaded.ledger.head()
    assert loaded.mend(loaded.reconcile().extras, rehearsal=True) == {"would be trashed": 1}
    assert (writes(loaded.account), loaded.ledger.head()) == (before, length)


def test_intent_before_and_outcome_after_are_in_the_ledger_with_what_was_taken_away(loaded: Desk) -> None:
    extra = loaded.twice(3)
    before = len(loaded.ledger.journal(TARGET, "ticket", "3"))
    loaded.mend(loaded.reconcile().extras)
    marked, intent, outcome = loaded.ledger.journal(TARGET, "ticket", "3")[before:]
    assert (marked["event"], intent["detail"]["action"], outcome["event"]) == ("outcome", "trash", "outcome")
    assert outcome["detail"]["before"]["extra"] == extra["id"]
    entry = loaded.ledger.entry(TARGET, "ticket", "3")
    assert entry is not None
    assert entry.detail["extras"] == [extra["id"]]
    there = loaded.account.store.get("ticket", extra["id"])
    assert there is not None
    assert there["updated_datetime"] == extra["updated_datetime"]  # nobody worked on it, and it shows
    assert loaded.ledger.verify()


def test_a_sweep_that_dies_anywhere_is_finished_by_the_next_one(
    loaded: Desk, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (1, 2, 3):
        loaded.twice(key)

    def refuse(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for name in ("settle", "intend"):
        with monkeypatch.context() as patch:
            patch.setattr(loaded.ledger, name, refuse)
            with pytest.raises(KeyboardInterrupt):
                loaded.mend(loaded.reconcile().extras)
    loaded.account.faults.append(Fault("reset_after_commit", "PUT", "tickets", times=1))
    assert loaded.mend(loaded.reconcile().extras)["trashed"] == 3
    assert_clean(loaded, undisturbed)


def test_a_sweep_that_dies_behind_the_deletion_of_a_message_leaves_a_ticket_that_the_next_load_dates_rightly(
    loaded: Desk, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_twice(loaded)
    extras = loaded.reconcile().extras
    with monkeypatch.context() as patch:
        patch.setattr(Mender, "_dated", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            loaded.mend(extras)
    date_anew(loaded, 3)
    loaded.load()
    assert_clean(loaded, undisturbed)


def test_what_the_ledger_does_not_know_is_left_until_it_is_loaded(loaded: Desk) -> None:
    loaded.twice(3)
    entry = loaded.ledger.entry(TARGET, "ticket", "3")
    assert entry is not None
    loaded.ledger.settle(TARGET, [replace(entry, state="quarantined", target_id=None)])
    assert "run 05_load first" in loaded.reconcile().extras[0].why_left


def test_of_a_ticket_that_we_put_into_the_trash_the_second_one_goes_too(loaded: Desk) -> None:
    extra = loaded.twice(3)
    for row in loaded.shop.tables["Tickets"]:
        row["IsDeleted"] = row["TicketID"] == 3
    loaded.staged = loaded.shop.stage("later")
    loaded.load()
    found = loaded.reconcile()
    assert [one.target_id for one in found.extras] == [extra["id"]]
    assert loaded.mend(found.extras) == {"trashed": 1}
    assert loaded.reconcile().extras == []


def ticket_id(desk: Desk, key: int) -> int:
    """Return the Gorgias id that the ledger names for a ticket."""
    entry = desk.ledger.entry(TARGET, "ticket", str(key))
    assert entry is not None
    return int(entry.target_id or 0)
