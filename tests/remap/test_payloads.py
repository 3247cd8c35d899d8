"""Two payloads of one record: what differs is named, and what is shown of it identifies nobody."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.remap.payloads import ADDED, REMOVED, changes, masked


def payload(**more: Any) -> dict[str, Any]:
    return {
        "external_id": "st:demo:ticket:1", "subject": "A question of anna@home.example", "status": "open",
        "customer": {"id": {"$ref": "requester:u1"}}, "tags": [{"name": "vip"}],
        "custom_fields": [{"id": {"$ref": "ticket_field:4"}, "value": "Berlin"}],
        "meta": {"smartertrack": {"department": "Support", "agent": "Dana Agent"}},
        "messages": [message("a", "Hello"), message("b", "World")], **more,
    }  # fmt: skip


def message(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"external_id": name, "body_text": text, "channel": "email", "meta": {"x": 1}, **more}


@pytest.mark.parametrize(
    ("after", "field", "shown"),
    [
        (payload(status="closed"), "status", ("open", "closed")),
        (payload(tags=[{"name": "vip"}, {"name": "new"}]), "tags", ("vip", "vip, new")),
        (payload(customer={"id": {"$ref": "requester:u2"}}), "customer", ("requester:u1", "requester:u2")),
        (payload(subject="Hi, b@home.example"), "subject", ("A question of a***@***.example", "Hi, b***@***.example")),
        (payload(custom_fields=[]), "custom_fields.4", ("B*** (6 characters)", "(nothing)")),
        (payload(meta={"smartertrack": {"department": "Support", "agent": "Bob Other"}}), "meta.agent",
         ("D. A.", "B. O.")),
        (payload(messages=[message("a", "Hello"), message("b", "Mars!")]), "messages.body_text",
         ("5 characters, 78ae647d", "5 characters, ")),
        (payload(messages=[message("a", "Hello")]), REMOVED, ("(nothing)", "1")),
        (payload(messages=[*payload()["messages"], message("c", "!")]), ADDED, ("(nothing)", "1")),
    ],
)  # fmt: skip
def test_a_field_that_differs_is_named_and_shown_masked(
    after: dict[str, Any], field: str, shown: tuple[str, str]
) -> None:
    (found,) = changes(payload(), after)
    assert found.field == field
    assert found.before == shown[0]
    assert found.after.startswith(shown[1])


def test_the_same_payload_differs_in_nothing_and_what_a_message_carries_beside_is_not_compared() -> None:
    other = payload(messages=[{**one, "meta": {}} for one in payload()["messages"]])
    assert changes(payload(), payload()) == changes(payload(), other) == []


def test_a_field_that_differs_in_several_messages_is_one_field_so_many_times() -> None:
    after = payload(messages=[{**one, "channel": "api"} for one in payload()["messages"]])
    (found,) = changes(payload(), after)
    assert (found.field, found.times) == ("messages.channel", 2)


def test_values_that_look_alike_behind_the_mask_are_said_to_differ() -> None:
    after = payload(custom_fields=[{"id": {"$ref": "ticket_field:4"}, "value": "Bergen"}])
    (found,) = changes(payload(), after)
    assert found.after == "B*** (6 characters), but not the same"


@pytest.mark.parametrize("name", ["name", "meta.agent", "phone", "body_html", "custom_fields.4", "email"])
def test_nothing_that_identifies_a_person_is_shown(name: str) -> None:
    assert "Anna Olsen" not in masked(name, "Anna Olsen")
    assert "4711" not in masked(name, "4711 0815") or name == "email"
