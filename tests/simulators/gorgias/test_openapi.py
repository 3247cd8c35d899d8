"""The OpenAPI document says what the account does, and its page needs no network."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from migrator_lib.simulators.gorgias.routes import ROUTES
from tests.simulators.gorgias.asking import Asker, incoming, ticket


@pytest.fixture
def described(ask: Asker) -> dict[str, Any]:
    reply = ask.session.get(f"{ask.url}/openapi.json", timeout=30)
    assert reply.status_code == 200
    return dict(reply.json())


def schema_of(described: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(described["components"]["schemas"][name])


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()


def test_every_endpoint_is_described_with_every_parameter(described: dict[str, Any]) -> None:
    for route in ROUTES:
        operation = described["paths"][f"/api/{route.path}"][route.method.lower()]
        assert operation["summary"], route.path
        assert str(route.status) in operation["responses"]
        named = {(one["in"], one["name"]) for one in operation["parameters"]}
        assert {("path", name) for name in re.findall(r"{(\w+)}", route.path)} <= named
        assert {("query", query.name) for query in route.query} <= named
        assert ("requestBody" in operation) == (route.body is not None or route.path == "upload")
        if route.guarded:
            assert {"401", "403", "429"} <= operation["responses"].keys()


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    found = references(described)
    assert len(found) > 50
    for reference in found:
        node: Any = described
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_a_list_takes_pages_orders_and_filters(described: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in described["paths"]["/api/tickets"]["get"]["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100}
    assert "updated_datetime:asc" in parameters["order_by"]["schema"]["enum"]
    assert {"cursor", "external_id", "customer_id", "ticket_ids", "trashed"} <= parameters.keys()


def test_bodies_are_told_with_lengths_choices_and_what_is_required(described: dict[str, Any]) -> None:
    create = schema_of(described, "TicketCreate")
    assert set(create["required"]) == {"messages", "via"}
    assert (create["properties"]["messages"]["minItems"], create["properties"]["messages"]["maxItems"]) == (1, 500)
    assert create["additionalProperties"] is False
    assert {"enum": ["open", "closed"], "type": "string"} in create["properties"]["status"]["anyOf"]
    assert set(schema_of(described, "MessageBody")["required"]) == {"channel", "from_agent", "via"}


def test_what_the_document_says_of_a_body_is_what_the_account_takes(ask: Asker, described: dict[str, Any]) -> None:
    whole = {**described["components"], **schema_of(described, "TicketCreate")}
    validator = Draft202012Validator({"components": described["components"], **whole})
    fitting = ticket(incoming(ask.customer()))
    assert validator.is_valid(fitting)
    assert ask("POST", "tickets", fitting).status_code == 201
    for unfit in ({**fitting, "status": "pending"}, {**fitting, "surprise": 1}, {**fitting, "messages": []}):
        assert not validator.is_valid(unfit)
        assert ask("POST", "tickets", unfit).status_code == 400


def test_errors_and_credentials_are_described(described: dict[str, Any]) -> None:
    components = described["components"]
    assert {one["scheme"] for one in components["securitySchemes"].values()} == {"basic", "bearer"}
    assert components["schemas"]["Error"]["properties"]["error"]["required"] == ["msg"]
    assert "Retry-after" in components["responses"]["TooManyRequests"]["headers"]
    paths = described["paths"]
    assert "301" in paths["/api/customers/{id}"]["get"]["responses"]
    assert "409" in paths["/api/customers"]["post"]["responses"]
    assert "413" in paths["/api/upload"]["post"]["responses"]


def test_what_is_made_links_to_what_can_be_done_with_it(described: dict[str, Any]) -> None:
    links = described["paths"]["/api/tickets"]["post"]["responses"]["201"]["links"]
    assert links["get_tickets_id"] == {"operationId": "get_tickets_id", "parameters": {"id": "$response.body#/id"}}
    known = {operation["operationId"] for path in described["paths"].values() for operation in path.values()}
    assert links.keys() <= known


def test_the_simulators_own_paths_want_no_credentials(described: dict[str, Any]) -> None:
    own = {path: methods for path, methods in described["paths"].items() if path.startswith("/_simulator/")}
    assert {"/_simulator/stats", "/_simulator/outbox", "/_simulator/clock", "/_simulator/reset"} <= own.keys()
    assert all(operation["security"] == [] for methods in own.values() for operation in methods.values())


def test_the_page_shows_every_operation_and_loads_nothing(ask: Asker, described: dict[str, Any]) -> None:
    page = ask.session.get(f"{ask.url}/docs", timeout=30)
    assert page.status_code == 200
    for path in described["paths"]:
        assert path.replace("&", "&amp;") in page.text
    assert not re.search(r"<script|<link|src=|https?://", page.text)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
