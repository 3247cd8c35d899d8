"""What acts by itself, and what helps agents: rules, integrations, macros, views and jobs; what a request may hold.

Source: developers.gorgias.com, the pages of each, such as create-rule and create-integration.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.gorgias.contract.fields import Language, Meta, Moment, Strict

JobType = Literal[
    "applyMacro", "deleteTicket", "exportTicket", "exportMacro", "importMacro", "updateTicket",
    "exportTicketDrilldown", "exportConvertCampaignSalesDrilldown",
]  # fmt: skip


class RuleCreate(Strict):
    """A rule: what it does as JavaScript, and on which events (their names, with commas between them)."""

    name: Annotated[str, Field(min_length=1)]
    code: str
    code_ast: Meta | None = None
    description: str | None = None
    event_types: str | None = None
    priority: int | None = None
    deactivated_datetime: Moment | None = None


class RuleUpdate(RuleCreate):
    """A change of a rule: everything again, as what is left out may be reset. A deactivation date switches it off."""


class RulePriority(Strict):
    """The place of one rule among all; the highest runs first."""

    id: int
    priority: int


class RulePriorities(Strict):
    """What ``POST /api/rules/priorities`` takes."""

    priorities: Annotated[list[RulePriority], Field(min_length=1)]


class Http(Strict):
    """What an HTTP integration calls, and when."""

    url: Annotated[str, Field(min_length=1)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    request_content_type: str
    response_content_type: str
    form: Meta | None = None
    headers: dict[str, str] | None = None
    hmac_secret: str | None = None
    triggers: dict[str, bool] | None = None


class IntegrationUpdate(Strict):
    """A change of an integration: its name again. A deactivation date switches it off."""

    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    deactivated_datetime: Moment | None = None
    http: Http | None = None


class IntegrationCreate(IntegrationUpdate):
    """A new integration; only those of type ``http`` can be made by API."""

    type: Literal["http"]
    http: Http
    business_hours_id: int | None = None


class MacroCreate(Strict):
    """A canned reply; its actions are what it does to the ticket that an agent puts it on."""

    name: Annotated[str, Field(min_length=1)]
    actions: list[Meta] | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    intent: str | None = None
    language: Language | None = None


class MacroUpdate(MacroCreate):
    """A change of a macro; its actions, given whole, replace all."""

    actions: list[Meta]


class MacroIds(Strict):
    """What archives macros and brings them back: up to 30 of them."""

    ids: Annotated[list[int], Field(min_length=1, max_length=30)]


class ViewUpdate(Strict):
    """A change of a view."""

    name: str | None = None
    type: Literal["ticket-list"] | None = None
    visibility: Literal["public", "shared", "private"] | None = None
    decoration: Meta | None = None
    fields: list[str] | None = None
    filters: str | None = None
    order_by: str | None = None
    order_dir: Literal["asc", "desc"] | None = None
    search: str | None = None
    shared_with_teams: Annotated[list[int], Field(max_length=100)] | None = None
    shared_with_users: Annotated[list[int], Field(max_length=100)] | None = None


class ViewCreate(ViewUpdate):
    """A new view; every part of it has a default."""


class JobView(Strict):
    """Tickets chosen by a filter, as a view chooses them."""

    filters: str


class JobParams(Strict):
    """What a job works on, and with what."""

    ticket_ids: list[int] | None = None
    view_id: int | None = None
    view: JobView | None = None
    updates: Meta | None = None
    macro_id: int | None = None
    apply_and_close: bool | None = None
    start_datetime: Moment | None = None
    end_datetime: Moment | None = None
    url: str | None = None
    context: Any = None


class JobCreate(Strict):
    """A job that works in the background; it is scheduled for up to 60 minutes from now, or begins at once."""

    type: JobType
    params: JobParams | None = None
    scheduled_datetime: Moment | None = None
    meta: Meta | None = None
