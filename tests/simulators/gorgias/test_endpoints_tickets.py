"""Tickets, their values and messages: what narrows a list, and what a change leaves. Facts: list-tickets and others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.gorgias.asking import AGENT, OLD, Asker, field, incoming, note, outgoing, ticket, without


def ids(ask: Asker, path: str) -> list[int]:
    return sorted(row["id"] for row in ask("GET", path).json()["data"])


def test_a_list_is_narrowed_by_customer_ids_view_and_rule(ask: Asker) -> None:
    jane, john = ask.customer(), ask.customer("john@shop.example")
    one = ask.make("tickets", ticket(incoming(jane), status="closed", tags=[{"name": "vip"}]))["id"]
    two = ask.make("tickets", ticket(incoming(john)))["id"]
    view = ask.make("views", {"name": "Closed", "filters": "eq(ticket.status, 'closed')"})["id"]
    message = ask.account.store.by("message", "parent", two)[0]
    ask.account.store.put("message", {**message, "rule_id": 7}, parent=two)
    for filters, found in (
        (f"customer_id={jane}", [one]), (f"ticket_ids={two}", [two]),
        (f"ticket_ids[]={one}&ticket_ids[]={two}", [one, two]),
        (f"view_id={view}", [one]), ("rule_id=7", [two]), ("rule_id=8", []), (f"customer_id={jane}&rule_id=7", []),
    ):  # fmt: skip
        assert ids(ask, f"tickets?{filters}") == found, filters
    ask.refusal("GET", "tickets?view_id=99", status=404)


@pytest.mark.parametrize(
    "filters",
    ["customer_id=x", "ticket_ids=x", "trashed=perhaps", "view_id=-1", "rule_id=1.5", "customer_id=" + "9" * 30,
     "&".join(f"ticket_ids={n}" for n in range(101))],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(ask: Asker, filters: str) -> None:
    assert list(ask.refusal("GET", f"tickets?{filters}")) == [filters.partition("=")[0]]


def test_a_tag_is_on_a_ticket_once_however_often_it_is_named(ask: Asker) -> None:
    path = f"tickets/{ask.make('tickets', ticket(note()))['id']}"
    vip = ask.make("tags", {"name": "vip"})["id"]
    for method, status in (("POST", 201), ("PUT", 202)):
        assert ask(method, f"{path}/tags", {"names": ["vip", "vip"], "ids": [vip, vip]}).status_code == status
        assert [tag["name"] for tag in ask("GET", f"{path}/tags").json()["data"]] == ["vip"]


def test_taking_a_tag_away_makes_none(ask: Asker) -> None:
    path = f"tickets/{ask.make('tickets', ticket(note(), tags=[{'name': 'vip'}]))['id']}"
    assert ask("DELETE", f"{path}/tags", {"names": ["VIP", "late"]}).status_code == 204
    assert [tag["name"] for tag in ask("GET", f"{path}/tags").json()["data"]] == ["vip"]
    assert ask.account.store.count("tag") == 1


def test_parameters_that_nobody_knows_are_passed_over(ask: Asker) -> None:
    assert ask("GET", "tickets?colour=red&per_page=5").status_code == 200


@pytest.mark.parametrize("exact", [True, False])
def test_external_ids_are_matched_as_the_account_has_it(ask: Asker, exact: bool) -> None:
    ask.account.knobs.external_id_exact = exact
    jane = ask.customer()
    one, ten = (ask.make("tickets", ticket(incoming(jane), external_id=f"st:{n}"))["id"] for n in (1, 10))
    assert ids(ask, "tickets?external_id=st:1") == ([one] if exact else [one, ten])


def test_lists_tell_their_length_and_bring_messages_where_the_account_has_it_so(ask: Asker) -> None:
    jane = ask.customer()
    for n in range(3):
        ask.make("tickets", ticket(incoming(jane), trashed_datetime=OLD if n == 0 else None))
    assert ask("GET", "tickets?limit=1").json()["meta"]["total_resources"] is None
    ask.account.knobs.total_resources_told = ask.account.knobs.list_rows_have_messages = True
    reply = ask("GET", "tickets?limit=1&trashed=false").json()
    assert reply["meta"]["total_resources"] == 2
    assert len(reply["data"][0]["messages"]) == 1


# --- values of custom fields ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Ticket", "Customer"])
def test_one_value_is_set_and_removed_and_the_others_stay(ask: Asker, kind: str) -> None:
    one, two = (ask.make("custom-fields", field(kind, label))["id"] for label in ("One", "Two"))
    jane = ask.customer()
    owner = (
        f"customers/{jane}" if kind == "Customer" else f"tickets/{ask.make('tickets', ticket(incoming(jane)))['id']}"
    )
    path = f"{owner}/custom-fields"

    def held() -> dict[int, Any]:
        return {value["field"]["id"]: value["value"] for value in ask("GET", path).json()["data"]}

    assert ask("PUT", path, [{"id": one, "value": "a"}]).status_code == 202
    assert ask("PUT", f"{path}/{two}", {"id": two, "value": "b"}).status_code == 202
    assert held() == {one: "a", two: "b"}
    assert ask("PUT", f"{path}/{one}", "c").status_code == 202
    assert held() == {one: "c", two: "b"}
    assert ask("DELETE", f"{path}/{one}").status_code == 204
    assert held() == {two: "b"}
    ask.refusal("DELETE", f"{path}/{one}", status=404)
    for body in (7, {"value": 7}, {"id": one, "value": "b"}, ["b"]):
        ask.refusal("PUT", f"{path}/{two}", body)
    assert held() == {two: "b"}


@pytest.mark.parametrize(("form", "bare", "as_object"), [("value", 202, 400), ("object", 400, 202), ("both", 202, 202)])
def test_the_body_of_one_value_is_as_the_account_has_it(ask: Asker, form: Any, bare: int, as_object: int) -> None:
    ask.account.knobs.single_value_body = form
    one = ask.make("custom-fields", field())["id"]
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    path = f"tickets/{made['id']}/custom-fields/{one}"
    assert ask("PUT", path, "x").status_code == bare
    assert ask("PUT", path, {"id": one, "value": "x"}).status_code == as_object


@pytest.mark.parametrize("body", [{"id": 1, "value": "x"}, None, [{"id": 1}], [1]])
def test_all_values_come_as_a_bare_array(ask: Asker, body: Any) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    ask.refusal("PUT", f"tickets/{made['id']}/custom-fields", body)


def test_a_number_keeps_within_its_bounds_and_choices_bind_where_the_account_has_it_so(ask: Asker) -> None:
    settings = {"input_type": "input_number", "min": 1, "max": 5}
    size = ask.make("custom-fields", {**field(), "definition": {"data_type": "number", "input_settings": settings}})[
        "id"
    ]
    colour = ask.make("custom-fields", field(label="Colour", input_type="dropdown", choices=["red"]))["id"]
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    path = f"tickets/{made['id']}/custom-fields"
    for value, status in ((0, 400), (1, 202), (5.5, 400), (5, 202), (None, 202)):
        assert ask("PUT", path, [{"id": size, "value": value}]).status_code == status
    assert ask("PUT", path, [{"id": colour, "value": "green"}]).status_code == 400
    ask.account.knobs.choices_enforced = False
    assert ask("PUT", path, [{"id": colour, "value": "green"}]).status_code == 202


# --- messages ------------------------------------------------------------------------------------------


def test_a_message_is_changed_whole_or_in_part_but_says_again_what_it_is(ask: Asker) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane, external_id="st:m:1")))
    path = f"tickets/{made['id']}/messages/{made['messages'][0]['id']}"
    assert set(ask.refusal("PUT", path, {"body_text": "x"})) == {"channel", "from_agent", "via"}
    again = {"channel": "email", "from_agent": False, "via": "api", "body_text": "Changed"}
    reply = ask("PUT", path, again)
    assert (reply.status_code, reply.content) == (202, b"")
    read = ask("GET", path).json()
    assert (read["body_text"], read["external_id"], read["sender"]["id"]) == ("Changed", "st:m:1", jane)
    assert "receiver" in ask.refusal("PUT", path, {**again, "from_agent": True, "sender": {"id": AGENT}})
    assert ask("PUT", f"tickets/{made['id']}/messages/99", again).status_code == 404


def test_messages_are_listed_by_ticket_and_of_a_ticket(ask: Asker) -> None:
    jane = ask.customer()
    one = ask.make("tickets", ticket(incoming(jane), outgoing(jane)))
    ask.make("tickets", ticket(incoming(jane)))
    expected = sorted(message["id"] for message in one["messages"])
    assert ids(ask, f"messages?ticket_id={one['id']}") == ids(ask, f"tickets/{one['id']}/messages") == expected
    assert ask("GET", "tickets/99/messages").status_code == 404


def test_an_action_on_sending_is_one_of_three(ask: Asker) -> None:
    jane = ask.customer()
    path = f"tickets/{ask.make('tickets', ticket(incoming(jane)))['id']}/messages"
    assert ask("POST", path, outgoing(jane), params={"action": "cancel"}).status_code == 201
    assert ask("POST", path, outgoing(jane), params={"action": "shout"}).status_code == 400


def test_a_message_needs_no_sent_datetime_to_be_a_note(ask: Asker) -> None:
    made = ask.make("tickets", ticket(without(note(), "public")))
    assert made["messages"][0]["public"] is False


def test_an_account_may_have_channels_of_its_own(ask: Asker) -> None:
    body = ticket(incoming(ask.customer()), channel="fax")
    assert "channel" in ask.refusal("POST", "tickets", body)
    ask.account.knobs.custom_channels = ["fax"]
    assert ask.make("tickets", body)["channel"] == "fax"
