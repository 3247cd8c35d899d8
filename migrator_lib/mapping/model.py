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
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from migrator_lib.parameters import Model
from migrator_lib.values import Slashes

FIELD_LIMIT = 25
"""Active ticket fields that Gorgias allows (docs.gorgias.com, ticket-fields-101)."""
LONG = 512
"""Length of a custom field's value, characters, from which it is looked at closely."""
CONFIDENT = 0.6
"""A proposal that is less sure is a question: somebody has to answer it before the mapping can be signed."""
CHOOSE = "CHOOSE"
"""What stands in ``becomes`` until somebody chose."""
UNSIGNED = ("confidence", "reason", "proposed")
"""Fields of an entry that a signature is not bound to."""
TagName = Annotated[str, Field(min_length=1, max_length=256)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class Entry(Model):
    """What every entry may say of itself; none of it is signed."""

    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    """How sure a proposal is, from 0 to 1; what a person wrote is sure."""
    reason: str = ""
    """Where it comes from."""
    proposed: str = ""
    """What ``becomes`` was proposed to be, where a person was asked."""

    @model_validator(mode="after")
    def _chosen(self) -> Entry:
        if getattr(self, "becomes", "") == CHOOSE:
            raise ValueError(f"nothing is chosen yet: write what it becomes in the place of {CHOOSE}")
        return self


class Status(Entry):
    """A ticket status. What open and closed cannot say is kept by a tag, a field, or by snoozing the ticket."""

    name: str
    becomes: Literal["open", "closed"]
    keeps: Literal["tag", "field", "snooze", "nothing"] = "tag"
    """How an open status that waits is kept: as ``tag``, in the added field ``status``, or by a snooze."""
    tag: TagName | None = None
    snooze_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How long after its last message a ticket sleeps that has no date of its own to be followed up."""


class Priority(Entry):
    """A ticket priority."""

    name: str
    becomes: Literal["critical", "high", "normal", "low"]


class Channel(Entry):
    """A word of the custom field that holds the channel of tickets (its entry says ``holds: channel``)."""

    name: str
    becomes: Slug
    """A channel of Gorgias: email, contact_form, phone, ..."""


class Role(Entry):
    """A role of agents."""

    name: str
    becomes: Literal["admin", "agent", "basic-agent", "lite-agent", "observer-agent", "nothing"]


class Direction(Entry):
    """A message direction code."""

    becomes: Literal["incoming", "outgoing"]


class CommentType(Entry):
    """A type of comment that CommentTypes does not define: what people call it."""

    name: Annotated[str, Field(min_length=1)]


class ChatSender(Entry):
    """A code of who wrote a line of a chat."""

    becomes: Literal["customer", "agent", "system"]


class ChatView(Entry):
    """A code of who may read a line of a chat: everybody, or agents alone."""

    becomes: Literal["public", "internal"]


class Brand(Entry):
    """A brand: a tag on its tickets, a team, or nothing; and the Help Center of its articles."""

    name: str
    becomes: Literal["tag", "team", "nothing"] = "tag"
    tag: TagName
    team: Annotated[str, Field(max_length=255)] = ""
    """Name of the team, where it becomes one; empty: the brand's own name."""
    help_center: Annotated[int, Field(ge=1)] | None = None
    """Id of the Help Center that its articles go to, where it has one of its own."""


class Team(Entry):
    """A department or group (key ``d<department>`` or ``g<department>-<group>``)."""

    name: str
    becomes: Literal["team", "nothing"] = "team"
    team: Annotated[str, Field(min_length=1, max_length=255)]


class FieldMapping(Entry):
    """A custom field. Gorgias has text, number and boolean; a date becomes ISO 8601 text."""

    name: str
    becomes: Literal["text", "dropdown", "number", "boolean", "date as text", "nothing"]
    label: Annotated[str, Field(min_length=1, max_length=255)]
    choices: tuple[str, ...] = ()
    slashes: Slashes | None = None
    """How dates with slashes are written."""
    long_values: Literal["accept", "trim", "split"] = "accept"
    """What becomes of values longer than 512 characters: sent whole, cut (the whole stays in the meta), or cut and the
    rest in an internal note."""
    holds: Literal["", "channel", "disposition"] = ""
    """What the field means for the record itself: the channel of its ticket, how a call ended."""

    @model_validator(mode="after")
    def _choosable(self) -> FieldMapping:
        if self.becomes == "dropdown" and not self.choices:
            raise ValueError("a dropdown needs 'choices'")
        return self


class AddedField(Entry):
    """A ticket field for what SmarterTrack keeps outside its custom fields (its number, how long a call took)."""

    becomes: Literal["text", "number", "boolean", "nothing"]
    label: Annotated[str, Field(min_length=1, max_length=255)]


class TagMapping(Entry):
    """A tag."""

    name: str
    becomes: TagName


class Language(Entry):
    """A language of articles."""

    name: str
    becomes: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    """A locale of the Help Center, such as ``en-US``."""


class KbCategory(Entry):
    """A category of the knowledge base."""

    name: str
    becomes: Literal["category", "nothing"] = "category"
    category: Annotated[str, Field(min_length=1, max_length=255)]
    """Its name in the Help Center."""


class SurveyQuestion(Entry):
    """A question of a survey: the score of a satisfaction survey, its comment, or nothing."""

    name: str
    becomes: Literal["score", "comment", "nothing"]
    highest: Annotated[float, Field(gt=0)] = 5.0
    """The best answer; scores in Gorgias go from 1 to 5."""


class Placeholder(Entry):
    """A placeholder of canned replies."""

    becomes: str
    """A variable of Gorgias' macros, such as ``{{ticket.customer.firstname}}``; empty: it has none, and is listed."""


class EngagementMapping(Model):
    """The whole of ``mapping.yaml``; keys are the source's ids, as text."""

    statuses: dict[str, Status] = {}
    priorities: dict[str, Priority] = {}
    channels: dict[str, Channel] = {}
    """By lowered word."""
    roles: dict[str, Role] = {}
    directions: dict[str, Direction] = {}
    comment_types: dict[str, CommentType] = {}
    """Those that CommentTypes lacks; the others have their names there."""
    chat_senders: dict[str, ChatSender] = {}
    chat_views: dict[str, ChatView] = {}
    brands: dict[str, Brand] = {}
    teams: dict[str, Team] = {}
    ticket_fields: dict[str, FieldMapping] = {}
    """Of tickets, chats and calls alike: Gorgias has one set of fields for all tickets."""
    added_fields: dict[str, AddedField] = {}
    person_fields: dict[str, FieldMapping] = {}
    """Of users and organizations."""
    tags: dict[str, TagMapping] = {}
    languages: dict[str, Language] = {}
    kb_categories: dict[str, KbCategory] = {}
    survey_questions: dict[str, SurveyQuestion] = {}
    placeholders: dict[str, Placeholder] = {}

    @model_validator(mode="after")
    def _one_label_one_field(self) -> EngagementMapping:
        for sections in (("ticket_fields", "added_fields"), ("person_fields",)):
            taken: dict[str, str] = {}
            for section in sections:
                for key, entry in getattr(self, section).items():
                    own = f"{section}.{key}"
                    first = taken.setdefault(entry.label.strip().lower(), own) if entry.becomes != "nothing" else own
                    if first != own:
                        raise ValueError(f"{own}.label: '{entry.label}' is the label of {first} too")
        return self

    @classmethod
    def entry_type(cls, section: str) -> type[Entry]:
        """Return what the entries of a section are."""
        found: type[Entry] = get_args(cls.model_fields[section].annotation)[1]
        return found

    @property
    def hash(self) -> str:
        """Return what a signature is bound to: the content, without comments, reasons, and what is as by default.

        What a later version of this program adds to an entry, with a default, leaves the signature as it is.
        """
        content = self.model_dump(mode="json", exclude_defaults=True)
        for section in content.values():
            for entry in section.values():
                for unsigned in UNSIGNED:
                    entry.pop(unsigned, None)
        return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
