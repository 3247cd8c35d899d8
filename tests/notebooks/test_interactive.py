"""Notebooks as a person runs them: boxes for errors, bars, forms for gates; and nothing of it in a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output
from typer.testing import CliRunner

from migrator_lib import cli, cli_new, display, forms, gates, interactive, mapping
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.errors import GateClosed, LeaseHeld, OutOfTurn, ParameterError, StopRequested, UnmappedCodes
from migrator_lib.ledger import Ledger
from migrator_lib.mapping import EngagementMapping
from tests.homes import demo_home

OPEN = 'import migrator_lib\nengagement = migrator_lib.open("demo", step="{step}", execute={execute})'
PROPOSAL = EngagementMapping.model_validate({
    "statuses": {"1": {"name": "Active", "becomes": "open"}},
    "priorities": {"7": {"name": "Whenever", "becomes": "normal", "confidence": 0.3, "reason": "no such name"}},
    "tags": {"1": {"name": "vip", "becomes": "important", "confidence": 0.2}},
})  # fmt: skip


class Person:
    """Who runs cells in a kernel of JupyterLab, and reads what they show."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.outputs: list[Any] = []

    def runs(self, code: str) -> ExecutionResult:
        with capture_output() as shown:
            result = self.shell.run_cell(code)
        self.outputs = shown.outputs
        return result

    @property
    def reads(self) -> str:
        return "\n".join(output.data.get("text/html", "") for output in self.outputs)


