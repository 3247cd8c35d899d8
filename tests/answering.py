"""Answers to what a proposed mapping asks: what a person does before signing it."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from migrator_lib import mapping
from migrator_lib.engagement import Engagement


def answer_questions(engagement: Engagement) -> list[str]:
    """Answer every open question as it is proposed; return section and key of each."""
    return answer_file(engagement.paths.mapping_file)


def answer_file(file: Path) -> list[str]:
    """Do the same in a file."""
    asked = mapping.questions(file)
    yaml = YAML(typ="rt")
    yaml.width = 118
    document = yaml.load(file.read_text(encoding="utf-8"))
    for one in asked:
        document[one.section][one.key]["becomes"] = one.proposed
    if asked:
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump(document, stream)
    return [f"{one.section}.{one.key}" for one in asked]
