"""Conversation: whatever of SmarterTrack becomes a Gorgias Ticket with its thread: tickets, live chats, call logs.

What they have in common is how they are staged (:class:`~migrator_lib.smartertrack.tables.Family`), sent, found,
compared and undone. What their rows become is told by each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.mail_guard import is_ahead
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Children, MigrationObject, Record
from migrator_lib.objects.requester import comparable_values
from migrator_lib.smartertrack.tables import FAMILIES, Family, source_table
from migrator_lib.staging import ConversationRecord, Staged, TicketRecord

PARTS = {
    "ticket_message": "TicketMessages",
    "ticket_comment": "TicketComments",
    "ticket_field_value": "CustomDataFieldsInTickets",
    "task": "Tasks",
    "time_log": "TimeLogs",
    "ticket_link": "TicketLinks",
    "chat_message": "ChatMessages",
    "chat_comment": "ChatComments",
    "chat_field_value": "CustomDataFieldsInChats",
    "call_field_value": "CustomDataFieldsInCallLogs",
}
"""What has accounts of its own, but travels inside a ticket: name to source table."""
ID_OF = {
    part: source_table(table).key[1]
    for part, table in PARTS.items()
    if table not in {family.fields for family in FAMILIES}
}
"""Those of them that have an id of their own, with its column."""
_PART_OF = {table: part for part, table in PARTS.items()}


class Conversation(MigrationObject):
    """What becomes a Gorgias Ticket. Each record's data is a :class:`~migrator_lib.staging.ConversationRecord`."""

    becomes = "Ticket"
    path = "tickets"
    undo = "deleted with its thread"
    family: Family
    """Its tables. The name of the object is that of its family."""

    @property
    def values(self) -> str:
        """Name in the accounts of the values of its custom fields."""
        return _PART_OF[self.family.fields]

    def records(self, staged: Staged, lookups: Lookups, only: Collection[int] | None = None) -> Iterator[Record]:
        """Yield all of them, or only those with these ids, in key order."""
        for batch in staged.batches(self.family, only=only):
            yield from (Record(str(one.id), one) for one in batch)

    def count(self, staged: Staged) -> int:
        """Return how many records there are."""
        return staged.count(self.family.root.name)

    def in_order(self, staged: Staged, lookups: Lookups, ids: Sequence[int]) -> Iterator[Record]:
        """Yield chosen ones in the order of ``ids``."""
        for batch in staged.in_order(self.family, ids):
            yield from (Record(str(one.id), one) for one in batch)

    def find(self, api: GorgiasApi, payload: Json) -> list[replies.Ticket]:
        """By external id; there may be several, since Gorgias does not make them unique."""
        return api.tickets.by_external_id(payload["external_id"])

    def compared(self, thing: Json) -> Json:
        """Everything about the ticket itself; its messages are compared by :func:`compared_message`."""
        return {
            "subject": thing.get("subject"),
            "status": thing.get("status"),
            "priority": thing.get("priority"),
            "channel": thing.get("channel"),
            "spam": bool(thing.get("spam")),
            "customer": _id(thing.get("customer")),
            "assignee_user": _id(thing.get("assignee_user")),
            "assignee_team": _id(thing.get("assignee_team")),
            "tags": sorted(tag["name"] for tag in thing.get("tags") or ()),
            "custom_fields": comparable_values(thing),
            "created_datetime": moment(thing.get("created_datetime")),
            "closed_datetime": moment(thing.get("closed_datetime")),
            "updated_datetime": moment(thing.get("updated_datetime")),
            "last_message_datetime": moment(thing.get("last_message_datetime")),
            "snooze_datetime": moment(asleep) if is_ahead(asleep := thing.get("snooze_datetime")) else None,
            "meta": (thing.get("meta") or {}).get("smartertrack"),
        }


def skipped(one: ConversationRecord, state: str) -> Children:
    """Return the outcomes of the parts of one that does not move."""
    family = next(family for family in FAMILIES if family.name == one.kind)
    parts = [(family.messages, one.messages), (family.comments, one.comments), (family.fields, one.fields)]
    if isinstance(one, TicketRecord):
        parts += [("Tasks", one.tasks), ("TimeLogs", one.time_logs), ("TicketLinks", one.links)]
    return {_PART_OF[table]: {state: len(rows)} for table, rows in parts if rows}


def _id(thing: Json | None) -> int | None:
    return None if thing is None else thing.get("id")


def moment(text: str | None) -> str | None:
    """Return a timestamp as it is compared: UTC, microseconds; naive ones of replies are UTC."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def compared_message(message: Json) -> Json:
    """Return the fields of a message that are compared, canonical, of a resolved payload or of a reply."""
    return {
        "external_id": message.get("external_id"),
        "channel": message.get("channel"),
        "from_agent": message.get("from_agent"),
        "public": message.get("public"),
        "sender": _id(message.get("sender")),
        "receiver": _id(message.get("receiver")),
        "subject": message.get("subject") or "",
        "body_html": message.get("body_html") or "",
        "body_text": message.get("body_text") or "",
        "created_datetime": moment(message.get("created_datetime")),
        "sent_datetime": moment(message.get("sent_datetime")),
        "failed_datetime": moment(message.get("failed_datetime")),
        "source": message.get("source") and {k: message["source"].get(k) for k in ("from", "to", "cc")},
        "attachments": sorted([a.get("url") or "", a.get("name") or ""] for a in message.get("attachments") or ()),
    }
