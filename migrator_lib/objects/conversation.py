"""Conversation: whatever of SmarterTrack becomes a Gorgias Ticket with its thread: tickets, live chats, call logs.

What they have in common is how they are staged (:class:`~migrator_lib.smartertrack.tables.Family`), sent, found,
compared and undone. What their rows become is told by each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from migrator_lib import canonical
from migrator_lib.canonical import markup
from migrator_lib.canonical import moment as moment  # of a conversation; used all over
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.mail_guard import is_ahead
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Children, MigrationObject, Record
from migrator_lib.objects.requester import comparable_values
from migrator_lib.proofs.behaviour import Behaviour
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
DATES = (
    "created_datetime", "opened_datetime", "closed_datetime", "updated_datetime", "last_message_datetime",
    "last_received_message_datetime",
)  # fmt: skip
UNSAID = ("language", "opened_datetime", "last_received_message_datetime")
"""Fields of a ticket that Gorgias fills in where a payload lacks them (create-ticket; of the dates UNVERIFIED)."""
MESSAGE_DATES = ("created_datetime", "sent_datetime", "failed_datetime", "deleted_datetime")
"""The last is never written: a message that has it is not shown any more."""
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

    lasting = ("external_id", "via")

    def compared(self, thing: Json) -> Json:
        """Everything about the ticket itself; its messages are compared by :func:`compared_message`."""
        return {
            "subject": canonical.text(thing.get("subject")),
            **{name: thing.get(name) for name in ("status", "priority", "channel", "from_agent", "language")},
            "spam": bool(thing.get("spam")),
            "customer": _id(thing.get("customer")),
            "assignee_user": _id(thing.get("assignee_user")),
            "assignee_team": _id(thing.get("assignee_team")),
            "tags": sorted((canonical.composed(tag["name"]) for tag in thing.get("tags") or ()), key=_whatever_case),
            "custom_fields": comparable_values(thing),
            **{name: moment(thing.get(name)) for name in DATES},
            "snooze_datetime": moment(asleep) if is_ahead(asleep := thing.get("snooze_datetime")) else None,
            "meta": canonical.kept_by_smartertrack(thing.get("meta")),
        }

    def meant(self, expected: Json, there: Json) -> Json:
        """What a payload says nothing of is Gorgias' to say: the language that it tells by the text, some dates."""
        said_there = {name: there[name] for name in UNSAID if expected.get(name) is None}
        return {**expected, **said_there}


def skipped(one: ConversationRecord, state: str) -> Children:
    """Return the outcomes of the parts of one that does not move."""
    family = next(family for family in FAMILIES if family.name == one.kind)
    parts = [(family.messages, one.messages), (family.comments, one.comments), (family.fields, one.fields)]
    if isinstance(one, TicketRecord):
        parts += [("Tasks", one.tasks), ("TimeLogs", one.time_logs), ("TicketLinks", one.links)]
    return {_PART_OF[table]: {state: len(rows)} for table, rows in parts if rows}


def _whatever_case(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _id(thing: Json | None) -> int | None:
    return None if thing is None else thing.get("id")


def compared_message(message: Json) -> Json:
    """Return the fields of a message that are compared, canonical, of a resolved payload or of a reply."""
    error = message.get("last_sending_error")
    return {
        **{name: message.get(name) for name in ("external_id", "channel", "via", "from_agent", "public")},
        "sender": _id(message.get("sender")),
        "receiver": _id(message.get("receiver")),
        "subject": canonical.text(message.get("subject")),
        "body_html": markup.normal(message.get("body_html") or ""),
        "body_text": canonical.text(message.get("body_text")),
        **{name: moment(message.get(name)) for name in MESSAGE_DATES},
        "last_sending_error": canonical.text(error.get("error")) if isinstance(error, dict) else "",
        "source": _source(message.get("source")),
        "meta": canonical.kept_by_smartertrack(message.get("meta")),
        "attachments": canonical.in_order(map(_attached, message.get("attachments") or ())),
    }


def meant_message(expected: Json, there: Json, behaviour: Behaviour) -> Json:
    """Return what should be there of a message, as far as Gorgias may have made more, or less, of it.

    Where only one of the bodies is given, it may make the other of it; where no source is, it may name the two ends as
    it knows them, as of notes and lines of chats; it may say of a source what type it is, of a file whose size was not
    known how large it is, and take out of HTML what mail readers do not show. All of that is UNVERIFIED.

    Args:
        expected: :func:`compared_message` of the resolved payload.
        there: the same of the message that was read back.
        behaviour: how the account behaves.
    """
    html, plain = expected["body_html"], expected["body_text"]
    meant = dict(expected)
    if not html and plain and there["body_html"] and markup.says_the_same(there["body_html"], plain):
        meant["body_html"] = there["body_html"]
    if not plain and html and there["body_text"] and markup.says_the_same(html, there["body_text"]):
        meant["body_text"] = there["body_text"]
    if html != there["body_html"] and behaviour.sanitises_html and _says_as_much(html, there["body_html"]):
        meant["body_html"] = there["body_html"]
    if expected["source"] is None:
        meant["source"] = there["source"]
    elif there["source"] and not behaviour.source_type_taken:
        meant["source"] = {**expected["source"], "type": there["source"]["type"]}
    if not all(file["size"] for file in expected["attachments"]):
        sizes = {file[by]: file["size"] for by in ("name", "url") for file in there["attachments"]}
        known = [(file, file["url"] if file["url"] in sizes else file["name"]) for file in expected["attachments"]]
        files = ({**file, "size": file["size"] or sizes.get(name)} for file, name in known)
        meant["attachments"] = canonical.in_order(files)
    return meant


def _says_as_much(given: str, there: str) -> bool:
    """Whether HTML is what was given without some of what mail readers do not show: nothing of that was put in."""
    return len(there) <= len(given) and markup.sanitised(given) == markup.sanitised(there)


def _source(given: Json | None) -> Json | None:
    """Return the addresses of a message; the kind of source is the type of its channel."""
    if not given:
        return None
    ends = {name: [_end(one) for one in given.get(name) or ()] for name in ("to", "cc", "bcc")}
    return {"type": given.get("type"), "from": _end(given["from"]) if given.get("from") else None, **ends}


def _end(given: Json) -> Json:
    return {"address": canonical.address(given.get("address")), "name": canonical.text(given.get("name"))}


def _attached(given: Json) -> dict[str, Any]:
    size = str(given.get("size"))
    return {
        "url": given.get("url") or "",
        "name": canonical.text(given.get("name")),
        "content_type": given.get("content_type") or "",
        "size": int(size) if size.isdecimal() else None,
        "public": given.get("public", True),
    }
