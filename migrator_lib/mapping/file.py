"""The file ``mapping.yaml``: read, and added to without changing what a person wrote."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from migrator_lib.errors import ParameterError
from migrator_lib.mapping.model import CHOOSE, CONFIDENT, EngagementMapping, Entry
from migrator_lib.mapping.questions import Question, asked, settled
from migrator_lib.storage import beside
from migrator_lib.yaml_file import parse_yaml, read_text, read_yaml

HEADER = """\
What the source's codes and definitions become in Gorgias. Proposed by notebook 02; a person confirms it:
  migrator sign ENGAGEMENT mapping --by "NAME"
Where it says CHOOSE, write what it becomes: 'proposed' says what seems right, 'reason' why it is asked.
Change 'becomes' where a proposal is wrong ('reason' says where it came from), then sign again.
A code that SmarterTrack's own tables do not define stops notebook 01, which says what to add here.
"""


def load(file: Path) -> EngagementMapping:
    """Read and validate a ``mapping.yaml``. Open questions are no part of it (:func:`questions`).

    Raises:
        ParameterError: naming the file, the key and the mend.
    """
    return _of(read_text(file), file, as_proposed=False)


def load_as_proposed(file: Path) -> EngagementMapping:
    """Read a ``mapping.yaml`` with every open question answered as proposed: to plan with, never to load by.

    Raises:
        ParameterError: naming the file, the key and the mend.
    """
    return _of(read_text(file), file, as_proposed=True)


@lru_cache(maxsize=8)
def _of(text: str, file: Path, *, as_proposed: bool) -> EngagementMapping:
    """Return the mapping that a text says: it is asked for many times, and takes long to be read as YAML."""
    return _validated(file, settled(_with_text_keys(parse_yaml(text, file)), as_proposed=as_proposed))


def questions(file: Path) -> list[Question]:
    """Return what nobody has answered yet, in the order of the sections.

    Raises:
        ParameterError: the file cannot be read.
    """
    with suppress(OSError):
        lines = (line.strip() for line in file.read_bytes().splitlines())
        if not any(CHOOSE.encode() in line and not line.startswith(b"#") for line in lines):
            return []  # a mapping of thousands of tags takes seconds to be read as YAML
    return list(_asked(read_text(file), file))


@lru_cache(maxsize=8)
def _asked(text: str, file: Path) -> tuple[Question, ...]:
    """Return what a text asks: every look at the gate wants to know."""
    return tuple(asked(parse_yaml(text, file)))


def validated(file: Path, document: Any) -> EngagementMapping:
    """Return what a document of this file's says, its open questions left out.

    Raises:
        ParameterError: naming the file, the key and the mend.
    """
    return _validated(file, settled(_with_text_keys(document), as_proposed=False))


def _validated(file: Path, document: Any) -> EngagementMapping:
    try:
        return EngagementMapping.model_validate(document)
    except ValidationError as error:
        problems = [
            f"  {'.'.join(str(part) for part in problem['loc']) or file.name}: {_told(problem)}"
            for problem in error.errors()
        ]
        raise ParameterError(
            f"{file} is not valid:\n" + "\n".join(problems),
            next_step="mend these keys, or delete the entry and run notebook 02 to have it proposed anew.",
        ) from error


def _told(problem: ErrorDetails) -> str:
    message = problem["msg"].removeprefix("Value error, ")
    choices = message.partition("Input should be ")[2]
    return f"in the place of {CHOOSE} write {choices}" if problem["input"] == CHOOSE and choices else message


def _with_text_keys(document: Any) -> Any:
    """Return the document with keys as text (``1:`` is read as a number), and empty sections as empty."""
    if not isinstance(document, Mapping):
        return document or {}
    return {
        section: {str(key): entry for key, entry in (entries or {}).items()}
        if isinstance(entries or {}, Mapping)
        else entries
        for section, entries in document.items()
    }


def merge_into_file(file: Path, proposal: EngagementMapping) -> list[str]:
    """Add to the file what it lacks of ``proposal``; return the keys that were added.

    What is in the file already is never changed.

    Raises:
        ParameterError: what is in the file is no mapping, or would be none; nothing is written.
        StorageError: the file cannot be written.
    """
    yaml = YAML(typ="rt")
    yaml.width = 118
    document = None
    if file.exists():
        load(file)
        document = read_yaml(file)
    if not document:
        document = CommentedMap()
        document.yaml_set_start_comment(HEADER)
    added = []
    for section, entries in proposal.model_dump(mode="json").items():
        if not entries:
            continue
        known = document.get(section)
        if not known:
            known = document[section] = CommentedMap()
        written = {str(key) for key in known}
        for key, entry in entries.items():
            if key not in written:
                known[key] = _worth_writing(entry, getattr(proposal, section)[key])
                added.append(f"{section}.{key}")
    if added:
        _validated(file, settled(_with_text_keys(document), as_proposed=True))
        with beside(file) as place:
            yaml.dump(document, place)
    return added


def _worth_writing(dumped: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Return what the file says of an entry: what it becomes, and all that is not as by default.

    What is not sure is asked: it becomes nothing yet, and the proposal stands beside that.
    """
    defaults = {name: field.default for name, field in type(entry).model_fields.items()}
    kept = {
        name: value for name, value in dumped.items() if name == "becomes" or getattr(entry, name) != defaults[name]
    }
    if entry.confidence < CONFIDENT and "becomes" in kept:
        kept |= {"becomes": CHOOSE, "proposed": kept["becomes"]}
    first, last = ("name", "becomes", "proposed"), ("confidence", "reason")
    middle = [name for name in kept if name not in first + last]
    return {name: kept[name] for name in (*first, *middle, *last) if name in kept}
