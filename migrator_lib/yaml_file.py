"""YAML files that people write: read with their line numbers, so that an error can name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from migrator_lib.errors import ParameterError


def line_of(document: Any, path: tuple[int | str, ...]) -> int:
    """Return the 1-based line of the deepest key of ``path`` that is in the document."""
    line = 1
    node = document
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
        else:
            break
        node = node[part]
    return line


def read_yaml(file: Path) -> Any:
    """Read a YAML file, keeping comments and line numbers.

    Raises:
        ParameterError: the file is not there, cannot be read, or is not YAML.
    """
    return parse_yaml(read_text(file), file)


def read_text(file: Path) -> str:
    """Return what a file that a person wrote says.

    Raises:
        ParameterError: it is not there, or cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = sorted(p.parent.name for p in file.parent.parent.glob("*/engagement.yaml"))
        raise ParameterError(
            f"{file} is not there; known engagements: {', '.join(known) or 'none'}.",
            next_step="check the name; migrator new NAME begins a new engagement.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ParameterError(
            f"{file} cannot be read: {words}.",
            next_step="give this user the right to read it, or save it as UTF-8; then run again.",
        ) from None


def parse_yaml(text: str, file: Path) -> Any:
    """Return what a text says as YAML, with comments and line numbers.

    Args:
        text: of a file.
        file: which one, for the error.

    Raises:
        ParameterError: it is not YAML.
    """
    try:
        return YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "an unknown line"
        problem = (getattr(error, "problem", None) or str(error).splitlines()[0]).split(" with value")[0]
        raise ParameterError(
            f"{file} is not YAML: {problem} at {where}.",
            next_step=f"open {file.name} at {where} and mend it (often a missing colon, quote or indent).",
        ) from None  # the cause quotes the line
