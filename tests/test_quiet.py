"""Before anything is written an account is made quiet, a person states what no API shows, and it ends as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from migrator_lib import runbook
from migrator_lib.canary import Finding, Proof
from migrator_lib.cli import app
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.gates import GateState, SignOffs, find
from migrator_lib.plan import make_plan
from migrator_lib.quiet import Quiet, canary_content, look_again, make_quiet, restore
from migrator_lib.quiet import pages as quiet_pages
from migrator_lib.side_effects import look, still_off
from migrator_lib.side_effects.windows import windows
from tests.desk import NAME, Desk, desk
from tests.side_effects.acting import ACTING, ALL, state

LOUD = {key: ACTING[key] for key in ("rules", "integrations", "settings")}
PRODUCTION = "production"


@pytest.fixture
def loud(tmp_path: Path) -> Iterator[Desk]:
    """An engagement whose production account does a lot by itself."""
    with desk(tmp_path, seed=LOUD) as made:
        yield made


def allow(made: Desk, *kinds: str, **more: Any) -> None:
    target = json.loads(made.file.read_text())["target"]
    made.change(target={**target, "side_effects": {"switch_off": list(kinds)}, **more})


def sign(engagement: Engagement, gate: str) -> None:
    subject = engagement.gate_subject(find(gate))
    assert subject is not None
    SignOffs(engagement.paths.signoffs_file).sign(find(gate), by="Margit Olsen", subject=subject)


def signed(made: Desk) -> Engagement:
    """Open the load of an account whose list of what no API switches off is signed."""
    engagement = made.open("05_load")
    with pytest.raises(GateClosed):
        make_quiet(engagement, PRODUCTION)
    sign(engagement, "hands_off")
    return engagement


def text(*parts: object) -> str:
    return " ".join(str(part) for part in parts)


def test_what_no_api_switches_off_is_signed_first_and_nothing_is_touched_before(loud: Desk) -> None:
    allow(loud, *ALL)
    before = state(loud.production)
    engagement = loud.open("05_load")
    with pytest.raises(GateClosed, match="Support mailbox") as caught:
        make_quiet(engagement, PRODUCTION)
    assert caught.value.gate == "hands_off"
    assert "migrator sign desk hands_off" in caught.value.next_step
    assert state(loud.production) == before
    sign(engagement, "hands_off")
    assert make_quiet(engagement, PRODUCTION).proof is not None
    engagement.close()


def test_a_mailbox_that_came_since_closes_the_gate_again(loud: Desk) -> None:
    allow(loud, *ALL)
    engagement = signed(loud)
    with loud.production.store.transaction():
        loud.production.store.put("integration", {"id": 9, "name": "New mailbox", "type": "email"})
    with pytest.raises(GateClosed, match="changed since Margit Olsen signed"):
        make_quiet(engagement, PRODUCTION)
    engagement.close()


def test_what_is_left_on_closes_the_gate_and_the_rest_is_put_back_meanwhile(loud: Desk) -> None:
    allow(loud, "rules")
    before = state(loud.production)
    engagement = signed(loud)
    with pytest.raises(GateClosed, match="HTTP integration 'ERP'") as caught:
        make_quiet(engagement, PRODUCTION)
    assert caught.value.gate == "side_effects"
    assert "rule 'Auto-reply'" not in caught.value.message
    assert state(loud.production) == before
    assert engagement.gate_state("side_effects").state == "open"
    engagement.close()


def test_without_a_signature_of_the_silence_everything_is_put_back_and_canaries_do_not_go_twice(tmp_path: Path) -> None:
    with desk(tmp_path, seed={"rules": ACTING["rules"]}) as made:
        allow(made, *ALL)
        before = state(made.production)
        engagement = made.open("05_load")
        signoffs = engagement.paths.signoffs_file
        signoffs.write_text(signoffs.read_text().partition("silence:")[0])
        with pytest.raises(GateClosed, match="look into the mailbox") as caught:
            make_quiet(engagement, PRODUCTION)
        assert caught.value.gate == "silence"
        assert state(made.production) == before
        ((_, ended),) = windows(engagement.ledger, PRODUCTION) or []
        assert ended is not None
        sign(engagement, "silence")
        quiet = make_quiet(engagement, PRODUCTION)
        assert [until is None for _, until in windows(engagement.ledger, PRODUCTION) or []] == [False, True]
        assert made.production.stats.by_endpoint["POST tickets"] == 3
        assert look(engagement.api(PRODUCTION)).effects == ()
        shown = text(
            quiet_pages.side_effects(quiet),
            quiet_pages.hands_off(engagement, quiet),
            quiet_pages.canaries(engagement, quiet),
        )
        assert "switched off" in shown
        assert "stayed silent" in shown
        assert "in an earlier run" in shown
        done = restore(engagement, PRODUCTION)
        assert "restored" in text(quiet_pages.restored(done))
        assert state(made.production) == before
        assert all(until is not None for _, until in windows(engagement.ledger, PRODUCTION) or [])
        engagement.close()


def test_a_rehearsal_lists_what_it_would_switch_off_and_touches_nothing(loud: Desk) -> None:
    allow(loud, "rules", "settings")
    before = state(loud.production)
    engagement = loud.open("05_load", execute=False)
    quiet = make_quiet(engagement, PRODUCTION)
    assert {one.what.split()[0]: one.outcome for one in quiet.done} == {
        "rule": "would switch off", "HTTP": "left on", "setting": "would switch off"
    }  # fmt: skip
    assert state(loud.production) == before
    assert still_off(engagement.ledger, PRODUCTION) == []
    assert "would switch off" in text(quiet_pages.side_effects(quiet))
    assert "no canaries" in text(quiet_pages.canaries(engagement, quiet))
    engagement.close()


def test_the_address_of_the_canaries_is_needed_for_a_real_account_and_is_nobody_s(loud: Desk) -> None:
    target = json.loads(loud.file.read_text())["target"]
    loud.change(target={key: value for key, value in target.items() if key != "simulator"})
    engagement = loud.open("05_load")
    with pytest.raises(ParameterError, match=r"target\.canary\.address is empty"):
        canary_content(engagement, None)
    engagement.close()
    first = loud.open("04_extract")
    make_plan(first)
    runbook.extract(first)
    requester = next(iter(first.lookups(first.all_stages).requester_of_address))
    first.close()
    loud.change(target={**target, "canary": {"address": requester}})
    again = loud.open("05_load")
    with pytest.raises(ParameterError, match="somebody in SmarterTrack") as caught:
        canary_content(again, again.lookups(again.all_stages))
    assert requester not in str(caught.value)
    again.close()


def test_findings_of_canaries_are_shown_with_what_probably_did_it(loud: Desk) -> None:
    engagement = loud.open("05_load")
    finding = Finding("2", "it is assigned", "auto-assignment")
    proof = Proof("sha256:0", (finding,), "2026-01-05T08:00:00Z", 120.0, None)
    shown = text(quiet_pages.canaries(engagement, Quiet(PRODUCTION, look(engagement.api(PRODUCTION)), proof=proof)))
    assert "not left alone" in shown
    assert "it is assigned" in shown
    assert "auto-assignment" in shown
    silent = replace(proof, findings=(), events=False)
    shown = text(quiet_pages.canaries(engagement, Quiet(PRODUCTION, look(engagement.api(PRODUCTION)), proof=silent)))
    assert "not told by this account" in shown
    engagement.close()


def test_what_somebody_switches_on_while_records_are_written_is_told(loud: Desk) -> None:
    allow(loud, *ALL)
    engagement = signed(loud)
    quiet = make_quiet(engagement, PRODUCTION)
    look_again(engagement, quiet)
    assert (quiet.came_since, engagement.gate_state("side_effects").state) == ((), "met")
    with loud.production.store.transaction():
        loud.production.store.put("rule", {**ACTING["rules"][0], "id": 77, "name": "Of today"})
    look_again(engagement, quiet)
    assert "rule &#x27;Of today&#x27;" in text(quiet_pages.side_effects(quiet))
    assert "rule 'Of today'" in engagement.gate_state("side_effects").reason
    quiet = make_quiet(engagement, PRODUCTION)
    assert [one.what for one in quiet.done] == ["rule 'Of today'"]
    assert "off already" in text(quiet_pages.side_effects(quiet))
    engagement.close()


def test_a_quiet_sandbox_says_nothing_of_the_production_account_and_a_noisy_one_is_told(loud: Desk) -> None:
    engagement = loud.open("03_sample_migration")

    def state() -> GateState:
        return engagement.gate_state("side_effects")

    engagement.note_check("side_effects", ok=True, account="sandbox")
    assert (state().state, state().reason) == ("open", "not looked at yet")
    engagement.note_check("side_effects", ok=True, account=PRODUCTION)
    assert state().state == "met"
    engagement.note_check("side_effects", ok=False, words="on in the sandbox", account="sandbox")
    assert (state().state, state().reason) == ("open", "on in the sandbox")
    engagement.close()


def test_what_could_not_be_put_back_when_a_gate_closed_is_told_with_it(
    loud: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(loud, "rules")
    engagement = signed(loud)
    note = engagement.note_check

    def meanwhile(*what: Any, **more: Any) -> None:
        note(*what, **more)
        with loud.production.store.transaction():
            rule = loud.production.store.get("rule", 1)
            assert rule is not None
            loud.production.store.put("rule", {**rule, "name": "Mine now"})

    monkeypatch.setattr(engagement, "note_check", meanwhile)
    with pytest.raises(GateClosed, match=r"Not put back: rule 'Auto-reply' \(it was changed meanwhile\)") as caught:
        make_quiet(engagement, PRODUCTION)
    assert caught.value.gate == "side_effects"
    engagement.close()


def test_the_command_puts_back_what_a_run_that_died_left_off_and_status_tells_of_it(
    loud: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(loud, *ALL)
    monkeypatch.setenv("MIGRATOR_HOME", str(loud.root))
    before, run = state(loud.production), CliRunner().invoke
    engagement = signed(loud)
    make_quiet(engagement, PRODUCTION)
    engagement.close()
    assert state(loud.production) != before
    told = " ".join(run(app, ["status", NAME]).stdout.split())
    assert "Switched off by this migration in the production account, and not put back yet: rule 'Auto-reply'" in told
    assert "migrator restore-target desk --target production" in told
    done = run(app, ["restore-target", NAME])
    assert done.exit_code == 0, done.stdout
    assert "restored rule 'Auto-reply'" in done.stdout
    assert "sandbox: nothing is switched off by this migration." in done.stdout
    assert state(loud.production) == before
    assert "Switched off" not in run(app, ["status", NAME]).stdout
    assert run(app, ["restore-target", NAME]).exit_code == 0


def test_the_command_takes_away_the_canaries_that_a_run_which_died_left(
    loud: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(loud, *ALL)
    monkeypatch.setenv("MIGRATOR_HOME", str(loud.root))
    before = state(loud.production)
    engagement = signed(loud)

    def dies(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(engagement.api(PRODUCTION).clock, "sleep", dies)
        with pytest.raises(KeyboardInterrupt):
            make_quiet(engagement, PRODUCTION)
    engagement.close()
    held = loud.production.store.count("ticket")
    done = CliRunner().invoke(app, ["restore-target", NAME])
    assert done.exit_code == 0, done.stdout
    assert "production: 3 canaries of this migration are removed." in done.stdout
    assert loud.production.store.count("ticket") == held - 3
    assert state(loud.production) == before
    assert "canaries" not in CliRunner().invoke(app, ["restore-target", NAME]).stdout


def test_the_command_says_what_it_left_alone_and_ends_with_4(loud: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(loud, *ALL)
    monkeypatch.setenv("MIGRATOR_HOME", str(loud.root))
    engagement = signed(loud)
    make_quiet(engagement, PRODUCTION)
    engagement.close()
    with loud.production.store.transaction():
        rule = loud.production.store.get("rule", 1)
        assert rule is not None
        loud.production.store.put("rule", {**rule, "name": "Mine now"})
    done = CliRunner().invoke(app, ["restore-target", NAME, "--target", "production"])
    assert done.exit_code == 4, done.stdout
    assert "left alone rule 'Auto-reply' (it was changed meanwhile)" in done.stdout
    assert CliRunner().invoke(app, ["restore-target", NAME, "--target", "moon"]).exit_code == 2
