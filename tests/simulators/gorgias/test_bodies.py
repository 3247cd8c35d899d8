"""What bodies the account takes and refuses. Facts: developers.gorgias.com, errors, create-ticket and others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.gorgias.asking import (
    AGENT,
    OLD,
    Asker,
    field,
    incoming,
    note,
    outgoing,
    ticket,
    without,
)

MISSING = ["Missing data for required field."]
UNKNOWN = ["Unknown field."]


def test_a_problem_stands_under_its_messages_index_and_all_stand_together(ask: Asker) -> None:
    jane = ask.customer()
    good = incoming(jane)
    bad = {**without(good, "channel", "via"), "colour": "red"}
    data = ask.refusal("POST", "tickets", ticket(good, good, bad))
    assert data == {"messages": {"2": {"channel": MISSING, "via": MISSING, "colour": UNKNOWN}}}


@pytest.mark.parametrize("name", ["channel", "from_agent", "via"])
def test_a_message_needs_channel_from_agent_and_via(ask: Asker, name: str) -> None:
    message = without(incoming(ask.customer()), name)
    assert ask.refusal("POST", "tickets", ticket(message)) == {"messages": {"0": {name: MISSING}}}


def test_a_ticket_needs_messages_and_via(ask: Asker) -> None:
    assert ask.refusal("POST", "tickets", {}) == {"messages": MISSING, "via": MISSING}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customers", {"channels": [], "data": {}}),
        ("users", {"email": "a@b.example", "name": "A", "role": {"name": "agent"}, "channels": []}),
        ("teams", {"name": "A", "colour": "red"}),
        ("tags", {"name": "A", "colour": "red"}),
        ("custom-fields", {**field(), "hint": "x"}),
    ],
)
def test_an_unknown_key_is_refused_everywhere(ask: Asker, path: str, body: dict[str, Any]) -> None:
    assert list(ask.refusal("POST", path, body).values()) == [UNKNOWN]


def test_the_date_of_creation_and_messages_are_not_changed_by_put(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    data = ask.refusal("PUT", f"tickets/{made['id']}", {"created_datetime": OLD, "messages": []})
    assert data == {"created_datetime": UNKNOWN, "messages": UNKNOWN}


@pytest.mark.parametrize(("number", "status"), [(0, 400), (1, 201), (500, 201), (501, 400)])
def test_a_ticket_takes_1_to_500_messages(ask: Asker, number: int, status: int) -> None:
    message = incoming(ask.customer())
    assert ask("POST", "tickets", ticket(*[message] * number)).status_code == status


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"subject": "x" * 999}, "subject"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"status": "pending"}, "status"),
        ({"priority": "urgent"}, "priority"),
        ({"channel": "carrier pigeon"}, "channel"),
        ({"tags": [{"name": ""}]}, "tags"),
        ({"created_datetime": "yesterday"}, "created_datetime"),
        ({"created_datetime": 1577836800}, "created_datetime"),
        ({"created_datetime": "0001-01-01T00:00:00+05:00"}, "created_datetime"),
        ({"customer": {"id": "1"}}, "customer"),
        ({"assignee_user": {"id": 99}}, "assignee_user"),
        ({"assignee_team": {"id": 99}}, "assignee_team"),
        ({"custom_fields": [{"id": 99, "value": "x"}]}, "custom_fields"),
    ],
)
def test_a_ticket_is_refused_for_what_it_cannot_hold(ask: Asker, more: dict[str, Any], where: str) -> None:
    data = ask.refusal("POST", "tickets", ticket(incoming(ask.customer()), **more))
    assert list(data) == [where]
    assert ask("GET", "tickets").json()["data"] == []


def test_the_longest_that_is_allowed_is_taken(ask: Asker) -> None:
    most = {"subject": "x" * 998, "external_id": "x" * 255, "tags": [{"name": "x" * 256}]}
    made = ask.make("tickets", ticket(incoming(ask.customer()), **most))
    assert (len(made["subject"]), len(made["external_id"])) == (998, 255)


def test_who_sends_and_receives_depends_on_the_direction(ask: Asker) -> None:
    jane = ask.customer()
    cases = [
        (without(incoming(jane), "sender"), "sender"),
        (incoming(jane, receiver={"id": jane}), "receiver"),
        (without(outgoing(jane), "receiver"), "receiver"),
        (note(from_agent=False), "from_agent"),
        (note(receiver={"id": jane}), "receiver"),
        (incoming(jane, sender={"id": AGENT}), "sender"),
        (outgoing(jane) | {"sender": {"id": jane}}, "sender"),
    ]
    for message, where in cases:
        data = ask.refusal("POST", "tickets", ticket(message, customer={"id": jane}))
        assert where in data.get("messages", {}).get("0", data), where
    ask.make("tickets", ticket(incoming(jane), outgoing(jane), note()))


def test_an_email_needs_a_from_address_and_other_channels_do_not(ask: Asker) -> None:
    jane = ask.customer()
    for source in (None, {}, {"to": [{"address": "a@b.example"}]}):
        data = ask.refusal("POST", "tickets", ticket(incoming(jane, source=source)))
        assert list(data["messages"]["0"]) == ["source"]
    assert "from_" in ask.refusal("POST", "tickets", ticket(incoming(jane, source={"from_": {"address": "a"}})))[
        "messages"]["0"]["source"]  # fmt: skip
    ask.make("tickets", ticket(without(incoming(jane), "source") | {"channel": "phone"}))


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(ask: Asker, body: Any) -> None:
    assert "_schema" in ask.refusal("POST", "tickets", body)


def test_a_body_that_is_no_json_is_refused(ask: Asker) -> None:
    assert ask("POST", "tickets", data=b"{nonsense", headers={"Content-Type": "application/json"}).status_code == 400


# --- people and set-up ---------------------------------------------------------------------------------


def test_a_customer_needs_channels(ask: Asker) -> None:
    assert ask.refusal("POST", "customers", {"email": "a@b.example"}) == {"channels": MISSING}


@pytest.mark.parametrize("spelling", ["jane@shop.example", "Jane@Shop.example"])
@pytest.mark.parametrize("first", ["jane@shop.example", "JANE@shop.example"])
def test_an_address_is_on_one_customer_only(ask: Asker, first: str, spelling: str) -> None:
    jane, john = ask.customer(first), ask.customer("john@shop.example")
    channels = [{"type": "email", "address": spelling, "preferred": True}]
    ask.refusal("POST", "customers", {"channels": channels}, status=409)
    ask.refusal("POST", "customers", {"channels": [], "email": spelling}, status=409)
    ask.refusal("PUT", f"customers/{john}", {"channels": channels}, status=409)
    assert ask("PUT", f"customers/{jane}", {"channels": channels}).status_code == 202


def test_an_address_is_free_again_when_its_customer_is_gone_or_has_another(ask: Asker) -> None:
    jane = ask.customer()
    other = [{"type": "email", "address": "jane@new.example"}]
    ask("PUT", f"customers/{jane}", {"channels": other})
    john = ask.customer()
    ask("DELETE", f"customers/{john}")
    ask.customer()


def test_a_user_needs_email_name_and_role_and_an_address_of_its_own(ask: Asker) -> None:
    assert ask.refusal("POST", "users", {}) == {"email": MISSING, "name": MISSING, "role": MISSING}
    user = {"email": "Dana@demo.example", "name": "D", "role": {"name": "agent"}}
    assert "email" in ask.refusal("POST", "users", user, status=409)
    assert "role" in ask.refusal("POST", "users", {**user, "role": {"name": "bot"}})


def test_tags_differ_by_case_and_one_name_is_one_tag(ask: Asker) -> None:
    ask.make("tags", {"name": "VIP"})
    other = ask.make("tags", {"name": "vip"})
    assert "name" in ask.refusal("POST", "tags", {"name": "VIP"}, status=409)
    assert "name" in ask.refusal("PUT", f"tags/{other['id']}", {"name": "VIP"}, status=409)


def test_25_fields_of_a_kind_may_be_active(ask: Asker) -> None:
    made = [ask.make("custom-fields", field(label=f"Field {n}")) for n in range(25)]
    assert "object_type" in ask.refusal("POST", "custom-fields", field(label="One more"))
    ask.make("custom-fields", field("Customer"))
    assert ask("PUT", f"custom-fields/{made[0]['id']}", {"deactivated_datetime": OLD}).status_code == 202
    ask.make("custom-fields", field(label="One more"))
    assert "object_type" in ask.refusal("PUT", f"custom-fields/{made[0]['id']}", {"deactivated_datetime": None})
    assert len(ask("GET", "custom-fields?object_type=Ticket&limit=100").json()["data"]) == 25
    assert len(ask("GET", "custom-fields?object_type=Ticket&limit=100&archived=true").json()["data"]) == 26


@pytest.mark.parametrize("data_type", ["date", "multi-select", "datetime"])
def test_there_is_no_field_of_dates_or_many_values(ask: Asker, data_type: str) -> None:
    definition = {"data_type": data_type, "input_settings": {"input_type": "input"}}
    assert "definition" in ask.refusal("POST", "custom-fields", {**field(), "definition": definition})


def test_a_value_fits_its_fields_type_and_choices(ask: Asker) -> None:
    jane = ask.customer()
    colour = ask.make("custom-fields", field(label="Colour", input_type="dropdown", choices=["red", "blue"]))["id"]
    number = {"data_type": "number", "input_settings": {"input_type": "input_number"}}
    size = ask.make("custom-fields", {**field(label="Size"), "definition": number})["id"]
    theirs = ask.make("custom-fields", field("Customer"))["id"]
    for bad in ((colour, "green"), (colour, 1), (size, "7"), (size, True), (theirs, "x")):
        data = ask.refusal("POST", "tickets", ticket(incoming(jane), custom_fields=[{"id": bad[0], "value": bad[1]}]))
        assert list(data["custom_fields"]) == ["0"]
    values = [{"id": colour, "value": "red"}, {"id": size, "value": 7.5}]
    made = ask.make("tickets", ticket(incoming(jane), custom_fields=values))
    assert [(v["field"]["id"], v["value"]) for v in made["custom_fields"]] == [(colour, "red"), (size, 7.5)]
