"""Satisfaction surveys: one a ticket, sent when they are told to be. Facts: the-satisfactionsurvey-object."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.simulators.gorgias.admin_client import outbox
from tests.simulators.gorgias.asking import OLD, Asker, incoming, ticket

LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
def about(ask: Asker) -> dict[str, Any]:
    jane = ask.customer()
    return {"customer_id": jane, "ticket_id": ask.make("tickets", ticket(incoming(jane)))["id"]}


def test_a_survey_is_made_read_and_found_on_its_ticket(ask: Asker, about: dict[str, Any]) -> None:
    body = {**about, "score": 4, "body_text": "Good", "created_datetime": OLD, "scored_datetime": OLD}
    made = ask.make("satisfaction-surveys", {**body, "should_send_datetime": None})
    assert made["created_datetime"] == made["scored_datetime"] == "2020-01-01T00:00:00.000000"
    assert ask("GET", f"satisfaction-surveys/{made['id']}").json() == made
    assert ask("GET", f"tickets/{about['ticket_id']}").json()["satisfaction_survey"]["score"] == 4
    assert outbox(ask.url) == []


def test_a_ticket_has_one_survey_and_it_goes_with_it(ask: Asker, about: dict[str, Any]) -> None:
    made = ask.make("satisfaction-surveys", about)
    assert "ticket_id" in ask.refusal("POST", "satisfaction-surveys", about, status=409)
    assert ask("DELETE", f"satisfaction-surveys/{made['id']}").status_code == 405
    ask("DELETE", f"tickets/{about['ticket_id']}")
    assert ask("GET", f"satisfaction-surveys/{made['id']}").status_code == 404


@pytest.mark.parametrize(("score", "status"), [(0, 400), (1, 201), (5, 201), (6, 400), (4.5, 400), (None, 201)])
def test_a_score_is_1_to_5(ask: Asker, about: dict[str, Any], score: Any, status: int) -> None:
    assert ask("POST", "satisfaction-surveys", {**about, "score": score}).status_code == status


def test_a_survey_needs_its_customer_and_ticket(ask: Asker, about: dict[str, Any]) -> None:
    assert set(ask.refusal("POST", "satisfaction-surveys", {})) == {"customer_id", "ticket_id"}
    for name in about:
        assert name in ask.refusal("POST", "satisfaction-surveys", {**about, name: 99})
    assert "body_text" in ask.refusal("POST", "satisfaction-surveys", {**about, "body_text": "x" * 1001})


def test_what_a_change_does_not_say_again_is_emptied(ask: Asker, about: dict[str, Any]) -> None:
    made = ask.make("satisfaction-surveys", {**about, "score": 4, "body_text": "Good", "created_datetime": OLD})
    path = f"satisfaction-surveys/{made['id']}"
    assert ask("PUT", path, {**about, "score": 5}).content == b""
    read = ask("GET", path).json()
    assert (read["score"], read["body_text"], read["created_datetime"]) == (5, None, "2020-01-01T00:00:00.000000")
    other = ask.make("tickets", ticket(incoming(about["customer_id"])))["id"]
    assert "ticket_id" in ask.refusal("PUT", path, {**about, "ticket_id": other})


def test_a_survey_with_a_date_to_send_is_sent_unless_it_was(ask: Asker, about: dict[str, Any]) -> None:
    made = ask.make("satisfaction-surveys", {**about, "should_send_datetime": LATER})
    assert [mail["kind"] for mail in outbox(ask.url)] == ["survey"]
    ask("PUT", f"satisfaction-surveys/{made['id']}", {**about, "should_send_datetime": None})
    assert outbox(ask.url) == []
    ask("PUT", f"satisfaction-surveys/{made['id']}", {**about, "should_send_datetime": LATER, "sent_datetime": OLD})
    assert outbox(ask.url) == []
