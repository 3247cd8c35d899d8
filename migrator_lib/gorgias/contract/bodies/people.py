"""Customers, users and teams: what a request may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.gorgias.contract.fields import (
    Address,
    CustomerChannel,
    FieldValue,
    Language,
    Meta,
    Moment,
    Reference,
    Strict,
    Timezone,
)


class CustomerCreate(Strict):
    """A customer. ``channels`` is required by the newer documentation."""

    channels: list[CustomerChannel]
    email: Address | None = None
    name: Annotated[str, Field(max_length=255)] | None = None
    firstname: str | None = None
    lastname: str | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    language: Language | None = None
    timezone: Timezone | None = None
    note: str | None = None
    meta: Meta | None = None
    custom_fields: list[FieldValue] | None = None


class CustomerUpdate(CustomerCreate):
    """A change of a customer; channels, where given, replace all."""

    channels: list[CustomerChannel] | None = None  # type: ignore[assignment]


class CustomerMerge(CustomerUpdate):
    """What ``PUT /api/customers/merge`` may set on the customer who stays; whom it merges stands in the query."""


class CustomerData(Strict):
    """What ``PUT /api/customers/{id}/data`` takes: free-form, and ignored if the account's has a later version."""

    data: Any
    version: Moment | None = None


class Role(Strict):
    """A user's role."""

    name: Literal["admin", "agent", "basic-agent", "lite-agent", "observer-agent"]


class UserUpdate(Strict):
    """A change of a user."""

    email: Address | None = None
    name: str | None = None
    role: Role | None = None
    firstname: str | None = None
    lastname: str | None = None
    active: bool | None = None
    bio: str | None = None
    country: str | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    language: Literal["fr", "en"] | None = None
    meta: Meta | None = None
    timezone: Timezone | None = None
    password_confirmation: str | None = None


class UserCreate(UserUpdate):
    """A new user."""

    email: Address
    name: str
    role: Role


class TeamUpdate(Strict):
    """A change of a team; members, where given, replace all."""

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    description: str | None = None
    decoration: Meta | None = None
    members: list[Reference] | None = None


class TeamCreate(TeamUpdate):
    """A new team."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
