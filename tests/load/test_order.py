"""The order of loading: what agents go on working with first, and the same in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from migrator_lib import views
from migrator_lib.clock import ManualClock
from migrator_lib.ledger import Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.loader import batched
from migrator_lib.load.order import open_first
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Record
from migrator_lib.objects.requester import Requester
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.load.test_profiles import picture
from tests.loading import TARGET, filled, load, loader, writes
from tests.shop import ANN, OPENED, Shop
from tests.simulated_account import SEED

CLOSED = 3
LONG_AGO = OPENED - timedelta(days=900)


def history(shop: Shop) -> Shop:
    """Add closed tickets of long ago: one that is quiet, one with a late message, one with a late comment."""
    old = {"TicketStatusID": CLOSED, "DateOpenedUTC": LONG_AGO, "DateClosedUTC": LONG_AGO}
    for number in (11, 12, 13, 14):
        shop.add("Tickets", {"TicketID": number, **old, "IsDeleted": number == 14})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number, "DateReceivedUTC": LONG_AGO})
    shop.add("TicketMessages", {"TicketID": 12, "TicketMessageID": 1200})
    shop.add("TicketComments", {"TicketID": 13, "TicketCommentID": 1300})
    shop.add("TicketMessages", {"TicketID": 14, "TicketMessageID": 1400})
    shop.add("TicketMerges", {"TicketID": 11, "TicketNumber": "old-11"}, {"TicketID": 12, "TicketNumber": "old-12"})
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with open tickets, late ones and history."""
    shop = history(filled(tmp_path / "shop"))
    shop.load = {"order": "open_first", "recent_days": 30}
    return shop


def test_what_is_open_or_was_active_lately_comes_first_and_the_newest_before_the_others(shop: Shop) -> None:
    staged = shop.stage()
    order = open_first(staged, shop.lookups(staged))
    assert list(order.first) == [13, 12, 6, 5, 4, 3, 2, 1]
    assert list(order.history) == [14, 11]


def test_lately_is_told_from_the_last_activity_of_all_and_a_date_to_come_is_none(shop: Shop) -> None:
    shop.load = {"order": "open_first", "recent_days": 0}
    to_come = datetime(2990, 1, 1, tzinfo=UTC)
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 1, "DateReceivedUTC": to_come})
    staged = shop.stage()
    order = open_first(staged, shop.lookups(staged))
    assert list(order.first) == [6, 5, 4, 3, 1]  # the open ones, and those of the last half hour
    assert {12, 13} <= set(order.history)


def run(shop: Shop, ledger: Ledger, order: str) -> tuple[Account, LoadReport]:
    """Load the shop, one record at a time, into an account of its own."""
    shop.load, shop.target["workers"] = {"order": order, "recent_days": 30}, 1
    account = Account("demo", None, seed=SEED, clock=ManualClock())
    return account, load(shop, api_of(account), ledger)


def settled(ledger: Ledger, obj: str, key: str | int) -> int:
    """Return the place of a record's first outcome in the journal."""
    return next(int(row["seq"]) for row in ledger.journal(TARGET, obj, str(key)) if row["event"] == "outcome")


def test_open_tickets_go_with_just_their_people_before_all_else(shop: Shop, ledger: Ledger) -> None:
    shop.add("Users", {"UserID": 103, "Email": "cleo@home.example", "DisplayName": "Cleo, who asked nothing"})
    _, report = run(shop, ledger, "open_first")
    expected = [13, 12, 6, 5, 4, 3, 2, 1, 11]
    assert sorted(expected, key=lambda ticket: settled(ledger, "ticket", ticket)) == expected
    assert settled(ledger, "requester", f"u{ANN}") < settled(ledger, "ticket", 13)
    assert settled(ledger, "ticket", 1) < settled(ledger, "requester", "u103") < settled(ledger, "ticket", 11)
    assert settled(ledger, "ticket", "mold-12") < settled(ledger, "ticket", 1)  # with the ticket it was merged into
    assert report.first is not None
    assert report.first.tickets == 8
    assert "8 tickets that are open or were active lately were in Gorgias at" in str(views.load_order(report))


def test_people_are_gone_through_once_however_many_batches_need_them(
    shop: Shop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = Counter[str]()

    def counted(self: Requester, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        times[self.name] += 1
        return everybody(self, staged, lookups)

    everybody = Requester.records
    monkeypatch.setattr(Requester, "records", counted)
    run(shop, ledger, "by_id")
    usual, times = times, Counter[str]()
    monkeypatch.setattr("migrator_lib.load.loader.batched", partial(batched, size=1))
    with closing(Ledger.in_folder(shop.folder / "by_ones")) as ones:
        run(shop, ones, "open_first")
    assert times[Requester.name] == usual[Requester.name]


def test_what_is_in_gorgias_in_the_end_is_the_same_in_either_order(shop: Shop, ledger: Ledger, tmp_path: Path) -> None:
    account, report = run(shop, ledger, "open_first")
    by_id = Ledger.in_folder(tmp_path / "by_id")
    other, plain = run(shop, by_id, "by_id")
    assert picture(account) == picture(other)
    assert ledger.counts(TARGET) == by_id.counts(TARGET)
    assert report.counts == plain.counts
    by_id.close()


def test_a_load_that_is_run_again_sends_nothing_and_still_says_since_when_agents_can_start(
    shop: Shop, ledger: Ledger
) -> None:
    account, report = run(shop, ledger, "open_first")
    before = writes(account)
    again = load(shop, api_of(account), ledger)
    assert writes(account) == before
    assert {what for _, what in again.counts} == {"unchanged"}
    assert again.first == report.first
    assert str(views.conflicts(again)) == ""
    again.conflicts += [f"ticket {n}: changed" for n in range(views.LISTED + 3)]
    assert "and 3 more" in str(views.conflicts(again))


def test_a_rehearsal_says_how_many_would_go_first_and_keeps_nothing(shop: Shop, ledger: Ledger) -> None:
    account = Account("demo", None, seed=SEED, clock=ManualClock())
    report = loader(shop, api_of(account), ledger, rehearsal=True).run()
    assert report.counts["ticket", "would create"] == 9
    assert report.counts["requester", "would create"] == 4
    assert "8 tickets that are open or were active lately would go first" in str(views.load_order(report))
    assert ledger.counts(TARGET) == {}
    assert ledger.meta(f"open_first:{TARGET}") is None
