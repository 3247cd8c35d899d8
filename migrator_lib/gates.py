"""Gates: what a person or a check must meet before the next step.

A person's gate is met by an entry in ``parameters/<engagement>/signoffs.yaml``: who, when, and the hash of what was
signed. If that has changed since, the gate is closed again. A check's gate has no statement: a step looks, and the
ledger keeps what it saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.storage import beside
from migrator_lib.yaml_file import read_yaml


@dataclass(frozen=True)
class Gate:
    """One condition. ``before`` is the first step that needs it."""

    name: str
    before: str
    statement: str
    """What a person states with the signature; empty where a check decides."""
    look_again: str = "again: it looks anew"
    """How the command goes on that has a check look again, behind ``migrator run ENGAGEMENT``; or that comes after a
    signature, where it is another one than usual."""
    first: str = ""
    """The command that shows what is to be signed, where one does: ``review``."""
    and_before: tuple[str, ...] = ()
    """Later steps that need it too, since what was signed may have changed meanwhile."""

    @property
    def after_signing(self) -> str:
        """How the command goes on that a signature opens the way to, behind ``migrator run ENGAGEMENT``."""
        return self.look_again if self.look_again.startswith("--") else "--execute"


@dataclass(frozen=True)
class GateState:
    """Where a gate stands."""

    name: str
    state: Literal["met", "open", "stale"]
    by: str = ""
    on: str = ""
    reason: str = ""
    detail: tuple[str, ...] = ()
    """Lines that say more, such as what changed since the signature."""
    answer_first: str = ""
    """What is to be done before it can be signed, in words."""
    note: str = ""
    """What the person who signed it wrote beside it."""


LONGEST_NAME = 120
"""Characters of a name."""
NO_NAMES = ("NAME", "YOUR NAME", "ME", "ADMIN", "ROOT", "TEST")
"""What stands in the place of a name, and is none."""
HISTORY = 50
"""Earlier signatures of a gate that are kept."""
NOT_THERE = "what is to be signed does not exist yet"
GATES: tuple[Gate, ...] = (
    Gate("api_access", "02_schema_design", ""),
    Gate("backup_proof", "04_extract", "A full backup of database and files exists, and a restore of it was tried."),
    Gate("licence", "04_extract", "The SmarterTrack licence allows what is planned (one active installation; a second "
         "one for at most 30 days), or only a restored database is read."),
    Gate("worker_threads", "04_extract", "SmarterTrack's background threads were running when the backup was taken, so "
         "mail is imported and counters are right; automatic closing and deletion are considered."),
    Gate("mapping", "03_sample_migration", "The mapping in mapping.yaml is what the company wants.",
         and_before=("05_load", "07_cutover")),
    Gate("voice", "03_sample_migration", "The Gorgias account has the Voice add-on, or Gorgias agreed to tickets of "
         "channel phone without it, and what such tickets cost is known; so call logs, and the tickets that "
         "mapping.yaml puts on that channel, may be loaded.",
         and_before=("05_load", "07_cutover")),
    Gate("sample", "05_load", "The sample in the sandbox account was reviewed, and is right.", first="review"),
    Gate("proofs", "05_load", "", "--only 03 --execute, which asks the sandbox what is not answered yet"),
    Gate("hands_off", "05_load", "What acts in the Gorgias account and no API can switch off is off, or does not touch "
         "tickets that are imported: everything that notebook 05 lists."),
    Gate("side_effects", "05_load", ""),
    Gate("silence", "05_load", "The mailbox of target.canary.address got no mail and no survey while the canaries were "
         "in Gorgias, and no agent was told of them."),
    Gate("freeze", "07_cutover", "SmarterTrack is read-only for agents and customers, and mail goes elsewhere."),
    Gate("roll_back", "90_rollback", "What documents/roll_back.html lists is to be removed from the Gorgias account; "
         "what it lists as protected, and as what cannot be undone, stays.", "--only 90 --execute"),
)  # fmt: skip


def find(name: str) -> Gate:
    """Return a gate by name.

    Raises:
        ParameterError: there is none of that name.
    """
    for gate in GATES:
        if gate.name == name:
            return gate
    raise ParameterError(
        f"There is no gate '{name}'.", next_step="choose one of: " + ", ".join(gate.name for gate in GATES) + "."
    )


def signer(by: str) -> str:
    """Return the name of who signs, trimmed.

    Raises:
        ParameterError: it is no name of a person.
    """
    name = " ".join(by.split())
    letters = sum(letter.isalpha() for letter in name)
    odd = not name.isprintable() or any(letter in name for letter in "@<>")
    if letters < 2 or len(name) > LONGEST_NAME or odd or name.upper() in NO_NAMES:
        what = f"'{name[:LONGEST_NAME]}' is no name of a person" if name else "It has no name of who signs"
        raise ParameterError(
            f"{what}.", next_step="give the name of the person who states it, as Margit Olsen: --by, or in the form."
        )
    return name


def statement_hash(gate: Gate) -> str:
    """Return the hash of a gate whose subject is its own statement."""
    return "sha256:" + hashlib.sha256(gate.statement.encode()).hexdigest()


def hash_of_lines(lines: Sequence[str]) -> str:
    """Return the hash of a gate whose subject is a list of lines."""
    return "sha256:" + hashlib.sha256(json.dumps(list(lines)).encode()).hexdigest()


class SignOffs:
    """The file of signatures of one engagement."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _read(self) -> CommentedMap:
        document = read_yaml(self.file) if self.file.exists() else None
        if document is None:
            return CommentedMap()
        if not isinstance(document, CommentedMap) or not all(isinstance(e, CommentedMap) for e in document.values()):
            raise ParameterError(
                f"{self.file} does not hold a block with 'by', 'on' and 'hash' for each gate.",
                next_step="take out what does not belong there, and sign with 'migrator sign'.",
            )
        return document

    def state(self, gate: Gate, subject: str | None) -> GateState:
        """Return whether a gate is met for what is to be signed now.

        Args:
            gate: the gate.
            subject: hash of what has to be signed, or None while that does not exist yet.

        Raises:
            ParameterError: the file holds something else than signatures.
        """
        return _state(gate, subject, self._read().get(gate.name, {}))

    def states(self, subjects: Iterable[tuple[Gate, str | None]]) -> dict[str, GateState]:
        """Return the state of several gates by their names; the file is read once.

        Raises:
            ParameterError: the file holds something else than signatures.
        """
        entries = self._read()
        return {gate.name: _state(gate, subject, entries.get(gate.name, {})) for gate, subject in subjects}

    def signed(self, gate: Gate) -> str:
        """Return the hash that a gate's signature is bound to; empty where nobody signed.

        Raises:
            ParameterError: the file holds something else than signatures.
        """
        return str(self._read().get(gate.name, {}).get("hash") or "")

    def earlier(self, gate: Gate) -> list[Mapping[str, Any]]:
        """Return who signed a gate before the signature that counts, latest first.

        Raises:
            ParameterError: the file holds something else than signatures.
        """
        return list(self._read().get(gate.name, {}).get("earlier") or ())

    def sign(self, gate: Gate, *, by: str, subject: str, note: str = "") -> None:
        """Write a signature: name, moment, and the hash of what is signed. The one before it is kept as history.

        Raises:
            ParameterError: the file holds something else than signatures.
            StorageError: it cannot be written.
        """
        document = self._read()
        before = dict(document.get(gate.name, {}))
        history = [*([before] if before else []), *(before.pop("earlier", None) or ())][:HISTORY]
        entry = {"by": by, "on": datetime.now(UTC).isoformat(timespec="seconds"), "hash": subject}
        document[gate.name] = {
            **entry, **({"note": note} if note else {}), **({"earlier": history} if history else {})
        }  # fmt: skip
        mend = "make room, or give this user the right to write there; then sign again."
        yaml = YAML(typ="rt")
        yaml.width = 118
        with beside(self.file, next_step=mend) as place:
            yaml.dump(document, place)


