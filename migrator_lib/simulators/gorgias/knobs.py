"""Where nobody knows what Gorgias does: each such point is a knob of the simulated account.

The defaults are what the importer assumes. A knob is set by the seed file (``"knobs": {"invites_users": false}``), by
the admin API, or on ``account.knobs`` itself, so that what the importer does can be tried against either answer.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=1e8)]


class Knobs(BaseModel):
    """Every point of the contract that is unverified or in conflict, with the answer that this account gives."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    # --- messages ----------------------------------------------------------------------------------
    sent_datetime_silences_in_ticket_post: bool = True
    """A message with ``sent_datetime`` inside ``POST /tickets`` is stored and not sent, as with ``POST /messages``."""
    sends_after_seconds: Seconds = 5.0
    """How long after the request a message goes out and gets its ``sent_datetime``."""
    reopens_on_api_message: bool = True
    """A customer's message that comes by ``POST /messages`` opens a closed ticket, as one by mail does."""
    deleted_message_leaves_ticket: bool = True
    """A ticket whose last message is deleted stays, without any; else it goes too."""
    foreign_attachment_urls: Literal["hot-linked", "copied", "refused"] = "hot-linked"
    """What becomes of an attachment whose URL is not one of ``POST /upload``. A copy has an address, and nothing \
behind it: a simulated account fetches nothing from elsewhere."""
    channels_refused: list[str] = []
    """Channels on which nothing is taken by API, since no integration or add-on of the account stands behind them."""
    custom_channels: list[str] = []
    """Slugs of channels that this account has beside those that every account has."""
    max_attachments: Annotated[int, Field(ge=0)] | None = None
    """How many attachments a message may have; None: any number."""

    # --- tickets -----------------------------------------------------------------------------------
    honours_updated_datetime: bool = True
    """A given ``updated_datetime`` is kept, else it is the moment of the write."""
    honours_last_message_datetime: bool = True
    """A given ``last_message_datetime`` is kept, else it is the latest message's."""
    priority_is_kept: bool = True
    """A ticket's ``priority`` is read back as it was written, else the ticket has none."""
    tags_made_on_the_fly: bool = True
    """A tag that is named and not there is made, else the request is refused."""
    auto_replies_leave_api_alone: bool = True
    """Rules do not reply to tickets of channel ``api``; what else they do is done there too."""
    list_rows_have_messages: bool = False
    """A row of ``GET /tickets`` holds the ticket's messages."""

    # --- custom fields -----------------------------------------------------------------------------
    choices_enforced: bool = True
    """A value that is not among a dropdown's choices is refused."""
    customer_fields_have_own_limit: bool = True
    """25 active fields for tickets and 25 for customers, else 25 together."""
    single_value_body: Literal["value", "object", "both"] = "both"
    """What ``PUT /tickets/{id}/custom-fields/{id}`` takes: a bare value, or an object with ``value``."""

    # --- people ------------------------------------------------------------------------------------
    channels_required: bool = True
    """``POST /customers`` is refused without ``channels``."""
    customer_with_tickets_deletable: bool = True
    """A customer who has tickets can be deleted; the tickets stay. Else it is a 409."""
    invites_users: bool = True
    """A user that is created by API gets an invitation."""
    active_false_on_create: bool = True
    """``active: false`` is taken when a user is created, else it is refused."""

    # --- look-ups, files, limits -------------------------------------------------------------------
    lookup_lag_seconds: Seconds = 0.0
    """How long a new record is not found by its external id yet."""
    listed_ids_lag: bool = False
    """A list of tickets by their ids lags in the same way."""
    external_id_exact: bool = True
    """The filter by ``external_id`` matches the whole id, else its beginning."""
    upload_limit_bytes: Annotated[int, Field(ge=1)] = 25_000_000
    """The largest file that ``POST /upload`` takes; a larger one is a 413."""
    two_keys_two_buckets: bool = False
    """Each API key has a rate limit of its own, else the account has one."""
    puts_answer_with_the_object: bool = False
    """A change is answered with the thing as it is now, else with an empty 202."""
    total_resources_told: bool = False
    """``meta.total_resources`` of a list is its length, else null."""
    undated_surveys_stay_unsent: bool = True
    """A survey that is made without a ``should_send_datetime`` is never sent, else it gets one."""
    survey_after_seconds: Seconds = 3600.0
    """How long after a ticket is closed (or a survey is made that gets a date to be sent at) its survey goes out,
    where the account's setting does not say."""
