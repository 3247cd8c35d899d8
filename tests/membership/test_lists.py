"""The written lists, and the people in them: accounts and addresses as they are staged."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.lookups import Lookups, requester_key_of_address
from migrator_lib.membership import lists
from migrator_lib.membership.evaluation import LISTED, Membership
from migrator_lib.membership.people import people
from migrator_lib.parameters import Parameters
from migrator_lib.progress import Progress
from tests.shop import ANN, BOB, DANA, Shop

NEW = requester_key_of_address("new@there.example")


def field(shop: Shop, number: int, name: str, mapping: str | None = None) -> None:
    shop.add(
        "CustomDataFields", {"CustomFieldID": number, "DisplayName": name, "DataType": 0, "SpecialMapping": mapping}
    )


def phone(shop: Shop, user: int, number: int, text: str | None) -> None:
    shop.add("CustomDataFieldsForUsers", {"UserID": user, "CustomFieldID": number, "DataContent": text})


def organization(shop: Shop, number: int, *filters: tuple[str, str | None] | tuple[str, str | None, int]) -> None:
    shop.add("Organizations", {"OrganizationID": number, "OrganizationName": f"Company {number}"})
    for n, (kind, text, *user) in enumerate(filters):
        shop.add("OrganizationFilters", {
            "OrganizationFilterID": number * 10 + n, "OrganizationID": number, "FilterType": kind, "FilterValue": text,
            "UserID": user[0] if user else None,
        })  # fmt: skip


def lookups(shop: Shop, **organizations: Any) -> Lookups:
    staged = shop.stage()
    told = shop.parameters().model_dump() | {"organizations": organizations}
    return Lookups.of(staged, shop.mapping(staged), Parameters.model_validate(told))


def written(shop: Shop, name: str, **organizations: Any) -> list[dict[str, str]]:
    found = lookups(shop, **organizations)
    lists.write(shop.folder, shop.stage(), found, Progress(shop.folder / "progress.json", "01_audit"))
    with (shop.folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_people_are_accounts_and_addresses_each_once_without_agents(shop: Shop) -> None:
    for n, spelling in enumerate(("new@there.example", "NEW@there.example", "", "Ann@Home.example"), 1):
        shop.add("Tickets", {"TicketID": n, "UserID_Customer": None, "CustomerEmailAddress": spelling})
    shop.add("Users", {"UserID": 150, "Email": "ANN@home.example"})
    found = {who.key: who for who in people(shop.stage(), lookups(shop))}
    assert set(found) == {f"u{ANN}", f"u{BOB}", "u150", NEW}
    assert (found["u150"].user_id, found["u150"].customer) == (150, f"u{ANN}")
    assert (found[NEW].user_id, found[NEW].customer) == (None, NEW)


def test_numbers_come_from_fields_whose_mapping_or_name_says_phone(shop: Shop) -> None:
    for number, name, mapping in ((30, "Tel", "PhoneNumber"), (31, "Mobile", None), (32, "Phone case", None)):
        field(shop, number, name, mapping)
        phone(shop, ANN, number, f"+44 20 7946 00{number}")
    phone(shop, BOB, 30, None)
    found = {who.key: who.phones for who in people(shop.stage(), lookups(shop))}
    assert found == {f"u{ANN}": ("442079460030", "442079460031"), f"u{BOB}": ()}


def test_fields_that_the_engagement_names_are_taken_and_no_others(shop: Shop) -> None:
    field(shop, 30, "Phone")
    assert lookups(shop).phone_fields == {30}
    assert lookups(shop, phone_fields=[41]).phone_fields == {41}


def test_every_membership_is_written_with_its_filter_and_the_first_is_marked(shop: Shop) -> None:
    field(shop, 30, "Phone")
    phone(shop, ANN, 30, "020 7946 0000")
    organization(shop, 1, ("Domain", "home.example"), ("Phone", "(020) 7946-0000"))
    organization(shop, 2, ("User", "Bob", BOB))
    rows = written(shop, lists.MEMBERS_FILE)
    assert [tuple(row.values()) for row in rows] == [
        (f"u{ANN}", f"u{ANN}", "a***@***.example", "1", "domain", "10", "yes", "1"),
        (f"u{BOB}", f"u{BOB}", "b***@***.example", "2", "user", "20", "yes", "2"),
        (f"u{BOB}", f"u{BOB}", "b***@***.example", "1", "domain", "10", "no", "2"),
    ]


def test_every_filter_is_written_with_what_became_of_it_and_without_its_value(shop: Shop) -> None:
    organization(shop, 1, ("Email", "ann@home.example"), ("Email", "Ann@home.example"), ("Email", "no@body.example"),
                 ("Email", "?"), ("bob@home.example", "x"), ("User", "Gone", 999), ("User", "Dana", DANA))  # fmt: skip
    rows = written(shop, lists.FILTERS_FILE)
    assert [(row["filter_id"], row["kind"], row["taken_as"], row["people"], row["state"]) for row in rows] == [
        ("10", "Email", "email", "1", "in use"),
        ("11", "Email", "email", "0", "duplicate of 10"),
        ("12", "Email", "email", "0", "matches nobody"),
        ("13", "Email", "email", "0", "invalid value"),
        ("14", "b***@***.example", "", "0", "unknown kind"),
        ("15", "User", "user", "0", "no such user"),
        ("16", "User", "user", "0", "matches nobody"),
    ]
    assert "@home.example" not in (shop.folder / lists.FILTERS_FILE).read_text(encoding="utf-8")


def test_every_organization_is_counted_also_where_nobody_is_in_it(shop: Shop) -> None:
    organization(shop, 1, ("Domain", "home.example"), ("Email", "ann@home.example"))
    organization(shop, 2, ("User", "Bob", BOB), ("Domain", "other.example"))
    organization(shop, 3)
    rows = [tuple(map(int, row.values())) for row in written(shop, lists.COUNTS_FILE)]
    assert rows == [(1, 2, 2, 0, 1, 1, 0, 1, 1), (2, 2, 1, 1, 0, 0, 0, 1, 1), (3, 0, 0, 0, 0, 0, 0, 0, 0)]


def test_a_filter_that_is_never_the_strongest_is_in_use_all_the_same(shop: Shop) -> None:
    organization(shop, 1, ("Email", "ann@home.example"), ("Domain", "home.example"))
    assert [row["people"] for row in written(shop, lists.FILTERS_FILE)] == ["1", "2"]


def test_a_word_that_the_engagement_explains_makes_members(shop: Shop) -> None:
    organization(shop, 1, ("3", "home.example"))
    assert written(shop, lists.MEMBERS_FILE) == []
    assert {row["requester"] for row in written(shop, lists.MEMBERS_FILE, filter_kinds={"3": "domain"})} == {
        f"u{ANN}", f"u{BOB}",
    }  # fmt: skip


def test_an_explained_word_for_addresses_holds_for_the_organizations_customer_too(shop: Shop) -> None:
    organization(shop, 1, ("Mail", "office@co.example"))
    assert lookups(shop).first_organization_with("office@co.example") is None
    assert lookups(shop, filter_kinds={"Mail": "email"}).first_organization_with("office@co.example") == 1


def test_a_list_that_cannot_be_finished_leaves_the_one_before(shop: Shop) -> None:
    organization(shop, 1, ("Domain", "home.example"))
    before = written(shop, lists.MEMBERS_FILE)
    found = lookups(shop)
    found.users[BOB]["Email"] = 5  # a defect in the middle of writing
    with pytest.raises(AttributeError):
        lists.write(shop.folder, shop.stage(), found, Progress(shop.folder / "progress.json", "01_audit"))
    with (shop.folder / lists.MEMBERS_FILE).open(encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == before


def test_people_in_several_are_kept_up_to_a_limit_and_all_counted(shop: Shop, tmp_path: Path) -> None:
    for number in (1, 2):
        organization(shop, number, ("Domain", "big.example"))
    shop.add("Users", *({"UserID": n, "Email": f"p{n}@big.example"} for n in range(200, 201 + LISTED)))
    progress = Progress(tmp_path / "progress.json", "01_audit")
    found: Membership = lists.write(tmp_path, shop.stage(), lookups(shop), progress)[1]
    assert (found.by_number[2], len(found.several)) == (LISTED + 1, LISTED)
    assert found.several[0][0] == "u200"
