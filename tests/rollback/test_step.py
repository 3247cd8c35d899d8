"""Notebook 90 on an engagement: who must sign what, what must wait, what comes afterwards, and what the page says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migrator_lib import gates
from migrator_lib.driver import Run
from migrator_lib.engagement import ROLL_BACK, STEPS, Engagement
from migrator_lib.errors import ExitCode, GateClosed, OutOfTurn, ParameterError
from migrator_lib.evidence import standing, summary
from migrator_lib.rollback import Blast, pages
from migrator_lib.rollback.context import kept_name
from migrator_lib.rollback.plan import Plan, Planned
from migrator_lib.rollback.proof import ARCHIVED, STAYS, UNEXPLAINED_THERE, Proof, Proved
from migrator_lib.rollback.step import Result, carry_out, due_again, plan
from tests.homes import trivial_home

PRODUCTION = "production"
BLAST = Blast(
    PRODUCTION, "sha256:77", "planned",
    {"tickets": {"remove": 40, "protect": 2}, "customers": {"remove": 9, "gone": 1}, "tags": {}},
    [("tickets", "changed in Gorgias since it was loaded", 2)],
    [Planned("tickets", 101, "ticket", "7", "protect", "changed in Gorgias since it was loaded")],
    files=12, off=["rule 'Auto-reply'"], snapshot_at="2026-03-01T09:00:00+00:00",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trivial_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def engagement(home: Path) -> Engagement:
    opened = Engagement(home, "demo", step=ROLL_BACK, execute=True)
    opened.ledger.set_meta(kept_name(PRODUCTION), None)
    opened.paths.signoffs_file.unlink(missing_ok=True)
    return opened


def kept(engagement: Engagement, **values: object) -> None:
    engagement.ledger.set_meta(kept_name(PRODUCTION), values)


def sign(engagement: Engagement) -> None:
    gate = gates.find("roll_back")
    subject = engagement.gate_subject(gate)
    assert subject is not None
    gates.SignOffs(engagement.paths.signoffs_file).sign(gate, by="Margit Olsen", subject=subject)


def test_there_is_nothing_to_sign_before_a_plan_was_made_and_another_plan_voids_the_signature(
    engagement: Engagement,
) -> None:
    assert "roll_back" not in {state.name for state in engagement.gate_states()}
    kept(engagement, state="planned", digest="sha256:1", at="2026-03-01T09:00:00+00:00")
    sign(engagement)
    assert engagement.gate_state("roll_back").state == "met"
    kept(engagement, state="planned", digest="sha256:2", at="2026-03-01T09:00:00+00:00")
    assert engagement.gate_state("roll_back").state == "stale"


def test_production_is_not_touched_before_a_person_has_signed(engagement: Engagement) -> None:
    kept(engagement, state="planned", digest="sha256:77", at="2026-03-01T09:00:00+00:00")
    with pytest.raises(GateClosed, match="roll_back") as caught:
        carry_out(engagement, Result(PRODUCTION, BLAST, executed=False))
    assert "--only 90 --execute" in caught.value.next_step
    assert caught.value.exit_code == ExitCode.GATE


def test_an_account_that_there_is_not_and_one_that_nothing_was_loaded_into_are_told(engagement: Engagement) -> None:
    with pytest.raises(ParameterError, match="no account 'staging'"):
        plan(engagement, "staging")
    with pytest.raises(OutOfTurn, match="Nothing was loaded into the sandbox account"):
        plan(engagement, "sandbox")


@pytest.mark.parametrize("step", ["05_load", "07_cutover"])
def test_nothing_is_loaded_while_a_roll_back_is_half_done(engagement: Engagement, step: str) -> None:
    kept(engagement, state="under way", digest="sha256:77")
    with pytest.raises(OutOfTurn, match=r"roll-back of the production account was begun") as caught:
        Engagement(engagement.paths.reports.parents[1], "demo", step=step, execute=True).check_turn()
    assert "--only 90 --execute" in caught.value.next_step
    assert "not finished" in summary.status(engagement, {}, []).text


def test_after_a_roll_back_the_reconciliation_says_so_and_the_numbers_of_the_load_are_no_more(
    engagement: Engagement,
) -> None:
    ledger = engagement.ledger
    for step in STEPS:
        ledger.mark_step(step, "done", {"accounts": []})
    kept(engagement, state="done", digest="sha256:77", proof={"at": "2026-03-02T09:00:00+00:00"}, protected=3)
    due_again(engagement)
    root = engagement.paths.reports.parents[1]
    with pytest.raises(OutOfTurn, match="What was loaded is rolled back") as caught:
        Engagement(root, "demo", step="06_reconcile").check_turn()
    assert "--from 05" in caught.value.next_step
    assert Run(root, "demo", execute=True).steps()[0] == "05_load"
    document = summary.collect(engagement)
    assert document["status"]["text"] == (
        "Rolled back on 2026-03-02: what was loaded is out of Gorgias again, but for 3 things that somebody touched "
        "or uses."
    )
    assert document["objects"] == {}
    assert document["finished_at"] is None
    shown = {row["step"]: row["status"] for row in standing.step_rows(engagement)}
    assert shown["04_extract"] == "done"
    assert {shown[step] for step in STEPS[4:]} == {"rolled back"}
    assert {row["took"] for row in standing.step_rows(engagement) if row["status"] == "rolled back"} == {None}


@pytest.mark.parametrize(("unexplained", "code"), [(0, ExitCode.DONE), (2, ExitCode.EXCEPTIONS)])
def test_what_differs_without_a_reason_ends_the_run_with_4(engagement: Engagement, unexplained: int, code: int) -> None:
    engagement.ledger.mark_step(ROLL_BACK, "done", {"removed": 5, "unexplained": unexplained})
    said: list[str] = []
    run = Run(engagement.paths.reports.parents[1], "demo", execute=True, say=said.append)
    assert run._rolled_back() == code
    assert bool(said) == bool(unexplained)


def test_the_page_says_what_goes_what_stays_what_cannot_be_undone_and_what_was_proven(engagement: Engagement) -> None:
    kept(engagement, state="planned", digest="sha256:77", at="2026-03-01T09:00:00+00:00")
    made = Plan(engagement.paths.state / "roll_back_production.sqlite3")
    made.add(BLAST.protected)
    made.close()
    page, listed = pages.write(engagement, Result(PRODUCTION, BLAST, executed=False))
    text = page.read_text(encoding="utf-8")
    for words in ("49 things would be removed, 2 would stay", "12 uploaded files", "rule &#x27;Auto-reply&#x27;",
                  "snapshot of 2026-03-01 09:00 UTC", "sha256:77"):  # fmt: skip
        assert words in text
    assert "of these gone by now" not in text
    assert listed.read_text(encoding="utf-8").splitlines()[1] == (
        "tickets,101,ticket,7,changed in Gorgias since it was loaded"
    )
    proved = [
        Proved("tickets", 5, 7, 5, {STAYS: 2}),
        Proved("custom-fields", 1, 2, 1, {ARCHIVED: 1}, {UNEXPLAINED_THERE: 1}),
    ]
    found = Proof(proved, [("custom-fields", 9, UNEXPLAINED_THERE)], "2026-03-02T09:00:00+00:00", BLAST.snapshot_at)
    done = Result(PRODUCTION, replace(BLAST, state="done", off=[]), executed=True, proof=found, removed=49)
    shown = str(pages.status(done)) + str(pages.proof(done))
    assert "1 things are not as they were" in shown
    assert "compared with the snapshot of 2026-03-01 09:00 UTC" in shown
    assert ARCHIVED in shown
    assert Proof.from_json(found.as_json()) == found


def test_what_to_type_next_depends_on_who_signed(engagement: Engagement) -> None:
    kept(engagement, state="planned", digest="sha256:77", at="2026-03-01T09:00:00+00:00")
    result = Result(PRODUCTION, BLAST, executed=False)
    assert "migrator sign demo roll_back" in pages.how_to_go_on(engagement, result)
    sign(engagement)
    assert "Signed by Margit Olsen" in pages.how_to_go_on(engagement, result)
    sandbox = replace(result, account="sandbox")
    assert "-p account=sandbox --execute" in pages.how_to_go_on(engagement, sandbox)
