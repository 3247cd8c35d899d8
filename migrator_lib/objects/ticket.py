"""Ticket: a SmarterTrack ticket becomes a Gorgias Ticket with its whole thread, in one call where it has 500 or fewer.

Rules: deleted tickets are left out (``deleted_ticket``; SmarterTrack shows them as Closed and Locked until its purge,
so the flag decides, not the status), spam as the engagement says (``spam_ticket``). A number that was merged away
lives on in the surviving ticket's meta, and is accounted as merged; or left out as its survivor is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import UNKNOWN_REQUESTER, Lookups, iso
from migrator_lib.mapping import Status
from migrator_lib.objects import standing, thread
from migrator_lib.objects.base import Merge, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.came_by import CameBy, came_by
from migrator_lib.objects.conversation import Conversation, skipped
from migrator_lib.objects.live_chat import MISSED
from migrator_lib.objects.thread import SUBJECT_MAXIMUM
from migrator_lib.objects.ticket_columns import FIELDS
from migrator_lib.objects.ticket_field import Values, added, values
from migrator_lib.smartertrack.tables import TICKET_FAMILY
from migrator_lib.staging import Row, Staged, TicketRecord

FOLLOW_UP_TAG = "follow-up"
NORMAL = "normal"
"""The priority of a ticket that has none of its own."""


class Ticket(Conversation):
    """Tickets, and the old numbers that were merged into them (keys ``m<number>``)."""

    name = "ticket"
    title = "Ticket"
    family = TICKET_FAMILY
    reads = (
        "Tickets", "TicketMessages", "TicketComments", "TicketAttachments", "TicketMerges", "CustomDataFieldsInTickets",
        "Tasks", "TimeLogs", "TicketLinks", "TaskStatuses", "TaskPriorities",
    )  # fmt: skip

    verified = "read back; every field, every message and their order compared"
    fields = FIELDS

    def records(self, staged: Staged, lookups: Lookups, only: Collection[int] | None = None) -> Iterator[Record]:
        """Yield tickets (or only those with these ids) in key order, each followed by the numbers merged into it."""
        return self._with_numbers(staged.ticket_batches(only=only), lookups)

    def count(self, staged: Staged) -> int:
        """Return how many tickets there are, with the numbers merged into them."""
        return super().count(staged) + staged.count("TicketMerges")

    def in_order(self, staged: Staged, lookups: Lookups, ids: Sequence[int]) -> Iterator[Record]:
        """Yield tickets in the order of ``ids``, each followed by the numbers merged into it."""
        return self._with_numbers(staged.tickets_in_order(ids), lookups)

    def _with_numbers(self, batches: Iterable[Sequence[TicketRecord]], lookups: Lookups) -> Iterator[Record]:
        for batch in batches:
            for ticket in batch:
                yield Record(str(ticket.id), ticket)
                rule = self._left_out(ticket.row, lookups)
                for merge in ticket.merges:
                    yield Record(f"m{merge['TicketNumber']}", rule or ticket.id)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The whole ticket as one payload."""
        if isinstance(record.data, int):
            return Merge(str(record.data), "merged_in_smartertrack")
        if isinstance(record.data, str):
            return Skip(record.data)
        ticket: TicketRecord = record.data
        row = ticket.row
        rule = self._left_out(row, lookups)
        if rule:
            return Skip(rule, skipped(ticket, f"skipped: {rule}"))
        reason = self._unusable(ticket, lookups)
        if reason:
            return Quarantine(reason, skipped(ticket, "quarantined"))
        return self._send(ticket, lookups)

    def _left_out(self, row: Row, lookups: Lookups) -> str | None:
        """Return the rule by which a ticket is left out."""
        if row["IsDeleted"]:
            return "deleted_ticket"
        return "spam_ticket" if row.get("IsSpam") and lookups.parameters.policy.spam_tickets == "skip" else None

    def _unusable(self, ticket: TicketRecord, lookups: Lookups) -> str | None:
        row = ticket.row
        if row["DateOpenedUTC"] is None:
            return "DateOpenedUTC is empty or no date, and a ticket's creation date cannot be mended later"
        if str(row["TicketStatusID"]) not in lookups.mapping.statuses:
            return f"status {row['TicketStatusID']} is not in mapping.yaml"
        if str(row["TicketPriorityID"]) not in lookups.mapping.priorities:
            return f"priority {row['TicketPriorityID']} is not in mapping.yaml"
        direction = thread.unmapped_direction(ticket, lookups)
        return None if direction is None else f"message direction {direction} is not in mapping.yaml"

    def _send(self, ticket: TicketRecord, lookups: Lookups) -> Send:
        row = ticket.row
        key = lookups.requester_key(row["UserID_Customer"], row["CustomerEmailAddress"])
        customer = {"id": {"$ref": f"requester:{key}"}}
        status = lookups.mapping.statuses[str(row["TicketStatusID"])]
        fields = values("ticket_field", lookups.mapping.ticket_fields, ticket.fields)
        came = came_by(ticket.fields, lookups)
        told = thread.build(ticket, customer, lookups, channel=came.channel, rest=fields.rest)
        last = told.last or row["DateOpenedUTC"]
        closed = (row["DateClosedUTC"] or last) if status.becomes == "closed" else None
        payload: Json = {
            "external_id": lookups.external_id(self.name, ticket.id),
            "subject": _subject(ticket, lookups),
            "channel": came.channel,
            "via": "api",
            "from_agent": told.from_agent,
            "customer": customer,
            "status": status.becomes,
            "priority": lookups.mapping.priorities[str(row["TicketPriorityID"])].becomes,
            "spam": bool(row.get("IsSpam")),
            "tags": [{"name": name} for name in self._tags(ticket, status, lookups)],
            "custom_fields": [*fields.sent, *self._added(ticket, status, lookups)],
            "created_datetime": iso(row["DateOpenedUTC"]),
            "opened_datetime": iso(row["DateOpenedUTC"]),
            "last_message_datetime": iso(last),
            "updated_datetime": iso(max(d for d in (row["DateOpenedUTC"], last, closed) if d)),
            "meta": {"smartertrack": self._meta(ticket, key, fields, came, lookups)},
            "messages": told.messages,
        }
        if keeps(status, lookups) == "snooze":
            payload["snooze_datetime"] = iso(row.get("DateFollowUpUTC") or last + timedelta(days=status.snooze_days))
        self._optional(payload, row, closed, told.last_incoming, lookups)
        return Send(payload, told.children | ({"ticket_field_value": fields.states} if fields.states else {}))

    def _optional(
        self, payload: Json, row: Row, closed: datetime | None, incoming: datetime | None, lookups: Lookups
    ) -> None:
        if closed:
            payload["closed_datetime"] = iso(closed)
        if incoming:
            payload["last_received_message_datetime"] = iso(incoming)
        agent = lookups.assignee_reference(row["UserID"], closed=closed is not None)
        if agent:
            payload["assignee_user"] = {"id": {"$ref": agent}}
        team = lookups.team_reference(row["DepartmentID"], row["GroupID"])
        if team:
            payload["assignee_team"] = {"id": {"$ref": team}}

    def _added(self, ticket: TicketRecord, status: Status, lookups: Lookups) -> list[Json]:
        """Return the values of added fields: the numbers a ticket had, and its status where a field keeps it."""
        kept = added("status", status.name, lookups) if status.keeps == "field" else []
        return [*added("ticket_number", ", ".join(standing.numbers(ticket)), lookups), *kept]

    def _tags(self, ticket: TicketRecord, status: Status, lookups: Lookups) -> list[str]:
        kept_by = tag_of(status, lookups)
        names = [kept_by] if kept_by else []
        if ticket.row.get("RequiresFollowUp"):
            names.append(FOLLOW_UP_TAG)
        priority = lookups.mapping.priorities[str(ticket.row["TicketPriorityID"])].becomes
        if not lookups.behaviour.priority_kept and priority != NORMAL:
            names.append(priority_tag(priority))
        brand = lookups.brand_of(ticket.row["DepartmentID"])
        entry = lookups.mapping.brands.get(str(brand["BrandID"])) if brand else None
        if entry and entry.becomes == "tag":
            names.append(entry.tag)
        for tag in ticket.tag_ids:
            mapped = lookups.mapping.tags.get(str(tag))
            if mapped and mapped.becomes in lookups.tag_owner:
                names.append(mapped.becomes)
        return sorted(set(names))

    def _meta(
        self, ticket: TicketRecord, requester: str, fields: Values, came: CameBy, lookups: Lookups
    ) -> dict[str, Any]:  # fmt: skip
        row = ticket.row
        department = lookups.departments.get(row["DepartmentID"], {})
        group = lookups.groups.get((row["DepartmentID"], row["GroupID"]), {})
        meta: dict[str, Any] = {
            "ticket_id": ticket.id,
            "ticket_number": row["TicketNumber"],
            "department": department.get("DisplayName"),
            "group": group.get("GroupName"),
            "status": lookups.mapping.statuses[str(row["TicketStatusID"])].name,
        }
        if ticket.merges:
            meta["merged_numbers"] = sorted(merge["TicketNumber"] for merge in ticket.merges)
        if fields.unfit:
            meta["unfit_values"] = fields.unfit
        if fields.long:
            meta["long_values"] = fields.long
        if came.unknown:
            meta["unknown_channel"] = came.unknown
        if came.refused:
            meta["channel"] = came.refused
        links = [standing.said_of(link) for link in lookups.links.of(self.name, ticket.id)]
        if links:
            meta["links"] = links
        if not lookups.is_unassigned(row["UserID"]):
            meta["agent"] = lookups.agent_name(row["UserID"])
        if row.get("RequiresFollowUp"):
            meta["follow_up"] = iso(row.get("DateFollowUpUTC")) or True
        if row.get("IsPinnedToAgent"):
            meta["pinned_to_agent"] = True
        if len((row["Subject"] or "").strip()) > SUBJECT_MAXIMUM:
            meta["full_subject"] = row["Subject"].strip()
        if requester == UNKNOWN_REQUESTER:
            meta["requester"] = "unknown"
        return meta


