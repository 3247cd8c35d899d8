"""Satisfaction surveys. Source: the-satisfactionsurvey-object, create-satisfaction-survey."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Surveys(Resource[replies.Survey]):
    """``/api/satisfaction-surveys``. None can be deleted: a survey goes with its ticket."""

    path = "satisfaction-surveys"
    reply = replies.Survey

    def pages(self) -> Iterator[list[replies.Survey]]:
        """``GET /api/satisfaction-surveys`` by pages, oldest first."""
        return self._pages(order_by="created_datetime:asc")

    def get(self, survey_id: int) -> replies.Survey:
        """``GET /api/satisfaction-surveys/{id}``."""
        return self._one(survey_id)

    def create(self, body: Json) -> replies.Survey:
        """``POST /api/satisfaction-surveys``: one a ticket; a ``should_send_datetime`` would have it mailed."""
        return self._made(bodies.SurveyCreate, body)

    def update(self, survey_id: int, body: Json) -> None:
        """``PUT /api/satisfaction-surveys/{id}``: everything again, since what is left out is emptied."""
        self._changed(survey_id, bodies.SurveyUpdate, body)
