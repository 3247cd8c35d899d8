"""Requesters and organizations: who becomes a customer, and who is somebody else already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.gorgias.contract.bodies import CustomerCreate
from migrator_lib.lookups import UNKNOWN_REQUESTER, requester_key_of_address
from migrator_lib.objects import PEOPLE, find
from migrator_lib.objects.base import Merge, Outcome, Send
from migrator_lib.simulators.gorgias.web.validation import parse
from tests.loading import customer
from tests.shop import ANN, DANA, QUEUE, Shop
from tests.updating import Loaded, loaded

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


def test_an_address_or_number_in_two_organizations_is_the_firsts_however_it_is_written(shop: Shop) -> None:
    for number, phone in ((1, "+44 1632 960001"), (2, "0044 (0)1632/960001")):
        organization(shop, number, ("Email", "office@co.example"), PhoneNumber=phone)
    first, second = (payload(found) for found in outcomes(shop, ORGANIZATION).values())
    assert [channel["address"] for channel in first["channels"]] == ["office@co.example", "+44 1632 960001"]
    assert second["channels"] == []
    assert second["meta"]["smartertrack"]["phone"] == "0044 (0)1632/960001"


@pytest.mark.parametrize("text", ["n/a", "-", "ext. 12", "none"])
def test_what_is_no_number_of_an_organization_is_no_channel_and_stays_in_the_meta(shop: Shop, text: str) -> None:
    organization(shop, 1, PhoneNumber=text)
    found = payload(outcomes(shop, ORGANIZATION)["1"])
    assert (found["channels"], found["meta"]["smartertrack"]["phone"]) == ([], text)


def test_an_organization_without_anything_is_a_customer_with_a_name(shop: Shop) -> None:
    organization(shop, 1, ("Email", None), (None, "x"), OrganizationName="  ")  # type: ignore[arg-type]
    found = payload(outcomes(shop, ORGANIZATION)["1"])
    assert (found["name"], found["channels"]) == ("Organization 1", [])


# --- who belongs to an organization --------------------------------------------------------------------

ORGANIZATION_FIELD = {"organization": {"name": "Organization", "becomes": "text", "label": "Organization"}}


def test_a_customer_names_every_organization_that_a_filter_makes_theirs_the_strongest_first(shop: Shop) -> None:
    shop.mapped["person_fields"] = ORGANIZATION_FIELD
    organization(shop, 1, ("Domain", "home.example"), OrganizationName="Homes")
    organization(shop, 2, ("Email", "ann@home.example"), OrganizationName="Anns")
    found = outcomes(shop)
    ann, bob = payload(found[f"u{ANN}"]), payload(found["u102"])
    assert ann["custom_fields"] == [{"id": {"$ref": "person_field:organization"}, "value": "Anns; Homes"}]
    assert ann["meta"]["smartertrack"]["organizations"] == [
        {"id": 2, "name": "Anns", "by": "email"}, {"id": 1, "name": "Homes", "by": "domain"},
    ]  # fmt: skip
    assert [value["value"] for value in bob["custom_fields"]] == ["Homes"]


def test_without_the_field_in_the_mapping_the_organization_is_in_the_meta_alone(shop: Shop) -> None:
    organization(shop, 1, ("Domain", "home.example"))
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": "New@Home.example"})
    for key in (f"u{ANN}", requester_key_of_address("new@home.example")):
        found = payload(outcomes(shop)[key])
        assert found["custom_fields"] == []
        assert found["meta"]["smartertrack"]["organizations"][0]["name"] == "Company 1"


def test_the_field_of_organizations_is_made_where_the_mapping_has_it(shop: Shop) -> None:
    field = find("person_field")
    assert outcomes(shop, field) == {}
    shop.mapped["person_fields"] = ORGANIZATION_FIELD
    (made,) = outcomes(shop, field).values()
    assert isinstance(made, Send)
    assert (made.payload["label"], made.payload["object_type"]) == ("Organization", "Customer")
    assert made.payload["external_id"] == "st:demo:person_field:organization"


def contact_of(shop: Shop, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = payload(outcomes(shop, ORGANIZATION)[str(number)])["meta"]["smartertrack"]
    return found


def test_the_primary_contact_is_whom_the_first_email_filter_names(shop: Shop) -> None:
    organization(shop, 1, ("Domain", "home.example"), ("Email", "office@home.example"), ("Email", "BOB@home.example"))
    shop.add("Tickets", *({"TicketID": n} for n in (1, 2)))
    found = contact_of(shop)
    assert found["primary_contact"] == {
        "customer": "st:demo:requester:u102", "name": "Bob <bob@home.example>", "rule": "first_email_filter",
    }  # fmt: skip
    assert (found["people"], found["brands"]) == (2, ["Fernhill"])


def test_else_it_is_the_member_with_the_most_tickets_and_else_the_first_of_them(shop: Shop) -> None:
    organization(shop, 1, ("Domain", "home.example"))
    assert (contact_of(shop)["primary_contact"]["rule"], contact_of(shop)["brands"]) == ("first_member", [])
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": 102}, {"TicketID": 2, "UserID_Customer": 102},
             {"TicketID": 3}, *({"TicketID": n, "IsDeleted": True} for n in (4, 5, 6)))  # fmt: skip
    found = contact_of(shop)["primary_contact"]
    assert (found["name"], found["rule"]) == ("Bob <bob@home.example>", "most_tickets")


def test_agents_read_in_an_organizations_note_who_it_is_about_and_by_which_rule(shop: Shop) -> None:
    organization(shop, 1, ("Email", "ann@home.example"))
    organization(shop, 2)
    found = outcomes(shop, ORGANIZATION)
    assert payload(found["1"])["note"] == (
        "In SmarterTrack: an organization. Primary contact: Ann <ann@home.example> (the first e-mail filter names "
        "them). 1 person belongs to it."
    )
    assert payload(found["2"])["note"] == "In SmarterTrack: an organization. Nobody belongs to it."
    assert payload(found["2"])["meta"]["smartertrack"]["primary_contact"] is None


# --- people who share, or have none --------------------------------------------------------------------


def mailbox(shop: Shop) -> None:
    shop.add("CustomDataFields", {"CustomFieldID": 31, "DisplayName": "Company"})
    shop.add("Users", {"UserID": 150, "Email": "ANN@home.example", "DisplayName": "Zoe", "UserName": "zoe"})
    shop.add("CustomDataFieldsForUsers", {"UserID": 150, "CustomFieldID": 31, "DataContent": "Co"})


def test_accounts_of_several_names_with_one_address_are_a_mailbox_and_nothing_of_them_is_lost(shop: Shop) -> None:
    mailbox(shop)
    found = outcomes(shop)
    assert found["u150"] == Merge(f"u{ANN}", "shared_mailbox")
    kept = payload(found[f"u{ANN}"])
    assert kept["name"] == "ann@home.example"
    assert kept["meta"]["smartertrack"] == {
        "user_id": ANN, "user_name": "ann", "shared_mailbox": True, "name": "Ann",
        "other_accounts": [{"user_id": 150, "user_name": "zoe", "name": "Zoe", "fields": {"Company": "Co"}}],
    }  # fmt: skip


def test_a_shared_address_belongs_to_whatever_any_of_its_accounts_belongs_to(shop: Shop) -> None:
    mailbox(shop)
    organization(shop, 1)
    key = {"OrganizationFilterID": 1, "OrganizationID": 1}
    shop.add("OrganizationFilters", {**key, "FilterType": "User", "FilterValue": "Zoe", "UserID": 150})
    found = payload(outcomes(shop)[f"u{ANN}"])["meta"]["smartertrack"]["organizations"]
    assert found == [{"id": 1, "name": "Company 1", "by": "user"}]
    assert contact_of(shop)["people"] == 1


@pytest.mark.parametrize("address", ["", None, "n/a", "none"])
def test_accounts_without_an_address_stay_people_of_their_own_with_their_number(
    shop: Shop, address: str | None
) -> None:
    shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Phone"})
    for key, number in ((150, "0044 (0)1632 960001"), (151, "+44 1632 960001"), (152, "ask Ann")):
        shop.add("Users", {"UserID": key, "Email": address, "DisplayName": f"Person {key}"})
        shop.add("CustomDataFieldsForUsers", {"UserID": key, "CustomFieldID": 30, "DataContent": number})
    found = outcomes(shop)
    first, second, third = (payload(found[f"u{key}"]) for key in (150, 151, 152))
    assert first["name"] == "Person 150"
    assert first["channels"] == [{"type": "phone", "address": "+441632960001", "preferred": True}]
    assert second["channels"] == third["channels"] == []  # a number is on one customer only
    assert "email" not in first


@pytest.mark.parametrize("text", ["n/a", "none"])
def test_accounts_whose_address_is_none_stay_their_own_where_a_ticket_of_nobody_says_the_same(
    shop: Shop, text: str
) -> None:
    for key in (150, 151):
        shop.add("Users", {"UserID": key, "Email": text, "DisplayName": f"Person {key}"})
    shop.add("Tickets", {"TicketID": 1, "UserID_Customer": None, "CustomerEmailAddress": text},
             {"TicketID": 2, "UserID_Customer": 151, "CustomerEmailAddress": text})  # fmt: skip
    found, lookups = outcomes(shop), shop.lookups()
    assert [payload(found[f"u{key}"])["name"] for key in (150, 151)] == ["Person 150", "Person 151"]
    assert payload(found[lookups.requester_key(None, text)])["name"] == text
    assert lookups.requester_key(151, text) == "u151"
    assert lookups.shared_mailboxes == set()


def test_a_number_of_an_organization_is_the_organizations(shop: Shop) -> None:
    shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Phone"})
    shop.add("Users", {"UserID": 150, "Email": "", "DisplayName": "Person"})
    shop.add("CustomDataFieldsForUsers", {"UserID": 150, "CustomFieldID": 30, "DataContent": "+44 1632 960001"})
    organization(shop, 1, PhoneNumber="0044 1632 960001")
    assert payload(outcomes(shop)["u150"])["channels"] == []
    assert payload(outcomes(shop, ORGANIZATION)["1"])["channels"][0]["address"] == "0044 1632 960001"


# --- in the account ------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path, tickets=3) as made:
        made.shop.mapped["person_fields"] = ORGANIZATION_FIELD
        made.shop.add("OrganizationFilters", {"OrganizationFilterID": 2, "OrganizationID": 1, "FilterType": "Domain",
                                              "FilterValue": "home.example"})  # fmt: skip
        made.load()
        yield made


def organization_of(desk: Loaded, key: str) -> list[object]:
    there = desk.api.customers.custom_fields(customer(desk.account, key)["id"])
    return [value.value for value in there]


def test_an_agent_sees_the_organization_of_a_customer_and_a_renamed_one_reaches_its_people(desk: Loaded) -> None:
    assert organization_of(desk, f"u{ANN}") == ["Co"]
    (company,) = desk.account.store.by("customer", "external_id", "st:demo:organization:1")
    assert "2 people belong to it" in company["note"]
    desk.shop.tables["Organizations"][0]["OrganizationName"] = "Company Ltd"
    desk.load()
    assert organization_of(desk, f"u{ANN}") == ["Company Ltd"]
    found = desk.reconcile()
    assert found.counts["requester"]["validated"] == 3
    assert found.counts["organization"] == {"validated": 1}


def test_a_note_that_an_agent_wrote_on_an_organization_stays_and_one_on_a_person_is_nobodys_matter(
    desk: Loaded,
) -> None:
    (company,) = desk.account.store.by("customer", "external_id", "st:demo:organization:1")
    desk.api.customers.update(company["id"], {"note": "Ask for Jo."})
    desk.api.customers.update(customer(desk.account, f"u{ANN}")["id"], {"note": "calls on Mondays"})
    desk.shop.add("Users", {"UserID": 150, "Email": "new@home.example", "DisplayName": "New"})
    report = desk.load()
    (company,) = desk.account.store.by("customer", "external_id", "st:demo:organization:1")
    assert company["note"] == "Ask for Jo."
    assert company["meta"]["smartertrack"]["people"] == 3
    assert report.conflicts == ["organization 1: changed in Gorgias since it was loaded (note)"]
    assert [one for one in desk.reconcile().findings if one.object == "requester"] == []
