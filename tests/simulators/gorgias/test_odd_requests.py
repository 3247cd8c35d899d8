"""Whatever comes, however odd, is answered with a 4xx or taken: never with a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulators.gorgias.asking import Asker, incoming, ticket

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b'"\\ud800"', b"[" * 100_000, b"1" * 5000, b'{"name": NaN}', b'{"name": 1e999}', b"{",
     b'{"name": "\xff"}', b'{"name": -1E+400}', b"9" * 400 + b".0"],
)  # fmt: skip
def test_a_body_that_no_json_reader_takes_is_refused(ask: Asker, body: bytes) -> None:
    assert ask("POST", "tags", data=body, headers=JSON).status_code == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+400", "9" * 400 + ".0"])
def test_a_number_that_is_none_is_refused_where_anything_is_taken(ask: Asker, number: str) -> None:
    body = f'{{"type": "x", "data": {{"a": [{number}]}}}}'.encode()
    assert ask("POST", "account/settings", data=body, headers=JSON).status_code == 400


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/mixed"]
)
def test_another_content_type_is_refused(ask: Asker, kind: str) -> None:
    assert ask("POST", "tags", data=b'{"name": "a"}', headers={"Content-Type": kind}).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/vnd.api+json"])
def test_json_by_its_names_is_taken(ask: Asker, kind: str) -> None:
    assert ask("POST", "tags", data=b'{"name": "a"}', headers={"Content-Type": kind}).status_code == 201


@pytest.mark.parametrize("boundary", ["", "; boundary=x", "; boundary="])
def test_a_form_that_cannot_be_read_is_refused(ask: Asker, boundary: str) -> None:
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    assert ask("POST", "upload", data=b"--y\r\nnonsense", headers=headers).status_code == 400


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5000, "-1", "1.5", "0x1", "%D9%A1", "1%00"])
def test_an_id_that_is_none_is_404_in_a_path_and_400_in_a_query(ask: Asker, number: str) -> None:
    assert ask("GET", f"tickets/{number}").status_code == 404
    assert ask("GET", f"messages?ticket_id={number}").status_code == 400


@pytest.mark.parametrize("number", [2**63, -1, 10**400, True, "1", 1.0])
def test_an_id_that_is_none_is_400_in_a_body(ask: Asker, number: Any) -> None:
    jane = ask.customer()
    for path, body in (
        ("tickets", ticket(incoming(jane), assignee_user={"id": number})),
        ("tickets", ticket(incoming(jane, sender={"id": number}))),
        ("tickets", ticket(incoming(jane), custom_fields=[{"id": number, "value": 1}])),
        ("teams", {"name": "a", "members": [{"id": number}]}),
        ("satisfaction-surveys", {"customer_id": number, "ticket_id": number}),
        ("jobs", {"type": "deleteTicket", "params": {"view_id": number}}),
    ):
        assert ask("POST", path, data=json.dumps(body).encode(), headers=JSON).status_code == 400, path


@pytest.mark.parametrize("text", ["\0", "a\0b", "\U0001f600", "'; DROP TABLE thing; --", "\u202e", "x" * 256])
def test_odd_text_is_kept_as_it_is(ask: Asker, text: str) -> None:
    made = ask.make("tags", {"name": text})
    assert ask("GET", f"tags/{made['id']}").json()["name"] == text
    assert [tag["id"] for tag in ask("GET", "tags", params={"search": text}).json()["data"]] == [made["id"]]


@pytest.mark.parametrize(
    "query", ["limit=%00", "order_by=%F0%28", "cursor=%FF", "cursor=" + "W" * 8000, "search=%ED%A0%80"]
)
def test_an_odd_query_is_refused_or_passed_over(ask: Asker, query: str) -> None:
    assert ask("GET", f"tags?{query}").status_code in (200, 400)


def test_a_problem_with_a_whole_and_its_parts_is_told_once(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer())))
    data = ask.refusal("PUT", f"tickets/{made['id']}/custom-fields", [{"id": 1, "value": [1]}, 7])
    assert set(data) == {"0", "1"}
    assert isinstance(data["0"]["value"], list), "names of a union's members are in the path"


@pytest.mark.parametrize("path", ["tags", "views", "macros", "rules", "jobs", "tickets", "search", "customers/merge"])
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS"])
def test_a_method_that_there_is_not_is_405(ask: Asker, path: str, method: str) -> None:
    reply = ask(method, path, {})
    assert reply.status_code == 405
    assert "msg" in reply.json()["error"]
