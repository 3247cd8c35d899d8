"""Tickets and their messages: what a request may hold. Source: create-ticket, update-ticket, create-ticket-message."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.gorgias.contract.fields import Channel, FieldValue, Meta, Moment, Person, Reference, Strict, Via

MOST_MESSAGES = 500
"""In one ``POST /api/tickets``."""


class Attachment(Strict):
    """A file of a message."""

    url: str
    name: str
    content_type: str
    size: int | None = None
    public: bool = True
    extra: Any = None


class End(Strict):
    """One end of an e-mail."""

    address: Annotated[str, Field(min_length=1, max_length=320)]
    name: str | None = None


class Source(Strict):
    """The addresses of a message."""

    type: str | None = None
    from_: Annotated[End | None, Field(alias="from")] = None
    to: list[End] = []
    cc: list[End] = []
    bcc: list[End] = []
    extra: Any = None


class Message(Strict):
    """A ticket message."""

    channel: Channel
    from_agent: bool
    via: Via
    actions: list[Any] | None = None
    attachments: list[Attachment] = []
    body_html: str | None = None
    body_text: str | None = None
    created_datetime: Moment | None = None
    deleted_datetime: Moment | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    failed_datetime: Moment | None = None
    headers: Meta | None = None
    integration_id: int | None = None
    last_sending_error: Meta | None = None
    macros: list[Any] | None = None
    mention_ids: list[int] | None = None
    message_id: str | None = None
    meta: Meta | None = None
    opened_datetime: Moment | None = None
    public: bool = True
    receiver: Person | None = None
    sender: Person | None = None
    sent_datetime: Moment | None = None
    source: Source | None = None
    stripped_html: str | None = None
    stripped_text: str | None = None
    stripped_signature: str | None = None
    subject: Annotated[str, Field(max_length=998)] | None = None


class TagName(Strict):
    """A tag named in a ticket."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    decoration: Meta | None = None


class TicketUpdate(Strict):
    """What ``PUT /api/tickets/{id}`` takes: neither the creation date nor messages."""

    assignee_team: Reference | None = None
    assignee_user: Reference | None = None
    channel: Channel | None = None
    closed_datetime: Moment | None = None
    custom_fields: list[FieldValue] | None = None
    customer: Person | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    from_agent: bool | None = None
    is_unread: bool | None = None
    language: str | None = None
    last_message_datetime: Moment | None = None
    last_received_message_datetime: Moment | None = None
    meta: Meta | None = None
    opened_datetime: Moment | None = None
    priority: Literal["critical", "high", "normal", "low"] | None = None
    snooze_datetime: Moment | None = None
    spam: bool | None = None
    status: Literal["open", "closed"] | None = None
    subject: Annotated[str, Field(max_length=998)] | None = None
    tags: list[TagName] | None = None
    trashed_datetime: Moment | None = None
    updated_datetime: Moment | None = None
    via: Via | None = None


class TicketCreate(TicketUpdate):
    """What ``POST /api/tickets`` takes."""

    created_datetime: Moment | None = None
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    via: Via


class TagChoice(Strict):
    """Tags of a ticket, by ids or by names."""

    ids: list[int] | None = None
    names: list[Annotated[str, Field(min_length=1, max_length=256)]] | None = None
