"""Whatever request the mail guard lets through, the account stays silent: judged by the account itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator_lib.clock import ManualClock
from migrator_lib.errors import MailGuardError
from migrator_lib.gorgias import mail_guard
from migrator_lib.simulators.gorgias import Account, create_app
from tests.conftest import Switch as Served
from tests.side_effects.acting import ACTING
from tests.simulated_account import API_KEY, EMAIL
from tests.test_no_mail import AHEAD, noise

IDS = st.sampled_from([1, 100, 20000])
PEOPLE = st.sampled_from([{"id": 20000}, {"id": 3}, {"id": 20000, "name": "x"}, {"email": "new@b.example"}, None, {}])
MOMENTS = st.sampled_from(
    [
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00",
        None,
        AHEAD.isoformat(),
        "soon",
        (AHEAD - timedelta(days=399)).isoformat(),
    ]
)
SOURCE = {"from": {"address": "ann@b.example"}, "to": [{"address": "carl@b.example"}]}
MESSAGE = st.fixed_dictionaries(
    {"channel": st.sampled_from(["email", "internal-note", "api", "phone"]),
     "via": st.sampled_from(["api", "helpdesk"]), "from_agent": st.booleans(), "sender": PEOPLE,
     "source": st.just(SOURCE)},
    optional={"sent_datetime": MOMENTS, "receiver": PEOPLE, "public": st.booleans(),
              "mention_ids": st.sampled_from([[], [3]]),
              "actions": st.sampled_from([[], [{"name": "setStatus", "arguments": {"status": "closed"}}]]),
              "macros": st.sampled_from([[], [{"id": 1}]]), "integration_id": st.sampled_from([None, 2]),
              "body_text": st.just("hello")},
)  # fmt: skip
TICKET = st.fixed_dictionaries(
    {"via": st.just("api"), "messages": st.lists(MESSAGE, min_size=1, max_size=2)},
    optional={"customer": PEOPLE, "status": st.sampled_from(["open", "closed"]), "snooze_datetime": MOMENTS,
              "assignee_user": PEOPLE, "tags": st.just([{"name": "vip"}])},
)  # fmt: skip
SURVEY = st.fixed_dictionaries(
    {"ticket_id": IDS, "customer_id": IDS},
    optional={"score": st.just(5), "sent_datetime": MOMENTS, "should_send_datetime": MOMENTS},
)
JOB = st.fixed_dictionaries(
    {"type": st.sampled_from(["deleteTicket", "applyMacro", "updateTicket"])},
    optional={"params": st.fixed_dictionaries({"ticket_ids": st.just([100])}, optional={"macro_id": st.just(1)})},
)
USER = st.just({"email": "new.agent@b.example", "name": "New", "role": {"name": "agent"}})
ON = st.sampled_from([{"name": "Old", "code": "Action('x')", "deactivated_datetime": None},
                      {"type": "auto-merge", "data": {"enabled": True}}])  # fmt: skip
REQUESTS = st.one_of(
    st.tuples(st.just("POST"), st.just("tickets"), TICKET),
    st.tuples(st.just("PUT"), st.just("tickets/100"), TICKET | st.fixed_dictionaries({"snooze_datetime": MOMENTS})),
    st.tuples(st.just("POST"), st.sampled_from(["tickets/100/messages", "tickets/100/messages?action=force"]), MESSAGE),
    st.tuples(st.just("PUT"), st.just("tickets/100/messages/1000"), MESSAGE),
    st.tuples(st.just("POST"), st.just("satisfaction-surveys"), SURVEY),
    st.tuples(st.just("PUT"), st.just("satisfaction-surveys/1"), SURVEY),
    st.tuples(st.just("POST"), st.just("jobs"), JOB),
    st.tuples(st.just("POST"), st.just("users"), USER),
    st.tuples(st.just("PUT"), st.sampled_from(["rules/3", "account/settings/2"]), ON),
)  # fmt: skip
FIRST = {
    "via": "api", "status": "closed", "customer": {"id": 20000},
    "messages": [{"channel": "email", "via": "api", "from_agent": False, "sender": {"id": 20000}, "source": SOURCE,
                  "sent_datetime": "2020-01-01T00:00:00Z"}],
}  # fmt: skip
ANN_THERE = {"name": "Ann", "email": "ann@b.example", "channels": [{"type": "email", "address": "ann@b.example"}]}


def send(url: str, method: str, path: str, body: Any) -> int:
    reply = requests.request(method, f"{url}/api/{path}", json=body, auth=(EMAIL, API_KEY), timeout=30)
    return reply.status_code


@contextmanager
def sleeping(served: tuple[Served, str]) -> Iterator[tuple[Account, str]]:
    """Serve an account whose side effects are off, with a customer and a ticket."""
    switch, url = served
    off = [{"type": kind, "data": {"enabled": False}} for kind in ("satisfaction-surveys", "auto-merge")]
    answers = {"name": "Bye", "actions": [{"name": "replyToTicket", "arguments": {"body_text": "Bye"}}]}
    seed = {**ACTING, "rules": ACTING["rules"][2:], "integrations": [], "settings": off, "macros": [answers]}
    clock = ManualClock(datetime.now(UTC))
    made = Account("demo", None, seed=seed, clock=clock, rate="unlimited")
    switch.app = create_app({"demo": made})
    for path, body in (("customers", ANN_THERE), ("tickets", FIRST)):
        assert send(f"{url}/demo", "POST", path, body) == 201
    yield made, f"{url}/demo"
    made.store.close()


def passes(method: str, path: str, body: Any) -> bool:
    try:
        mail_guard.check(method, path, body=body)
    except MailGuardError:
        return False
    return True


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(many=st.lists(REQUESTS, min_size=4, max_size=12))
def test_whatever_request_the_guard_lets_through_the_account_stays_silent(
    served: tuple[Served, str], many: list[tuple[str, str, Any]]
) -> None:
    with sleeping(served) as (gorgias, url):
        for method, path, body in many:
            if passes(method, path, body):
                send(url, method, path, body)
        gorgias.clock.sleep(10 * 24 * 3600)
        send(url, "GET", "account", None)
        assert [one for one in noise(gorgias) if one[0] != "survey"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "tickets/100/messages", {**FIRST["messages"][0], "from_agent": True, "sender": {"id": 3},  # type: ignore[index]
                                          "receiver": {"id": 20000}, "sent_datetime": None}),
        ("POST", "satisfaction-surveys", {"ticket_id": 100, "customer_id": 20000,
                                          "should_send_datetime": "2020-01-01T00:00:00Z"}),
        ("POST", "users", {"email": "new.agent@b.example", "name": "New", "role": {"name": "agent"}}),
    ],
    ids=["an undated message", "a survey with a send date", "a new user"],
)  # fmt: skip
def test_what_the_guard_stops_would_have_been_heard(
    served: tuple[Served, str], method: str, path: str, body: Any
) -> None:
    assert not passes(method, path, body)
    with sleeping(served) as (gorgias, url):
        assert send(url, method, path, body) == 201
        assert noise(gorgias)
