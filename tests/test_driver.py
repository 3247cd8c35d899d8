"""The driver, on notebooks that do next to nothing: which steps it runs, what it leaves, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib import driver
from migrator_lib.driver import Ended, Run, parameters_of, step_named
from migrator_lib.engagement import ROLL_BACK, STEPS, Engagement
from migrator_lib.errors import ExitCode, GateClosed, LeaseHeld, OutOfTurn, ParameterError
from migrator_lib.evidence import publish
from migrator_lib.evidence.standing import next_command
from migrator_lib.ledger import Ledger
from migrator_lib.rollback.step import due_again
from tests import kernel_less
from tests.homes import TRIVIAL, trivial_home

MESSAGE = "Hello, I would like to know where my order of last Tuesday is, please."
RAISES = TRIVIAL.format(step="01_audit").split("engagement.done")[0] + "from migrator_lib import errors\n\n"


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return trivial_home(tmp_path / "home")


def started(home: Path, *, execute: bool = True, said: list[str] | None = None, **more: object) -> Run:
    say = said.append if said is not None else (lambda _: None)
    return Run(home, "demo", execute=execute, say=say, **more)  # type: ignore[arg-type]


def test_a_first_run_takes_all_steps(home: Path) -> None:
    assert started(home).steps() == list(STEPS)


def test_a_rehearsal_of_an_engagement_that_was_never_loaded_ends_with_the_load(home: Path) -> None:
    assert started(home, execute=False).steps() == list(STEPS[:5])


def test_a_rehearsal_after_a_load_ends_with_the_cutover_and_after_that_goes_to_the_end(home: Path) -> None:
    run = started(home, execute=False)
    for step, last in (("05_load", "07_cutover"), ("07_cutover", "08_hypercare")):
        run.engagement.ledger.mark_step(step, "running")
        run.engagement.ledger.mark_step(step, "done")
        assert run.steps()[-1] == last


def test_what_no_run_takes_on_its_way_is_run_alone(home: Path) -> None:
    run = started(home)
    assert ROLL_BACK not in run.steps()
    assert run.steps(only="90") == [ROLL_BACK]
    with pytest.raises(ParameterError, match="No run takes 90_rollback on its way") as caught:
        run.steps(last="90")
    assert "--only 90" in caught.value.next_step


def test_after_a_roll_back_the_load_is_due_again(home: Path) -> None:
    run = started(home)
    for step in STEPS:
        run.engagement.ledger.mark_step(step, "done")
        run._note_done(step)
    assert started(home).steps()[0] == "01_audit"
    due_again(run.engagement)
    run._note_done(ROLL_BACK)
    assert started(home).steps()[0] == "05_load"
    assert not run.engagement.ledger.step_is_done("05_load")


def test_what_was_given_up_half_way_may_be_rolled_back_and_what_never_began_may_not(home: Path) -> None:
    run = started(home)
    with pytest.raises(OutOfTurn, match="before 03_sample_migration"):
        Engagement(home, "demo", step=ROLL_BACK).check_turn()
    run.engagement.ledger.mark_step("03_sample_migration", "running")
    Engagement(home, "demo", step=ROLL_BACK).check_turn()


@pytest.mark.parametrize("step", ["05_load", "07_cutover"])
def test_a_mapping_that_was_changed_after_the_sample_is_signed_before_anything_is_loaded_by_it(
    home: Path, step: str
) -> None:
    finish(started(home), *STEPS[: STEPS.index(step)])
    Engagement(home, "demo", step=step).check_turn()  # a rehearsal may be looked at
    with pytest.raises(GateClosed, match="waits at the gate 'mapping'"):
        Engagement(home, "demo", step=step, execute=True).check_turn()


def test_a_run_goes_on_at_the_step_that_was_not_done(home: Path) -> None:
    run = started(home)
    for step in STEPS[:3]:
        run._note_done(step)
    assert started(home).steps() == list(STEPS[3:])


def test_when_all_steps_are_done_the_next_run_takes_all_again(home: Path) -> None:
    run = started(home)
    for step in STEPS:
        run._note_done(step)
    assert started(home).steps() == list(STEPS)


def test_a_step_run_again_by_hand_makes_those_behind_it_due(home: Path) -> None:
    run = started(home)
    for step in STEPS[:5]:
        run._note_done(step)
    run._note_done("02_schema_design")
    assert started(home).steps()[0] == "03_sample_migration"


def test_from_to_and_only_choose_steps_by_number_or_name(home: Path) -> None:
    run = started(home)
    assert run.steps("02", "04_extract") == list(STEPS[1:4])
    assert run.steps(only="6") == ["06_reconcile"]
    with pytest.raises(ParameterError, match="order"):
        run.steps("05", "02")
    with pytest.raises(ParameterError, match="no step '09'"):
        step_named("09")


def test_a_run_that_would_end_before_it_begins_says_where_it_begins_and_ends_by_itself(home: Path) -> None:
    run = started(home)
    for step in STEPS[:2]:
        run._note_done(step)
    with pytest.raises(ParameterError, match="begin at 03, where the last run stopped, and end at --to 01") as caught:
        run.steps(last="01")
    assert "--from" in caught.value.next_step
    rehearsal = Run(home, "demo")
    with pytest.raises(ParameterError, match="begin at --from 06, and end at 05, where a rehearsal") as caught:
        rehearsal.steps("06")
    assert "--execute" in caught.value.next_step


def test_a_parameter_that_no_notebook_knows_is_refused_before_anything_runs(home: Path) -> None:
    run = started(home, values={"frehs": True})
    with pytest.raises(ParameterError, match="frehs") as caught:
        run.run(["01_audit"])
    assert "fresh" in caught.value.next_step
    assert not run.folder.exists()


def test_the_parameters_of_a_notebook_are_those_of_its_parameters_cell(home: Path) -> None:
    assert parameters_of(home, "01_audit") == {"engagement_name", "execute", "fresh"}
    (home / "notebooks" / "01_audit.ipynb").unlink()
    with pytest.raises(ParameterError, match="not there"):
        parameters_of(home, "01_audit")


@pytest.mark.whole_run
def test_an_executed_notebook_is_renamed_rendered_and_found_from_the_index(home: Path) -> None:
    run = started(home)
    assert run.run(["01_audit"]) == ExitCode.DONE
    assert sorted(f.name for f in run.folder.iterdir()) == ["01_audit.html", "01_audit.ipynb"]
    index = (home / "reports" / "demo" / "index.html").read_text(encoding="utf-8")
    assert f"runs/{run.run_id}/01_audit.html" in index
    assert "Fernhill" in (home / "reports" / "index.html").read_text(encoding="utf-8")


@pytest.mark.whole_run
@pytest.mark.parametrize(
    ("raised", "code", "status"),
    [
        ('raise errors.GateClosed("It waits.", gate="mapping", next_step="sign it.")', ExitCode.GATE, "waiting"),
        ('raise errors.SourceUnreachable("It is away.", next_step="start it.")', ExitCode.FAILED, "failed"),
        ('raise ZeroDivisionError("of course")', ExitCode.FAILED, "failed"),
        ("import os; os._exit(7)", ExitCode.FAILED, "failed"),
    ],
)
def test_how_a_notebook_ends_decides_the_exit_code_and_the_next_step_is_said(
    tmp_path: Path, raised: str, code: ExitCode, status: str
) -> None:
    home, said = trivial_home(tmp_path / "home", {"01_audit": RAISES + raised}), []
    run = started(home, said=said)
    assert run.run(["01_audit", "02_schema_design"]) == code
    assert any("Next:" in line for line in said)
    assert run.engagement.ledger.steps()[-1]["status"] == status
    assert not (run.folder / "02_schema_design.ipynb").exists()
    assert (run.folder / "01_audit.ipynb").exists(), "what was done until then is evidence too"


@pytest.mark.whole_run
def test_a_report_that_holds_a_secret_fails_the_run_and_is_withheld(tmp_path: Path) -> None:
    leak = "import os\nprint('the key is', os.environ['GORGIAS_DEMO_API_KEY'])\n"
    home, said = trivial_home(tmp_path / "home", {"01_audit": TRIVIAL.format(step="01_audit") + leak}), []
    os.environ["GORGIAS_DEMO_API_KEY"] = "a-key-that-nobody-may-see"
    run = started(home, said=said)
    assert run.run(["01_audit"]) == ExitCode.FAILED
    assert not list(run.folder.glob("*"))
    withheld = home / "reports" / "demo" / "state" / publish.WITHHELD / run.run_id
    assert sorted(f.name for f in withheld.iterdir()) == ["01_audit.html", "01_audit.ipynb"]
    assert "a-key-that-nobody-may-see" not in "\n".join(said)


@pytest.mark.whole_run
@pytest.mark.parametrize("leak", ["the key is a-key-that-nobody-may-see", MESSAGE])
def test_a_document_that_holds_a_secret_or_a_message_is_withheld_and_the_pages_do_not_link_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    home, said = trivial_home(tmp_path / "home"), []
    monkeypatch.setenv("GORGIAS_DEMO_API_KEY", "a-key-that-nobody-may-see")
    monkeypatch.setattr(publish, "snippets", lambda _: iter([MESSAGE]))
    monkeypatch.setattr(driver.papermill, "execute_notebook", kernel_less.execute_notebook)
    run = started(home, said=said)
    documents = run.engagement.paths.documents
    (documents / "leak.html").write_text(leak)
    (documents / "fine.html").write_text("<p>All is well.</p>")
    assert run.run(["01_audit"]) == ExitCode.FAILED
    assert [f.name for f in documents.iterdir()] == ["fine.html"]
    assert (run.engagement.paths.state / publish.WITHHELD / "documents" / "leak.html").read_text() == leak
    index = (home / "reports" / "demo" / "index.html").read_text(encoding="utf-8")
    assert "documents/fine.html" in index
    assert "leak" not in index
    assert leak not in "\n".join(said)
    assert started(home).run(["01_audit"]) == ExitCode.DONE


@pytest.mark.whole_run
def test_a_disk_that_fills_while_a_notebook_runs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    home, said = trivial_home(tmp_path / "home"), []
    run = started(home, said=said)
    monkeypatch.setattr(driver.papermill, "execute_notebook", full)
    assert run.run(["01_audit"]) == ExitCode.FAILED
    assert any("No space left" in line and "Next: make room" in line for line in said)
    assert run.engagement.ledger.steps()[-1]["status"] == "failed"


def test_a_second_driver_says_who_is_at_work(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LEASE_PATIENCE_SECONDS", 0.0)
    run = started(home)
    other = Ledger.in_folder(run.engagement.paths.state)
    other.take_lease()
    with pytest.raises(LeaseHeld, match=f"process {os.getpid()}"):
        run.run(["01_audit"])
    other.close()


def test_the_next_command_is_to_sign_where_the_next_step_stands_at_a_gate(home: Path) -> None:
    run = started(home)
    assert next_command(run.engagement) == "migrator run demo --execute"
    for step in STEPS[:2]:
        run.engagement.ledger.mark_step(step, "running")
        run.engagement.ledger.mark_step(step, "done")
    assert next_command(run.engagement) == 'migrator sign demo mapping --by "YOUR NAME"'


def test_after_a_day_of_hypercare_the_next_command_is_that_of_the_next_day(home: Path) -> None:
    run = started(home)
    finish(run, *STEPS[:7])
    for number, late, lost, command in (
        (2, 0, 0, "--only 08 (tomorrow)"),
        (3, 0, 1, "--only 08 (when you have done what hypercare/day-3.html says)"),
        (3, 2, 0, "--only 07 --execute (it takes over what changed in SmarterTrack since)"),
        (3, None, 0, "a rehearsal: what has changed since?"),
    ):
        finish(run, "08_hypercare", hypercare={"day": number, "of": 3, "late": late, "lost": lost})
        assert command in next_command(run.engagement)
    finish(run, "08_hypercare", hypercare={"day": 3, "of": 3, "late": 2, "lost": 0})
    finish(run, "07_cutover")
    assert "--only 08 (tomorrow)" in next_command(run.engagement)


@pytest.mark.parametrize(("lost", "code"), [(0, ExitCode.DONE), (1, ExitCode.EXCEPTIONS)])
def test_a_day_of_hypercare_ends_with_4_if_anything_is_lost_whether_it_may_write_or_not(
    home: Path, lost: int, code: ExitCode
) -> None:
    for execute in (True, False):
        said: list[str] = []
        run = started(home, execute=execute, said=said)
        finish(run, *STEPS[:7])
        finish(run, "08_hypercare", hypercare={"day": 1, "of": 3, "late": None, "lost": lost})
        assert run._result(Ended(ExitCode.DONE), ["08_hypercare"]) == code
        assert any("Lost since the cutover: 1 record." in line for line in said) is bool(lost)


def finish(run: Run, *steps: str, **summary: object) -> None:
    for step in steps:
        run.engagement.ledger.mark_step(step, "running")
        run.engagement.ledger.mark_step(step, "done", summary)


def test_the_page_of_each_day_is_found_from_the_index(home: Path) -> None:
    run = started(home)
    folder = run.engagement.paths.reports / "hypercare"
    folder.mkdir()
    (folder / "day-2.html").write_text("<p>All is well.</p>")
    assert publish.document_links(run.engagement) == [("Hypercare, day 2", "hypercare/day-2.html")]


def test_documents_are_called_by_words(home: Path) -> None:
    run = started(home)
    run.engagement.paths.documents.mkdir(exist_ok=True)
    for name in ("sla_inventory.html", "ticket_numbers.csv", "roll_back_sandbox_protected.csv"):
        (run.engagement.paths.documents / name).write_text("")
    titles = [title for title, _ in publish.document_links(run.engagement)]
    assert titles == ["Roll-back of the sandbox: what is protected", "SLA inventory", "Ticket numbers"]


def test_the_page_of_a_package_is_found_from_the_index(home: Path) -> None:
    run = started(home)
    folder = run.engagement.paths.documents / "help_center_7"
    folder.mkdir(parents=True)
    (folder / "README.html").write_text("<p>Import it.</p>")
    assert ("Help center 7: what to do with it", "documents/help_center_7/README.html") in publish.document_links(
        run.engagement
    )
