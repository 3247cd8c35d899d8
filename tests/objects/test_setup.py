"""Users, teams, brands and tags: what must be there before the first ticket."""

from __future__ import annotations

import pytest

from migrator_lib.objects import find
from migrator_lib.objects.base import Merge, MigrationObject, Outcome, Quarantine, Send, Skip
from tests.shop import DANA, GONE, QUEUE, Shop

USER, DEPARTMENT, BRAND, BRAND_TEAM, TAG = map(find, ("user", "department", "brand", "brand_team", "tag"))
NO_MAPPING = "not in mapping.yaml"


def outcomes(shop: Shop, obj: MigrationObject) -> dict[str, Outcome]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    return {record.key: obj.transform(record, lookups) for record in obj.records(staged, lookups)}


def sent(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, Send), outcome
    return outcome.payload


# --- users ---------------------------------------------------------------------------------------------


def test_an_active_agent_is_looked_for_by_address(shop: Shop) -> None:
    payload = sent(outcomes(shop, USER)[str(DANA)])
    assert (payload["email"], payload["name"]) == ("dana@demo.example", "Dana Agent")


def test_customers_are_no_agents_though_the_role_everyone_is_theirs(shop: Shop) -> None:
    shop.add("Roles", {"RoleID": 1, "RoleName": "Everyone"}, {"RoleID": 4, "RoleName": "Agent"})
    shop.add("UsersInRoles", {"UserID": 101, "RoleID": 1}, {"UserID": 102, "RoleID": 4})
    assert outcomes(shop, USER).keys() == {str(QUEUE), str(DANA), str(GONE), "102"}


@pytest.mark.parametrize("flag", ["IsDeleted", "IsLockedOut"])
def test_an_agent_who_may_not_sign_in_becomes_the_fallback_agent(shop: Shop, flag: str) -> None:
    shop.add("Users", {"UserID": 9, "Email": "x@demo.example", "DisplayName": "X", flag: True})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    assert outcomes(shop, USER)["9"] == Merge("fallback", "inactive_agent")
    assert shop.lookups().agent_reference(9) == "user:fallback"


def test_the_queue_is_nobody(shop: Shop) -> None:
    assert outcomes(shop, USER)[str(QUEUE)] == Skip("queue_pseudo_user")


