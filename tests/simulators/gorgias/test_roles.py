"""What a key may do depends on its user's role. Facts: docs.gorgias.com, user permissions."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.simulators.gorgias.access.roles import RANKS, forbids, lowest
from migrator_lib.simulators.gorgias.routes import ROUTES
from tests.simulators.gorgias.asking import Asker, incoming, note, outgoing, ticket

OBSERVER, LITE, BASIC, LEAD, ADMIN = RANKS


def act_as(ask: Asker, role: str) -> None:
    user = ask("GET", "users/0").json()
    ask.account.store.put("user", {**user, "role": {"name": role}}, name=user["email"])


@pytest.mark.parametrize("role", RANKS)
def test_a_role_may_do_what_those_below_it_may_and_no_more(ask: Asker, role: str) -> None:
    jane = ask.customer()
    path = f"tickets/{ask.make('tickets', ticket(incoming(jane)))['id']}"
    act_as(ask, role)
    for least, method, place, body in (
        (OBSERVER, "GET", "rules", None),
        (OBSERVER, "GET", "users", None),
        (OBSERVER, "POST", f"{path}/messages", note()),
        (LITE, "POST", f"{path}/messages", outgoing(jane)),
        (LITE, "PUT", path, {"subject": "x"}),
        (LITE, "DELETE", f"{path}/tags", {"names": ["x"]}),
        (LEAD, "POST", "tags", {"name": f"by {role}"}),
        (LEAD, "POST", "macros", {"name": "x"}),
        (LEAD, "POST", "jobs", {"type": "exportMacro"}),
        (ADMIN, "POST", "teams", {"name": "x"}),
        (ADMIN, "POST", "account/settings", {"type": "auto-merge"}),
        (LEAD, "DELETE", path, None),
    ):
        allowed = RANKS.index(role) >= RANKS.index(least)
        status = ask(method, place, body).status_code
        assert (status < 300) if allowed else (status == 403), (method, place, status)


@pytest.mark.parametrize(("role", "may"), [("internal-agent", True), ("bot", False), ("pirate", False)])
def test_roles_of_the_product_itself_are_known_and_others_may_nothing(role: str, may: bool) -> None:
    assert forbids(lambda: role, "POST", "users", {}) is not may


def test_every_endpoint_has_a_lowest_role() -> None:
    assert {lowest(route.method, route.path) for route in ROUTES} == {OBSERVER, LITE, LEAD, ADMIN}


def test_a_role_is_not_given_that_only_the_product_gives(ask: Asker) -> None:
    for role in ("bot", "internal-agent"):
        body: dict[str, Any] = {"role": {"name": role}}
        assert "role" in ask.refusal("PUT", "users/3", body)
