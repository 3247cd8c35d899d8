"""What replies bring, as far as this program relies on it.

New keys are kept and old ones may be missing: only an id is required, and a URL of a file. Timestamps stay the text
that they are: ISO 8601, usually without a zone, in UTC (developers.gorgias.com, the object of each resource).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Json = dict[str, Any]


class Reply(BaseModel):
    """Anything that Gorgias answers with."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    def as_json(self) -> Json:
        """Return what came, with keys that are not known here, too."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Thing(Reply):
    """What has an id. Teams and tags never carry an external id."""

    id: int
    external_id: str | None = None


class Identified(Reply):
    """A person, team or field that something else refers to."""

    id: int | None = None


class FieldOf(Identified):
    """The definition that a value belongs to."""


class FieldValue(Reply):
    """A custom field's value; the definition is ``field`` in a reply, or its id stands beside the value."""

    id: int | None = None
    field: FieldOf | None = None
    value: Any = None

    @property
    def definition_id(self) -> int | None:
        """Return the id of the field's definition."""
        return self.field.id if self.field is not None else self.id


class FieldValues(Reply):
    """Values in an envelope, as ``GET .../custom-fields`` answers; the documentation shows them bare."""

    data: list[FieldValue] = []


class TagOfTicket(Reply):
    """A tag on a ticket."""

    id: int | None = None
    name: str


class TagsOfTicket(Reply):
    """Tags in an envelope, as ``GET /api/tickets/{id}/tags`` answers."""

    data: list[TagOfTicket] = []


class Account(Reply):
    """``GET /api/account``."""

    domain: str | None = None


class Setting(Thing):
    """A setting of the account."""

    type: str | None = None
    data: Any = None


class Attachment(Reply):
    """A file of a message."""

    url: str | None = None
    name: str | None = None


class Message(Thing):
    """A message of a ticket."""

    ticket_id: int | None = None
    channel: str | None = None
    via: str | None = None
    from_agent: bool | None = None
    public: bool | None = None
    sender: Identified | None = None
    receiver: Identified | None = None
    attachments: list[Attachment] | None = None
    created_datetime: str | None = None
    sent_datetime: str | None = None
    failed_datetime: str | None = None
    rule_id: int | None = None
    imported: bool | None = None


class Survey(Thing):
    """A satisfaction survey."""

    ticket_id: int | None = None
    customer_id: int | None = None
    score: int | None = None
    body_text: str | None = None
    created_datetime: str | None = None
    scored_datetime: str | None = None
    sent_datetime: str | None = None
    should_send_datetime: str | None = None
    meta: Any = None


class Ticket(Thing):
    """A ticket. Lists bring it without messages, and with custom fields only where they are asked for."""

    status: str | None = None
    priority: str | None = None
    channel: str | None = None
    via: str | None = None
    subject: str | None = None
    spam: bool | None = None
    customer: Identified | None = None
    assignee_user: Identified | None = None
    assignee_team: Identified | None = None
    tags: list[TagOfTicket] | None = None
    custom_fields: list[FieldValue] | FieldValues | None = None
    messages: list[Message] | None = None
    meta: Any = None
    created_datetime: str | None = None
    updated_datetime: str | None = None
    closed_datetime: str | None = None
    trashed_datetime: str | None = None
    last_message_datetime: str | None = None


class CustomerChannel(Reply):
    """A channel of a customer."""

    type: str | None = None
    address: str | None = None


class Customer(Thing):
    """A customer."""

    email: str | None = None
    name: str | None = None
    channels: list[CustomerChannel] | None = None
    custom_fields: list[FieldValue] | FieldValues | None = None
    meta: Any = None
    note: str | None = None
    created_datetime: str | None = None
    updated_datetime: str | None = None


class Role(Reply):
    """A user's role."""

    name: str | None = None


class User(Thing):
    """An agent."""

    email: str | None = None
    name: str | None = None
    role: Role | None = None
    active: bool | None = None


class Team(Thing):
    """A team."""

    name: str
    description: str | None = None
    members: list[Identified] | None = None


class Tag(Thing):
    """A tag."""

    name: str
    description: str | None = None


class InputSettings(Reply):
    """How a field is filled in."""

    input_type: str | None = None
    choices: list[Any] | None = None


class Definition(Reply):
    """A field's type."""

    data_type: str
    input_settings: InputSettings | None = None


class CustomField(Thing):
    """A custom field."""

    object_type: str | None = None
    label: str
    definition: Definition
    required: bool | None = None
    deactivated_datetime: str | None = None


def _size(given: Any) -> Any:
    """Return a size as a number: examples of the documentation have it as text."""
    return int(given) if isinstance(given, str) and given.isdecimal() else given


class File(Reply):
    """An uploaded file."""

    url: Annotated[str, Field(min_length=1)]
    name: str | None = None
    content_type: str | None = None
    size: Annotated[int | None, BeforeValidator(_size)] = None


class Rule(Thing):
    """A rule; ``deactivated_datetime`` tells whether it is off."""

    name: str | None = None
    description: str | None = None
    code: str | None = None
    code_ast: Any = None
    event_types: Any = None
    priority: int | None = None
    deactivated_datetime: str | None = None


class Integration(Thing):
    """An integration; those of type ``http`` call other systems on events."""

    name: str | None = None
    type: str | None = None
    http: Any = None
    deactivated_datetime: str | None = None


class Macro(Thing):
    """A canned reply."""

    name: str | None = None
    language: str | None = None
    actions: Any = None
    archived_datetime: str | None = None


class Result(Reply):
    """What became of one of many."""

    id: int | None = None
    status: str | None = None


class Results(Reply):
    """What became of each of the macros that were archived or brought back."""

    data: list[Result] = []


class View(Thing):
    """A view."""

    name: str | None = None
    deactivated_datetime: str | None = None


class Event(Thing):
    """Something that happened in the account."""

    type: str | None = None
    object_type: str | None = None
    object_id: int | None = None
    user_id: int | None = None
    created_datetime: str | None = None


class Job(Thing):
    """A job that works in the background."""

    type: str | None = None
    status: str | None = None
    params: Any = None
    info: Any = None


class Found(Reply):
    """What a search found, of whatever kind."""

    data: list[Thing] = []
