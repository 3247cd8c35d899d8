"""What transforms look up: addresses, agents, teams, and who a requester is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.lookups import addresses, content_type, is_email, iso, lowered
from tests.shop import ANN, DANA, GONE, QUEUE, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("ann@home.example", [("ann@home.example", "")]),
        ("Ann <ann@home.example>", [("ann@home.example", "Ann")]),
        ("Ann Lee (ann@home.example)", [("ann@home.example", "Ann Lee")]),
        ("Lee, Ann <ann@home.example>", [("ann@home.example", "Lee, Ann")]),
        ('"Lee; Ann" <ann@home.example>', [("ann@home.example", "Lee; Ann")]),
        ("'ann@home.example' <ann@home.example>", [("ann@home.example", "ann@home.example")]),
        ('"bob@x.example via Shop" <shop@y.example>', [("shop@y.example", "bob@x.example via Shop")]),
        ("a@x.example; B <b@x.example>, c@x.example", [("a@x.example", ""), ("b@x.example", "B"), ("c@x.example", "")]),
        ("<a@x.example>", [("a@x.example", "")]),
        ("undisclosed-recipients:;", []),
        ("ann@home", []),
        ("", []),
        (None, []),
    ],
)
def test_addresses_are_read_in_every_form_that_is_in_use(header: str | None, wanted: list[tuple[str, str]]) -> None:
    assert [(found["address"], found["name"]) for found in addresses(header)] == wanted


@given(st.text(max_size=200))
def test_whatever_a_header_holds_what_is_found_are_addresses(header: str) -> None:
    assert all(is_email(found["address"]) for found in addresses(header))


@pytest.mark.parametrize("text", ["a@b.example", "o'neil+x@sub.b.example", "ü@b.example"])
def test_an_address_is_one(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a@b@c.example", "a b@c.example", "a@b.example\n", "x" * 320 + "@b.example"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert not is_email(text)


def test_addresses_are_compared_trimmed_and_in_lower_case() -> None:
    assert lowered(" Ann@HOME.example ") == "ann@home.example"
    assert lowered(None) == ""


def test_moments_are_written_with_z() -> None:
    assert iso(datetime(2024, 3, 1, 9, tzinfo=UTC)) == "2024-03-01T09:00:00Z"
    assert iso(None) is None


@pytest.mark.parametrize(("name", "wanted"), [("a.PNG", "image/png"), ("b.pdf", "application/pdf"),
                                              ("c", "application/octet-stream")])  # fmt: skip
def test_the_type_of_a_file_follows_from_its_name(name: str, wanted: str) -> None:
    assert content_type(name) == wanted


def test_agents_are_members_of_groups_or_hold_an_agents_role(shop: Shop) -> None:
    shop.add("Roles", {"RoleID": 1, "RoleName": "Everyone"}, {"RoleID": 5, "RoleName": " Manager "})
    shop.add("UsersInRoles", {"UserID": ANN, "RoleID": 1}, {"UserID": 102, "RoleID": 5}, {"UserID": 999, "RoleID": 5})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": QUEUE})
    assert shop.lookups().agents == {DANA, GONE, 102}


def test_who_stands_for_an_agent(shop: Shop) -> None:
    lookups = shop.lookups()
    assert lookups.agent_reference(DANA) == f"user:{DANA}"
    for nobody in (GONE, QUEUE, ANN, 999, None):
        assert lookups.agent_reference(nobody) == "user:fallback"
    assert [lookups.is_unassigned(user) for user in (None, QUEUE, DANA, GONE, 999)] == [True, True, False, False, False]
    assert [lookups.name_if_agent(user) for user in (DANA, GONE, QUEUE, None)] == ["Dana Agent", "Gus Gone", "", ""]


def test_a_ticket_gets_its_groups_team_else_its_departments(shop: Shop) -> None:
    one = {"name": "x", "team": "x"}
    shop.mapped["teams"] = {"d1": one, "g1-11": {**one, "team": "y"}}
    lookups = shop.lookups()
    assert lookups.team_reference(1, 11) == "department:g1-11"
    assert lookups.team_reference(1, 99) == "department:d1"
    assert lookups.team_reference(9, 11) is None


def test_a_department_without_a_brand_has_none(shop: Shop) -> None:
    shop.add("Departments", {"DepartmentID": 2, "DisplayName": "x", "IsDeleted": False, "BrandID": None})
    lookups = shop.lookups()
    assert lookups.brand_of(2) is None
    assert lookups.brand_of(77) is None
    brand = lookups.brand_of(1)
    assert brand is not None
    assert brand["BrandName"] == "Fernhill"