SETTLED = "statuses:\n  '1': {name: Active, becomes: open}\n"
"""A mapping of one line: the demo's own takes a third of a second to be read."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = demo_home(tmp_path_factory.mktemp("model"), tickets=1)
    shutil.rmtree(made / "notebooks")
    (made / "parameters/demo/mapping.yaml").write_text(SETTLED)
    return made


@pytest.fixture
def home(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = shutil.copytree(model, tmp_path / "home")
    monkeypatch.setenv("MIGRATOR_HOME", str(made))
    return made


@pytest.fixture
def person(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv(interactive.SESSION, "05_load.ipynb")
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    monkeypatch.setattr(interactive, "_Here", type("_Here", (), {"engagement": None, "cell": 0, "installed": None}))
    try:
        yield Person(shell)
    finally:
        if "engagement" in shell.user_ns:
            shell.user_ns["engagement"].close()
        shell.set_custom_exc((), None)
        InteractiveShell.clear_instance()


def after(home: Path, *steps: str) -> None:
    """Note steps as done."""
    with_ledger = Engagement(home, "demo")
    with_ledger.ledger.take_lease()
    for step in steps:
        with_ledger.ledger.mark_step(step, "done")
    with_ledger.note_check("api_access", ok=True, words="")
    with_ledger.close()


def signed_all_but(home: Path, *names: str) -> None:
    engagement = Engagement(home, "demo")
    signoffs = gates.SignOffs(engagement.paths.signoffs_file)
    for gate in gates.GATES:
        subject = engagement.gate_subject(gate)
        if gate.name not in names and subject is not None:
            signoffs.sign(gate, by="Margit Olsen", subject=subject)
    engagement.close()


def panel_of(person: Person) -> Any:
    (shown,) = [output for output in person.outputs if "application/vnd.jupyter.widget-view+json" in output.data]
    assert shown.metadata == {display.STYLE_MARK: True}
    return next(
        one for one in _widgets() if one.model_id == shown.data["application/vnd.jupyter.widget-view+json"]["model_id"]
    )


def _widgets() -> list[Any]:
    from ipywidgets.widgets.widget import _instances

    return list(_instances.values())


def fields(box: Any, kind: str) -> list[Any]:
    return [child for child in box.children if type(child).__name__ == kind]


def text_of(box: Any) -> str:
    return "\n".join(child.value for child in fields(box, "HTML"))


def test_a_closed_gate_is_a_box_with_a_form_and_the_form_signs_as_the_command_does(person: Person, home: Path) -> None:
    after(home, "01_audit", "02_schema_design", "03_sample_migration")
    signed_all_but(home, "backup_proof", "licence")
    done = CliRunner().invoke(cli.app, ["sign", "demo", "licence", "--by", "Ida  Bloom", "--note", "contract 7"])
    assert done.exit_code == 0
    result = person.runs(OPEN.format(step="04_extract", execute=False))
    assert isinstance(result.error_in_exec, GateClosed)
    assert 'class="status warn"' in person.reads
    assert "04_extract waits at the gate &#x27;backup_proof&#x27;" in person.reads
    assert "In this notebook: sign in the form below, then run this cell again" in person.reads
    assert "<details><summary>Where it happened</summary>" in person.reads
    assert "\x1b" not in person.reads
    box = panel_of(person)
    name, note = fields(box, "Text")
    (button,) = fields(box, "Button")
    button.click()
    assert "It has no name of who signs." in text_of(box)
    file = home / "parameters/demo/signoffs.yaml"
    assert "backup_proof" not in file.read_text()
    name.value = "<img src=x onerror=alert(1)>"
    button.click()
    assert "&#x27;&lt;img src=x onerror=alert(1)&gt;&#x27; is no name of a person." in text_of(box)
    assert "backup_proof" not in file.read_text()
    name.value, note.value = "Ida  Bloom", "contract 7"
    button.click()
    button.click()  # twice, as impatient people do: it is signed once
    assert "Ida Bloom states: A full backup" in text_of(box)
    assert not fields(box, "Button")
    written = gates.SignOffs(file)._read()
    by_form, by_command = written["backup_proof"], written["licence"]
    assert list(by_form) == list(by_command) == ["by", "on", "hash", "note"]
    assert (by_form["by"], by_form["note"]) == (by_command["by"], by_command["note"]) == ("Ida Bloom", "contract 7")
    after(home, "04_extract")
    waits = person.runs(OPEN.format(step="05_load", execute=True))
    assert isinstance(waits.error_in_exec, GateClosed)
    assert "gate &#x27;sample&#x27;: what is to be signed does not exist yet" in person.reads
    assert "In this notebook: once that is mended, run this cell again" in person.reads  # nothing to sign below
    assert not fields(panel_of(person), "Button")
    assert person.runs(OPEN.format(step="04_extract", execute=False)).success
    assert "04_extract is open. This step writes nothing to Gorgias." in person.reads


def test_what_was_changed_since_it_was_shown_is_not_signed(person: Person, home: Path) -> None:
    file = home / "parameters/demo/mapping.yaml"
    after(home, "01_audit", "02_schema_design")
    signed_all_but(home, "mapping")
    assert not person.runs(OPEN.format(step="03_sample_migration", execute=True)).success
    box = panel_of(person)
    name, _ = fields(box, "Text")
    (button,) = fields(box, "Button")
    name.value = "Ida Bloom"
    text = file.read_text()
    assert "becomes: open" in text
    file.write_text(text.replace("becomes: open", "becomes: closed", 1))
    button.click()
    assert "was changed since it was shown here, so nothing was signed" in text_of(box)
    opened = Engagement(home, "demo")
    assert opened.gate_state("mapping").state != "met"
    opened.close()


def test_questions_of_the_mapping_are_answered_in_the_form_and_comments_stay(person: Person, home: Path) -> None:
    file = home / "parameters/demo/mapping.yaml"
    file.unlink()
    mapping.merge_into_file(file, PROPOSAL)
    file.write_text(file.read_text().replace("name: Whenever", "name: Whenever  # ask Otto"))
    after(home, "01_audit", "02_schema_design")
    assert not person.runs(OPEN.format(step="03_sample_migration", execute=True)).success
    box = panel_of(person)
    (choice,), (free,) = fields(box, "Dropdown"), fields(box, "Combobox")
    assert choice.options[:2] == (("not answered yet", ""), ("critical", "critical"))
    assert ("normal (proposed)", "normal") in choice.options
    assert (choice.value, free.value) == ("", "")
    assert "no such name" in text_of(box)
    assert [button.description for button in fields(box, "Button")] == ["Write the answers"]
    choice.value = "low"
    fields(box, "Button")[0].click()
    assert "1 answer written into mapping.yaml." in text_of(box)
    assert "becomes: low" in file.read_text()
    assert "# ask Otto" in file.read_text()
    assert [one.key for one in mapping.questions(file)] == ["1"]
    before = file.read_text()
    fields(box, "Button")[0].click()
    assert "No question has an answer yet." in text_of(box)
    assert file.read_text() == before
    (free,) = fields(box, "Combobox")
    free.value = " VIP "
    fields(box, "Button")[0].click()
    assert mapping.load(file).tags["1"].becomes == "VIP"
    assert [button.description for button in fields(box, "Button")] == ["Sign mapping"]


def test_an_answer_that_no_longer_is_asked_or_is_none_changes_nothing(home: Path) -> None:
    file = home / "parameters/demo/mapping.yaml"
    file.unlink()
    mapping.merge_into_file(file, PROPOSAL)
    before = file.read_text()
    for place, becomes, said in (
        (("priorities", "7"), "soon", "priorities.7.becomes"),
        (("priorities", "7"), " ", "has no answer yet"),
        (("statuses", "1"), "closed", "waits for no answer any more"),
        (("priorities", "99"), "low", "waits for no answer any more"),
    ):
        with pytest.raises(ParameterError, match=said):
            mapping_answers({place: becomes, ("tags", "1"): "VIP"}, file)
        assert file.read_text() == before


def test_codes_without_a_meaning_get_one_in_the_form(person: Person, home: Path) -> None:
    file = home / "parameters/demo/mapping.yaml"
    after(home, "01_audit")
    assert person.runs(OPEN.format(step="02_schema_design", execute=False)).success
    codes = [
        ("priorities", "9", "Tickets.TicketPriorityID 9: 1 row"), ("comment_types", "42", "CommentTypeID 42: 1 row"),
        ("chat_views", "0", "ChatMessages.ViewRestriction 0: 9 rows"),
    ]  # fmt: skip
    raised = f"from migrator_lib.errors import UnmappedCodes\nraise UnmappedCodes('Codes <9>', codes={codes})"
    assert isinstance(person.runs(raised).error_in_exec, UnmappedCodes)
    assert "say it in the form below, then run this notebook again from its first cell." in person.reads
    box = panel_of(person)
    (name, comment), (priority, view) = fields(box, "Text"), fields(box, "Dropdown")
    assert [value for _, value in priority.options] == ["", "critical", "high", "normal", "low"]
    name.value = " "
    priority.value = "low"
    before = file.read_text()
    fields(box, "Button")[0].click()
    assert "No code has its meaning yet." in text_of(box)
    assert file.read_text() == before
    name.value, comment.value = "Whenever: # maybe", "<Call-back>"
    fields(box, "Button")[0].click()
    assert "2 meanings written into mapping.yaml." in text_of(box)
    assert "Next: the others below, then run this notebook again" in text_of(box)
    assert view.options == fields(box, "Dropdown")[0].options
    fields(box, "Dropdown")[0].value = "internal"
    fields(box, "Button")[0].click()
    assert not fields(box, "Button")
    written = mapping.load(file)
    assert (written.priorities["9"].name, written.priorities["9"].becomes) == ("Whenever: # maybe", "low")
    assert (written.comment_types["42"].name, written.chat_views["0"].becomes) == ("<Call-back>", "internal")
    assert written.statuses["1"].name == "Active"


def mapping_answers(answers: dict[tuple[str, str], str], file: Path) -> None:
    from migrator_lib.mapping.answers import answer

    answer(file, answers)


def test_cells_out_of_order_are_told_to_run_those_above(person: Person) -> None:
    interactive.load_ipython_extension(person.shell)
    result = person.runs("show(result)")
    assert isinstance(result.error_in_exec, NameError)
    assert "Nothing is called &#x27;show&#x27; yet: the cells above were not all run in this kernel." in person.reads
    assert "Next: Run &gt; Run All Above Selected Cell, then this cell." in person.reads
    assert "<style>" in person.reads
    person.shell.showtraceback = lambda *_a, **_k: None
    person.runs("def broken():\n    return missing\n")
    person.runs("import textwrap\ntextwrap.broken = lambda: exec('missing', {})\ntextwrap.broken()")
    assert "Nothing is called" not in person.reads


def test_a_rehearsal_says_so_and_the_cell_that_opens_may_be_run_again(person: Person, home: Path) -> None:
    after(home, *STEPS[:4])
    assert person.runs(OPEN.format(step="05_load", execute=False)).success
    assert "as a rehearsal: execute is False, so nothing is written to Gorgias." in person.reads
    assert "set execute = True in the cell above" in person.reads
    first = person.shell.user_ns["engagement"]
    assert person.runs(OPEN.format(step="05_load", execute=False)).success
    assert (first.life, person.shell.user_ns["engagement"].life) == ("ended", "running")
    assert isinstance(person.runs("_ = engagement.done()").error_in_exec, type(None))
    assert "05_load is rehearsed, nothing was written." in person.reads
    assert "Next: migrator" in person.reads
    assert (home / "reports/demo/summary.json").exists()
    assert person.shell.user_ns["engagement"].ledger.meta("cycle", []) == []
    late = person.runs('engagement.ledger.set_meta("late", 1)')
    assert isinstance(late.error_in_exec, OutOfTurn)
    assert "05_load has ended here, so nothing more is written by it." in person.reads
    assert "In this notebook: run it from the cell that opens the engagement." in person.reads
    person.runs("from migrator_lib.errors import ParameterError\nraise ParameterError('It is empty.')")
    assert "In this notebook: once that is done, run it from the cell that opens the engagement." in person.reads
    with pytest.raises(OutOfTurn):
        person.shell.user_ns["engagement"].ledger.check_lease()


def test_a_notebook_that_is_open_twice_and_one_before_its_turn_say_what_to_do(person: Person, home: Path) -> None:
    other = Ledger.in_folder(home / "reports/demo/state", run_id="other")
    after(home, "01_audit")
    other.take_lease()
    assert isinstance(person.runs(OPEN.format(step="02_schema_design", execute=False)).error_in_exec, LeaseHeld)
    assert "Another run writes to this engagement" in person.reads
    assert "shut the other one&#x27;s kernel down" in person.reads
    other.close()
    assert person.runs(OPEN.format(step="02_schema_design", execute=False)).success
    first = person.shell.user_ns["engagement"]
    cli_new.begin(home, "acme", "demo")
    assert isinstance(
        person.runs(OPEN.format(step="05_load", execute=False).replace('"demo"', '"acme"')).error_in_exec, OutOfTurn
    )
    assert first.life == "ended"  # another notebook may go on with it
    assert isinstance(person.runs(OPEN.format(step="05_load", execute=False)).error_in_exec, OutOfTurn)
    assert "run the notebook 04_extract.ipynb to its end, then this one from its first cell." in person.reads


def test_each_cell_has_its_own_bar_that_says_how_it_ended(person: Person, home: Path) -> None:
    after(home, "01_audit")
    assert person.runs(OPEN.format(step="02_schema_design", execute=False)).success
    engagement = person.shell.user_ns["engagement"]
    for well, words in ((True, "done"), (False, "stopped here; run this cell again, and it goes on")):
        with capture_output() as shown:
            engagement.progress.begin("Reading", 4)
            engagement.progress.leave(well=well)
        assert words in shown.outputs[-1].data["text/html"]
    person.runs(
        "engagement.progress.begin('Reading <Tickets>', 40)\nengagement.progress.advance(10)\nengagement.progress.end()"
    )
    bars = [output for output in person.outputs if "running" in output.data.get("text/html", "")]
    assert len({output.transient["display_id"] for output in bars}) == 1
    first = bars[0].transient["display_id"]
    assert 'value="0.2500"' in person.reads
    assert "Reading &lt;Tickets&gt;" in person.reads
    assert "10 of 40" in person.reads
    person.runs("engagement.progress.wait('paused since 10:00')")
    assert "paused since 10:00" in person.reads
    (second,) = {output.transient["display_id"] for output in person.outputs if output.transient}
    assert second != first
    result = person.runs(
        "engagement.control.stop()\nengagement.control._look_at = 0\nengagement.progress.begin('Tickets', 9)"
    )
    assert isinstance(result.error_in_exec, StopRequested)
    assert "In this notebook: run this cell again: it goes on where it stopped." in person.reads
    assert [step["status"] for step in person.shell.user_ns["engagement"].ledger.steps()] == ["done", "stopped"]


def test_an_interrupt_is_told_without_a_traceback(person: Person, home: Path) -> None:
    after(home, "01_audit")
    person.runs(OPEN.format(step="02_schema_design", execute=False))
    result = person.runs("engagement.control.stop()\nraise KeyboardInterrupt")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "Interrupted. Nothing is lost" in person.reads
    assert "Next: run this cell again" in person.reads
    assert person.runs("engagement.control._look_at = 0\nengagement.progress.begin('Tickets', 9)").success


def test_a_run_shows_the_table_and_the_commands_and_no_widget(
    person: Person, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interactive.is_interactive()
    for told in ("MIGRATOR_DRIVER", "MIGRATOR_RUN_ID"):
        monkeypatch.setenv(told, "1")
        assert not interactive.is_interactive()
        monkeypatch.delenv(told)
    monkeypatch.delenv(interactive.SESSION)  # so do papermill and nbconvert start a kernel
    assert not interactive.is_interactive()
    after(home, "01_audit")
    result = person.runs(OPEN.format(step="02_schema_design", execute=False))
    assert result.success
    (style,) = person.outputs
    assert "<script>" not in style.data["text/html"]
    assert person.runs("from migrator_lib import forms\nforms.gates(engagement)").success
    (shown,) = person.outputs
    assert list(shown.data) == ["text/plain", "text/html"]
    assert "migrator sign demo mapping --by" in person.reads
    assert '<span class="badge warn">open</span>' in person.reads
    assert "freeze" not in person.reads
    person.shell.showtraceback = lambda *_a, **_k: None
    failed = person.runs("raise engagement.control.stop_words()")
    assert isinstance(failed.error_in_exec, StopRequested)
    assert not person.outputs
    assert forms.UP_TO.keys() == {"02_schema_design", "03_sample_migration", "05_load", "07_cutover"}
