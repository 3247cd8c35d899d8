"""Teams, fields, tags and customers that changed after they were loaded: what differs is changed, if it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrator_lib import views
from migrator_lib.delta import conflicts
from migrator_lib.ledger import GONE, Entry
from migrator_lib.ledger.written import written
from migrator_lib.load.updates import Judged, fingerprint, judge
from migrator_lib.simulators.gorgias.resources import customers, tags, teams, users
from tests.loading import TARGET, customer, ticket
from tests.shop import ANN, BASE, BOB
from tests.updating import Loaded, loaded


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path, tickets=1) as found:
        shop = found.shop
        shop.mapped["person_fields"] = {"30": {"name": "x", "becomes": "text", "label": "Size"}}
        shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Size"})
        shop.add("CustomDataFieldsForUsers", {"UserID": ANN, "CustomFieldID": 30, "DataContent": "XL"})
        yield found


def user_row(desk: Loaded, user_id: int) -> dict[str, Any]:
    if "Users" not in desk.shop.tables:
        desk.shop.tables["Users"] = [dict(row) for row in BASE["Users"]]
    return next(row for row in desk.shop.tables["Users"] if row["UserID"] == user_id)


def values(document: dict[str, Any]) -> dict[str, Any]:
    return {value["field"]["label"]: value["value"] for value in document["custom_fields"]}


def writes(calls: dict[str, int]) -> dict[str, int]:
    return {name: n for name, n in calls.items() if not name.startswith("GET")}


# --- customers -----------------------------------------------------------------------------------------


def test_a_customer_whose_name_and_address_changed_is_changed_in_one_call_and_nothing_else_is(desk: Loaded) -> None:
    desk.load()
    user_row(desk, ANN).update(DisplayName="Ann Married", Email="ann@new.example")
    desk.calls()
    report = desk.load()
    found = customer(desk.account, f"u{ANN}")
    assert (found["name"], found["email"]) == ("Ann Married", "ann@new.example")
    assert [channel["address"] for channel in found["channels"]] == ["ann@new.example"]
    assert values(found) == {"Size": "XL"}
    assert writes(desk.calls())["PUT customers/{id}"] == 1
    assert report.counts["requester", "updated"] == 1
    assert desk.reconcile().counts["requester"] == {"validated": 2}


def test_a_value_of_a_customer_is_changed_beside_values_of_fields_that_are_the_companys_own(desk: Loaded) -> None:
    desk.load()
    own = desk.api.custom_fields.create(
        {"object_type": "Customer", "label": "VIP", "definition": {
            "data_type": "text", "input_settings": {"input_type": "input"}}}
    )  # fmt: skip
    ann, size = customer(desk.account, f"u{ANN}"), desk.thing("custom_field", "Size")
    desk.api.customers.replace_custom_fields(
        ann["id"], [{"id": size["id"], "value": "XL"}, {"id": own.id, "value": "gold"}]
    )
    desk.shop.tables["CustomDataFieldsForUsers"][0]["DataContent"] = "M"
    desk.calls()
    assert desk.load().conflicts == []
    assert values(customer(desk.account, f"u{ANN}")) == {"Size": "M", "VIP": "gold"}
    assert writes(desk.calls()) == {"PUT customers/{id}/custom-fields": 1}
    desk.shop.tables["CustomDataFieldsForUsers"] = []
    desk.load()
    assert values(customer(desk.account, f"u{ANN}")) == {"VIP": "gold"}
    assert desk.reconcile().counts["requester"] == {"validated": 2}


def test_what_an_agent_changed_of_a_customer_stays_and_is_listed_and_the_rest_is_changed(desk: Loaded) -> None:
    desk.load()
    ann = customer(desk.account, f"u{ANN}")
    desk.api.customers.update(ann["id"], {"name": "Annie"})
    user_row(desk, ANN).update(DisplayName="Ann Married")
    desk.shop.tables["CustomDataFieldsForUsers"][0]["DataContent"] = "M"
    report = desk.load()
    found = customer(desk.account, f"u{ANN}")
    assert (found["name"], values(found)) == ("Annie", {"Size": "M"})
    assert report.conflicts == [f"requester u{ANN}: changed in Gorgias since it was loaded (name)"]
    assert report.conflicts[0] in str(views.conflicts(report))
    assert desk.load().conflicts == []
    engagement: Any = SimpleNamespace(ledger=desk.ledger)
    (listed,) = conflicts.conflicts(engagement)  # as long as it is so
    assert (listed.ticket, listed.target_id, listed.field) == (f"requester u{ANN}", str(ann["id"]), "name")
    assert f"requester u{ANN}" in str(conflicts.table(engagement))
    at = written(desk.entry("requester", f"u{ANN}"))
    user_row(desk, ANN).update(DisplayName="Ann Married Again")
    assert "(name)" in desk.load().conflicts[0]  # also later: what the agent wrote was never ours
    assert written(desk.entry("requester", f"u{ANN}")) == at  # since nothing was
    desk.shop.tables["CustomDataFieldsForUsers"] = []
    desk.api.customers.update(ann["id"], {"name": "Ann Married Again"})
    desk.load()
    assert written(desk.entry("requester", f"u{ANN}")) > at


def test_channels_that_are_not_of_mail_or_phone_stay_when_an_address_changes(desk: Loaded) -> None:
    desk.load()
    ann = customer(desk.account, f"u{ANN}")
    chat = {"type": "chat", "address": "ann-chat", "preferred": False}
    desk.api.customers.update(ann["id"], {"channels": [*ann["channels"], chat]})
    user_row(desk, ANN).update(Email="ann@new.example")
    assert desk.load().conflicts == []
    assert {c["address"] for c in customer(desk.account, f"u{ANN}")["channels"]} == {"ann@new.example", "ann-chat"}


def test_an_address_that_another_customer_has_is_refused_and_the_customer_stays_accounted(desk: Loaded) -> None:
    desk.load()
    with desk.account.store.transaction():
        customers.create_customer(desk.account, {"channels": [{"type": "email", "address": "taken@new.example"}]})
    user_row(desk, ANN).update(Email="taken@new.example")
    report = desk.load()
    assert report.counts["requester", "incomplete"] == 1
    assert desk.entry("requester", f"u{ANN}").state == "created"
    assert "409" in str(desk.entry("requester", f"u{ANN}").reason)
    assert customer(desk.account, f"u{ANN}")["email"] == "ann@home.example"


def test_a_customer_who_is_not_there_any_more_is_listed_and_not_made_again(desk: Loaded) -> None:
    desk.load()
    desk.api.customers.delete(customer(desk.account, f"u{ANN}")["id"])
    user_row(desk, ANN).update(DisplayName="Ann Married")
    report = desk.load(rehearsal=False)
    assert f"requester u{ANN}: changed in the source, and not in Gorgias any more" in report.conflicts
    assert desk.account.store.by("customer", "external_id", f"st:demo:requester:u{ANN}") == []


def test_a_change_that_was_cut_off_behind_its_call_is_not_sent_again(desk: Loaded) -> None:
    desk.load()
    before = desk.entry("requester", f"u{ANN}")
    user_row(desk, ANN).update(DisplayName="Ann Married")
    desk.load()
    desk.ledger.settle(TARGET, [before])  # as a run leaves it that dies before it writes the outcome down
    desk.calls()
    report = desk.load()
    assert writes(desk.calls()) == {}
    assert report.conflicts == []
    assert desk.entry("requester", f"u{ANN}").payload_hash != before.payload_hash


def test_of_what_an_older_version_sent_only_what_is_right_already_is_taken_for_ours(desk: Loaded) -> None:
    desk.load()
    old = desk.entry("requester", f"u{ANN}")
    desk.ledger.settle(TARGET, [replace(old, detail={"parts": {}})])
    user_row(desk, ANN).update(DisplayName="Ann Married")
    assert desk.load().conflicts == [f"requester u{ANN}: changed in Gorgias since it was loaded (name)"]
    assert customer(desk.account, f"u{ANN}")["name"] == "Ann"


def test_nothing_of_a_matched_customer_is_changed_later_either(desk: Loaded) -> None:
    with desk.account.store.transaction():
        customers.create_customer(desk.account, {"name": "Theirs", "channels": [
            {"type": "email", "address": "bob@home.example"}]})  # fmt: skip
    desk.load()
    assert desk.entry("requester", f"u{BOB}").state == "matched"
    user_row(desk, BOB).update(DisplayName="Robert")
    desk.calls()
    desk.load()
    assert "PUT customers/{id}" not in desk.calls()
    assert desk.thing("customer", "Theirs")


def test_reconcile_names_what_differs_of_a_customer_and_of_a_tag_but_not_what_is_the_companys_own(desk: Loaded) -> None:
    desk.load()
    ann, size = customer(desk.account, f"u{ANN}"), desk.thing("custom_field", "Size")
    desk.api.customers.update(ann["id"], {"channels": [*ann["channels"], {"type": "phone", "address": "+44 20"}]})
    desk.api.customers.replace_custom_fields(ann["id"], [{"id": size["id"], "value": "S"}])
    desk.api.tags.update(desk.thing("tag", "brand: Fernhill")["id"], {"description": "x"})
    found = {f.object: {d.field for d in f.differences} for f in desk.reconcile().findings}
    assert found == {"requester": {"channels", f"custom_fields.{size['id']}"}, "brand": {"description"}}


# --- teams ---------------------------------------------------------------------------------------------


def test_an_agent_who_comes_later_joins_the_teams_that_are_there(desk: Loaded) -> None:
    desk.shop.add("Users", {"UserID": 9, "Email": "new@demo.example", "DisplayName": "Nora New"})
    desk.shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    desk.load()
    with desk.account.store.transaction():
        users.create_user(
            desk.account, {"email": "new@demo.example", "name": "Nora", "role": {"name": "agent"}}, invite=False
        )
    report = desk.load()
    assert report.counts["department", "updated"] == 2
    for team in desk.account.store.by_kind("team"):
        assert {member["email"] for member in team["members"]} == {"dana@demo.example", "new@demo.example"}
    desk.calls()
    desk.load()
    assert writes(desk.calls()) == {}


def test_a_team_of_another_name_is_renamed_and_its_members_stay_as_an_agent_set_them(desk: Loaded) -> None:
    desk.load()
    team = desk.thing("team", "Support")
    desk.api.teams.update(team["id"], {"members": []})
    desk.shop.mapped["teams"] = {
        "d1": {"name": "Support", "team": "Helpdesk"}, "g1-11": {"name": "Orders", "team": "Support / Orders"}
    }  # fmt: skip
    desk.shop.add("Users", {"UserID": 9, "Email": "migration@demo.example", "DisplayName": "Mig"})
    desk.shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    report = desk.load()
    found = desk.account.store.get("team", team["id"])
    assert found is not None
    assert (found["name"], found["members"]) == ("Helpdesk", [])
    assert report.conflicts == ["department d1: changed in Gorgias since it was loaded (members)"]


def test_a_matched_team_that_the_mapping_calls_otherwise_now_is_another_team(desk: Loaded) -> None:
    with desk.account.store.transaction():
        theirs = teams.create_team(desk.account, {"name": "Support", "members": []})
    desk.load()
    assert desk.entry("department", "d1").state == "matched"
    desk.shop.mapped["teams"] = {
        "d1": {"name": "Support", "team": "Helpdesk"}, "g1-11": {"name": "Orders", "team": "Support / Orders"}
    }  # fmt: skip
    desk.load()
    assert desk.entry("department", "d1").state == "created"
    assert desk.thing("team", "Helpdesk")["id"] != theirs["id"]
    assert desk.account.store.get("team", theirs["id"]) == theirs


# --- tags and fields -----------------------------------------------------------------------------------


def brand(name: str) -> dict[str, Any]:
    return {"1": {"name": "Fernhill", "becomes": "tag", "tag": name}}


def test_a_tag_of_another_name_is_another_tag_since_renaming_would_date_its_tickets_anew(desk: Loaded) -> None:
    desk.load()
    made, dated = desk.thing("tag", "brand: Fernhill"), ticket(desk.account, 1)["updated_datetime"]
    desk.shop.mapped["brands"] = brand("Fernhill Outdoor")
    report = desk.load()
    assert desk.thing("tag", "brand: Fernhill") == made
    assert "Fernhill Outdoor" in {tag["name"] for tag in ticket(desk.account, 1)["tags"]}
    assert ticket(desk.account, 1)["updated_datetime"] == dated
    assert report.conflicts == [
        "brand 1: another name now, so it is made anew; what was made before is not used any more"
    ]
    assert desk.entry("brand", 1).target_id == str(desk.thing("tag", "Fernhill Outdoor")["id"])
    left = desk.entry("brand", f"1 (made before: {made['id']})")
    assert (left.state, left.target_id, left.detail["was"]["state"]) == (GONE, str(made["id"]), "created")
    assert desk.reconcile().wrong == 0
    assert desk.load().conflicts == []


def test_a_description_of_a_tag_is_changed_in_place(desk: Loaded) -> None:
    desk.load()
    made = desk.thing("tag", "brand: Fernhill")
    desk.shop.mapped["brands"] = {"1": {"name": "Fernhill Ltd", "becomes": "tag", "tag": "brand: Fernhill"}}
    desk.load()
    assert desk.thing("tag", "brand: Fernhill") == {**made, "description": "Brand Fernhill Ltd in SmarterTrack"}


def test_a_tag_whose_new_name_is_there_already_is_that_one_and_the_old_one_is_listed(desk: Loaded) -> None:
    desk.load()
    with desk.account.store.transaction():
        other = tags.create_tag(desk.account, {"name": "Outdoor"})
    desk.shop.mapped["brands"] = brand("Outdoor")
    report = desk.load()
    found: Entry = desk.entry("brand", 1)
    assert (found.state, found.target_id) == ("matched", str(other["id"]))
    assert "brand 1: its new name is there already" in report.conflicts[0]
    assert desk.thing("tag", "brand: Fernhill")


def field_of(becomes: str, label: str = "Parcels", **more: Any) -> dict[str, Any]:
    return {"4": {"name": "Parcels", "becomes": becomes, "label": label, **more}}


def test_a_dropdown_gets_the_choices_that_came_and_keeps_those_that_may_be_in_use(desk: Loaded) -> None:
    desk.shop.mapped["ticket_fields"] = field_of("dropdown", choices=["1", "3"])
    desk.load()
    desk.shop.mapped["ticket_fields"] = field_of("dropdown", label="Boxes", choices=["3", "7"])
    report = desk.load()
    found = desk.thing("custom_field", "Boxes")
    assert found["definition"]["input_settings"]["choices"] == ["3", "7", "1"]
    assert report.counts["ticket_field", "updated"] == 1
    assert desk.reconcile().counts["ticket_field"] == {"validated": 1}


def test_a_field_of_another_type_is_archived_and_made_anew_and_tickets_have_their_values_in_it(desk: Loaded) -> None:
    desk.load()
    old = desk.thing("custom_field", "Parcels")
    desk.shop.mapped["ticket_fields"] = field_of("text")
    report = desk.load()
    fields = [f for f in desk.account.store.by_kind("custom_field") if f["label"] == "Parcels"]
    assert [bool(f["deactivated_datetime"]) for f in fields] == [True, False]
    assert fields[0]["id"] == old["id"]
    (value,) = ticket(desk.account, 1)["custom_fields"]
    assert (value["field"]["id"], value["value"]) == (fields[1]["id"], "1")
    assert report.conflicts == [
        "ticket_field 4: another data type now, so it is made anew; what was made before is not used any more"
    ]
    assert desk.reconcile().wrong == 0


# --- who changed what ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "there", "wanted", "who"),
    [
        ({"name": fingerprint("a")}, "a", "b", "ours"),
        ({"name": fingerprint("a")}, "b", "b", ""),
        ({"name": fingerprint("a")}, "c", "b", "theirs"),
        ({"name": fingerprint("a")}, "a", None, "ours"),
        ({}, None, "b", "ours"),
        ({}, "c", "b", "theirs"),
        (None, "a", "b", "theirs"),
        (None, "b", "b", ""),
        ({}, "", None, ""),
    ],
)
def test_who_changed_a_field_follows_from_what_was_sent_what_is_there_and_what_should_be(
    sent: dict[str, str] | None, there: Any, wanted: Any, who: str
) -> None:
    found = judge(sent, {"name": there}, {"name": wanted})
    name = frozenset({"name"})
    assert found == Judged(name if who == "ours" else frozenset(), name if who == "theirs" else frozenset())
