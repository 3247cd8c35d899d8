"""Which people a rule is about: everybody whom it made one with another, or a customer without an address."""

from __future__ import annotations

from migrator_lib import contacts
from migrator_lib.membership.cases import RULES, by_contact, cases, counted
from migrator_lib.objects import find
from migrator_lib.objects.base import Merge
from tests.shop import ANN, Shop


def filled(shop: Shop) -> Shop:
    shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Phone"})
    shop.add("Users", {"UserID": 150, "Email": "ANN@home.example", "DisplayName": "Zoe Berg"},
             {"UserID": 151, "Email": "bob@HOME.example", "DisplayName": "BOB"},
             {"UserID": 152, "Email": "", "DisplayName": "Cy Dee"},
             {"UserID": 153, "Email": "none", "DisplayName": ""})  # fmt: skip
    shop.add("CustomDataFieldsForUsers", {"UserID": 152, "CustomFieldID": 30, "DataContent": "+44 1632 960001"})
    for n, spelling in enumerate(("new@there.example", "NEW@there.example"), 1):
        shop.add("Tickets", {"TicketID": n, "UserID_Customer": None, "CustomerEmailAddress": spelling})
    shop.add(
        "Chats", {"ChatID": 4, "CustomerUserID": None, "CustomerEmailAddress": "", "CustomerDisplayName": "Eve Fay"}
    )
    shop.add("CallLogs", {"CallLogID": 5, "CustomerUserID": None, "CustomerEmailAddress": "", "CustomerName": "",
                          "CustomerPhoneNumber": "+44 1632 960002"})  # fmt: skip
    return shop


def test_everybody_whom_a_rule_is_about_is_told_masked_and_nobody_else(shop: Shop) -> None:
    staged = filled(shop).stage()
    found = [(case.rule, case.key[:4], case.customer[:4], case.who) for case in cases(staged, shop.lookups(staged))]
    assert found[:4] == [
        ("shared_mailbox", "u150", f"u{ANN}", "Z.B. a***@***.example"),
        ("same_address_in_two_accounts", "u151", "u102", "B. b***@***.example"),
        ("account_with_number_alone", "u152", "u152", "C.D."),
        ("account_without_address", "u153", "u153", ""),
    ]
    rules = [rule for rule, *_ in found[4:]]
    assert rules == ["same_address_spelled_differently", "caller_by_number_alone", "chat_or_call_by_name_alone"]


def test_who_merges_by_the_cases_merges_by_the_transform_too(shop: Shop) -> None:
    staged = filled(shop).stage()
    lookups, requester = shop.lookups(staged), find("requester")
    outcomes = ((record.key, requester.transform(record, lookups)) for record in requester.records(staged, lookups))
    merged = {key: outcome.into for key, outcome in outcomes if isinstance(outcome, Merge)}
    told = {case.key: case.customer for case in cases(staged, lookups) if case.key != case.customer}
    assert told == merged
    assert len(merged) == 3


def test_all_are_counted_and_the_first_of_each_rule_kept(shop: Shop) -> None:
    shop.add("Users", *({"UserID": n, "Email": "", "DisplayName": f"P{n}"} for n in range(200, 230)))
    staged = shop.stage()
    numbers, first = counted(cases(staged, shop.lookups(staged)), most=3)
    assert numbers["account_without_address"] == 30
    assert [case.key for case in first] == ["u200", "u201", "u202"]
    assert set(numbers) <= set(RULES)


def test_chats_and_calls_are_counted_by_the_rule_that_tells_their_customer(shop: Shop) -> None:
    filled(shop).add("Chats", {"ChatID": 6}, {"ChatID": 7, "IsDeleted": True})
    staged = shop.stage()
    numbers = by_contact(staged, shop.lookups(staged))
    assert numbers == {("by_name", "chat"): 1, ("by_account", "chat"): 1, ("by_phone", "call"): 1}
    assert {rule for rule, _ in numbers} <= set(contacts.RULES)
    shop.policy["call_logs"] = "skip"
    assert ("by_phone", "call") not in by_contact(staged, shop.lookups(staged))
