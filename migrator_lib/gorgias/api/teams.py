"""Teams. Source: list-teams, create-team, update-team."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Teams(Resource[replies.Team]):
    """``/api/teams``. They carry no external id: their names tell them apart."""

    path = "teams"
    reply = replies.Team

    def every(self) -> Iterator[replies.Team]:
        """``GET /api/teams``: all of them."""
        return self._every()

    def get(self, team_id: int) -> replies.Team:
        """``GET /api/teams/{id}``."""
        return self._one(team_id)

    def create(self, body: Json) -> replies.Team:
        """``POST /api/teams``."""
        return self._made(bodies.TeamCreate, body)

    def update(self, team_id: int, body: Json) -> None:
        """``PUT /api/teams/{id}``; members, where given, replace all."""
        self._changed(team_id, bodies.TeamUpdate, body)

    def delete(self, team_id: int) -> None:
        """``DELETE /api/teams/{id}``; one that is gone is no error."""
        self._gone(f"teams/{team_id}")
