"""Gates: signatures and checks, and what a closed gate tells."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator_lib import gates
from migrator_lib.engagement import ALL_STEPS, STEPS
from migrator_lib.errors import GateClosed, ParameterError, StorageError
from migrator_lib.gates import GATES, NOT_THERE, GateState, SignOffs, checked, find, require, statement_hash
from migrator_lib.yaml_file import read_yaml

SUBJECT = "sha256:aaaa"
MAPPING = find("mapping")
SIGNED = [gate for gate in GATES if gate.statement]
LOOKED_AT = [gate for gate in GATES if not gate.statement]


@pytest.fixture
def signoffs(tmp_path: Path) -> SignOffs:
    return SignOffs(tmp_path / "signoffs.yaml")


def test_a_gate_is_open_until_somebody_signs_and_then_met(signoffs: SignOffs) -> None:
    assert signoffs.state(MAPPING, SUBJECT) == GateState("mapping", "open", reason="not signed yet")
    signoffs.sign(MAPPING, by="Ida Bloom", subject=SUBJECT, note="by phone")
    state = signoffs.state(MAPPING, SUBJECT)
    assert (state.state, state.by) == ("met", "Ida Bloom")
    assert abs(datetime.fromisoformat(state.on) - datetime.now(UTC)).total_seconds() < 3600
    assert "note: by phone" in signoffs.file.read_text()


def test_a_signature_is_stale_when_what_was_signed_has_changed(signoffs: SignOffs) -> None:
    signoffs.sign(MAPPING, by="Ida Bloom", subject=SUBJECT)
    state = signoffs.state(MAPPING, "sha256:bbbb")
    assert state.state == "stale"
    assert state.reason.startswith("changed since Ida Bloom signed it on 20")
    signoffs.sign(MAPPING, by="Ida Bloom", subject="sha256:bbbb")
    assert signoffs.state(MAPPING, "sha256:bbbb").state == "met"


def test_what_does_not_exist_yet_cannot_be_met_even_by_an_old_signature(signoffs: SignOffs) -> None:
    assert signoffs.state(MAPPING, None).reason == NOT_THERE
    signoffs.sign(MAPPING, by="Ida Bloom", subject=SUBJECT)
    state = signoffs.state(MAPPING, None)
    assert (state.state, state.reason, state.by) == ("open", NOT_THERE, "Ida Bloom")


def test_signatures_are_kept_apart_and_what_people_wrote_stays(signoffs: SignOffs) -> None:
    signoffs.file.write_text(
        "# the customer signs on Mondays\nbackup_proof:\n  by: Otto  # IT\n  on: 2026-01-05\n  hash: x\n"
    )
    signoffs.sign(MAPPING, by="Ida", subject=SUBJECT)
    assert signoffs.state(find("backup_proof"), "x").state == "met"
    assert signoffs.state(MAPPING, SUBJECT).state == "met"
    assert signoffs.state(find("freeze"), "x").state == "open"
    text = signoffs.file.read_text()
    assert text.startswith("# the customer signs on Mondays")
    assert "# IT" in text
    assert [file.name for file in signoffs.file.parent.iterdir()] == ["signoffs.yaml"]


def test_the_states_of_all_gates_are_those_of_each_and_the_file_is_read_once(
    signoffs: SignOffs, monkeypatch: pytest.MonkeyPatch
) -> None:
    signoffs.sign(MAPPING, by="Ida", subject=SUBJECT)
    subjects = [(gate, None if gate.name == "sample" else SUBJECT) for gate in SIGNED]
    expected = {gate.name: signoffs.state(gate, subject) for gate, subject in subjects}
    read: list[Path] = []

    def counted(file: Path) -> object:
        read.append(file)
        return read_yaml(file)

    monkeypatch.setattr(gates, "read_yaml", counted)
    assert signoffs.states(subjects) == expected
    assert read == [signoffs.file]


@pytest.mark.parametrize(
    "entry", ["{by: '', on: 2026-01-05, hash: x}", "{on: 2026-01-05, hash: x}", "{by: '  ', on: 2026-01-05, hash: x}",
              "{by:, on: 2026-01-05, hash: x}", "{by: Ida, hash: x}"]
)  # fmt: skip
def test_a_signature_without_a_name_or_a_moment_is_none(signoffs: SignOffs, entry: str) -> None:
    signoffs.file.write_text(f"mapping: {entry}\n")
    state = signoffs.state(MAPPING, "x")
    assert (state.state, state.reason) == ("open", "the signature lacks its name or its moment")


@pytest.mark.parametrize("entry", ["{by: Ida, on: 2026-01-05}", "{by: Ida, on: 2026-01-05, hash: }"])
def test_a_signature_without_what_was_signed_is_stale(signoffs: SignOffs, entry: str) -> None:
    signoffs.file.write_text(f"mapping: {entry}\n")
    assert signoffs.state(MAPPING, "x").state == "stale"


@pytest.mark.parametrize("text", ["mapping: yes\n", "- mapping\n", "signed\n", "mapping: [Ida]\n"])
def test_a_file_of_another_form_is_refused_and_not_written_over(signoffs: SignOffs, text: str) -> None:
    signoffs.file.write_text(text)
    with pytest.raises(ParameterError, match="'by', 'on' and 'hash'"):
        signoffs.state(MAPPING, SUBJECT)
    with pytest.raises(ParameterError):
        signoffs.sign(MAPPING, by="Ida", subject=SUBJECT)
    assert signoffs.file.read_text() == text


@pytest.mark.parametrize("text", ["", "# none yet\n"])
def test_an_empty_file_is_no_signature(signoffs: SignOffs, text: str) -> None:
    signoffs.file.write_text(text)
    assert signoffs.state(MAPPING, SUBJECT).state == "open"


def test_a_signature_that_cannot_be_written_is_said_and_the_old_ones_stay(
    signoffs: SignOffs, monkeypatch: pytest.MonkeyPatch
) -> None:
    signoffs.sign(MAPPING, by="Ida", subject=SUBJECT)
    before = signoffs.file.read_text()

    def full(_handle: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("migrator_lib.storage.os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        signoffs.sign(find("freeze"), by="Ida", subject="x")
    assert signoffs.file.read_text() == before


def test_what_is_stated_is_part_of_what_is_signed() -> None:
    hashes = {statement_hash(gate) for gate in SIGNED}
    assert len(hashes) == len(SIGNED)
    assert all(value.startswith("sha256:") and len(value) == 71 for value in hashes)


# --- checks --------------------------------------------------------------------------------------------


def test_a_check_s_gate_is_met_by_what_was_seen() -> None:
    gate = LOOKED_AT[0]
    assert checked(gate, None) == GateState(gate.name, "open", reason="not looked at yet")
    good = checked(gate, {"ok": True, "words": "", "at": "2026-01-05T10:00:00+00:00"})
    assert (good.state, good.by, good.on) == ("met", "a check", "2026-01-05T10:00:00+00:00")
    bad = checked(gate, {"ok": False, "words": "rules are on", "at": "2026-01-05"})
    assert (bad.state, bad.reason) == ("open", "rules are on")


# --- requiring -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_that_is_met_lets_pass(gate: gates.Gate) -> None:
    require(GateState(gate.name, "met", "Ida", "2026-01-05"), "demo", gate.before)


@pytest.mark.parametrize("state", ["open", "stale"])
@pytest.mark.parametrize("gate", SIGNED, ids=lambda gate: gate.name)
def test_a_closed_gate_tells_reason_statement_and_the_command_that_opens_it(gate: gates.Gate, state: str) -> None:
    with pytest.raises(GateClosed) as caught:
        require(GateState(gate.name, state, reason="the reason"), "demo", gate.before)  # type: ignore[arg-type]
    error = caught.value
    assert error.gate == gate.name
    assert error.message.startswith(f"{gate.before} waits at the gate '{gate.name}': the reason")
    assert gate.statement in error.message
    assert f'migrator sign demo {gate.name} --by "YOUR NAME"' in error.next_step
    assert "migrator run demo" in error.next_step


def test_the_sample_is_reviewed_before_it_is_signed() -> None:
    with pytest.raises(GateClosed) as caught:
        require(GateState("sample", "open", reason="not signed yet"), "demo", "05_load")
    assert caught.value.next_step.startswith("migrator review demo, then migrator sign demo sample")


def test_nobody_is_asked_to_sign_what_is_not_there() -> None:
    with pytest.raises(GateClosed) as caught:
        require(GateState("sample", "open", reason=NOT_THERE), "demo", "05_load")
    assert "sign" not in caught.value.next_step
    assert "migrator run demo --execute makes it" in caught.value.next_step


@pytest.mark.parametrize("gate", LOOKED_AT, ids=lambda gate: gate.name)
def test_nobody_is_asked_to_sign_what_a_check_decides(gate: gates.Gate) -> None:
    with pytest.raises(GateClosed, match="a check decides: rules are on") as caught:
        require(GateState(gate.name, "open", reason="rules are on"), "demo", gate.before)
    assert "sign" not in caught.value.next_step
    assert gate.look_again in caught.value.next_step


# --- the list ------------------------------------------------------------------------------------------


def test_every_gate_stands_before_a_step_and_is_found_by_its_name() -> None:
    assert all(gate.before in ALL_STEPS for gate in GATES)
    assert len({gate.name for gate in GATES}) == len(GATES)
    assert all(find(gate.name) is gate for gate in GATES)


def test_a_gate_that_there_is_none_of_names_those_there_are() -> None:
    with pytest.raises(ParameterError, match="no gate 'mappings'") as caught:
        find("mappings")
    assert all(gate.name in caught.value.next_step for gate in GATES)


def test_nothing_is_read_in_full_or_written_before_its_gates() -> None:
    before = {gate.name: ALL_STEPS.index(gate.before) for gate in GATES}
    assert {"backup_proof", "licence", "worker_threads"} <= {
        n for n, i in before.items() if i <= STEPS.index("04_extract")
    }
    assert before["mapping"] <= STEPS.index("03_sample_migration")
    assert {"05_load", "07_cutover"} <= {*find("mapping").and_before}, "it may have changed since the sample"
    assert before["sample"] == before["side_effects"] == STEPS.index("05_load")
    assert before["freeze"] == STEPS.index("07_cutover")
