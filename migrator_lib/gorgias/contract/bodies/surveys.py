"""Satisfaction surveys: what a request may hold. Source: the-satisfactionsurvey-object, create-satisfaction-survey."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from migrator_lib.gorgias.contract.fields import Meta, Moment, Strict


class SurveyCreate(Strict):
    """A survey, one for each ticket. A ``should_send_datetime`` has Gorgias mail it at that moment."""

    customer_id: int
    ticket_id: int
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    body_text: Annotated[str, Field(max_length=1000)] | None = None
    created_datetime: Moment | None = None
    scored_datetime: Moment | None = None
    sent_datetime: Moment | None = None
    should_send_datetime: Moment | None = None
    meta: Meta | None = None


class SurveyUpdate(SurveyCreate):
    """A change of a survey: everything again, since what is left out is emptied."""
