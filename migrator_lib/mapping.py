"""The mapping: what every status, priority, brand, department, group, field and tag becomes.

It is proposed from what the source holds, written to ``parameters/<engagement>/mapping.yaml``, and read, changed and
signed by a person. A new proposal only adds what is not there yet: what a person wrote, and comments, stay.

A code that no table of SmarterTrack's defines (a status of tickets that is gone from the statuses, a direction that is
not published) is proposed by nobody: the audit stops and asks for its entry, which a person writes here too. So what
codes mean stands in one file, and is signed with the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from migrator_lib.errors import ParameterError
from migrator_lib.parameters import Model
from migrator_lib.storage import beside
from migrator_lib.values import Slashes
from migrator_lib.yaml_file import read_yaml

FIELD_LIMIT = 25
"""Active ticket fields that Gorgias allows (docs.gorgias.com, ticket-fields-101)."""
TagName = Annotated[str, Field(min_length=1, max_length=256)]
HEADER = """\
What the source's codes and definitions become in Gorgias. Proposed by notebook 02; a person confirms it:
  migrator sign ENGAGEMENT mapping --by "NAME"
Change 'becomes' where the proposal is wrong ('reason' says where it came from), then sign again.
A code that SmarterTrack's own tables do not define stops notebook 01, which says what to add here.
"""


class Status(Model):
    """A ticket status. ``tag`` keeps what open and closed cannot say."""

    name: str
    becomes: Literal["open", "closed"]
    tag: TagName | None = None
    reason: str = ""


class Priority(Model):
    """A ticket priority."""

    name: str
    becomes: Literal["critical", "high", "normal", "low"]
    reason: str = ""


class Direction(Model):
    """A message direction code."""

    becomes: Literal["incoming", "outgoing"]
    reason: str = ""


class CommentType(Model):
    """A type of comment that CommentTypes does not define: what people call it."""

    name: Annotated[str, Field(min_length=1)]
    reason: str = ""


class Brand(Model):
    """A brand: a tag on its tickets, or nothing."""

    name: str
    becomes: Literal["tag", "nothing"] = "tag"
    tag: TagName
    reason: str = ""


class Team(Model):
    """A department or group (key ``d<department>`` or ``g<department>-<group>``)."""

    name: str
    becomes: Literal["team", "nothing"] = "team"
    team: Annotated[str, Field(min_length=1, max_length=255)]
    reason: str = ""


class FieldMapping(Model):
    """A custom field. Gorgias has text, number and boolean; a date becomes ISO 8601 text."""

    name: str
    becomes: Literal["text", "dropdown", "number", "boolean", "date as text", "nothing"]
    label: Annotated[str, Field(min_length=1, max_length=255)]
    choices: tuple[str, ...] = ()
    slashes: Slashes | None = None
    """How dates with slashes are written."""
    reason: str = ""

    @model_validator(mode="after")
    def _choosable(self) -> FieldMapping:
        if self.becomes == "dropdown" and not self.choices:
            raise ValueError("a dropdown needs 'choices'")
        return self


class TagMapping(Model):
    """A tag."""

    name: str
    becomes: TagName
    reason: str = ""


class EngagementMapping(Model):
    """The whole of ``mapping.yaml``; keys are the source's ids, as text."""

    statuses: dict[str, Status] = {}
    priorities: dict[str, Priority] = {}
    directions: dict[str, Direction] = {}
    comment_types: dict[str, CommentType] = {}
    """Those that CommentTypes lacks; the others have their names there."""
    brands: dict[str, Brand] = {}
    teams: dict[str, Team] = {}
    ticket_fields: dict[str, FieldMapping] = {}
    person_fields: dict[str, FieldMapping] = {}
    tags: dict[str, TagMapping] = {}

    @model_validator(mode="after")
    def _one_label_one_field(self) -> EngagementMapping:
        for section in ("ticket_fields", "person_fields"):
            taken: dict[str, str] = {}
            for key, entry in getattr(self, section).items():
                first = taken.setdefault(entry.label.strip().lower(), key) if entry.becomes != "nothing" else key
                if first != key:
                    raise ValueError(f"{section}.{key}.label: '{entry.label}' is the label of {section}.{first} too")
        return self

    @property
    def hash(self) -> str:
        """Return what a signature is bound to: the content, without comments, reasons and empty sections."""
        content = {name: entries for name, entries in self.model_dump(mode="json").items() if entries}
        for section in content.values():
            for entry in section.values():
                entry.pop("reason", None)
        return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load(file: Path) -> EngagementMapping:
    """Read and validate a ``mapping.yaml``.

    Raises:
        ParameterError: naming the file, the key and the mend.
    """
    try:
        return EngagementMapping.model_validate(_with_text_keys(read_yaml(file)))
    except ValidationError as error:
        problems = [
            f"  {'.'.join(str(part) for part in problem['loc']) or file.name}: "
            f"{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise ParameterError(
            f"{file} is not valid:\n" + "\n".join(problems),
            next_step="mend these keys, or delete the entry and run notebook 02 to have it proposed anew.",
        ) from error


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
        ParameterError: what is in the file is no mapping; nothing is written.
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
    for section, entries in proposal.model_dump(mode="json", exclude_none=True).items():
        if not entries:
            continue
        known = document.get(section)
        if not known:
            known = document[section] = CommentedMap()
        written = {str(key) for key in known}
        for key, entry in entries.items():
            if key not in written:
                known[key] = {name: value for name, value in entry.items() if value not in ([], "")}
                added.append(f"{section}.{key}")
    if added:
        with beside(file) as place:
            yaml.dump(document, place)
    return added
