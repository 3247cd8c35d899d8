"""Requesters and organizations: who becomes a customer, and who is somebody else already."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.gorgias.contract.bodies import CustomerCreate
from migrator_lib.lookups import UNKNOWN_REQUESTER, requester_key_of_address
from migrator_lib.objects import PEOPLE
from migrator_lib.objects.base import Merge, Outcome, Send
from migrator_lib.simulators.gorgias.web.validation import parse
from tests.shop import ANN, DANA, QUEUE, Shop

REQUESTER, ORGANIZATION = PEOPLE


def outcomes(shop: Shop, obj: Any = REQUESTER) -> dict[str, Outcome]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    return {record.key: obj.transform(record, lookups) for record in obj.records(staged, lookups)}


def payload(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Send), outcome
    parse(CustomerCreate, {**outcome.payload, "custom_fields": []}, "create customer")
    return outcome.payload


def test_an_account_becomes_a_customer_with_its_address_as_channel(shop: Shop) -> None:
    found = payload(outcomes(shop)[f"u{ANN}"])
    assert found["email"] == "ann@home.example"
    assert found["channels"] == [{"type": "email", "address": "ann@home.example", "preferred": True}]
    assert found["external_id"] == f"st:demo:requester:u{ANN}"


def test_agents_and_the_queue_are_no_requesters(shop: Shop) -> None:
    assert not {f"u{DANA}", f"u{QUEUE}"} & outcomes(shop).keys()


def test_an_agent_who_opened_a_ticket_is_a_requester_too(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": DANA})
    assert payload(outcomes(shop)[f"u{DANA}"])["email"] == "dana@demo.example"


def test_an_address_without_an_account_is_a_requester_under_a_key_that_hides_it(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": "New@There.example "})
    key = requester_key_of_address("new@there.example")
    found = payload(outcomes(shop)[key])
    assert found["email"] == "new@there.example"
    assert "new@" not in found["external_id"]


def test_two_spellings_of_one_address_become_one_customer(shop: Shop) -> None:
    for n, spelling in enumerate(("new@there.example", "NEW@there.example"), 1):
        shop.add("Tickets", {"TicketID": n, "UserID_Customer": None, "CustomerEmailAddress": spelling})
    found = outcomes(shop)
    key = requester_key_of_address("new@there.example")
    others = [outcome for name, outcome in found.items() if name.startswith(f"{key}-")]
    assert isinstance(found[key], Send)
    assert others == [Merge(key, "same_address_spelled_differently")]


def test_two_accounts_with_one_address_merge_into_the_first(shop: Shop) -> None:
    shop.add("Users", {"UserID": 150, "Email": "ANN@home.example", "DisplayName": " ann "})
    assert outcomes(shop)["u150"] == Merge(f"u{ANN}", "same_address_in_two_accounts")
    assert shop.lookups().requester_key(150, None) == f"u{ANN}"


def test_an_address_of_an_account_makes_no_second_requester(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": "Ann@Home.example"})
    assert set(outcomes(shop)) == {f"u{ANN}", "u102"}
    assert shop.lookups().requester_key(None, "Ann@Home.example") == f"u{ANN}"


def test_an_account_that_writes_from_another_address_stays_one_requester(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": ANN, "CustomerEmailAddress": "ann@work.example"})
    lookups = shop.lookups()
    keys = outcomes(shop).keys()
    assert requester_key_of_address("ann@work.example") not in keys
    assert lookups.requester_key(None, "ann@work.example") == UNKNOWN_REQUESTER  # and so no key that nobody makes


@pytest.mark.parametrize("address", ["", None, "   "])
def test_a_ticket_of_nobody_gets_the_unknown_requester(shop: Shop, address: str | None) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": address})
    found = payload(outcomes(shop)[UNKNOWN_REQUESTER])
    assert (found["name"], found["channels"]) == ("Unknown requester", [])


def test_no_unknown_requester_is_made_where_everybody_is_known(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1})
    assert UNKNOWN_REQUESTER not in outcomes(shop)


@pytest.mark.parametrize("text", ["walk-in customer", "ann@home", "a@b@c.example", "x" * 330 + "@y.example"])
def test_an_address_that_is_none_is_kept_as_the_name(shop: Shop, text: str) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": text})
    found = payload(outcomes(shop)[requester_key_of_address(text)])
    assert found["name"] == text[:255]
    assert found["channels"] == []
    assert "email" not in found


def test_a_dangling_account_falls_back_on_the_address(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": 9999, "CustomerEmailAddress": "new@there.example"})
    key = requester_key_of_address("new@there.example")
    assert key in outcomes(shop)
    assert shop.lookups().requester_key(9999, "new@there.example") == key


def test_long_and_missing_names_are_names_that_gorgias_takes(shop: Shop) -> None:
    shop.add("Users", {"UserID": 150, "Email": "long@x.example", "DisplayName": "y" * 400},
             {"UserID": 151, "Email": None, "DisplayName": None})  # fmt: skip
    found = outcomes(shop)
    assert payload(found["u150"])["name"] == "y" * 255
    assert payload(found["u151"])["name"] == "Unknown requester"


FIELDS = {
    "30": {"name": "Phone", "becomes": "text", "label": "Phone"},
    "34": {"name": "Discount", "becomes": "number", "label": "Discount"},
}


def test_values_of_a_person_travel_and_one_that_does_not_fit_is_kept_and_counted(shop: Shop) -> None:
    shop.mapped["person_fields"] = FIELDS
    shop.add("CustomDataFieldsForUsers", {"UserID": ANN, "CustomFieldID": 30, "DataContent": "+44 1"},
             {"UserID": ANN, "CustomFieldID": 34, "DataContent": "a tenth"})  # fmt: skip
    found = outcomes(shop)[f"u{ANN}"]
    assert isinstance(found, Send)
    assert found.payload["custom_fields"] == [{"id": {"$ref": "person_field:30"}, "value": "+44 1"}]
    assert found.payload["meta"]["smartertrack"]["unfit_values"] == {"Discount": "a tenth"}
    assert found.children == {"person_field_value": {"created": 1, "quarantined": 1}}


def test_the_first_of_a_delta_does_not_change_who_owns_an_address(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": "new@there.example"},
             {"TicketID": 2, "UserID_Customer": None, "CustomerEmailAddress": "NEW@there.example"})  # fmt: skip
    before = list(outcomes(shop))
    full = shop.write("full")
    shop.tables["Tickets"] = [row for row in shop.tables["Tickets"] if row["TicketID"] == 1]
    delta = shop.write("delta-001", ("Tickets",))
    from migrator_lib.staging import Staged

    staged = Staged([full, delta])
    assert [record.key for record in REQUESTER.records(staged, shop.lookups(staged))] == before


# --- organizations -------------------------------------------------------------------------------------


def organization(shop: Shop, number: int, *filters: tuple[str, str | None], **row: Any) -> None:
    shop.add("Organizations", {"OrganizationID": number, "OrganizationName": f"Company {number}", **row})
    for n, (kind, text) in enumerate(filters):
        key = {"OrganizationFilterID": number * 100 + n, "OrganizationID": number}
        shop.add("OrganizationFilters", {**key, "FilterType": kind, "FilterValue": text})


def test_an_organization_gets_the_addresses_that_are_nobodys(shop: Shop) -> None:
    organization(shop, 1, ("Email", "Office@Co.example"), ("Email", "ann@home.example"), ("Domain", "co.example"))
    found = payload(outcomes(shop, ORGANIZATION)["1"])
    assert [channel["address"] for channel in found["channels"]] == ["office@co.example"]
    assert found["email"] == "office@co.example"
    assert found["meta"]["smartertrack"]["filters"] == [
        "email: Office@Co.example", "email: ann@home.example", "domain: co.example",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["Email", "E-mail", "email address"])
def test_filters_of_addresses_are_known_under_their_names(shop: Shop, kind: str) -> None:
    organization(shop, 1, (kind, "office@co.example"))
    assert payload(outcomes(shop, ORGANIZATION)["1"])["email"] == "office@co.example"


def test_an_address_or_number_in_two_organizations_is_the_firsts(shop: Shop) -> None:
    for number in (1, 2):
        organization(shop, number, ("Email", "office@co.example"), PhoneNumber="+44 1")
    first, second = (payload(found) for found in outcomes(shop, ORGANIZATION).values())
    assert [channel["address"] for channel in first["channels"]] == ["office@co.example", "+44 1"]
    assert second["channels"] == []
    assert second["meta"]["smartertrack"]["phone"] == "+44 1"


def test_an_organization_without_anything_is_a_customer_with_a_name(shop: Shop) -> None:
    organization(shop, 1, ("Email", None), (None, "x"), OrganizationName="  ")  # type: ignore[arg-type]
    found = payload(outcomes(shop, ORGANIZATION)["1"])
    assert (found["name"], found["channels"]) == ("Organization 1", [])