def _state(gate: Gate, subject: str | None, entry: Mapping[str, Any]) -> GateState:
    by, on, signed = str(entry.get("by") or "").strip(), str(entry.get("on") or "").strip(), entry.get("hash")
    if subject is None:
        return GateState(gate.name, "open", by, on, NOT_THERE)
    if not entry:
        return GateState(gate.name, "open", reason="not signed yet")
    if not by or not on:
        return GateState(gate.name, "open", by, on, "the signature lacks its name or its moment")
    if signed != subject:
        return GateState(gate.name, "stale", by, on, f"changed since {by} signed it on {on[:16].replace('T', ' ')} UTC")
    return GateState(gate.name, "met", by, on, note=str(entry.get("note") or ""))


def checked(gate: Gate, seen: Mapping[str, Any] | None) -> GateState:
    """Return where a check's gate stands, by what was seen: ``{"ok": bool, "words": str, "at": ISO time}``."""
    if seen is None:
        return GateState(gate.name, "open", reason="not looked at yet")
    state: Literal["met", "open"] = "met" if seen["ok"] else "open"
    return GateState(gate.name, state, "a check", str(seen.get("at", "")), "" if seen["ok"] else str(seen["words"]))


def require(state: GateState, engagement: str, step: str) -> None:
    """Pass if the gate is met.

    Raises:
        GateClosed: with the reason and the command that opens it.
    """
    if state.state == "met":
        return
    gate = find(state.name)
    if not gate.statement:
        raise GateClosed(
            f"{step} waits at the gate '{gate.name}', which a check decides: {state.reason}.",
            gate=gate.name,
            next_step=f"mend what the check found, then migrator run {engagement} {gate.look_again}.",
        )
    if state.reason == NOT_THERE:
        raise GateClosed(
            f"{step} waits at the gate '{gate.name}': {state.reason}.",
            gate=gate.name,
            next_step=f"migrator run {engagement} {gate.after_signing} makes it, and stops at the gate.",
        )
    more = "".join(f"\n  {line}" for line in state.detail) + ("\n" if state.detail else " ")
    raise GateClosed(
        f"{step} waits at the gate '{gate.name}': {state.reason}.{more}What is stated by signing: {gate.statement}",
        gate=gate.name,
        next_step=state.answer_first
        + (f"migrator {gate.first} {engagement}, then " if gate.first else "")
        + f'migrator sign {engagement} {gate.name} --by "YOUR NAME", then migrator run {engagement} '
        + ("again." if gate.after_signing == "--execute" else f"{gate.after_signing}."),
    )
