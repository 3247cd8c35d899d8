"""What SmarterTrack notes of a ticket's life: event logs and timings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from migrator_lib.simulators.smartertrack.people import QUEUE_USER
from migrator_lib.simulators.smartertrack.shop import Shop
from migrator_lib.simulators.smartertrack.thread import ACTIVE, CLOSED, LOCKED, Ticket

CREATED, STATUS_CHANGED, ASSIGNED, RECEIVED, MERGED, DELETED = range(1, 7)
"""Event types, as ``people.settings`` writes them."""


def event(shop: Shop, ticket: Ticket, kind: int, moment: datetime, **more: Any) -> None:
    """Write one event."""
    shop.write.add(
        "TicketEventLogs",
        **{
            "EventDateUTC": moment, "Uniquifier": shop.uniquifier(moment), "EventTypeID": kind, "TicketID": ticket.id,
            "UserIDTakingAction": ticket.agent, "DepartmentID": ticket.department, "GroupID": ticket.group,
            "UserID": ticket.agent, "TicketStatusID": ticket.status, "TicketPriorityID": ticket.priority, **more,
        },
    )  # fmt: skip


def events(shop: Shop, ticket: Ticket, message_ids: Sequence[int]) -> None:
    """Write the life of a ticket: created, assigned, messages, merged, closed, deleted."""
    event(shop, ticket, CREATED, ticket.opened, TicketStatusID=ACTIVE, UserID=QUEUE_USER, UserIDTakingAction=None)
    answer = next((message.moment for message in ticket.messages if not message.incoming), None)
    if ticket.agent not in (None, QUEUE_USER) and answer:
        event(shop, ticket, ASSIGNED, answer, TicketStatusID=ACTIVE, OldUserID=QUEUE_USER)
    for message_id, message in zip(message_ids, ticket.messages, strict=True):
        if not message.draft:
            event(
                shop, ticket, RECEIVED, message.moment, TicketMessageID=message_id, UserIDTakingAction=message.user_id
            )
    for _ in ticket.merged:
        event(shop, ticket, MERGED, ticket.messages[-1].moment if ticket.messages else ticket.opened)
    if ticket.status in (CLOSED, LOCKED) and ticket.closed:
        event(shop, ticket, STATUS_CHANGED, ticket.closed, OldTicketStatusID=ACTIVE)
    if ticket.deleted:
        event(shop, ticket, DELETED, ticket.deleted)


def timings(shop: Shop, ticket: Ticket) -> None:
    """Write how long the ticket waited for its first answer, and how long it was open."""
    answer = next((message.moment for message in ticket.messages if not message.incoming), None)
    for start, end, initial in ((ticket.opened, answer, True), (answer, ticket.closed, False)):
        if start is not None:
            shop.write.add(
                "TicketTimings", TimingStartUTC=start, TicketID=ticket.id, TimingEndUTC=end,
                ElapsedSeconds=int((end - start).total_seconds()) if end else None, DepartmentID=ticket.department,
                GroupID=ticket.group, UserID=ticket.agent, TicketStatusID=ACTIVE, TicketPriorityID=ticket.priority,
                CountInResponseTime=True, CountInInitialResponseTime=initial,
            )  # fmt: skip