@pytest.mark.parametrize("email", ["", None, "dana", "dana@demo", "a b@c.example"])
def test_an_agent_without_a_valid_address_is_quarantined(shop: Shop, email: str | None) -> None:
    shop.add("Users", {"UserID": 9, "Email": email, "DisplayName": "X"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    assert isinstance(outcomes(shop, USER)["9"], Quarantine)


def test_two_active_accounts_of_one_agent_are_one_user(shop: Shop) -> None:
    shop.add("Users", {"UserID": 9, "Email": "DANA@demo.example", "DisplayName": "Dana 2"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    assert outcomes(shop, USER)["9"] == Merge(str(DANA), "same_address_in_two_accounts")
    assert shop.lookups().agent_reference(9) == f"user:{DANA}"


def test_an_account_that_came_back_is_not_merged_into_one_that_is_gone(shop: Shop) -> None:
    shop.add("Users", {"UserID": 9, "Email": "gus@demo.example", "DisplayName": "Gus again"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    assert isinstance(outcomes(shop, USER)["9"], Send)
    assert shop.lookups().agent_reference(9) == "user:9"


@pytest.mark.parametrize(
    ("held", "role"), [((4,), "agent"), ((5, 4), "admin"), ((7,), "lite-agent"), ((), "agent"), ((8,), "agent")]
)
def test_an_agent_gets_the_role_that_may_most_of_those_that_theirs_become(
    shop: Shop, held: tuple[int, ...], role: str
) -> None:
    names = {1: "Everyone", 4: "Agent", 5: "Manager", 7: "Warehouse", 8: "Reader"}
    shop.add("Roles", *({"RoleID": n, "RoleName": name, "IsCustomRole": n > 6} for n, name in names.items()))
    shop.add("UsersInRoles", *({"UserID": DANA, "RoleID": n} for n in (1, *held)))
    become = {"4": "agent", "5": "admin", "7": "lite-agent", "8": "nothing"}
    shop.mapped["roles"] = {key: {"name": names[int(key)], "becomes": value} for key, value in become.items()}
    assert sent(outcomes(shop, USER)[str(DANA)])["role"] == {"name": role}


def test_the_primary_administrator_gets_the_role_of_administrators(shop: Shop) -> None:
    shop.add("Users", {"UserID": 9, "Email": "x@demo.example", "DisplayName": "X", "IsPrimaryAdmin": True})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    shop.mapped["roles"] = {"6": {"name": "Administrator", "becomes": "admin"}}
    assert sent(outcomes(shop, USER)["9"])["role"] == {"name": "admin"}


@pytest.mark.parametrize(
    ("history", "closed", "assignee"),
    [("fallback", True, "user:fallback"), ("fallback", False, "user:fallback"), ("by_name", True, None),
     ("by_name", False, "user:fallback")],
)  # fmt: skip
def test_what_an_agent_who_is_gone_left_belongs_to_whom_the_engagement_says(
    shop: Shop, history: str, closed: bool, assignee: str | None
) -> None:
    shop.agents["history"] = history
    lookups = shop.lookups()
    assert lookups.assignee_reference(GONE, closed=closed) == assignee
    assert lookups.assignee_reference(DANA, closed=closed) == f"user:{DANA}"


@pytest.mark.parametrize("nobody", [QUEUE, None])
def test_the_queue_is_never_an_assignee_nor_a_member(shop: Shop, nobody: int | None) -> None:
    assert shop.lookups().assignee_reference(nobody, closed=False) is None
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": QUEUE})
    for obj in (DEPARTMENT, BRAND_TEAM):
        members = [one for found in outcomes(shop, obj).values() for one in sent(found)["members"]]  # type: ignore[attr-defined]
        assert {"id": {"$ref": f"user:{QUEUE}"}} not in members


# --- teams ---------------------------------------------------------------------------------------------


def test_departments_and_groups_become_teams_of_the_active_agents(shop: Shop) -> None:
    found = outcomes(shop, DEPARTMENT)
    member = {"id": {"$ref": f"user:{DANA}"}}
    said = "SmarterTrack: Fernhill > Support"
    assert sent(found["d1"]) == {"name": "Support", "description": said, "members": [member]}
    assert sent(found["g1-11"]) == {
        "name": "Support / Orders", "description": f"{said} > Orders", "members": [member],
    }  # fmt: skip


def test_a_deleted_department_makes_no_team_and_its_tickets_have_none(shop: Shop) -> None:
    shop.add("Departments", {"DepartmentID": 2, "DisplayName": "Old", "IsDeleted": True})
    assert outcomes(shop, DEPARTMENT)["d2"] == Skip("mapped_to_nothing")
    assert shop.lookups().team_reference(2, 5) is None


def test_a_group_of_one_number_in_two_departments_is_two_teams(shop: Shop) -> None:
    shop.add("Departments", {"DepartmentID": 2, "DisplayName": "Sales", "IsDeleted": False})
    shop.add("Groups", {"DepartmentID": 2, "GroupID": 11, "GroupName": "Orders", "IsDeleted": False})
    found = outcomes(shop, DEPARTMENT)
    assert sent(found["g1-11"])["members"]
    described = "SmarterTrack: Sales > Orders"
    assert sent(found["g2-11"]) == {"name": "Sales / Orders", "description": described, "members": []}


def test_groups_mapped_to_one_team_merge_with_all_their_members(shop: Shop) -> None:
    shop.add("Users", {"UserID": 9, "Email": "x@demo.example", "DisplayName": "X"})
    shop.add("Groups", {"DepartmentID": 1, "GroupID": 12, "GroupName": "Returns", "IsDeleted": False})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 12, "UserID": 9})
    one = {"name": "x", "becomes": "team", "team": "Everyone"}
    shop.mapped["teams"] = {"d1": {**one, "becomes": "nothing"}, "g1-11": one, "g1-12": one}
    found = outcomes(shop, DEPARTMENT)
    assert sent(found["g1-11"])["members"] == [{"id": {"$ref": f"user:{DANA}"}}, {"id": {"$ref": "user:9"}}]
    assert found["g1-12"] == Merge("g1-11", "same_team")
    assert shop.lookups().team_reference(1, 12) == "department:g1-11"


def test_what_the_mapping_does_not_know_is_quarantined(shop: Shop) -> None:
    shop.add("Tags", {"TagID": 1, "Name": "vip"})
    shop.mapped.update(teams={}, brands={}, tags={})
    for obj in (DEPARTMENT, BRAND, TAG):
        found = list(outcomes(shop, obj).values())
        assert found
        assert all(isinstance(one, Quarantine) and NO_MAPPING in one.reason for one in found)


# --- brands and tags -----------------------------------------------------------------------------------


def test_a_brand_becomes_a_tag_and_brands_of_one_tag_become_one(shop: Shop) -> None:
    shop.add("Brands", {"BrandID": 2, "BrandName": "Moss"}, {"BrandID": 3, "BrandName": "Left out"})
    tag = {"name": "x", "tag": "shop"}
    shop.mapped["brands"] = {"1": tag, "2": tag, "3": {**tag, "becomes": "nothing"}}
    found = outcomes(shop, BRAND)
    assert sent(found["1"])["name"] == "shop"
    assert found["2"] == Merge("1", "same_tag")
    assert found["3"] == Skip("mapped_to_nothing")


TEAM = {"name": "Moss", "becomes": "team", "tag": "moss"}


def test_a_brand_becomes_a_team_of_all_its_agents_and_no_tag(shop: Shop) -> None:
    shop.mapped["brands"] = {"1": {**TEAM, "team": " The whole shop "}}
    assert outcomes(shop, BRAND) == {"1": Skip("becomes_a_team")}
    (team,) = outcomes(shop, BRAND_TEAM).values()
    members = [{"id": {"$ref": f"user:{DANA}"}}]
    assert sent(team) == {"name": "The whole shop", "description": "SmarterTrack: Fernhill", "members": members}


def test_a_tickets_team_is_its_groups_then_its_departments_then_its_brands(shop: Shop) -> None:
    shop.mapped["brands"] = {"1": TEAM}
    assert shop.lookups().team_reference(1, 11) == "department:g1-11"
    nothing = {"name": "x", "becomes": "nothing", "team": "x"}
    shop.mapped["teams"] = {"d1": {**nothing, "becomes": "team", "team": "Care"}, "g1-11": nothing}
    assert shop.lookups().team_reference(1, 11) == "department:d1"
    shop.mapped["teams"] = {"d1": nothing, "g1-11": nothing}
    assert shop.lookups().team_reference(1, 11) == "brand_team:1"


def test_a_brands_team_that_is_called_as_a_departments_is_that_one(shop: Shop) -> None:
    shop.add("Brands", {"BrandID": 2, "BrandName": "Second"})
    shop.mapped["brands"] = {"1": {**TEAM, "team": "Support"}, "2": {**TEAM, "name": "Second"}}
    found = outcomes(shop, BRAND_TEAM)
    assert found["1"] == Merge("department:d1", "same_team")
    assert sent(found["2"])["name"] == "Second"
    shop.mapped["teams"] = {key: {"name": "x", "becomes": "nothing", "team": "x"} for key in ("d1", "g1-11")}
    shop.mapped["brands"] = {"1": TEAM, "2": TEAM}
    assert outcomes(shop, BRAND_TEAM)["2"] == Merge("1", "same_team")


def test_tags_that_differ_by_case_become_the_first_that_is_not_deleted(shop: Shop) -> None:
    shop.add("Tags", {"TagID": 1, "Name": "Vip", "IsDeleted": True}, {"TagID": 2, "Name": "VIP"},
             {"TagID": 3, "Name": "vip"}, {"TagID": 4, "Name": "trade"})  # fmt: skip
    found = outcomes(shop, TAG)
    assert found["1"] == Skip("deleted_tag")
    assert sent(found["2"]) == {"name": "Vip"}
    assert found["3"] == Merge("2", "same_tag")
    assert sent(found["4"]) == {"name": "trade"}
