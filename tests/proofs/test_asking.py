"""Asking the sandbox: answers are kept, nothing is left behind, and a gate waits for what is not known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.engagement import Engagement
from migrator_lib.errors import ParameterError
from migrator_lib.ledger import GONE
from migrator_lib.proofs import asking, pages
from migrator_lib.proofs.bench import OBJECT, Bench
from migrator_lib.proofs.catalogue import BY_NAME, PROBES
from migrator_lib.proofs.probe import Answer, Probe
from migrator_lib.proofs.tickets import PrioritySurvives
from migrator_lib.proofs.tidying import tidy
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Fault
from tests.proofs.conftest import settings
from tests.shop import Shop
from tests.simulated_account import API_KEY, EMAIL, FALLBACK, SimulatedGorgias

Open = Callable[..., Engagement]
COUNTED = ("ticket", "message", "customer", "tag", "user")
FEW = tuple(BY_NAME[name] for name in (
    "sent_datetime_silences", "created_datetime_survives", "priority_survives", "ticket_lookup_lag", "upload_limit",
    "inactive_user",
))  # fmt: skip
"""Enough for most tests; what all of them leave behind is looked at once."""
IN_ORDER = [probe.name for probe in FEW]


@pytest.fixture
def opened(tmp_path: Path, gorgias: SimulatedGorgias, monkeypatch: pytest.MonkeyPatch) -> Open:
    """A function that opens the engagement of notebook 03 at the account."""
    monkeypatch.setenv("DESK_KEY", API_KEY)
    account = {"email": EMAIL, "api_key": "env:DESK_KEY"}
    file = tmp_path / "parameters" / "demo" / "engagement.yaml"
    file.parent.mkdir(parents=True)

    def open_(
        *, execute: bool = True, missing: str = "hand_over", probes: tuple[Probe, ...] = FEW, **target: Any
    ) -> Engagement:
        monkeypatch.setattr(asking, "PROBES", probes)
        whole = {"production": {**account, "url": "http://127.0.0.1:9"}, "sandbox": {**account, "url": gorgias.url},
                 "mailbox": FALLBACK, "upload_limit_bytes": 3_000_000, **target}  # fmt: skip
        agents = {"fallback": FALLBACK, "missing": missing}
        file.write_text(json.dumps({
            "engagement": "demo", "company": "A", "source": {"url": "sqlite:///nothing.db"}, "target": whole,
            "agents": agents, "free_disk_bytes": 0,
        }))  # fmt: skip
        engagement = Engagement(tmp_path, "demo", step="03_sample_migration", execute=execute)
        engagement.clock = gorgias.clock
        return engagement

    return open_


def held(gorgias: SimulatedGorgias) -> Counter[str]:
    """Return how much of each kind the account holds; archived fields apart."""
    store = gorgias.account.store
    found = Counter({kind: store.count(kind) for kind in COUNTED})
    found["active field"] = sum(not field["deactivated_datetime"] for field in store.by_kind("custom_field"))
    return found


def answers(engagement: Engagement) -> dict[str, str]:
    return {name: answer.answer for name, answer in asking.recorded(engagement.ledger).items()}


def test_everything_is_asked_once_and_nothing_is_left_and_nobody_is_mailed(
    opened: Open, gorgias: SimulatedGorgias
) -> None:
    before = held(gorgias)
    engagement = opened(probes=PROBES)
    first = asking.ask(engagement)
    assert first.asked == len(PROBES)
    assert not first.left
    assert set(answers(engagement)) == set(BY_NAME)
    assert held(gorgias) == before
    assert {entry.state for entry in engagement.ledger.entries(asking.ACCOUNT, OBJECT)} == {GONE}
    assert gorgias.account.store.outbox() == []
    engagement.ledger.verify()
    again = asking.ask(engagement)
    assert (again.asked, again.calls) == (0, 0)
    engagement.close()


def test_a_rehearsal_lists_the_questions_and_asks_none(opened: Open, gorgias: SimulatedGorgias) -> None:
    engagement = opened(execute=False, probes=PROBES)
    found = asking.ask(engagement)
    assert gorgias.account.stats.calls == 0
    shown = pages.summary(found) + pages.table(found) + pages.details(found)
    assert "nothing was asked" in shown
    assert all(probe.name in shown for probe in PROBES)
    engagement.close()


def test_everything_can_be_asked_anew(opened: Open, gorgias: SimulatedGorgias) -> None:
    engagement = opened(probes=(*FEW, BY_NAME["values_in_create"]))
    first = asking.ask(engagement)
    gorgias.account.knobs.priority_is_kept = False
    assert asking.ask(engagement, again=True).asked == first.asked
    assert answers(engagement)["priority_survives"] == "other"
    assert gorgias.account.store.count("custom_field") == 1, "a field that cannot be deleted is taken up again"
    assert held(gorgias)["active field"] == 0
    engagement.close()


def test_a_killed_run_is_taken_up_where_it_stopped_and_its_things_are_removed(
    opened: Open, gorgias: SimulatedGorgias, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(gorgias)
    engagement = opened()

    def killed(_: PrioritySurvives, bench: Bench) -> Answer:
        bench.ticket("priority")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PrioritySurvives, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            asking.ask(engagement)
    place = IN_ORDER.index("priority_survives")
    assert set(answers(engagement)) == set(IN_ORDER[:place])
    assert held(gorgias) != before
    found = asking.ask(engagement)
    assert found.asked == len(FEW) - place
    assert held(gorgias) == before
    engagement.close()


def test_a_ticket_whose_creation_was_not_answered_is_found_and_removed(bench: Bench, gorgias: SimulatedGorgias) -> None:
    _ = bench.customer
    gorgias.account.faults.append(Fault("reset_after_commit", "POST", "tickets"))
    answer = PrioritySurvives().ask(bench)
    assert answer.answer == "not answered"
    assert "ask again" in answer.seen
    assert gorgias.account.store.count("ticket") == 1
    assert tidy(bench) == []
    assert gorgias.account.store.count("ticket") == 0
    fresh = Bench(gorgias.api, bench.ledger, target="sandbox", engagement="demo", settings=settings())
    assert PrioritySurvives().ask(fresh).answer == "expected"


def test_what_cannot_be_removed_is_told_and_no_unexpected_record(
    bench: Bench, gorgias: SimulatedGorgias, tmp_path: Path, opened: Open
) -> None:
    gorgias.account.knobs.customer_with_tickets_deletable = False
    person = bench.person("other")
    message = bench.incoming("m", sender={"id": person.id}) | {"external_id": None}
    ticket = {"channel": "email", "via": "api", "customer": {"id": person.id}, "messages": [message]}
    made = gorgias.api.tickets.create(ticket)
    (words,) = tidy(bench)
    assert words.startswith("customer other: ")
    read, engagement = ReadBack(tmp_path / "readback.sqlite3", "demo"), opened()
    read.read(gorgias.api, engagement.progress)
    assert list(read.unseen()) == []
    read.close()
    engagement.close()
    gorgias.api.tickets.delete(made.id)
    assert tidy(bench) == []
    assert held(gorgias)["customer"] == 0


def test_a_persons_answer_goes_before_the_accounts(opened: Open) -> None:
    engagement = opened(proofs={"priority_survives": "other", "ticket_lookup_lag": 40, "upload_limit": 2_000_000})
    found = asking.ask(engagement)
    assert found.asked == len(FEW) - 3
    known = engagement.behaviour
    assert not known.priority_kept
    assert (known.lookup_lag_seconds, known.upload_limit_bytes) == (80, 2_000_000)
    assert known.not_compared == {"priority"}
    engagement.close()


def test_what_was_answered_otherwise_stands_open_on_the_page_and_the_rest_is_folded(opened: Open) -> None:
    engagement = opened(proofs={"priority_survives": "other"})
    shown = pages.table(asking.ask(engagement))
    first, _, folded = shown.partition("<details")
    assert "priority_survives" in first
    assert "target.proofs" in first
    assert BY_NAME["priority_survives"].otherwise.split(",")[0].split(":")[0] in first
    assert "inactive_user" in first, "it was not asked"
    assert "sent_datetime_silences" not in first
    assert "sent_datetime_silences" in folded
    engagement.close()


def test_transforms_are_given_what_was_answered(opened: Open, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    staged = shop.stage()
    words = {"upload_limit": 5_000, "ticket_lookup_lag": 40, "attachments_per_message": 3}
    engagement = opened(probes=PROBES, proofs=words)
    engagement.paths.mapping_file.write_text(json.dumps(shop.mapping(staged).model_dump(mode="json")))
    lookups = engagement.lookups(staged)
    known = lookups.parameters.target
    assert (known.upload_limit_bytes, known.lookup_lag_seconds) == (5_000, 80)
    assert lookups.behaviour.attachments_per_message == 3
    assert engagement.parameters.target.upload_limit_bytes == 3_000_000
    engagement.close()


def test_a_probe_that_is_not_there_cannot_be_answered() -> None:
    with pytest.raises(ParameterError, match=r"(?s)'priority_survive'.*priority_survives"):
        asking.given(settings(proofs={"priority_survive": "other"}))


def test_the_gate_waits_until_everything_is_asked(opened: Open, gorgias: SimulatedGorgias) -> None:
    engagement = opened()
    assert engagement.gate_state("proofs").reason == "not looked at yet"
    asking.ask(engagement)
    assert engagement.gate_state("proofs").state == "met"
    engagement.close()


def test_an_account_that_is_not_silent_closes_the_gate_until_a_person_knows_better(
    opened: Open, gorgias: SimulatedGorgias
) -> None:
    gorgias.account.knobs.sent_datetime_silences_in_ticket_post = False
    engagement = opened()
    found = asking.ask(engagement)
    state = engagement.gate_state("proofs")
    assert state.state == "open"
    assert "sent_datetime_silences" in state.reason
    assert "Nothing can be loaded" in pages.summary(found)
    engagement.close()
    overruled = opened(proofs={"sent_datetime_silences": "expected"})
    assert overruled.gate_state("proofs").state == "met"
    overruled.close()


def test_a_question_without_an_answer_is_named_by_the_gate_and_asked_again(
    opened: Open, gorgias: SimulatedGorgias
) -> None:
    engagement = opened()
    asking.ask(engagement)
    kept = engagement.ledger.meta(asking.KEPT)
    kept[asking.ACCOUNT]["priority_survives"] = {"answer": "not answered", "seen": "cut off", "at": "2026-01-01"}
    engagement.ledger.set_meta(asking.KEPT, kept)
    assert "priority_survives" in engagement.gate_state("proofs").reason
    assert asking.ask(engagement).asked == 1
    assert engagement.gate_state("proofs").state == "met"
    engagement.close()


def test_what_sends_megabytes_may_be_left_out_and_is_asked_later(opened: Open, gorgias: SimulatedGorgias) -> None:
    engagement = opened()
    asking.ask(engagement, skip_large=True)
    left_out = {name for name, answer in answers(engagement).items() if answer == "not asked"}
    assert left_out == {"upload_limit", "inactive_user"}
    assert engagement.gate_state("proofs").state == "met"
    assert engagement.behaviour.upload_limit_bytes == 3_000_000
    asking.ask(engagement)
    assert answers(engagement)["upload_limit"] == "expected"
    engagement.close()


@pytest.mark.parametrize(("taken", "answer"), [(True, "expected"), (False, "other")])
def test_a_user_is_made_only_where_that_was_agreed_to(
    taken: bool, answer: str, opened: Open, gorgias: SimulatedGorgias, bench: Bench
) -> None:
    gorgias.account.knobs.active_false_on_create = taken
    gorgias.account.knobs.invites_users = False
    before = held(gorgias)
    bench.creates_users = True
    (probe,) = [probe for probe in PROBES if probe.name == "inactive_user"]
    assert probe.ask(bench).answer == answer
    assert tidy(bench) == []
    assert held(gorgias) == before
