"""Signing the mapping: confirmed, edited by hand, refused with the difference, signed anew; and what is asked first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib import gates, mapping
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.evidence.standing import next_command
from migrator_lib.mapping import EngagementMapping, differences
from migrator_lib.yaml_file import read_yaml
from tests import kernel_less
from tests.homes import demo_home

PROPOSAL = EngagementMapping.model_validate({
    "statuses": {
        "1": {"name": "Active", "becomes": "open"}, "2": {"name": "Waiting", "becomes": "open", "tag": "wait"},
    },
    "priorities": {
        "7": {"name": "Whenever", "becomes": "normal", "confidence": 0.3, "reason": "no name that is known"},
    },
    "tags": {"1": {"name": "vip", "becomes": "vip"}},
})  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = demo_home(tmp_path / "home")
    (made / "parameters/demo/mapping.yaml").unlink()
    mapping.merge_into_file(made / "parameters/demo/mapping.yaml", PROPOSAL)
    return made


@pytest.fixture
def file(home: Path) -> Path:
    return home / "parameters/demo/mapping.yaml"


@pytest.fixture
def opened(home: Path) -> Iterator[Engagement]:
    engagement = Engagement(home, "demo", step="05_load", execute=True)
    yield engagement
    engagement.close()


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert text.count(before) == 1, text
    file.write_text(text.replace(before, after))


def sign(home: Path, by: str = "Margit Olsen") -> tuple[int, str]:
    done = kernel_less.run(home, "sign", "demo", "mapping", "--by", by)
    return done.returncode, done.stdout + done.stderr


def closed(opened: Engagement) -> str:
    with pytest.raises(GateClosed) as refused:
        gates.require(opened.gate_state("mapping"), "demo", "05_load")
    return str(refused.value)


def test_what_is_not_sure_is_asked_and_no_part_of_the_mapping_until_it_is_answered(file: Path) -> None:
    entry = read_yaml(file)["priorities"]["7"]
    assert (entry["becomes"], entry["proposed"]) == ("CHOOSE", "normal")
    assert mapping.load(file).priorities == {}
    assert mapping.load_as_proposed(file).priorities["7"].becomes == "normal"
    (question,) = mapping.questions(file)
    assert (question.section, question.key, question.name) == ("priorities", "7", "Whenever")
    assert file.read_text().splitlines()[question.line - 1].strip() == "becomes: CHOOSE"
    assert question.words() == (
        f"line {question.line}, priorities.7 ('Whenever'): write 'becomes: normal', or critical, high, low. "
        "Why it is asked: no name that is known"
    )
    edit(file, "becomes: CHOOSE", "becomes: low")
    assert mapping.questions(file) == []
    assert mapping.load(file).priorities["7"].becomes == "low"
    assert mapping.merge_into_file(file, PROPOSAL) == []
    assert mapping.load(file).priorities["7"].becomes == "low"


def test_nothing_is_chosen_where_there_is_no_proposal_either(file: Path) -> None:
    edit(file, "becomes: vip", "becomes: CHOOSE")
    with pytest.raises(ParameterError, match=r"tags\.1: nothing is chosen yet"):
        mapping.load(file)


def test_a_mapping_that_asks_cannot_be_signed_and_says_what_to_write(home: Path, opened: Engagement) -> None:
    code, said = sign(home)
    said = " ".join(said.split())
    assert code == 1
    assert "cannot be signed while it asks: 1" in said
    assert "priorities.7 ('Whenever'): write 'becomes: normal', or critical, high, low" in said
    assert "in the place of CHOOSE; then sign again" in said
    assert not opened.paths.signed_mapping_file.exists()
    assert gates.SignOffs(opened.paths.signoffs_file).signed(gates.find("mapping")) == ""
    assert "1 question in mapping.yaml waits for an answer" in closed(opened)
    assert "write 'becomes: normal'" in closed(opened)
    assert f"Next: write the answers in {opened.paths.mapping_file}, then migrator sign demo mapping" in closed(opened)
    shown = " ".join(kernel_less.run(home, "mapping", "demo").stdout.split())
    assert "Questions that wait for an answer: 1" in shown
    assert "write 'becomes: normal'" in shown


def test_a_question_that_comes_after_the_signature_closes_the_gate(home: Path, file: Path, opened: Engagement) -> None:
    edit(file, "becomes: CHOOSE", "becomes: normal")
    assert sign(home)[0] == 0
    assert opened.gate_state("mapping").state == "met"
    later = {"8": {"name": "Someday", "becomes": "low", "confidence": 0.2}}
    mapping.merge_into_file(file, EngagementMapping.model_validate({"priorities": later}))
    assert opened.gate_state("mapping").state == "open"
    assert "priorities.8 ('Someday')" in closed(opened)


def test_confirmed_then_edited_refused_with_the_difference_and_signed_anew(
    home: Path, file: Path, opened: Engagement
) -> None:
    edit(file, "becomes: CHOOSE", "becomes: normal")
    code, said = sign(home)
    assert (code, opened.gate_state("mapping").state) == (0, "met")
    assert "Changed since" not in said
    edit(file, "tag: wait", "tag: parked  # agreed on Monday")
    edit(file, "becomes: vip", "becomes: VIP")
    refused = closed(opened)
    assert "changed since Margit Olsen signed it on" in refused
    assert "\n  statuses.2 ('Waiting'): tag was 'wait', and is 'parked'\n" in refused
    assert "\n  tags.1 ('vip'): becomes was 'vip', and is 'VIP'\n" in refused
    assert 'Next: migrator sign demo mapping --by "YOUR NAME", then migrator run demo again.' in refused
    shown = kernel_less.run(home, "mapping", "demo", "--diff").stdout
    assert "changed since Margit Olsen signed it on" in " ".join(shown.split())
    assert [line.split()[-2:] for line in shown.splitlines() if line.startswith(("statuses.2", "tags.1"))] == [
        ["'wait'", "'parked'"], ["'vip'", "'VIP'"],
    ]  # fmt: skip
    code, said = sign(home, "Ida Bloom")
    assert code == 0
    assert "'parked'" in said
    assert (opened.gate_state("mapping").state, opened.gate_state("mapping").by) == ("met", "Ida Bloom")
    assert opened.changed_since_signed() == []
    (earlier,) = gates.SignOffs(opened.paths.signoffs_file).earlier(gates.find("mapping"))
    assert earlier["by"] == "Margit Olsen"
    assert opened.paths.signed_mapping_file.read_bytes() == file.read_bytes()
    shown = kernel_less.run(home, "mapping", "demo", "--diff").stdout
    assert "signed by Ida Bloom" in shown
    assert "Nothing changed since it was signed." in shown
    assert "Before: Margit Olsen" in shown


def test_the_next_command_lists_the_questions_before_it_asks_for_a_signature(file: Path, opened: Engagement) -> None:
    opened.ledger.take_lease()
    for step in ("01_audit", "02_schema_design"):
        opened.ledger.mark_step(step, "done")
    assert next_command(opened).startswith("migrator mapping demo (")
    edit(file, "becomes: CHOOSE", "becomes: normal")
    assert next_command(opened) == 'migrator sign demo mapping --by "YOUR NAME"'


def test_history_is_a_list_and_not_nested(tmp_path: Path) -> None:
    signoffs, gate = gates.SignOffs(tmp_path / "signoffs.yaml"), gates.find("mapping")
    for n in range(gates.HISTORY + 3):
        signoffs.sign(gate, by=f"Signer {n}", subject=f"sha256:{n}")
    earlier = signoffs.earlier(gate)
    assert len(earlier) == gates.HISTORY
    assert [one["by"] for one in earlier[:2]] == [f"Signer {gates.HISTORY + 1}", f"Signer {gates.HISTORY}"]
    assert not any("earlier" in one for one in earlier)


def test_comments_reasons_and_order_need_no_new_signature(home: Path, file: Path, opened: Engagement) -> None:
    edit(file, "becomes: CHOOSE", "becomes: normal")
    assert sign(home)[0] == 0
    edit(file, "reason: no name that is known", "reason: as Otto says  # on the phone")
    edit(file, "proposed: normal", "proposed: low")
    assert opened.gate_state("mapping").state == "met"


def test_a_copy_that_was_lost_or_changed_is_not_taken_for_what_was_signed(
    home: Path, file: Path, opened: Engagement
) -> None:
    edit(file, "becomes: CHOOSE", "becomes: normal")
    assert sign(home)[0] == 0
    copy = opened.paths.signed_mapping_file
    edit(file, "tag: wait", "tag: parked")
    for spoiled in (copy.read_text().replace("tag: wait", "tag: else"), "- no mapping\n", None):
        copy.write_text(spoiled) if spoiled is not None else copy.unlink()
        assert opened.changed_since_signed() is None
        assert "what was signed is not kept, so the difference cannot be shown" in closed(opened)


@pytest.mark.parametrize("by", ["", "  ", "x", "NAME", "your name", "ida@shop.example", "42", "n" * 200])
def test_who_signs_is_a_person_with_a_name(by: str) -> None:
    with pytest.raises(ParameterError, match="--by") as refused:
        gates.signer(by)
    assert "Margit Olsen" in refused.value.next_step


@pytest.mark.parametrize("by", ["Margit Olsen", " Bo  Li ", "José Á.", "李小龙"])
def test_names_of_all_kinds_are_taken(by: str) -> None:
    assert gates.signer(by) == " ".join(by.split())


def test_whole_entries_that_are_new_or_gone_are_differences() -> None:
    after = PROPOSAL.model_dump()
    del after["tags"]["1"]
    after["tags"]["2"] = {"name": "b2b", "becomes": "trade"}
    after["priorities"]["7"]["confidence"] = 1.0
    lines = [one.words() for one in differences(PROPOSAL, EngagementMapping.model_validate(after))]
    assert lines == ["tags.1 ('vip'): is gone: becomes 'vip'", "tags.2 ('b2b'): is new: becomes 'trade'"]
