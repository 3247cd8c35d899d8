"""Proposals by what the account has: which names mean the same, how sure that is, and what there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from migrator_lib.chunks import Row
from migrator_lib.gorgias.contract.replies import CustomField
from migrator_lib.mapping import CONFIDENT, AddedField, EngagementMapping, FieldMapping
from migrator_lib.plan.proposal import Facts, There, ValueProfile, propose_from
from migrator_lib.plan.proposal.fields import added_with_room, propose_fields, with_room
from migrator_lib.plan.proposal.names import Names
from migrator_lib.plan.proposal.structure import propose_brands, propose_tags, propose_teams
from migrator_lib.plan.proposal.tickets import propose_priorities, propose_statuses


def profile(texts: Sequence[str]) -> ValueProfile:
    made = ValueProfile()
    for text in texts:
        made.add(text)
    return made


def there(label: str, kind: str = "text", choices: Sequence[str] = ()) -> CustomField:
    settings = {"input_type": "dropdown", "choices": list(choices)} if choices else {"input_type": "input"}
    return CustomField.model_validate(
        {"id": 1, "label": label, "definition": {"data_type": kind, "input_settings": settings}}
    )


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "names", "found", "sure"),
    [
        ("Customer Care", ["Customer Care", "customer care"], "Customer Care", 1.0),
        ("Customer Care", ["Customer care"], "Customer care", 0.95),
        ("Home & Living", ["home and living"], "home and living", 0.95),
        ("Rückgabe", ["RUCKGABE"], "RUCKGABE", 0.95),
        ("Care, Customer", ["Customer Care"], "Customer Care", 0.75),
        ("Wholesale", ["Whole-sale"], "Whole-sale", 0.95),
        ("Web form", ["Webform"], "Webform", 0.95),
        ("Customr Care", ["Customer Care", "Sales"], "Customer Care", 0.5),
        ("Unverified requests", ["Verified requests"], "Verified requests", 0.5),
        ("Return", ["Returns"], "Returns", 0.5),
        ("VIP", ["Vip", "vip"], "Vip", 0.5),
        ("Product Advise", ["Product Advice", "Product Advises"], "Product Advises", 0.4),
    ],
)
def test_a_name_of_the_account_is_found_and_how_sure_that_is(
    name: str, names: list[str], found: str, sure: float
) -> None:
    match = Names(names).match(name)
    assert match is not None
    assert (match.name, match.confidence) == (found, sure)
    assert found in match.reason or "same name" in match.reason


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Orders EU", ["Orders US"]), ("Team 1", ["Team 2"]), ("Floor 1-1", ["Floor 11"]),
        ("Customer Care Orders", ["Customer Care"]), ("Billing", ["Sales"]), ("", [""]), ("!!", ["??"]),
        ("Anything", []),
    ],
)  # fmt: skip
def test_names_that_mean_something_else_are_not_taken_for_one(name: str, names: list[str]) -> None:
    match = Names(names).match(name)
    assert match is None or match.name == name


def test_departments_become_the_teams_that_are_there_each_at_most_once() -> None:
    departments = [
        {"DepartmentID": n, "DisplayName": name, "IsDeleted": name == "Mail Order"}
        for n, name in enumerate(("Customer Care", "Costumer Care", "Wholesales", "Mail Order"), 1)
    ]
    groups = [
        {"DepartmentID": d, "GroupID": g, "GroupName": name, "IsDeleted": False}
        for d, g, name in ((1, 1, "Returns"), (1, 2, "Orders"), (3, 3, "Orders"))
    ]
    found = propose_teams(departments, groups, Names(["Customer care", "Wholesale", "Returns", "Orders", "mail order"]))
    assert [(key, entry.becomes, entry.team) for key, entry in found.items()] == [
        ("d1", "team", "Customer care"),
        ("d2", "team", "Costumer Care"),  # the team that it is like is taken by a better one
        ("d3", "team", "Wholesale"),
        ("d4", "nothing", "Mail Order"),
        ("g1-1", "team", "Returns"),
        ("g1-2", "team", "Customer Care / Orders"),  # two groups are called so
        ("g3-3", "team", "Wholesales / Orders"),
    ]
    assert found["d1"].confidence == 0.95
    assert (found["g1-1"].confidence, found["d2"].confidence) == (0.7, 1.0)


def test_brands_and_tags_take_the_spelling_of_the_account() -> None:
    brands = propose_brands([{"BrandID": 1, "BrandName": "Harbour & Pine"}], Names(["Brand: harbour & pine"]))
    assert brands["1"].tag == "Brand: harbour & pine"
    names = ("VIP", "refund", "urgent", "URGENT")
    tags = propose_tags([{"TagID": n, "Name": name} for n, name in enumerate(names, 1)], Names(["vip", "Refunds"]))
    assert [entry.becomes for entry in tags.values()] == ["vip", "refund", "urgent", "urgent"]
    assert "'Refunds', which is alike" in tags["2"].reason
    assert all(entry.confidence >= CONFIDENT for entry in tags.values())


# --- statuses, priorities, channels --------------------------------------------------------------------


def status(name: str, is_open: bool | None, active: bool = False) -> Row:
    return {"TicketStatusID": 1, "EnglishName": name, "DisplayName": None, "IsOpen": is_open, "IsActive": active,
            "IsLocked": None}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "becomes", "sure"),
    [
        (status("Active", True, True), "open", True),
        (status("Waiting", True), "open", True),
        (status("Resolved", True, True), "open", False),
        (status("Open", False), "closed", False),
        (status("Limbo", None), "closed", False),
    ],
)
def test_a_status_whose_name_and_flags_disagree_is_asked(row: Row, becomes: str, sure: bool) -> None:
    entry = propose_statuses([row])["1"]
    assert (entry.becomes, entry.confidence >= CONFIDENT) == (becomes, sure)


def test_a_waiting_status_takes_the_tag_that_the_account_has() -> None:
    assert propose_statuses([status("On Hold", True)], Names(["On-Hold"]))["1"].tag == "On-Hold"


def test_priorities_are_known_in_several_words_and_asked_otherwise() -> None:
    names = [("Dringend", None), ("Px", "High"), ("Px", None)]
    rows = [{"TicketPriorityID": n, "EnglishName": a, "DisplayName": b} for n, (a, b) in enumerate(names, 1)]
    found = propose_priorities(rows)
    assert [entry.becomes for entry in found.values()] == ["critical", "high", "normal"]
    assert [entry.confidence >= CONFIDENT for entry in found.values()] == [True, True, False]


def facts(definitions: list[Row], profiles: dict[int, ValueProfile], **more: Any) -> Facts:
    return Facts(lambda table: definitions if table == "CustomDataFields" else [], profiles, {}, **more)


def definition(number: int, name: str, options: str | None = None) -> Row:
    return {"CustomFieldID": number, "DisplayName": name, "Options": options}


def test_the_field_that_holds_the_channel_is_found_and_each_of_its_words_has_one() -> None:
    words = ["E-Mail", "Telefon", "Web form", "Pigeon", "E-Mail"]
    found = propose_from(facts([definition(9, "Channel", "E-Mail\nTelefon\nWeb form")], {9: profile(words)}))
    assert found.ticket_fields["9"].holds == "channel"
    assert {key: entry.becomes for key, entry in found.channels.items()} == {
        "e-mail": "email", "telefon": "phone", "web form": "contact_form", "pigeon": "email",
    }  # fmt: skip
    assert [key for key, entry in found.channels.items() if entry.confidence < CONFIDENT] == ["pigeon"]


def test_a_field_of_another_name_or_of_other_words_holds_no_channel() -> None:
    for name, words in (("Colour", ["E-Mail", "Phone"]), ("Source", ["Trade fair", "Friends", "Phone"])):
        found = propose_from(facts([definition(9, name)], {9: profile(words)}))
        assert (found.ticket_fields["9"].holds, found.channels) == ("", {})


def test_a_field_that_a_person_says_holds_the_channel_has_its_words_proposed_too() -> None:
    known = EngagementMapping.model_validate(
        {"ticket_fields": {"9": {"name": "Way", "becomes": "text", "label": "Way", "holds": "channel"}}}
    )
    found = propose_from(facts([definition(9, "Way")], {9: profile(["Phone"])}, known=known))
    assert found.channels["phone"].becomes == "phone"


# --- fields --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "texts", "becomes", "sure"),
    [
        ("Goodwill", ["0", "1", "1", "0", "0"], "boolean", False),
        ("Order number", ["1001", "1002", "1003", "1004", "1005"], "text", True),
        ("Parcels", ["1", "2", "3", "4", "5"], "number", True),
        ("Bought", ["03/04/2024"] * 5, "text", False),
        ("Bought", ["2024-04-03"] * 5, "date as text", True),
    ],
)
def test_a_type_that_values_do_not_settle_is_asked(name: str, texts: list[str], becomes: str, sure: bool) -> None:
    entry = propose_fields([definition(5, name)], {5: profile(texts)})["5"]
    assert (entry.becomes, entry.confidence >= CONFIDENT) == (becomes, sure)


@pytest.mark.parametrize(
    ("field", "label", "sure"),
    [
        (there("colour"), "colour", True),
        (there("Colour", "number"), "Colour (SmarterTrack)", False),
        (there("Colour", choices=["Red"]), "Colour (SmarterTrack)", False),
        (there("Colours", "number"), "Colour", True),
        (there("Size"), "Colour", True),
    ],
)
def test_a_field_of_the_account_is_taken_where_it_takes_the_values(field: CustomField, label: str, sure: bool) -> None:
    places = {field.label.strip().lower(): field}
    entry = propose_fields([definition(5, "Colour")], {5: profile(["blue", "as the sea"])}, places)["5"]
    assert (entry.label, entry.confidence >= CONFIDENT) == (label, sure)


def test_long_values_are_counted_and_where_the_rest_goes_is_said() -> None:
    long = {5: profile(["x" * 513, "y" * 512, "z" * 2000])}
    ticket = propose_fields([definition(5, "Notes")], long)["5"]
    person = propose_fields([definition(5, "Notes")], long, has_notes=False)["5"]
    assert (ticket.long_values, person.long_values) == ("split", "trim")
    assert "values longer than 512 characters: 2 (longest 2000); they are cut, and the rest goes into" in ticket.reason
    assert propose_fields([definition(5, "Notes")], {5: profile(["y" * 512])})["5"].long_values == "accept"


def many(n: int) -> tuple[dict[str, FieldMapping], dict[int, ValueProfile]]:
    """Fields of which number n has n hundred values."""
    fields = {str(k): FieldMapping(name=f"F{k}", becomes="text", label=f"F{k}") for k in range(1, n + 1)}
    return fields, {k: ValueProfile(values=100 * k) for k in range(1, n + 1)}


def left_out(fields: dict[str, FieldMapping]) -> list[str]:
    return [key for key, entry in fields.items() if entry.becomes == "nothing"]


def test_as_many_fields_as_gorgias_keeps_are_all_proposed() -> None:
    fields, profiles = many(25)
    assert left_out(with_room(fields, profiles, {})) == []


def test_the_least_used_fields_are_left_out_with_counts_and_a_near_miss_is_asked() -> None:
    fields, profiles = many(27)
    profiles[2] = ValueProfile(values=290)
    found = with_room(fields, profiles, {})
    assert left_out(found) == ["1", "2"]
    assert (found["1"].confidence, found["2"].confidence) == (0.8, 0.5)  # 290 values are close to the 300 that stay
    assert "Gorgias keeps 25 active fields" in found["2"].reason
    assert "290 values, and the least used one that stays has 300" in found["2"].reason


def test_room_is_what_the_account_and_persons_choices_leave() -> None:
    fields, profiles = many(10)
    places = {f"own {n}": there(f"Own {n}") for n in range(17)} | {"f1": there("F1")}
    kept = {"2": fields["2"], "10": fields["10"].model_copy(update={"becomes": "nothing"})}
    found = with_room(fields, profiles, places, more=["Number"], kept=kept)
    # 18 are there, F1 among them: 7 places for Number, F2 that a person chose, and five of F3 to F9
    assert left_out(found) == ["3", "4"]


def test_added_fields_get_what_room_custom_fields_leave_and_the_number_goes_first() -> None:
    fields, _ = many(23)
    added = {name: AddedField(becomes="text", label=name) for name in ("call_number", "chat_duration", "ticket_number")}
    found = added_with_room(added, fields, {})
    assert {name: entry.becomes for name, entry in found.items()} == {
        "ticket_number": "text", "call_number": "text", "chat_duration": "nothing",
    }  # fmt: skip
    assert "it stays in the meta" in found["chat_duration"].reason


def test_what_the_source_holds_decides_which_fields_are_added() -> None:
    found = propose_from(facts([], {}, holds={"Tickets", "CallLogs"})).added_fields
    assert set(found) == {"ticket_number", "call_direction", "call_duration", "call_number"}
    assert propose_from(facts([], {}, there=There())).added_fields == {}
