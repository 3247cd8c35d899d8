"""Answers to a mapping's open questions, written where each asks; comments and everything else stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from migrator_lib.errors import ParameterError
from migrator_lib.mapping.file import validated
from migrator_lib.mapping.model import CHOOSE
from migrator_lib.mapping.questions import is_open
from migrator_lib.storage import beside
from migrator_lib.yaml_file import read_yaml


def answer(file: Path, answers: Mapping[tuple[str, str], str]) -> None:
    """Write answers into a ``mapping.yaml``: all of them or, where one is wrong, none.

    Args:
        file: the mapping.
        answers: by (section, key), what each becomes.

    Raises:
        ParameterError: something was answered meanwhile, or an answer is none that its section takes.
        StorageError: the file cannot be written.
    """
    document = read_yaml(file)
    for (section, key), becomes in answers.items():
        entry = _entry(document, section, key)
        if not is_open(entry):
            raise ParameterError(
                f"{section}.{key} waits for no answer any more: {file} was changed meanwhile.",
                next_step="run this cell again: it shows what is still asked.",
            )
        if not becomes.strip() or becomes.strip() == CHOOSE:
            raise ParameterError(
                f"{section}.{key} has no answer yet.", next_step="say what it becomes, or leave it as it is for now."
            )
        entry["becomes"] = becomes.strip()
    validated(file, document)
    yaml = YAML(typ="rt")
    yaml.width = 118
    with beside(file) as place:
        yaml.dump(document, place)


def _entry(document: Any, section: str, key: str) -> Any:
    """Return an entry by its key as text: ``1:`` is read as a number."""
    entries = document.get(section) if isinstance(document, Mapping) else None
    found = entries if isinstance(entries, Mapping) else {}
    return next((entry for name, entry in found.items() if str(name) == key), None)
