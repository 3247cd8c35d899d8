"""Faults that come by chance, connections that break, and accounts that are away for a while."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.limits.faults import AFTER, BEFORE, FAULTS, PROFILES, Fault, Profile, Weather
from tests.simulated_account import SEED, SimulatedGorgias
from tests.simulators.gorgias.asking import Asker, incoming, ticket


def disturb(ask: Asker, kind: str, **more: Any) -> None:
    ask.account.faults.append(Fault(kind, **more))


def outcome(ask: Asker, method: str, path: str, body: Any = None) -> int | str:
    """Return the status of a reply that arrives whole, else how it broke."""
    try:
        reply = ask(method, path, body)
        reply.json()
        return reply.status_code
    except requests.exceptions.RequestException as error:
        return type(error).__name__


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER])
def test_what_went_wrong_before_is_not_done_and_what_went_wrong_after_is(ask: Asker, kind: str) -> None:
    body = ticket(incoming(ask.customer()))
    disturb(ask, kind, method="POST", seconds=0.0)
    assert outcome(ask, "POST", "tickets", body) != 201
    assert ask.account.store.count("ticket") == (kind in AFTER)
    assert outcome(ask, "GET", "tickets") == 200


def test_a_truncated_reply_breaks_off_in_its_middle(ask: Asker) -> None:
    disturb(ask, "truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        ask("GET", "users")


def test_a_throttled_request_is_told_when_to_come_back_and_shows_the_level(ask: Asker) -> None:
    disturb(ask, "throttled", seconds=6.2)
    reply = ask("GET", "users")
    assert (reply.status_code, reply.headers["Retry-after"]) == (429, "7")
    assert reply.headers["X-Gorgias-Account-Api-Call-Limit"].startswith("1/")
    assert ask.account.stats.throttled == 1


def test_a_crashed_account_is_away_and_comes_back_with_what_it_had(gorgias: SimulatedGorgias, ask: Asker) -> None:
    gorgias.account.clock = clock = ManualClock()
    jane = ask.customer()
    disturb(ask, "crash_after_commit", method="POST", seconds=20.0)
    assert outcome(ask, "POST", "tickets", ticket(incoming(jane))) == "ConnectionError"
    assert [outcome(ask, "GET", "account") for _ in range(4)] == ["ConnectionError", 503] * 2
    clock.advance(19.9)
    assert outcome(ask, "GET", "account") == "ConnectionError"
    clock.advance(0.2)
    assert [row["customer"]["id"] for row in ask("GET", "tickets").json()["data"]] == [jane]


def test_a_crash_cuts_every_line_and_what_was_not_carried_out_yet_never_is(ask: Asker) -> None:
    body = ticket(incoming(ask.customer()))
    disturb(ask, "slow", method="POST", seconds=0.5)
    disturb(ask, "crash_before", method="GET", seconds=0.0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(outcome, Asker(ask.url, ask.account, requests.Session()), "POST", "tickets", body)
        while ask.account.faults[0].times:  # until it is under way
            ask("PUT", "users/1", {})
        assert outcome(ask, "GET", "account") == "ConnectionError"
        assert waiting.result() == "ConnectionError"
    assert ask.account.store.count("ticket") == 0


def drawn(profile: Profile, seed: int, number: int) -> list[Fault | None]:
    weather = Weather(profile, seed)
    return [weather.draw() for _ in range(number)]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_draws_the_same_faults_from_the_same_seed_and_others_from_another(name: str) -> None:
    assert drawn(PROFILES[name], 1, 300) == drawn(PROFILES[name], 1, 300)
    assert drawn(PROFILES[name], 1, 300) != drawn(PROFILES[name], 2, 300)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_draws_each_fault_as_often_as_it_says(name: str) -> None:
    number = 20_000
    found = Counter(fault.kind for fault in drawn(PROFILES[name], 3, number) if fault)
    assert found.keys() == PROFILES[name].chances.keys()
    for kind, chance in PROFILES[name].chances.items():
        assert found[kind] / number == pytest.approx(chance, rel=0.2)


def test_the_profiles_have_all_kinds_of_faults_between_them() -> None:
    assert {kind for profile in PROFILES.values() for kind in profile.chances} == {*FAULTS}


def test_an_account_with_a_profile_meets_what_its_seed_draws(gorgias: SimulatedGorgias, ask: Asker) -> None:
    profile = Profile({"http_500_before": 0.3})
    gorgias.account.set_profile(profile, 5)
    expected = [500 if fault else 200 for fault in drawn(profile, 5, 30)]
    assert [outcome(ask, "GET", "account") for _ in range(30)] == expected
    assert {200, 500} == {*expected}


def test_each_record_lags_for_a_time_of_its_own(gorgias: SimulatedGorgias, ask: Asker) -> None:
    gorgias.account.clock = clock = ManualClock()
    gorgias.account.set_profile(Profile(lag_seconds=8.0), 1)
    jane = ask.customer()
    for n in range(10):
        ask.make("tickets", ticket(incoming(jane), external_id=f"st:{n}"))

    def found() -> int:
        return sum(len(ask("GET", f"tickets?external_id=st:{n}").json()["data"]) for n in range(10))

    assert found() == 0
    clock.advance(4.0)
    assert 0 < found() < 10
    clock.advance(4.0)
    assert found() == 10


def profile_of(account: Account) -> Profile | None:
    return account.weather.profile if account.weather else None


def test_a_profile_comes_by_seed_by_name_and_by_the_admin_api_and_goes(ask: Asker) -> None:
    by_seed = Account("a", None, seed={**SEED, "profile": "throttled", "fault_seed": 3}, clock=ManualClock())
    by_name = Account("b", None, seed=SEED, clock=ManualClock(), profile="lagging")
    assert profile_of(by_seed) is PROFILES["throttled"]
    assert by_seed.limit.foreign_share == 0.5
    assert by_name.latency_seconds == 2.0
    by_name.set_profile(None)
    assert (profile_of(by_name), by_name.latency_seconds) == (None, 0.0)
    reply = ask.session.put(f"{ask.url}/_simulator/profile", json={"name": "flaky", "seed": 9}, timeout=30)
    assert reply.status_code == 204
    assert profile_of(ask.account) is PROFILES["flaky"]
    ask.session.delete(f"{ask.url}/_simulator/faults", timeout=30)
    assert profile_of(ask.account) is None
    for account in (by_seed, by_name):
        account.store.close()


def test_profiles_and_faults_that_are_none_are_errors() -> None:
    with pytest.raises(ValueError, match="flaky"):
        Account("a", None, seed=SEED, profile="calm")
    with pytest.raises(ValueError, match="reset_after_commit"):
        Profile({"reset": 0.1})
