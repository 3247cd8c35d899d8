"""Added fields: for what SmarterTrack keeps outside its custom fields."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from migrator_lib.mapping import FIELD_LIMIT, EngagementMapping, FieldMapping, Status
from migrator_lib.objects.base import Quarantine, Send, Skip
from migrator_lib.objects.person_field import PersonField
from migrator_lib.objects.ticket_field import TicketField, added
from migrator_lib.plan.added_fields import ADDITIONS, propose_added
from tests.shop import Shop

NUMBER = {"becomes": "text", "label": "SmarterTrack number"}
DURATION = {"becomes": "number", "label": "Call duration (seconds)"}


def custom(n: int) -> dict[str, Any]:
    return {str(i): {"name": f"F{i}", "becomes": "text", "label": f"F{i}"} for i in range(1, n + 1)}


def test_an_added_field_becomes_a_ticket_field_and_no_customer_field(shop: Shop) -> None:
    shop.mapped = {"added_fields": {"ticket_number": NUMBER, "call_duration": DURATION}}
    staged = shop.stage()
    lookups = shop.lookups(staged)
    outcomes = {r.key: TicketField().transform(r, lookups) for r in TicketField().records(staged, lookups)}
    sent = outcomes["added-ticket_number"]
    assert isinstance(sent, Send)
    assert sent.payload["label"] == "SmarterTrack number"
    assert sent.payload["external_id"] == "st:demo:ticket_field:added-ticket_number"
    timed = outcomes["added-call_duration"]
    assert isinstance(timed, Send)
    assert timed.payload["definition"]["data_type"] == "number"
    assert list(PersonField().records(staged, lookups)) == []


def test_its_value_refers_to_it(shop: Shop) -> None:
    shop.mapped = {"added_fields": {"ticket_number": NUMBER, "call_duration": DURATION}}
    lookups = shop.lookups()
    assert added("ticket_number", "C-7", lookups) == [
        {"id": {"$ref": "ticket_field:added-ticket_number"}, "value": "C-7"}
    ]
    assert added("call_duration", 95, lookups)[0]["value"] == 95
    assert added("call_duration", 0, lookups)[0]["value"] == 0


@pytest.mark.parametrize("content", [None, "", "soon"])
def test_no_value_where_it_is_empty_or_does_not_fit(content: str | None, shop: Shop) -> None:
    shop.mapped = {"added_fields": {"call_duration": DURATION}}
    assert added("call_duration", content, shop.lookups()) == []


def test_nothing_where_the_mapping_makes_none(shop: Shop) -> None:
    shop.mapped = {"added_fields": {"ticket_number": {**NUMBER, "becomes": "nothing"}}}
    staged = shop.stage()
    lookups = shop.lookups(staged)
    assert added("ticket_number", "C-7", lookups) == []
    assert added("chat_duration", 5, lookups) == []
    assert [TicketField().transform(r, lookups) for r in TicketField().records(staged, lookups)] == [
        Skip("mapped_to_nothing")
    ]


def test_custom_fields_come_first_and_of_the_added_ones_the_number(shop: Shop) -> None:
    shop.mapped = {
        "ticket_fields": custom(FIELD_LIMIT - 1),
        "added_fields": {"call_duration": DURATION, "ticket_number": NUMBER},
    }
    staged = shop.stage()
    lookups = shop.lookups(staged)
    assert added("ticket_number", "C-7", lookups)
    assert added("call_duration", 95, lookups) == []
    outcomes = {r.key: TicketField().transform(r, lookups) for r in TicketField().records(staged, lookups)}
    assert isinstance(outcomes["added-ticket_number"], Send)
    assert isinstance(outcomes["added-call_duration"], Quarantine)


def test_two_fields_of_one_label_are_refused() -> None:
    with pytest.raises(
        ValidationError, match=r"added_fields\.ticket_number\.label: 'F1' is the label of ticket_fields"
    ):
        EngagementMapping.model_validate(
            {"ticket_fields": custom(1), "added_fields": {"ticket_number": {"becomes": "text", "label": "F1"}}}
        )


def test_the_proposal_has_what_the_source_has_a_use_for() -> None:
    waiting = {"2": Status(name="Waiting", becomes="open", keeps="field")}
    assert propose_added({}, {}, chats=False, calls=False).keys() == {"ticket_number"}
    assert propose_added({}, waiting, chats=False, calls=False).keys() == {"ticket_number", "status"}
    assert propose_added({}, waiting, chats=True, calls=True).keys() == ADDITIONS.keys()


def test_the_proposal_takes_no_label_that_a_custom_field_has() -> None:
    fields = {"1": FieldMapping(name="n", becomes="text", label="SmarterTrack Number")}
    found = propose_added(fields, {}, chats=False, calls=False)
    assert found["ticket_number"].label == "SmarterTrack number (2)"
