"""Tags, custom fields and settings of the account: what a request may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from migrator_lib.gorgias.contract.fields import Meta, Moment, Strict


class TagUpdate(Strict):
    """A change of a tag."""

    name: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    description: Annotated[str, Field(max_length=1024)] | None = None
    decoration: Meta | None = None


class TagCreate(TagUpdate):
    """A new tag."""

    name: Annotated[str, Field(min_length=1, max_length=256)]


class InputSettings(Strict):
    """How a field is filled in."""

    input_type: Literal["input", "dropdown", "input_number"]
    placeholder: str | None = None
    choices: list[str | bool] | None = None
    default: str | bool | None = None
    min: float | None = None
    max: float | None = None


class Definition(Strict):
    """A field's type: text, number or boolean; there is no date and no multi-select."""

    data_type: Literal["text", "number", "boolean"]
    input_settings: InputSettings


class CustomFieldUpdate(Strict):
    """A change of a custom field."""

    label: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    description: Annotated[str, Field(max_length=1024)] | None = None
    definition: Definition | None = None
    external_id: str | None = None
    priority: Annotated[int, Field(ge=0, le=5000)] | None = None
    required: bool | None = None
    managed_type: str | None = None
    deactivated_datetime: Moment | None = None


class CustomFieldCreate(CustomFieldUpdate):
    """A new custom field."""

    object_type: Literal["Ticket", "Customer"]
    label: Annotated[str, Field(min_length=1, max_length=255)]
    definition: Definition


class CustomFieldBulkUpdate(CustomFieldUpdate):
    """A change of a custom field among others: ``PUT /api/custom-fields`` takes an array of these."""

    id: int


class CustomFieldValue(Strict):
    """The value of one custom field, where the documentation has an object; elsewhere it has the bare value."""

    id: int | None = None
    value: str | bool | int | float | None


class Ids(Strict):
    """What a bulk deletion takes."""

    ids: Annotated[list[int], Field(min_length=1)]


class TagMerge(Strict):
    """What ``PUT /api/tags/{id}/merge`` takes: the tags that end in that one, which cannot be undone."""

    source_tags_ids: Annotated[list[int], Field(min_length=1)]


class SettingCreate(Strict):
    """A setting of the account; what ``data`` holds depends on the type, and an account tells its own types."""

    type: Annotated[str, Field(min_length=1)]
    name: str | None = None
    data: Meta | None = None


class SettingUpdate(SettingCreate):
    """A change of a setting: the type again, and the whole of its data, which is replaced."""
