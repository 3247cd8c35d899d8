"""Canaries go once, stay silent or say what spoke, and are gone again, wherever the program is killed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.canary import Canaries, Content, Proof, digest_of
from migrator_lib.errors import RecordRejected, TargetDenied
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account
from tests.conftest import Switch as Served
from tests.side_effects.acting import ACTING, Killed, Life, mortal_api, mortal_ledger
from tests.side_effects.conftest import serving
from tests.simulated_account import FALLBACK, SEED, SimulatedGorgias, client

CONTENT = Content("demo", "canary@demo.example", FALLBACK, "email")
TARGET = "production"


def canaries(
    gorgias: SimulatedGorgias, ledger: Ledger, api: GorgiasApi | None = None, content: Content = CONTENT
) -> Canaries:
    return Canaries(
        api or gorgias.api, ledger, content, target=TARGET, wait_seconds=120.0, lag_seconds=0.0,
        mails=lambda: len(gorgias.account.store.outbox()),
    )  # fmt: skip


def left(account: Account) -> dict[str, int]:
    """Return what canaries could leave behind."""
    return {kind: account.store.count(kind) for kind in ("ticket", "message", "customer", "tag")}


def without_events(gorgias: SimulatedGorgias, error: Exception) -> GorgiasApi:
    """Return a client whose account tells no events."""
    api = client(gorgias.url, gorgias.clock)
    send = api.transport.call

    def call(method: str, path: str, **more: Any) -> Any:
        if path == "events":
            raise error
        return send(method, path, **more)

    api.transport.call = call  # type: ignore[method-assign]
    return api


def by(proof: Proof) -> set[str]:
    return {one.by for one in proof.findings}


# --- silence -------------------------------------------------------------------------------------------


def test_three_canaries_go_are_proven_silent_and_are_gone_again(gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    before = left(gorgias.account)
    proof = canaries(gorgias, ledger).run()
    assert (proof.quiet, proof.mails, proof.events, proof.watched_seconds) == (True, 0, True, 120.0)
    assert proof.now
    assert gorgias.account.stats.by_endpoint["POST tickets"] == 3
    assert left(gorgias.account) == before
    assert digest_of(ledger, TARGET) == CONTENT.digest
    ledger.verify()


def test_they_go_once_for_each_engagement_and_account(gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    first = canaries(gorgias, ledger).run()
    calls = gorgias.account.stats.calls
    assert canaries(gorgias, ledger).run() == replace(first, now=False)
    assert gorgias.account.stats.calls == calls
    other = replace(CONTENT, address="other@demo.example")
    assert canaries(gorgias, ledger, content=other).run().digest == other.digest != first.digest
    assert gorgias.account.stats.by_endpoint["POST tickets"] == 6


def test_no_canary_is_an_account_of_a_source_record(gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    canaries(gorgias, ledger).run()
    assert list(ledger.entries(TARGET)) == []
    assert ledger.created_in(ledger.run_id, TARGET) == {}


def test_a_customer_who_has_the_address_already_is_used_and_stays(gorgias: SimulatedGorgias, ledger: Ledger) -> None:
    channels = [{"type": "email", "address": CONTENT.address}]
    there = gorgias.api.customers.create({"name": "Our test", "email": CONTENT.address, "channels": channels})
    assert canaries(gorgias, ledger).run().quiet
    assert gorgias.api.customers.get(there.id).name == "Our test"
    assert gorgias.account.store.count("ticket") == 0


def test_the_hash_that_is_signed_depends_on_what_is_sent_and_not_on_when() -> None:
    assert CONTENT.digest == replace(CONTENT).digest
    others = [replace(CONTENT, **{name: "x"}) for name in ("engagement", "address", "mailbox", "channel")]
    assert len({CONTENT.digest, *(other.digest for other in others)}) == 5


@pytest.mark.parametrize(
    "error",
    [RecordRejected("no such thing", status=404), TargetDenied("not for this key", next_step="none")],
    ids=["a plan without events", "a key that may not read them"],
)
def test_events_that_cannot_be_read_are_told_and_not_taken_for_silence(
    gorgias: SimulatedGorgias, ledger: Ledger, error: Exception
) -> None:
    proof = canaries(gorgias, ledger, without_events(gorgias, error)).run()
    assert (proof.quiet, proof.events) == (True, False)
    assert not canaries(gorgias, ledger).run().events, "an earlier run's, as it was"


# --- noise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "who"),
    [
        ({"rules": ACTING["rules"][:1]}, {"a rule or an auto-reply", "the account"}),
        ({"rules": ACTING["rules"][1:2]}, {"a rule or an auto-reply"}),
        ({"integrations": ACTING["integrations"][:1]}, {"the account"}),
        ({"settings": ACTING["settings"][1:2]}, {"auto-merge"}),
        ({"settings": ACTING["settings"][2:3], "teams": ACTING["teams"]}, {"auto-assignment"}),
        ({"settings": ACTING["settings"][:1]}, {"the account"}),
    ],
    ids=["a rule that answers", "a rule that tags", "an integration", "auto-merge", "auto-assignment", "surveys"],
)
def test_whatever_acts_is_noticed_and_named(
    served: tuple[Served, str], ledger: Ledger, on: dict[str, Any], who: set[str]
) -> None:
    with serving(served, {**SEED, **on}) as gorgias:
        proof = canaries(gorgias, ledger).run()
        assert not proof.quiet
        assert who <= by(proof)
        assert digest_of(ledger, TARGET) is None
        assert gorgias.account.store.count("ticket") >= 1, "they stay to be looked at"


def test_when_it_was_switched_off_new_ones_go_and_the_noisy_are_gone(
    served: tuple[Served, str], ledger: Ledger
) -> None:
    with serving(served, {**SEED, "rules": ACTING["rules"][:1]}) as gorgias:
        before = left(gorgias.account)
        assert not canaries(gorgias, ledger).run().quiet
        with gorgias.account.store.transaction():
            gorgias.account.store.delete("rule", 1)
        assert canaries(gorgias, ledger).run().quiet
        assert left(gorgias.account) == before


# --- killed --------------------------------------------------------------------------------------------


def test_killed_at_any_moment_they_are_there_once_and_gone_at_the_end(
    gorgias: SimulatedGorgias, tmp_path: Path
) -> None:
    before, posts = left(gorgias.account), 0
    for moments in (0, 3, 6, 9, 10, 14, 18, 27, 39, 50, 60, 68):
        folder, life = tmp_path / f"{moments}", Life(moments)
        ledger = mortal_ledger(folder, life)
        with suppress(Killed):
            canaries(gorgias, ledger, mortal_api(gorgias, life)).run()
        with suppress(Killed):
            ledger.close()
        again = Ledger.in_folder(folder)
        assert canaries(gorgias, again).run().quiet, moments
        again.verify()
        again.close()
        assert left(gorgias.account) == before, moments
        posts += 3
        assert gorgias.account.stats.by_endpoint["POST tickets"] == posts, moments
