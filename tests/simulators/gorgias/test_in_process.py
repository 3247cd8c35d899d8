"""A simulated account that is served in the thread that asks, under a clock that only moves when it is slept on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import RecordRejected, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.simulators.gorgias import Account, Fault
from migrator_lib.simulators.gorgias.in_process import InProcess, api_of
from tests.simulated_account import SEED

ANN = {"external_id": "st:demo:requester:u1", "name": "Ann",
       "channels": [{"type": "email", "address": "ann@home.example"}]}  # fmt: skip


@pytest.fixture
def account() -> Iterator[Account]:
    made = Account("demo", None, seed=SEED, clock=ManualClock(datetime(2030, 1, 1, tzinfo=UTC)))
    yield made
    made.store.close()


@pytest.fixture
def served(account: Account) -> InProcess:
    return InProcess(account)


@pytest.fixture
def api(account: Account, served: InProcess) -> GorgiasApi:
    return api_of(account, adapter=served)


def names(account: Account) -> list[str]:
    return [customer["name"] for customer in account.store.by_kind("customer")]


def test_a_record_is_made_and_read_back_and_a_refusal_is_told(account: Account, api: GorgiasApi) -> None:
    made = api.customers.create(ANN)
    assert api.customers.get(made.id).name == "Ann"
    with pytest.raises(RecordRejected, match="404"):
        api.tickets.get(12)
    assert account.stats.calls == 3


def test_an_hour_at_the_rate_limit_takes_no_hour(account: Account, api: GorgiasApi) -> None:
    began = time.monotonic()
    for _ in range(200):
        api.account.get()
    assert account.clock.monotonic() > 90  # 200 calls at less than 2 a second
    assert time.monotonic() - began < 10
    assert account.stats.throttled == 0


@pytest.mark.parametrize("kind", ["reset_before", "reset_after_commit", "truncated", "http_500_before",
                                  "http_500_after_commit"])  # fmt: skip
def test_a_reply_that_is_lost_leaves_the_outcome_unknown(account: Account, api: GorgiasApi, kind: str) -> None:
    account.faults.append(Fault(kind, "POST"))
    with pytest.raises(Unanswered):
        api.customers.create(ANN)
    assert names(account) == ([] if kind.endswith("before") else ["Ann"])
    assert api.account.get()


def test_a_request_that_is_slower_than_its_client_waits_for_is_carried_out_when_it_is_due(
    account: Account, served: InProcess, api: GorgiasApi
) -> None:
    account.faults.append(Fault("slow", "POST", seconds=100.0))
    with pytest.raises(Unanswered, match="timed out"):
        api.customers.create(ANN)
    assert 30 <= account.clock.monotonic() < 40
    assert served.deliver() == 1
    api.account.get()
    assert names(account) == []
    account.clock.sleep(70)
    assert served.deliver() == 0
    assert names(account) == ["Ann"]


def test_latency_is_spent_on_the_accounts_clock(account: Account, api: GorgiasApi) -> None:
    account.latency_seconds = 2.0
    api.account.get()
    assert account.clock.monotonic() >= 2.0


def test_a_file_of_several_megabytes_is_uploaded_and_fetched(account: Account, api: GorgiasApi) -> None:
    content = bytes(range(256)) * 12_000
    file = api.uploads.send("a.bin", content, "application/octet-stream", public=True)
    assert api.transport.download(file.url, most_bytes=len(content)).sha256 == hashlib.sha256(content).hexdigest()
