"""The types that several request bodies share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

LEGACY_CHANNELS = (
    "aircall", "api", "chat", "contact_form", "email", "facebook", "facebook-mention", "facebook-messenger",
    "facebook-recommendations", "help-center", "instagram-ad-comment", "instagram-comment", "instagram-direct-message",
    "instagram-mention", "internal-note", "phone", "sms", "twitter", "twitter-direct-message", "whatsapp",
    "yotpo-review",
)  # fmt: skip
"""The channels of every account."""
Channel = Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=255)]
"""One of those, or the slug of a channel that only some accounts have, such as ``tiktok-shop`` or ``custom-chat``."""
Via = Literal[
    "aircall", "api", "chat", "contact_form", "email", "facebook", "facebook-mention", "facebook-messenger",
    "facebook-recommendations", "form", "gorgias_chat", "help-center", "helpdesk", "instagram", "instagram-ad-comment",
    "instagram-comment", "instagram-direct-message", "instagram-mention", "internal-note", "offline_capture", "phone",
    "rule", "self_service", "shopify", "sms", "twilio", "twitter", "twitter-direct-message", "whatsapp", "yotpo",
    "yotpo-review", "zendesk",
]  # fmt: skip


def _moment(text: str) -> str:
    """Return a timestamp as the product shows it: UTC, naive, microseconds."""
    try:
        parsed = datetime.fromisoformat(text)
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise ValueError("Not a valid datetime.") from error


Moment = Annotated[str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Meta = dict[str, Any]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""ISO 639-1: ``en``, without a country."""
Timezone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$")]
"""Looks like one of the IANA's names, such as ``Europe/Paris``."""
Address = Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Strict(BaseModel):
    """Refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Reference(Strict):
    """``{"id": 1}``."""

    id: int


class CustomerChannel(Strict):
    """A customer's channel."""

    type: Annotated[str, Field(min_length=1)]
    address: Annotated[str, Field(min_length=1, max_length=320)]
    preferred: bool = False


class FieldValue(Strict):
    """A custom field's value."""

    id: int
    value: str | bool | int | float | None


class Person(Strict):
    """A nested person: with more than an id it changes or creates that person."""

    id: int | None = None
    email: Address | None = None
    name: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    channels: list[CustomerChannel] | None = None
    language: Language | None = None
    timezone: Timezone | None = None
    meta: Meta | None = None
    note: str | None = None
