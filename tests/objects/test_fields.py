"""Custom fields: their types, their values, and what happens to a value that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.contract.bodies import CustomFieldCreate
from migrator_lib.gorgias.contract.replies import CustomField
from migrator_lib.mapping import FIELD_LIMIT, FieldMapping
from migrator_lib.objects.base import Quarantine, Send, Skip
from migrator_lib.objects.person_field import PersonField
from migrator_lib.objects.ticket_field import TicketField, definition, value, values
from migrator_lib.simulators.gorgias.web.validation import parse
from tests.shop import Shop


def entry(becomes: str, **more: Any) -> FieldMapping:
    choices = ("Red", "Green") if becomes == "dropdown" else ()
    return FieldMapping.model_validate(
        {"name": "Colour", "becomes": becomes, "label": "Colour", "choices": choices, **more}
    )


TYPES = ("text", "dropdown", "number", "boolean", "date as text")


@pytest.mark.parametrize("becomes", TYPES)
def test_gorgias_takes_the_definition_of_every_type(becomes: str) -> None:
    body = {"object_type": "Ticket", "label": "Colour", "definition": definition(entry(becomes))}
    parse(CustomFieldCreate, body, "create custom field")


@pytest.mark.parametrize(
    ("becomes", "text", "wanted"),
    [
        ("text", " as it is ", " as it is "),
        ("number", " 12 ", 12),
        ("number", "3,5", 3.5),
        ("number", "-0.25", -0.25),
        ("boolean", "True", True),
        ("boolean", "no", False),
        ("dropdown", " Red ", "Red"),
        ("date as text", "2024-02-01", "2024-02-01"),
        ("date as text", "2024-02-01 00:00:00", "2024-02-01"),
        ("date as text", "2024-02-01T13:05:00Z", "2024-02-01T13:05:00Z"),
        ("date as text", "1.2.2024", "2024-02-01"),
        ("date as text", "25/12/2024", "2024-12-25"),
        ("date as text", "12/25/2024 1:05:09 PM", "2024-12-25T13:05:09"),
    ],
)
def test_a_value_is_sent_as_its_field_takes_it(becomes: str, text: str, wanted: Any) -> None:
    found = value(entry(becomes), text)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("becomes", "text"),
    [
        ("number", "0012"), ("number", "1,234"), ("number", "nan"), ("number", "inf"), ("number", "1e5"),
        ("number", "1_000"), ("number", "twelve"), ("number", "9" * 30), ("boolean", "perhaps"), ("dropdown", "red"),
        ("dropdown", "Blue"), ("date as text", "soon"), ("date as text", "03/04/2024"), ("date as text", "31.2.2024"),
        ("date as text", "13:00"),
    ],
)  # fmt: skip
def test_a_value_that_would_be_changed_or_refused_does_not_fit(becomes: str, text: str) -> None:
    assert value(entry(becomes), text) is None


@pytest.mark.parametrize(("slashes", "wanted"), [("day/month", "2024-04-03"), ("month/day", "2024-03-04")])
def test_the_mapping_says_which_number_of_a_date_is_the_month(slashes: str, wanted: str) -> None:
    assert value(entry("date as text", slashes=slashes), "03/04/2024") == wanted


@given(text=st.text(max_size=40) | st.from_regex(r"\d{1,2}[/.]\d{1,2}[/.]\d{4}( \d{1,2}:\d\d)?", fullmatch=True),
       becomes=st.sampled_from(TYPES))  # fmt: skip
def test_every_value_is_sent_kept_or_empty_and_counted_once(text: str, becomes: str) -> None:
    found = values("ticket_field", {"5": entry(becomes)}, [{"CustomFieldID": 5, "DataContent": text}])
    assert sum(found.states.values()) == 1
    assert len(found.sent) + len(found.unfit) == (1 if text.strip() else 0)
    assert not found.unfit or found.unfit == {"Colour": text}


def test_values_without_a_field_are_kept_and_those_mapped_to_nothing_are_left_out() -> None:
    rows = [{"CustomFieldID": n, "DataContent": "x"} for n in (5, 6, 7)] + [{"CustomFieldID": 8, "DataContent": None}]
    found = values("ticket_field", {"5": entry("text"), "6": entry("nothing")}, rows)
    assert found.sent == [{"id": {"$ref": "ticket_field:5"}, "value": "x"}]
    assert found.unfit == {"field 7": "x"}
    assert found.states == {
        "created": 1, "skipped: mapped_to_nothing": 1, "quarantined": 1, "skipped: empty_value": 1,
    }  # fmt: skip


def many(n: int) -> dict[str, Any]:
    return {str(i): {"name": "x", "becomes": "text", "label": f"Field {i}"} for i in range(1, n + 1)}


def test_fields_beyond_the_limit_wait_for_a_person_and_their_values_are_kept(shop: Shop) -> None:
    shop.mapped["ticket_fields"] = many(FIELD_LIMIT + 2)
    shop.add("CustomDataFields", *({"CustomFieldID": i, "DisplayName": "x"} for i in range(1, FIELD_LIMIT + 3)))
    staged = shop.stage()
    lookups = shop.lookups(staged)
    found = {r.key: TicketField().transform(r, lookups) for r in TicketField().records(staged, lookups)}
    assert [key for key, outcome in found.items() if isinstance(outcome, Quarantine)] == ["26", "27"]
    told = values("ticket_field", lookups.mapping.ticket_fields, [{"CustomFieldID": 27, "DataContent": "kept"}])
    assert told.unfit == {"Field 27": "kept"}


def test_a_field_is_sent_skipped_or_quarantined_as_the_mapping_says(shop: Shop) -> None:
    shop.mapped["ticket_fields"] = {**many(1), "2": {"name": "x", "becomes": "nothing", "label": "Nothing"}}
    shop.add("CustomDataFields", *({"CustomFieldID": i, "DisplayName": "x"} for i in (1, 2, 3)))
    shop.add("CustomDataFieldsInTickets", {"TicketID": 1, "CustomFieldID": 3, "DataContent": "x"},
             {"TicketID": 1, "CustomFieldID": 4, "DataContent": "its definition is gone"})  # fmt: skip
    staged = shop.stage()
    lookups = shop.lookups(staged)
    found = {r.key: TicketField().transform(r, lookups) for r in TicketField().records(staged, lookups)}
    assert isinstance(found["1"], Send)
    assert found["1"].payload["external_id"] == "st:demo:ticket_field:1"
    assert found["2"] == Skip("mapped_to_nothing")
    assert isinstance(found["3"], Quarantine)
    assert isinstance(found["4"], Quarantine)


def test_fields_of_people_are_customer_fields(shop: Shop) -> None:
    shop.mapped["person_fields"] = many(1)
    shop.add("CustomDataFields", {"CustomFieldID": 1, "DisplayName": "x"})
    shop.add("CustomDataFieldsForUsers", {"UserID": 101, "CustomFieldID": 1, "DataContent": "x"})
    staged = shop.stage()
    lookups = shop.lookups(staged)
    (record,) = PersonField().records(staged, lookups)
    outcome = PersonField().transform(record, lookups)
    assert isinstance(outcome, Send)
    assert (outcome.payload["object_type"], outcome.payload["external_id"]) == ("Customer", "st:demo:person_field:1")


def there(data_type: str, **settings: Any) -> CustomField:
    definition = {"data_type": data_type, "input_settings": settings}
    return CustomField.model_validate({"id": 1, "label": "Colour", "definition": definition})


@pytest.mark.parametrize(
    ("becomes", "found", "words"),
    [
        ("number", there("text"), "type text"),
        ("text", there("text", choices=["Red"]), "free text"),
        ("dropdown", there("text", choices=["Red", "Blue"]), "'Green'"),
    ],
)
def test_a_field_of_the_label_that_would_refuse_values_is_not_matched(
    becomes: str, found: CustomField, words: str
) -> None:
    payload = {"label": "Colour", "definition": definition(entry(becomes))}
    with pytest.raises(RecordUnusable, match=words):
        TicketField().check_match(payload, found)


@pytest.mark.parametrize(
    ("becomes", "found"),
    [
        ("text", there("text")),
        ("dropdown", there("text", choices=["Green", "Red", "Blue"])),
        ("dropdown", there("text")),
        ("boolean", there("boolean", choices=[True, False])),
    ],
)
def test_a_field_of_the_label_that_takes_all_values_is_matched(becomes: str, found: CustomField) -> None:
    TicketField().check_match({"label": "Colour", "definition": definition(entry(becomes))}, found)
