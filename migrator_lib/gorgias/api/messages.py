"""Messages of tickets. Source: list-messages, create-ticket-message, update-ticket-message."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.resource import Json, Resource
from migrator_lib.gorgias.contract import bodies, replies


class Messages(Resource[replies.Message]):
    """``/api/messages`` to read, ``/api/tickets/{id}/messages`` to write; reading by the latter is deprecated."""

    path = "messages"
    reply = replies.Message

    def pages(
        self, ticket_id: int | None = None, *, newest_first: bool = False
    ) -> Iterator[list[replies.Message]]:  # fmt: skip
        """``GET /api/messages`` by pages, oldest first unless told otherwise, of one ticket or of the account."""
        chosen = {} if ticket_id is None else {"ticket_id": ticket_id}
        return self._pages(order_by=f"created_datetime:{'desc' if newest_first else 'asc'}", **chosen)

    def get(self, ticket_id: int, message_id: int) -> replies.Message:
        """``GET /api/tickets/{ticket_id}/messages/{id}``."""
        path = _path(ticket_id, message_id)
        return border.parse(self.reply, self._transport.call("GET", path), f"GET /api/{path}")

    def create(self, ticket_id: int, body: Json) -> replies.Message:
        """``POST /api/tickets/{ticket_id}/messages``."""
        return self._posted(f"tickets/{ticket_id}/messages", bodies.Message, body, self.reply)

    def update(self, ticket_id: int, message_id: int, body: Json) -> None:
        """``PUT /api/tickets/{ticket_id}/messages/{id}``; channel, via and from_agent have to be there again."""
        self._put(_path(ticket_id, message_id), bodies.Message, body)

    def delete(self, ticket_id: int, message_id: int) -> None:
        """``DELETE /api/tickets/{ticket_id}/messages/{id}``; one that is gone is no error."""
        self._gone(_path(ticket_id, message_id))


def _path(ticket_id: int, message_id: int) -> str:
    return f"tickets/{ticket_id}/messages/{message_id}"
