"""The rate limit, and faults on demand."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import requests

from migrator_lib.clock import ManualClock
from migrator_lib.errors import Unanswered
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.admin_client import stats
from migrator_lib.simulators.gorgias.limits.rate_limit import SIZES, RateLimit
from tests.simulated_account import API_KEY, EMAIL, SEED, SimulatedGorgias, client
from tests.simulators.gorgias.asking import Asker, incoming, ticket

HEADER = "X-Gorgias-Account-Api-Call-Limit"


# --- the limit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_a_leaky_bucket_takes_a_burst_and_then_its_rate(size: str) -> None:
    clock = ManualClock()
    bucket = RateLimit(clock, size=size)
    burst, window = SIZES[size]
    assert [bucket.take()[1] for _ in range(burst)] == list(range(1, burst + 1))
    allowed, used, wait = bucket.take()
    assert (allowed, used, wait) == (False, burst, 1)
    clock.advance(window / 2)
    assert sum(bucket.take()[0] for _ in range(burst)) == burst // 2


def test_waiting_as_told_is_enough() -> None:
    for fixed in (False, True):
        clock = ManualClock()
        bucket = RateLimit(clock, fixed_window=fixed)
        for _ in range(200):
            allowed, _, wait = bucket.take()
            if not allowed:
                clock.advance(wait)
                assert bucket.take()[0]


def test_a_fixed_window_is_full_until_it_ends() -> None:
    clock = ManualClock()
    bucket = RateLimit(clock, fixed_window=True)
    clock.advance(5)
    assert sum(bucket.take()[0] for _ in range(50)) == 40
    assert bucket.take() == (False, 40, 15)
    clock.advance(14.5)
    assert bucket.take() == (False, 40, math.ceil(0.5))
    clock.advance(0.5)
    assert bucket.take() == (True, 1, 0)


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_foreign_traffic_leaves_the_rest_of_the_limit(fixed: bool, share: float) -> None:
    clock = ManualClock()
    bucket = RateLimit(clock, fixed_window=fixed, foreign_share=share)
    for _ in range(400):
        clock.advance(0.55 / (1 - share))
        assert bucket.take()[0]
    assert bucket.foreign_calls == pytest.approx(440 * share / (1 - share), abs=1)
    assert bucket.foreign_throttled == 0


def test_a_greedy_client_takes_from_the_others() -> None:
    clock = ManualClock()
    bucket = RateLimit(clock, foreign_share=0.5)
    for _ in range(1000):
        clock.advance(0.1)
        bucket.take()
    assert bucket.foreign_throttled > 50


def test_foreign_traffic_shows_in_the_level_and_is_forgotten_as_ours_is() -> None:
    clock = ManualClock()
    bucket = RateLimit(clock, fixed_window=True, foreign_share=0.5)
    clock.advance(19)
    assert bucket.used() == 19
    clock.advance(1e9)
    assert bucket.used() <= 20


def test_a_share_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="below 1"):
        RateLimit(ManualClock(), foreign_share=1.0)


def test_the_latency_of_an_account_passes_on_its_clock(served: tuple[Any, str]) -> None:
    clock = ManualClock()
    account = Account("slow", None, seed=SEED, clock=clock, latency_seconds=3.0)
    served[0].app = create_app({"slow": account})
    with requests.Session() as session:
        session.trust_env = False
        reply = session.get(f"{served[1]}/slow/api/account", auth=(EMAIL, API_KEY), timeout=30)
    assert (reply.status_code, clock.monotonic()) == (200, 3.0)
    account.store.close()


def stopped(gorgias: SimulatedGorgias, *, fixed: bool) -> None:
    gorgias.account.limit = RateLimit(ManualClock(), fixed_window=fixed)


@pytest.mark.parametrize("fixed", [False, True])
def test_every_reply_tells_the_level_and_429_when_to_come_back(
    gorgias: SimulatedGorgias, ask: Asker, fixed: bool
) -> None:
    stopped(gorgias, fixed=fixed)
    replies = [ask(*request) for request in [("GET", "account"), ("GET", "tickets/99"), ("POST", "tickets", {})]]
    assert [reply.headers[HEADER] for reply in replies] == ["1/40", "2/40", "3/40"]
    for _ in range(37):
        ask("GET", "account")
    refused = ask("POST", "tags", {"name": "x"})
    assert (refused.status_code, refused.headers[HEADER]) == (429, "40/40")
    assert int(refused.headers["Retry-after"]) == (20 if fixed else 1)
    assert gorgias.account.store.count("tag") == 0


def test_calls_are_counted_by_endpoint(gorgias: SimulatedGorgias, ask: Asker) -> None:
    stopped(gorgias, fixed=False)
    for _ in range(40):
        ask("GET", "users/1")
    ask("GET", "tags")
    seen = stats(ask.url)
    assert (seen["calls"], seen["throttled"]) == (41, 1)
    assert seen["by_endpoint"] == {"GET users/{id}": 40, "GET tags": 1}
    assert seen["objects"]["user"] == 3


# --- faults --------------------------------------------------------------------------------------------


def disturb(ask: Asker, *faults: dict[str, Any]) -> None:
    reply = ask.session.post(f"{ask.url}/_simulator/faults", json=list(faults), timeout=30)
    assert reply.status_code == 200


def made(ask: Asker) -> int:
    return ask.account.store.count("ticket")


def await_made(ask: Asker, number: int) -> None:
    """Ask for something else until there are that many tickets, for 30 s of the wall at most."""
    end = time.monotonic() + 30
    while made(ask) < number:
        assert time.monotonic() < end, "it was never carried out"
        ask("GET", "account")


@pytest.mark.parametrize(
    ("kind", "status", "carried_out"), [("http_500_before", 500, 0), ("http_500_after_commit", 502, 1)]
)
def test_a_5xx_tells_nothing_of_what_was_done(ask: Asker, kind: str, status: int, carried_out: int) -> None:
    body = ticket(incoming(ask.customer()))
    disturb(ask, {"kind": kind, "method": "POST", "path_contains": "tickets"})
    assert ask("GET", "tickets").status_code == 200
    assert ask("POST", "tickets", body).status_code == status
    assert made(ask) == carried_out
    assert ask("POST", "tickets", body).status_code == 201


def test_a_reset_cuts_the_line_after_the_ticket_was_made(ask: Asker) -> None:
    body = ticket(incoming(ask.customer()))
    disturb(ask, {"kind": "reset_after_commit", "method": "POST"})
    with pytest.raises(requests.exceptions.ConnectionError):
        ask("POST", "tickets", body)
    assert made(ask) == 1
    assert ask("GET", "tickets").status_code == 200


def test_a_slow_request_is_carried_out_though_nobody_waits_for_it(ask: Asker) -> None:
    body = ticket(incoming(ask.customer()))
    disturb(ask, {"kind": "slow", "method": "POST", "seconds": 0.3})
    with pytest.raises(requests.exceptions.ReadTimeout):
        ask("POST", "tickets", body, timeout=0.05)
    assert ask("GET", "tickets").status_code == 200, "one slow request does not hold up the others"
    await_made(ask, 1)
    assert made(ask) == 1


def test_faults_hit_as_often_as_they_are_told_to(ask: Asker) -> None:
    disturb(ask, {"kind": "http_500_before", "method": "GET", "path_contains": "tags", "times": 2})
    assert [ask("GET", "tags").status_code for _ in range(3)] == [500, 500, 200]


def test_an_unknown_fault_is_an_error() -> None:
    from migrator_lib.simulators.gorgias import Fault

    with pytest.raises(ValueError, match="reset_after_commit"):
        Fault("reset")


def test_look_ups_by_external_id_may_lag_and_nothing_else_does(gorgias: SimulatedGorgias, ask: Asker) -> None:
    disturb(ask, {"kind": "lag", "seconds": 1e8})
    jane = ask.customer(external_id="st:jane")
    made = ask.make("tickets", ticket(incoming(jane), external_id="st:1"))["id"]
    assert ask("GET", "tickets?external_id=st:1").json()["data"] == []
    assert ask("GET", "customers?external_id=st:jane").json()["data"] == []
    assert [t["id"] for t in ask("GET", "tickets").json()["data"]] == [made]
    disturb(ask, {"kind": "lag", "seconds": 0})
    assert [t["id"] for t in ask("GET", "tickets?external_id=st:1").json()["data"]] == [made]


def test_a_client_meets_every_fault_of_a_post_as_unanswered(gorgias: SimulatedGorgias, ask: Asker) -> None:
    jane = ask.customer()
    impatient = client(gorgias.url, gorgias.clock, timeout_seconds=0.05)
    carried_out = ("http_500_after_commit", "reset_after_commit", "truncated", "slow")
    others = ("http_500_before", "reset_before")
    for kind in (*carried_out, *others):
        disturb(ask, {"kind": kind, "method": "POST", "path_contains": "tickets", "seconds": 0.3})
        with pytest.raises(Unanswered):
            impatient.tickets.create(ticket(incoming(jane), external_id=kind))
    await_made(ask, len(carried_out))
    assert {t["external_id"] for t in ask("GET", "tickets").json()["data"]} == {*carried_out}