def _subject(ticket: TicketRecord, lookups: Lookups) -> str:
    """Return the subject as it is sent; by policy with the ticket's numbers at its end, where Gorgias' search looks."""
    text = (ticket.row["Subject"] or "").strip() or "(no subject)"
    known = standing.numbers(ticket)
    end = f" [{', '.join(known)}]" if known and lookups.parameters.policy.ticket_number_in_subject else ""
    return text[: SUBJECT_MAXIMUM - len(end)] + end if len(end) < SUBJECT_MAXIMUM else text[:SUBJECT_MAXIMUM]


def keeps(status: Status, lookups: Lookups) -> str:
    """Return how a status is kept: by a snooze only where it is open, and the engagement allows that."""
    allowed = status.becomes == "open" and lookups.parameters.policy.snooze
    return "tag" if status.keeps == "snooze" and not allowed else status.keeps


def tag_of(status: Status, lookups: Lookups) -> str | None:
    """Return the tag of a status; one that was to be kept by a snooze, and may not, has its own name where none."""
    if keeps(status, lookups) != "tag":
        return None
    return status.tag or (status.name.lower() if status.keeps == "snooze" and status.becomes == "open" else None)


def priority_tag(priority: str) -> str:
    """Return the tag that stands for a priority where Gorgias keeps none."""
    return f"priority: {priority}"


def tags_beside(lookups: Lookups) -> set[str]:
    """Return the tags that tickets may name and that are no brand's and none of SmarterTrack's: of statuses, mostly."""
    tags = (tag_of(status, lookups) for status in lookups.mapping.statuses.values())
    found = {FOLLOW_UP_TAG, MISSED, *(tag for tag in tags if tag)}
    if not lookups.behaviour.priority_kept:
        found |= {priority_tag(one.becomes) for one in lookups.mapping.priorities.values() if one.becomes != NORMAL}
    return found
