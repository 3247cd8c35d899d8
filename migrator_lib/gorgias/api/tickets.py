"""Tickets, their tags and the values of their fields. Source: create-ticket, update-ticket, list-tickets and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.resource import Json, Resource, rows
from migrator_lib.gorgias.contract import bodies, replies
from migrator_lib.gorgias.contract.bodies.tickets import MOST_MESSAGES
from migrator_lib.gorgias.contract.fields import FieldValue


class Tickets(Resource[replies.Ticket]):
    """``/api/tickets``."""

    path = "tickets"
    reply = replies.Ticket

    def get(self, ticket_id: int, *, custom_fields: bool = False) -> replies.Ticket:
        """``GET /api/tickets/{id}``; with the values of custom fields where they are asked for."""
        return self._one(ticket_id, **({"relationships": "custom_fields"} if custom_fields else {}))

    def pages(self, **filters: Any) -> Iterator[list[replies.Ticket]]:
        """``GET /api/tickets`` by pages; unless told otherwise without the trash, and with custom fields.

        Those changed last come last, so one that changes during the walk comes twice and none is passed over.
        """
        chosen = {"trashed": "false", "relationships": "custom_fields", "order_by": "updated_datetime:asc"}
        return self._pages(**{**chosen, **filters})

    def by_external_id(self, external_id: str) -> list[replies.Ticket]:
        """``GET /api/tickets?external_id=``: not unique, so a list, and those in the trash are in it.

        Only what has exactly this external id counts: whether the filter takes the beginning of one is unverified.
        """
        return [ticket for ticket in self._every(external_id=external_id) if ticket.external_id == external_id]

    def create(self, body: Json) -> replies.Ticket:
        """``POST /api/tickets``: a ticket with 1 to 500 messages."""
        return self._made(bodies.TicketCreate, body)

    def check(self, body: Json) -> None:
        """Pass a ticket with its whole thread, also one that takes several calls.

        Raises:
            RecordUnusable: the contract does not know such a body.
        """
        first, further = body["messages"][:MOST_MESSAGES], body["messages"][MOST_MESSAGES:]
        border.check(bodies.TicketCreate, {**body, "messages": first}, "POST /api/tickets")
        border.check(list[bodies.Message], further, "POST /api/tickets/{id}/messages")

    def update(self, ticket_id: int, body: Json) -> None:
        """``PUT /api/tickets/{id}``; tags and values of fields, where given, replace all."""
        self._changed(ticket_id, bodies.TicketUpdate, body)

    def delete(self, ticket_id: int) -> None:
        """``DELETE /api/tickets/{id}``, with its messages; one that is gone is no error."""
        self._gone(f"tickets/{ticket_id}")

    # --- tags --------------------------------------------------------------------------------------

    def tags(self, ticket_id: int) -> list[replies.TagOfTicket]:
        """``GET /api/tickets/{id}/tags``."""
        path = f"tickets/{ticket_id}/tags"
        return rows(replies.TagOfTicket, self._transport.call("GET", path), f"GET /api/{path}")

    def add_tags(self, ticket_id: int, *, names: Sequence[str] = (), ids: Sequence[int] = ()) -> None:
        """``POST /api/tickets/{id}/tags``: more tags; an unknown name makes a tag."""
        self._choose("POST", ticket_id, names, ids)

    def replace_tags(self, ticket_id: int, *, names: Sequence[str] = (), ids: Sequence[int] = ()) -> None:
        """``PUT /api/tickets/{id}/tags``: these and no others."""
        self._choose("PUT", ticket_id, names, ids)

    def remove_tags(self, ticket_id: int, *, names: Sequence[str] = (), ids: Sequence[int] = ()) -> None:
        """``DELETE /api/tickets/{id}/tags``: without these."""
        self._choose("DELETE", ticket_id, names, ids)

    def _choose(self, method: str, ticket_id: int, names: Sequence[str], ids: Sequence[int]) -> None:
        path = f"tickets/{ticket_id}/tags"
        body = {**({"names": list(names)} if names else {}), **({"ids": list(ids)} if ids else {})}
        border.check(bodies.TagChoice, body or {"names": []}, f"{method} /api/{path}")
        self._transport.call(method, path, body=body or {"names": []})

    # --- values of fields --------------------------------------------------------------------------

    def custom_fields(self, ticket_id: int) -> list[replies.FieldValue]:
        """``GET /api/tickets/{id}/custom-fields``."""
        path = f"tickets/{ticket_id}/custom-fields"
        return rows(replies.FieldValue, self._transport.call("GET", path), f"GET /api/{path}")

    def replace_custom_fields(self, ticket_id: int, values: list[Json]) -> None:
        """``PUT /api/tickets/{id}/custom-fields``: these values and no others; one that is left out is deleted."""
        self._put(f"tickets/{ticket_id}/custom-fields", list[FieldValue], values)
