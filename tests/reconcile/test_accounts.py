"""The accounts: every source record has one outcome, and a hole is named."""

from __future__ import annotations

import pytest

from migrator_lib.errors import AccountsError
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.reconcile.accounts import Account, accounts, orphans, require_balanced, settle_strays, unreadable
from migrator_lib.staging import Staged
from tests.loading import TARGET, load
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias


def by_name(shop: Shop, ledger: Ledger, staged: Staged) -> dict[str, Account]:
    return {a.object: a for a in accounts(ledger, TARGET, staged, shop.lookups(staged))}


def test_after_a_load_every_account_is_balanced(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    found = by_name(shop, ledger, staged)
    require_balanced(list(found.values()))
    assert (found["ticket"].source, found["ticket"].outcomes) == (6, {"created": 6})
    assert found["ticket_message"].source == staged.count("TicketMessages")
    assert found["attachment"].source == 2


def test_a_record_without_an_outcome_is_named_with_both_numbers(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    load(shop, gorgias.api, ledger, shop.stage())
    shop.add("Tickets", {"TicketID": 77, "UserID_Customer": 101})
    staged = shop.stage("later")
    with pytest.raises(AccountsError, match="Ticket: 7 in the source, 6 accounted for") as caught:
        require_balanced(list(by_name(shop, ledger, staged).values()))
    assert "05_load" in caught.value.next_step


def test_what_hangs_on_no_ticket_is_quarantined_and_counted(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    shop.add("TicketMessages", {"TicketID": 4711, "TicketMessageID": 9})
    shop.add("TicketMerges", {"TicketID": 4711, "TicketNumber": "1-2-3"})
    shop.add("CustomDataFieldsInTickets", {"TicketID": 4711, "CustomFieldID": 4, "DataContent": "1"})
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    found = list(orphans(staged))
    keys = {(e.object, e.source_key) for e in found}
    assert keys == {("ticket_message", "9"), ("ticket", "m1-2-3"), ("ticket_field_value", "4711-4")}
    assert all("4711" in (e.reason or "") for e in found)
    ledger.settle(TARGET, found)
    require_balanced(list(by_name(shop, ledger, staged).values()))


def test_rows_that_cannot_be_read_are_quarantined_and_counted(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    shop.add("Tickets", {"TicketID": 90, "UserID_Customer": "nobody"})
    shop.add("TicketMessages", {"TicketID": 90, "TicketMessageID": 7})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 8, "IsDraft": "perhaps", "MessageDirection": "in"})
    shop.add("Tags", {"TagID": 2**70, "Name": "blue"})
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    found = list(unreadable(staged))
    assert [entry.object for entry in found] == ["tag", "ticket", "ticket_message"]
    assert found[1].source_key == "Tickets:90"
    assert "UserID_Customer" in (found[1].reason or "")
    assert not any("nobody" in str(entry) or str(2**70) in str(entry) for entry in found)
    ledger.settle(TARGET, [*found, *orphans(staged)])
    require_balanced(list(by_name(shop, ledger, staged).values()))


def test_what_a_later_stage_brings_the_ticket_of_leaves_the_quarantine(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    shop.add("TicketMessages", {"TicketID": 77, "TicketMessageID": 9})
    shop.add("Tags", {"TagID": 4, "Name": "blue", "IsDeleted": "perhaps"})
    shop.add("Tickets", {"TicketID": 90, "UserID_Customer": "nobody"})
    first = shop.stage("first")
    load(shop, gorgias.api, ledger, first)
    settle_strays(ledger, TARGET, first)
    require_balanced(list(by_name(shop, ledger, first).values()))
    shop.add("Tickets", {"TicketID": 77, "UserID_Customer": 101})
    shop.tables["Tickets"][-2]["UserID_Customer"] = 101
    later = shop.stage("later")
    load(shop, gorgias.api, ledger, later)
    settle_strays(ledger, TARGET, later)
    require_balanced(list(by_name(shop, ledger, later).values()))
    assert [entry.source_key for entry in ledger.entries(TARGET, "ticket_message", "quarantined")] == []


def test_what_cannot_be_read_is_accounted_for_after_every_load(
    shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger
) -> None:
    shop.add("Tags", {"TagID": 2**70, "Name": "blue"})
    staged = shop.stage()
    for _ in range(2):
        load(shop, gorgias.api, ledger, staged)
        settle_strays(ledger, TARGET, staged)
        require_balanced(list(by_name(shop, ledger, staged).values()))


def test_a_row_that_a_later_stage_could_read_is_counted_once(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 90, "UserID_Customer": "nobody"})
    first = shop.stage("first")
    shop.tables["Tickets"][-1]["UserID_Customer"] = 101
    second = shop.stage("second")
    both = Staged([*first.folders, *second.folders])
    assert [len(list(unreadable(staged))) for staged in (first, second, both)] == [1, 0, 0]


def test_what_is_under_way_is_not_accounted_for(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    staged = shop.stage()
    load(shop, gorgias.api, ledger, staged)
    ledger.intend(TARGET, Entry("requester", "u101", "pending"))
    assert not by_name(shop, ledger, staged)["requester"].balanced


def test_an_account_survives_its_way_through_the_ledger() -> None:
    account = Account("ticket", "Ticket", 3, {"created": 2, "skipped": 1}, {("skipped", "spam_ticket"): 1})
    assert Account.from_json(account.as_json()) == account
