"""Integrations. Source: list-integrations, create-integration, update-integration."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Integrations(Resource[replies.Integration]):
    """``/api/integrations``. Those of type ``http`` call other systems; a deactivation date switches one off."""

    path = "integrations"
    reply = replies.Integration

    def every(self) -> Iterator[replies.Integration]:
        """``GET /api/integrations``: all of them."""
        return self._every()

    def get(self, integration_id: int) -> replies.Integration:
        """``GET /api/integrations/{id}``."""
        return self._one(integration_id)

    def create(self, body: Json) -> replies.Integration:
        """``POST /api/integrations``: one of type ``http``; no other can be made by API."""
        return self._made(bodies.IntegrationCreate, body)

    def update(self, integration_id: int, body: Json) -> None:
        """``PUT /api/integrations/{id}``; the name has to be there again."""
        self._changed(integration_id, bodies.IntegrationUpdate, body)

    def delete(self, integration_id: int) -> None:
        """``DELETE /api/integrations/{id}``; one in use by rules is refused, one that is gone is no error."""
        self._gone(f"integrations/{integration_id}")
