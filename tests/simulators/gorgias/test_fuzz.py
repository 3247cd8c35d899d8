"""Requests made from the account's own OpenAPI document: whatever is sent, it answers as the document says.

MIGRATOR_FUZZ_EXAMPLES is how many requests each endpoint gets of each kind; where it is set, they differ at every run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.routes import ROUTES
from migrator_lib.simulators.gorgias.store import Saved
from tests.simulated_account import API_KEY, EMAIL, SEED
from tests.simulators.gorgias.asking import field, incoming, note, outgoing, ticket

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
ASKED = os.environ.get("MIGRATOR_FUZZ_EXAMPLES")
KINDS = {
    "users": "user", "teams": "team", "tags": "tag", "custom-fields": "custom_field", "customers": "customer",
    "tickets": "ticket", "account": "setting", "rules": "rule", "integrations": "integration", "macros": "macro",
    "views": "view", "satisfaction-surveys": "survey", "jobs": "job",
}  # fmt: skip
"""First part of a path to the kind whose id comes next."""
FITTING, UNFITTING = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
EXAMPLES = {FITTING: int(ASKED or 5), UNFITTING: int(ASKED or 2)}
REQUESTS = [
    pytest.param(f"{route.method} {route.path}", mode, id=f"{mode.value}-{route.method} {route.path}")
    for route in ROUTES
    for mode in (FITTING, UNFITTING)
    if mode is FITTING or route.guarded  # where all of a path is text, nothing is unfitting
]


@dataclass(frozen=True)
class Fuzzed:
    """A simulated account that holds something of everything, its document, and what it is set back to."""

    account: Account
    schema: Any
    saved: Saved
    known: dict[str, list[int]]
    """Ids of things that are there, by the first part of a path."""

    def send(self, case: Any) -> Any:
        """Send a request, checked against the document."""
        reply = case.call(auth=(EMAIL, API_KEY), allow_redirects=False)
        case.validate_response(reply, checks=CHECKS)
        return reply


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    account = Account("demo", None, seed=SEED, rate="unlimited")
    app = create_app({"demo": account})
    schema = schemathesis.openapi.from_asgi("/demo/openapi.json", app)
    _fill(schema)
    known = {place: [document["id"] for document in account.store.by_kind(kind)] for place, kind in KINDS.items()}
    known["messages"] = [message["id"] for message in account.store.by_kind("message")]
    yield Fuzzed(account, schema, account.store.saved(), known)
    account.store.close()


def _fill(schema: Any) -> None:
    """Make something of everything, so that ids lead somewhere."""

    def make(path: str, body: Any) -> int:
        reply = schema[f"/api/{path}"]["POST"].Case(body=body).call(auth=(EMAIL, API_KEY))
        assert reply.status_code == 201, (path, reply.text)
        return int(reply.json()["id"])

    address = {"type": "email", "address": "jane@shop.example", "preferred": True}
    jane = make("customers", {"channels": [address]})
    make("teams", {"name": "Care"})
    make("tags", {"name": "vip"})
    make("custom-fields", field())
    make("custom-fields", field("Customer", "Level"))
    make("tickets", ticket(incoming(jane), outgoing(jane), note(), external_id="st:1", tags=[{"name": "vip"}]))
    make("macros", {"name": "Hello"})


def grounded(value: Any, known: list[int]) -> Any:
    """Return a body with every second number that stands for an id changed to one that is there."""
    if isinstance(value, dict):
        return {key: _ground_key(key, inner, known) for key, inner in value.items()}
    return [grounded(inner, known) for inner in value] if isinstance(value, list) else value


def _ground_key(key: str, value: Any, known: list[int]) -> Any:
    if key.endswith("id") and isinstance(value, int) and not isinstance(value, bool) and value % 2 == 0:
        return known[value // 2 % len(known)]
    if key.endswith("ids") and isinstance(value, list):
        return [_ground_key("id", inner, known) for inner in value]
    return grounded(value, known)


def ground(case: Any, place: str, known: dict[str, list[int]]) -> None:
    """Let most ids of a request's path, and every second of its body, lead to something that is there."""
    for name, value in (case.path_parameters or {}).items():
        there = known.get("messages" if name == "message_id" else place)
        if there and isinstance(value, int) and value % 4:
            case.path_parameters[name] = there[value % len(there)]
    case.body = grounded(case.body, [thing for ids in known.values() for thing in ids])


def examples(check: Callable[[Any], None], strategy: st.SearchStrategy[Any], number: int) -> None:
    """Let a check see what a strategy makes: always the same, unless a number was asked for."""
    calm = settings(
        max_examples=number, derandomize=not ASKED, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    calm(given(strategy)(check))()


@pytest.mark.parametrize(("endpoint", "mode"), REQUESTS)
def test_every_answer_is_as_the_document_says(fuzzed: Fuzzed, endpoint: str, mode: GenerationMode) -> None:
    method, path = endpoint.split(" ", 1)
    with fuzzed.account.store.transaction():
        fuzzed.account.store.restore(fuzzed.saved)

    def check(case: Any) -> None:
        if mode is FITTING:
            ground(case, path.partition("/")[0], fuzzed.known)
        fuzzed.send(case)

    examples(check, fuzzed.schema[f"/api/{path}"][method].as_strategy(generation_mode=mode), EXAMPLES[mode])


def test_what_is_made_is_found_again_by_its_links(fuzzed: Fuzzed) -> None:
    with fuzzed.account.store.transaction():
        fuzzed.account.store.restore(fuzzed.saved)
    followed: list[int] = []

    class Following(fuzzed.schema.exclude(path_regex="^/_simulator").as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"auth": (EMAIL, API_KEY), "allow_redirects": False}

        def validate_response(self, response: Any, case: Any, **_options: Any) -> None:
            case.validate_response(response, checks=CHECKS)
            followed.append(response.status_code)

    calm = settings(
        max_examples=int(ASKED or 4), stateful_step_count=8, derandomize=not ASKED, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Following, settings=calm)
    assert 201 in followed
