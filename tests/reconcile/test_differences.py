"""What is reported of a difference, and what is kept back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from migrator_lib.objects import TICKET
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile.differences import NOTHING, Difference, compare, fingerprint, matched_by, ours, shortened


def test_equal_things_have_no_differences() -> None:
    thing = {"status": "open", "tags": ["a", "b"], "custom_fields": [[3, "x"]], "meta": {"a": None}}
    assert compare(thing, {**thing, "tags": ["a", "b"]}) == []


def test_a_field_that_differs_is_named_with_both_values() -> None:
    assert compare({"status": "open", "priority": "low"}, {"status": "closed", "priority": "low"}) == [
        Difference("status", "open", "closed")
    ]


def test_fields_inside_are_named_by_their_path() -> None:
    found = compare({"meta": {"group": "Orders", "follow_up": True}}, {"meta": {"group": "Returns"}})
    assert found == [Difference("meta.group", "Orders", "Returns"), Difference("meta.follow_up", "yes", NOTHING)]


def test_a_thing_without_meta_differs_from_one_with() -> None:
    assert [d.field for d in compare({"meta": {"group": "Orders"}}, {"meta": None})] == ["meta"]


def test_a_body_is_shown_as_length_and_fingerprint_only() -> None:
    (found,) = compare({"body_text": "My order never came."}, {"body_text": "My order never came"})
    assert found.expected == fingerprint("My order never came.")
    assert found.expected.startswith("20 characters, ")
    assert found.actual.startswith("19 characters, ")
    assert "order" not in found.expected + found.actual


def test_no_address_and_no_name_of_a_person_is_shown() -> None:
    expected = {
        "email": "anna.olsen@shop.example",
        "name": "Anna Olsen",
        "subject": "From anna.olsen@shop.example",
        "source": {"from": {"address": "anna.olsen@shop.example", "name": "Anna Olsen"}, "to": [], "cc": None},
    }
    actual = {
        "email": "bo@shop.example",
        "name": "Bo Ek",
        "subject": "From bo@shop.example",
        "source": {"from": {"address": "bo@shop.example", "name": "Bo Ek"}, "to": [{"address": "x@y.example"}]},
    }
    found = compare(expected, actual)
    assert {d.field for d in found} == {
        "email", "name", "subject", "source.from.address", "source.from.name", "source.to",
    }  # fmt: skip
    text = " ".join(d.expected + d.actual for d in found)
    for secret in ("olsen", "Olsen", "Anna", "bo@", "shop.example", "x@y"):
        assert secret not in text


def test_what_differs_only_behind_the_mask_is_said_to_differ() -> None:
    (found,) = compare({"name": "Anna Olsen"}, {"name": "Arne Oll"})
    assert found == Difference("name", "A. O.", "A. O., but not the same")


def test_values_of_custom_fields_are_masked_and_compared_one_by_one() -> None:
    found = compare(
        {"custom_fields": [[7, "+44 7700 900123"], [8, True], [9, "x"]]}, {"custom_fields": [[7, "+1"], [8, 1]]}
    )
    assert found == [
        Difference("custom_fields.7", "+*** (15 characters)", "+*** (2 characters)"),
        Difference("custom_fields.8", "yes", "1*** (1 characters)"),
        Difference("custom_fields.9", "x*** (1 characters)", NOTHING),
    ]


def test_an_id_that_comes_twice_is_a_difference_of_the_list() -> None:
    (found,) = compare({"custom_fields": [[17, "red"]]}, {"custom_fields": [[17, "blue"], [17, "red"]]})
    assert (found.field, found.expected) == ("custom_fields", "(nothing)")


@pytest.mark.parametrize("value", [[[17, True]], {"a": [True]}, [{"public": True}], True])
def test_yes_is_not_one_however_deep_it_stands(value: Any) -> None:
    one = json.loads(json.dumps(value).replace("true", "1"))
    assert one == value  # for Python
    assert len(compare({"x": value}, {"x": one})) == 1
    assert compare({"x": value}, {"x": value}) == []


@pytest.mark.parametrize(
    ("there", "wrong"),
    [
        (["alpha", "beta", "vip"], False), (["Vip", "alpha", "BETA"], False), (["alpha", "beta"], True),
        (["alpha", "beta", "vips"], True), ([f"{'x' * 70}1"], True),
    ],
)  # fmt: skip
def test_an_account_that_knows_no_case_is_right_about_case_alone(there: list[str], wrong: bool) -> None:
    meant = ["Vip", "alpha", "Beta"] if len(there) > 1 else [f"{'X' * 70}2"]
    expected, found = (TICKET.compared({"tags": [{"name": name} for name in names]}) for names in (meant, there))
    told = ours(compare(expected, found), Behaviour(tag_case_matters=False))
    assert [one.field for one in told] == (["tags"] if wrong else [])


def test_of_lists_only_what_the_other_side_lacks_is_shown() -> None:
    (found,) = compare({"tags": ["brand: A", "vip", "vip"]}, {"tags": ["brand: A", "vip", "spam?"]})
    assert found == Difference("tags", "vip", "spam?")


def test_the_same_items_in_another_order_differ() -> None:
    (found,) = compare({"choices": ["a", "b"]}, {"choices": ["b", "a"]})
    assert found == Difference("choices", "a, b", "b, a")


def test_a_file_name_is_not_shown() -> None:
    (found,) = compare({"attachments": [["https://files.example/1", "cv anna olsen.pdf"]]}, {"attachments": []})
    assert "anna" not in found.expected
    assert ".pdf" in found.expected
    assert found.actual == NOTHING


def test_a_long_text_is_cut() -> None:
    assert len(shortened("x" * 500)) == 60
    assert shortened("a\n b  c") == "a b c"


def test_things_pair_by_external_id_and_without_one_in_order() -> None:
    one, two, note = {"external_id": "1"}, {"external_id": "2"}, {"body": "n"}
    stray = {"external_id": "9"}
    pairs = matched_by("external_id", [one, two, note], [{"external_id": None}, stray, {"external_id": "1", "x": 1}])
    assert pairs == [(one, {"external_id": "1", "x": 1}), (two, None), (note, {"external_id": None}), (None, stray)]


def test_of_two_lists_of_things_the_field_is_named_and_what_has_most_in_common_is_compared() -> None:
    one = [{"url": "a", "name": "x.png", "size": 1}, {"url": "b", "name": "y.png", "size": 2}]
    other = [{"url": "b", "name": "y.png", "size": 3}, {"url": "a", "name": "x.png", "size": 1}]
    (found,) = compare({"attachments": one}, {"attachments": other})
    assert found == Difference("attachments.size", "2", "3")
    both = [{**other[0], "name": "z.png"}, other[1]]
    assert [d.field for d in compare({"attachments": one}, {"attachments": both})] == [
        "attachments.name", "attachments.size"
    ]  # fmt: skip


def test_lists_of_things_of_another_length_or_order_are_told_as_a_whole_and_show_nothing_of_whom() -> None:
    one, other = {"address": "ann@home.example", "name": "Ann"}, {"address": "bob@home.example", "name": "Bob"}
    (longer,) = compare({"source": {"to": [one]}}, {"source": {"to": [one, other]}})
    (swapped,) = compare({"source": {"to": [one, other]}}, {"source": {"to": [other, one]}})
    assert longer.field == swapped.field == "source.to"
    assert swapped.expected != swapped.actual
    assert not any(word in str((longer, swapped)) for word in ("ann@", "bob@", "Ann", "Bob"))
