"""Things in a simulated account, made by the client."""

from __future__ import annotations

from typing import Any

from tests.simulated_account import SimulatedGorgias

OLD = "2020-01-01T00:00:00Z"
FALLBACK_ID, DANA = 2, 3
"""Users of the simulated account."""


def customer(gorgias: SimulatedGorgias, address: str = "jane@shop.example") -> int:
    """Make a customer and return its id."""
    channels = [{"type": "email", "address": address, "preferred": True}]
    return gorgias.api.customers.create({"email": address, "channels": channels, "external_id": f"st:{address}"}).id


def message(customer_id: int, **more: Any) -> dict[str, Any]:
    """Return the body of an incoming message."""
    return {
        "channel": "phone", "via": "api", "from_agent": False, "sender": {"id": customer_id}, "sent_datetime": OLD,
        "created_datetime": OLD, "body_text": "Hello", **more,
    }  # fmt: skip


def note(at: str = OLD, **more: Any) -> dict[str, Any]:
    """Return the body of an internal note."""
    return {
        "channel": "internal-note", "via": "api", "from_agent": True, "sender": {"id": DANA}, "public": False,
        "sent_datetime": OLD, "created_datetime": at, "body_text": "Noted", **more,
    }  # fmt: skip


def ticket(gorgias: SimulatedGorgias, customer_id: int, **more: Any) -> int:
    """Make a ticket and return its id."""
    body = {"via": "api", "messages": [message(customer_id)], "customer": {"id": customer_id}, **more}
    return gorgias.api.tickets.create(body).id


def field(gorgias: SimulatedGorgias, label: str = "Colour", object_type: str = "Ticket") -> int:
    """Make a custom field and return its id."""
    definition = {"data_type": "text", "input_settings": {"input_type": "input"}}
    body = {"object_type": object_type, "label": label, "definition": definition}
    return gorgias.api.custom_fields.create(body).id
