"""Whose chat or call it was: by account, address, number or name, each by its rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib import contacts
from migrator_lib.contacts import Contact, phone_of
from migrator_lib.lookups import Lookups, requester_key_of_address
from migrator_lib.objects.base import Send
from migrator_lib.objects.requester import Requester
from tests.shop import ANN, BOB, DANA, QUEUE, Shop, full

PHONE = "+44 1632 960123"
NOBODY: dict[str, Any] = {"CustomerUserID": None, "CustomerEmailAddress": ""}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("+44 1632 960123", "+441632960123"), ("0044 1632 960123", "+441632960123"),
        ("+44 (0)1632 960123", "+441632960123"),
        ("01632-960 123", "01632960123"), ("(01632) 960123", "01632960123"),
        ("withheld", ""), ("Anonymous 12345", ""), ("sip:12345@pbx.example", ""), ("7001", ""), ("", ""), (None, ""),
        ("1234567890123456", ""),
    ],
)  # fmt: skip
def test_a_number_is_digits_and_what_is_none_is_withheld(text: str | None, wanted: str) -> None:
    assert phone_of(text) == wanted


def requesters(shop: Shop) -> tuple[Lookups, dict[str, Send]]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    made = {record.key: Requester().transform(record, lookups) for record in Requester().records(staged, lookups)}
    return lookups, {key: outcome for key, outcome in made.items() if isinstance(outcome, Send)}


def of_chat(lookups: Lookups, shop: Shop, number: int) -> Contact:
    row = next(row for row in shop.tables["Chats"] if row["ChatID"] == number)
    return lookups.contact(contacts.of_chat(full("Chats", row)))


def of_call(lookups: Lookups, shop: Shop, number: int) -> Contact:
    row = next(row for row in shop.tables["CallLogs"] if row["CallLogID"] == number)
    return lookups.contact(contacts.of_call(full("CallLogs", row)))


def test_a_chat_is_its_accounts_else_its_addresss_else_its_own_names_else_unknown(shop: Shop) -> None:
    guest = "guest@home.example"
    shop.add("Chats",
             {"ChatID": 1, "CustomerEmailAddress": "other@home.example"},
             {"ChatID": 2, "CustomerUserID": None, "CustomerEmailAddress": f" {guest.title()}"},
             {"ChatID": 3, **NOBODY, "CustomerDisplayName": "Mika"},
             {"ChatID": 4, **NOBODY, "CustomerDisplayName": "Mika", "CustomerEmailAddress": "none"},
             {"ChatID": 5, **NOBODY, "CustomerDisplayName": " "},
             {"ChatID": 6, "CustomerUserID": 999, "CustomerEmailAddress": "", "CustomerDisplayName": "Lost"},
             {"ChatID": 7, "CustomerUserID": DANA},
             {"ChatID": 8, "CustomerUserID": QUEUE, "CustomerEmailAddress": "", "CustomerDisplayName": "Q"},
    )  # fmt: skip
    lookups, made = requesters(shop)
    found = [of_chat(lookups, shop, number) for number in range(1, 9)]
    key = requester_key_of_address(guest)
    assert [(one.reference, one.rule) for one in found] == [
        (f"requester:u{ANN}", "by_account"), (f"requester:{key}", "by_address"), ("requester:c3", "by_name"),
        ("requester:c4", "by_name"), ("requester:unknown", "unknown"), ("requester:c6", "by_name"),
        (f"requester:u{DANA}", "by_account"), ("requester:c8", "by_name"),
    ]  # fmt: skip
    assert {one.reference.removeprefix("requester:") for one in found} <= made.keys()
    assert made["c3"].payload["name"] == made["c4"].payload["name"] == "Mika"
    assert made["c3"].payload["channels"] == []
    assert made[key].payload["email"] == guest


def test_a_deleted_chat_brings_no_customer(shop: Shop) -> None:
    shop.add("Chats", {"ChatID": 1, **NOBODY, "CustomerDisplayName": "Mika", "IsDeleted": True},
             {"ChatID": 2, "CustomerUserID": None, "CustomerEmailAddress": "guest@home.example", "IsDeleted": True},
    )  # fmt: skip
    _, made = requesters(shop)
    assert made.keys() == {f"u{ANN}", f"u{BOB}"}


def test_a_number_alone_makes_one_customer_of_it_with_a_phone_channel(shop: Shop) -> None:
    shop.add(
        "CallLogs", {"CallLogID": 1, **NOBODY, "CustomerName": ""}, {"CallLogID": 2, **NOBODY, "CustomerName": "Mo"}
    )
    lookups, made = requesters(shop)
    first, second = of_call(lookups, shop, 1), of_call(lookups, shop, 2)
    assert first == second
    assert first.rule == "by_phone"
    payload = made[first.reference.removeprefix("requester:")].payload
    assert payload["channels"] == [{"type": "phone", "address": "+441632960123", "preferred": True}]
    assert payload["name"] == "+441632960123"
    assert "960123" not in payload["external_id"]


@pytest.mark.parametrize("number", [1, 9])
def test_a_number_of_somebody_known_is_theirs_whichever_call_told_it(shop: Shop, number: int) -> None:
    shop.add("CallLogs", {"CallLogID": number}, {"CallLogID": 5, **NOBODY})
    lookups, made = requesters(shop)
    assert of_call(lookups, shop, 5) == Contact(f"requester:u{ANN}", "by_caller")
    assert made.keys() == {f"u{ANN}", f"u{BOB}"}


def test_a_number_of_an_organization_is_its(shop: Shop) -> None:
    shop.add("Organizations", {"OrganizationID": 3, "OrganizationName": "Acme", "PhoneNumber": "0044 1632 960123"})
    shop.add("CallLogs", {"CallLogID": 5, **NOBODY}, {"CallLogID": 6})
    lookups, made = requesters(shop)
    assert of_call(lookups, shop, 5) == Contact("organization:3", "by_organization")
    assert of_call(lookups, shop, 6) == Contact(f"requester:u{ANN}", "by_account")
    assert made.keys() == {f"u{ANN}", f"u{BOB}"}


def test_a_withheld_number_leaves_the_name_or_nobody(shop: Shop) -> None:
    shop.add("CallLogs", {"CallLogID": 5, **NOBODY, "CustomerPhoneNumber": "withheld", "CustomerName": "Mo"},
             {"CallLogID": 6, **NOBODY, "CustomerPhoneNumber": "", "CustomerName": ""})  # fmt: skip
    lookups, made = requesters(shop)
    assert of_call(lookups, shop, 5) == Contact("requester:l5", "by_name")
    assert of_call(lookups, shop, 6) == Contact("requester:unknown", "unknown")
    assert {"l5", "unknown"} <= made.keys()


def test_calls_out_of_scope_bring_nobody(shop: Shop) -> None:
    shop.policy["call_logs"] = "skip"
    shop.add("CallLogs", {"CallLogID": 5, **NOBODY})
    _, made = requesters(shop)
    assert made.keys() == {f"u{ANN}", f"u{BOB}"}
