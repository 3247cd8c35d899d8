"""The events that rules and HTTP integrations listen to. Source: developers.gorgias.com, the pages of rules."""

from __future__ import annotations

CREATED = "ticket-created"
UPDATED = "ticket-updated"
MESSAGE_CREATED = "ticket-message-created"
ASSIGNED = "ticket-assigned"
UNSNOOZED = "ticket-self-unsnoozed"
RESPONDED = "satisfaction-survey-responded"
CLOSED = "ticket-closed"
"""No event of the product: what surveys wait for."""
OPENED = "ticket-opened"
"""No event of the product: a closed ticket is open again, or one that had an agent has none."""
INNER = {CLOSED, OPENED}
"""What nobody outside is told of."""
