"""Gorgias' REST API as far as a migration needs it: one small method per endpoint.

Source of every fact: developers.gorgias.com reference pages, by the endpoint's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator_lib.errors import RecordRejected, Unanswered
from migrator_lib.gorgias.transport import Transport, Upload

Json = dict[str, Any]
PAGE = 100


class GorgiasApi:
    """The endpoints, over one :class:`Transport`."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    # --- reading -----------------------------------------------------------------------------------

    def pages(self, path: str, **params: Any) -> Iterator[list[Json]]:
        """Yield the pages (up to 100 rows) of a list endpoint, following its cursor."""
        cursor: str | None = None
        while True:
            query = {"limit": PAGE, **params, **({"cursor": cursor} if cursor else {})}
            reply = self.transport.call("GET", path, params=query)
            yield reply["data"]
            cursor = (reply.get("meta") or {}).get("next_cursor")
            if not cursor:
                return

    def every(self, path: str, **params: Any) -> Iterator[Json]:
        """Yield the rows of a list endpoint."""
        for page in self.pages(path, **params):
            yield from page

    def account(self) -> Json:
        """``GET /api/account``: the cheapest call that proves access."""
        return dict(self.transport.call("GET", "account"))

    def users(self) -> Iterator[Json]:
        """``GET /api/users``: all agents."""
        return self.every("users")

    def teams(self) -> Iterator[Json]:
        """``GET /api/teams``."""
        return self.every("teams")

    def tags(self) -> Iterator[Json]:
        """``GET /api/tags``."""
        return self.every("tags")

    def custom_fields(self, object_type: str) -> Iterator[Json]:
        """``GET /api/custom-fields``; ``object_type`` is Ticket or Customer."""
        return self.every("custom-fields", object_type=object_type)

    def customers(self) -> Iterator[list[Json]]:
        """``GET /api/customers`` by pages."""
        return self.pages("customers")

    def customers_by(self, **filters: str) -> list[Json]:
        """``GET /api/customers`` by external_id, email, or channel_type and channel_address."""
        return list(self.every("customers", **filters))

    def tickets(self) -> Iterator[list[Json]]:
        """``GET /api/tickets`` by pages, trashed ones left out, with custom fields.

        Those changed last come last, so one that changes during the walk comes twice and none is passed over.
        """
        return self.pages("tickets", trashed="false", relationships="custom_fields", order_by="updated_datetime:asc")

    def tickets_by_external_id(self, external_id: str) -> list[Json]:
        """``GET /api/tickets?external_id=``: not unique, so a list."""
        return list(self.every("tickets", external_id=external_id))

    def messages(self, ticket_id: int | None = None) -> Iterator[list[Json]]:
        """``GET /api/messages`` by pages, oldest first, of one ticket or of the account."""
        chosen = {} if ticket_id is None else {"ticket_id": ticket_id}
        return self.pages("messages", order_by="created_datetime:asc", **chosen)

    # --- writing -----------------------------------------------------------------------------------

    def create(self, path: str, body: Json) -> Json:
        """``POST`` one object and return it.

        Raises:
            Unanswered: the reply does not tell the new id, so it has to be looked up.
        """
        reply = self.transport.call("POST", path, body=body)
        if not isinstance(reply, dict) or "id" not in reply:
            raise Unanswered(f"POST /api/{path} was answered without an id")
        return reply

    def update(self, path: str, body: Any) -> None:
        """``PUT`` (202, often with an empty body)."""
        self.transport.call("PUT", path, body=body)

    def delete(self, path: str) -> None:
        """``DELETE`` (204); one that is gone already is no error."""
        try:
            self.transport.call("DELETE", path)
        except RecordRejected as error:
            if error.status != 404:
                raise

    def upload(self, name: str, content: bytes, content_type: str, *, public: bool) -> Json:
        """``POST /api/upload``: one file; private as an attachment, public for an inline image.

        Raises:
            Unanswered: the reply does not tell the file's URL.
        """
        kind = "public_attachment" if public else "attachment"
        upload = Upload(name, content, content_type)
        reply = self.transport.call("POST", "upload", params={"type": kind}, upload=upload)
        if not isinstance(reply, list) or not reply or "url" not in reply[0]:
            raise Unanswered("POST /api/upload was answered without a URL")
        return dict(reply[0])
