"""The account writes down what happens in it. Facts: list-events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.gorgias.asking import Asker, incoming, ticket


def told(ask: Asker, **query: Any) -> list[tuple[str, str, int]]:
    reply = ask("GET", "events", params={"order_by": "created_datetime:asc", **query})
    return [(event["type"], event["object_type"], event["object_id"]) for event in reply.json()["data"]]


def test_what_is_created_changed_and_deleted_is_told(ask: Asker) -> None:
    jane = ask.customer()
    made = ask.make("tickets", ticket(incoming(jane)))
    message = ask.make(f"tickets/{made['id']}/messages", incoming(jane))["id"]
    ask("PUT", f"tickets/{made['id']}", {"subject": "x"})
    ask("POST", f"tickets/{made['id']}/tags", {"names": ["a"]})
    ask("DELETE", f"tickets/{made['id']}/messages/{message}")
    ask("DELETE", f"tickets/{made['id']}")
    ask("DELETE", "customers", {"ids": [jane]})
    of_ticket = ("Ticket", made["id"])
    assert told(ask) == [
        ("customer-created", "Customer", jane),
        ("ticket-created", *of_ticket),
        ("ticket-message-created", "TicketMessage", message),
        ("ticket-updated", *of_ticket),
        ("ticket-updated", *of_ticket),
        ("ticket-message-deleted", "TicketMessage", message),
        ("ticket-deleted", *of_ticket),
        ("customer-deleted", "Customer", jane),
    ]


def test_what_was_not_there_was_not_deleted(ask: Asker) -> None:
    jane = ask.customer()
    assert ask("DELETE", "customers", {"ids": [jane, jane, 99]}).status_code == 204
    told = ask("GET", "events?types=customer-deleted").json()["data"]
    assert [event["object_id"] for event in told] == [jane]


def test_what_is_refused_and_what_the_seed_holds_is_not_told(ask: Asker) -> None:
    ask.refusal("POST", "tickets", {})
    ask.refusal("DELETE", "users/1", status=403)
    assert told(ask) == []


def test_events_are_narrowed_by_object_user_type_and_time(ask: Asker) -> None:
    first, second = ask.make("tags", {"name": "a"})["id"], ask.make("teams", {"name": "a"})["id"]
    assert first == second, "one id, two kinds: the filter is by both"
    tag, team = ("tag-created", "Tag", first), ("team-created", "Team", second)
    moment = ask("GET", "events?types=team-created").json()["data"][0]["created_datetime"]
    for query, found in (
        ({"object_type": "Tag", "object_id": first}, [tag]), ({"object_id": 99}, []), ({"user_ids[]": 1}, [tag, team]),
        ({"user_ids": 2}, []), ({"types[]": ["team-created", "x"]}, [team]),
        ({"created_datetime[gte]": moment}, [team]),
        ({"created_datetime[gt]": moment}, []), ({"created_datetime[lt]": moment + "Z"}, [tag]),
        ({"created_datetime[lte]": moment, "created_datetime[gt]": "2020-01-01"}, [tag, team]),
    ):  # fmt: skip
        assert told(ask, **query) == found, query
    assert "created_datetime[gt]" in ask.refusal("GET", "events?created_datetime[gt]=yesterday")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_events_are_only_read(ask: Asker, method: str) -> None:
    ask.make("tags", {"name": "a"})
    event = ask("GET", "events").json()["data"][0]
    assert ask("GET", f"events/{event['id']}").json() == event
    assert ask(method, "events", {}).status_code == 405
