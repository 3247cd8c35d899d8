"""Call Log: a call becomes a closed Gorgias Ticket on channel ``phone``; calls as such cannot be made by Gorgias' API.

What an agent wrote of a call is no message to anybody, so it is an internal note: nothing of it can be sent, and a
ticket that holds notes alone is not billed (docs.gorgias.com, how-youre-billed). Its first line says direction, number
and length; the recording hangs on it. Rules: deleted calls are left out (``deleted_call``), all are by
``policy.call_logs: skip`` (``calls_out_of_scope``). Whose call it was: :mod:`migrator_lib.contacts`. A call that ends
before it starts is closed at its start, without a length. Nothing is loaded before somebody confirmed the Voice add-on
(gate ``voice``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from migrator_lib import contacts
from migrator_lib.contacts import Contact
from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects import placement
from migrator_lib.objects.attachment import can_go_up
from migrator_lib.objects.base import MappedField, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.conversation import Conversation, skipped
from migrator_lib.objects.further_files import spread
from migrator_lib.objects.notes import body_of, long_values, note
from migrator_lib.objects.thread import SUBJECT_MAXIMUM, attach
from migrator_lib.objects.ticket_field import Values, added, values
from migrator_lib.smartertrack.tables import CALL_FAMILY
from migrator_lib.staging import ConversationRecord, Row

CHANNEL = "phone"
NOTE = "call_log_note"
"""What external ids call the note of a call."""


class CallLog(Conversation):
    """Call logs."""

    name = "call_log"
    title = "Call Log"
    family = CALL_FAMILY
    reads = ("CallLogs", "CallLogAttachments", "CustomDataFieldsInCallLogs", "TicketLinks")
    verified = "ticket and note read back, and compared field by field; the recording by its name and address"

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The call as one payload."""
        call: ConversationRecord = record.data
        rule = "calls_out_of_scope" if lookups.parameters.policy.call_logs == "skip" else ""
        rule = "deleted_call" if call.row["IsDeleted"] else rule
        if rule:
            return Skip(rule, skipped(call, f"skipped: {rule}"))
        began = call.row["DateStartUTC"] or call.row["DateCreatedUTC"] or call.row["DateEndUTC"]
        if began is None:
            reason = "it has no date, and a ticket's creation date cannot be mended later"
            return Quarantine(reason, skipped(call, "quarantined"))
        return self._send(call, began, lookups)

    def _send(self, call: ConversationRecord, began: datetime, lookups: Lookups) -> Send:
        row, contact = call.row, lookups.contact(contacts.of_call(call.row))
        fields = values("ticket_field", lookups.mapping.ticket_fields, call.fields)
        closed = max(began, row["DateEndUTC"] or began)
        told = self._told(call, began, lookups)
        payload: Json = {
            "external_id": lookups.external_id(self.name, call.id),
            "subject": _subject(row),
            "channel": lookups.behaviour.channel(CHANNEL),
            "via": "api",
            "from_agent": bool(row["IsOutgoing"]),
            "customer": contact.customer,
            "status": "closed",
            "priority": "normal",
            "spam": False,
            "tags": [{"name": name} for name in placement.brand_tags(row, lookups)],
            "custom_fields": [*fields.sent, *_added(row, lookups)],
            "created_datetime": iso(began),
            "opened_datetime": iso(began),
            "closed_datetime": iso(closed),
            "last_message_datetime": iso(began),
            "updated_datetime": iso(closed),
            "meta": {"smartertrack": _meta(call, contact, fields, lookups)},
            "messages": [
                *spread(told, call.id, lookups, call.kind),
                *long_values(fields.rest, f"{self.name}-{call.id}", began, lookups),
                *placement.link_notes(call, began, lookups),
            ],
            **placement.assignees(row, lookups),
        }
        return Send(payload, {self.values: fields.states} if fields.states else {})

    def _told(self, call: ConversationRecord, began: datetime, lookups: Lookups) -> Json:
        """Return the note: what kind of call it was, how it ended, and what the agent wrote of it."""
        row = call.row
        name = lookups.agent_name(row["UserID"])
        author = lookups.agent_reference(row["UserID"])
        gone = author == "user:fallback" and not lookups.is_unassigned(row["UserID"])
        result = _disposition(call, lookups)
        lines = [
            _kind_of_call(row),
            f"Agent: {name}" if gone else "",
            f"Result: {result}" if result else "",
        ]
        told = note(
            began, body_of(lines, row["Description"]), author=author,
            external_id=lookups.external_id(NOTE, call.id), meta={"agent": name} if gone else None,
        )  # fmt: skip
        files = [one for one in call.attachments if not one["IsDeleted"]]
        going = [one for one in files if can_go_up(one, lookups)]
        attach(told, going, [one for one in files if one not in going])
        return told

    fields = (
        MappedField("CallLogs.CallLogID", "ticket.external_id"),
        MappedField("CallLogs.CallNumber", "ticket.custom_fields", "the added field ticket_number; also in the meta"),
        MappedField("CallLogs.DepartmentID + CallLogs.GroupID", "ticket.assignee_team", "the team that is mapped"),
        MappedField("CallLogs.UserID", "ticket.assignee_user", "by e-mail; as agents.history says where he is gone"),
        MappedField("CallLogs.CustomerUserID", "ticket.customer", "the customer of that account"),
        MappedField("CallLogs.CustomerEmailAddress", "ticket.customer", "where there is no account: by address"),
        MappedField("CallLogs.CustomerPhoneNumber", "ticket.custom_fields",
                    "the added field call_number; where neither account nor address is: the customer of that number"),
        MappedField("CallLogs.CustomerName", "customer.name", "where nothing else tells who it was; also in the note"),
        MappedField("CallLogs.Subject", "ticket.subject"),
        MappedField("CallLogs.Description", "message.body_html or message.body_text", "an internal note"),
        MappedField("CallLogs.IsOutgoing", "ticket.custom_fields", "the added field call_direction; also from_agent"),
        MappedField("CallLogs.IsDeleted", "", "deleted calls are left out, by the rule deleted_call"),
        MappedField("CallLogs.DateStartUTC", "ticket.created_datetime"),
        MappedField("CallLogs.DateEndUTC", "ticket.closed_datetime", "with the start: the added field call_duration"),
        MappedField("CallLogs.DateCreatedUTC", "ticket.created_datetime", "where it has no start"),
        MappedField("CallLogs.DateModifiedUTC", "", "by it a delta finds what changed"),
        MappedField("CallLogs.DateDeletedUTC", "", "deleted calls are left out"),
        MappedField("CallLogAttachments.CallLogID", "message.ticket", "the ticket of its call"),
        MappedField("CallLogAttachments.CallLogAttachmentID", "", "known here by its key, l<id>"),
        MappedField("CallLogAttachments.FileNameOriginal", "attachment.name"),
        MappedField(
            "CallLogAttachments.FileNameOnDisk + CallLogAttachments.Length + CallLogAttachments.Crc", "attachment.url",
            "the recording is found by name, length and checksum",
        ),
        MappedField("CallLogAttachments.UserID", "", "the note that has the file says whose call it was"),
        MappedField("CallLogAttachments.CreationDateUTC", "", "the note that has the file says when the call was"),
        MappedField("CallLogAttachments.IsDeleted", "", "deleted files are left out, by the rule deleted_attachment"),
        MappedField("CustomDataFieldsInCallLogs.CallLogID", "ticket.custom_fields", "of its call"),
        MappedField("CustomDataFieldsInCallLogs.CustomFieldID + CustomDataFieldsInCallLogs.DataContent",
                    "ticket.custom_fields", "by ticket_fields of the mapping; one that holds the disposition also in "
                    "the note"),
        MappedField("TicketLinks.CallLogID", "message.body_text", "a note with the ticket's number; also in the meta"),
    )  # fmt: skip


def _direction(row: Row) -> str:
    """Return incoming or outgoing; nothing where the source does not say."""
    return "" if row["IsOutgoing"] is None else "outgoing" if row["IsOutgoing"] else "incoming"


def _number(row: Row) -> str:
    """Return the number as people wrote it, with an extension or without; nothing where it is withheld."""
    text = (row["CustomerPhoneNumber"] or "").strip()
    return text if any(letter.isdigit() for letter in text) else ""


def _seconds(row: Row) -> int | None:
    """Return how long a call took; None where a date is missing, or where it ends before it starts."""
    start, end = row["DateStartUTC"], row["DateEndUTC"]
    return int((end - start).total_seconds()) if start and end and end >= start else None


def _kind_of_call(row: Row) -> str:
    """Return the first line of a call's note: ``Incoming call from Ann, +44 1632 960123, 3 min 20 s``."""
    direction, seconds, text = _direction(row), _seconds(row), (row["CustomerPhoneNumber"] or "").strip()
    way = {"incoming": "from", "outgoing": "to"}.get(direction, "with")
    name = (row["CustomerName"] or "").strip()
    number = _number(row) or (f"number withheld ({text})" if text else "number withheld")
    length = "length not known" if seconds is None else f"{seconds // 60} min {seconds % 60} s"
    return f"{direction.capitalize() or 'Phone'} call {way} " + ", ".join(one for one in (name, number, length) if one)


def _subject(row: Row) -> str:
    own = " ".join((row["Subject"] or "").split())
    who = (row["CustomerName"] or "").strip() or _number(row)
    return own[:SUBJECT_MAXIMUM] or (f"Call: {who}"[:SUBJECT_MAXIMUM] if who else "Call")


def _disposition(call: ConversationRecord, lookups: Lookups) -> str:
    """Return how a call ended: the value of the custom field that holds it."""
    for row in sorted(call.fields, key=lambda row: row["CustomFieldID"]):
        entry, text = lookups.mapping.ticket_fields.get(str(row["CustomFieldID"])), (row["DataContent"] or "").strip()
        if entry is not None and entry.holds == "disposition" and text:
            return text
    return ""


def _added(row: Row, lookups: Lookups) -> list[Json]:
    return [
        *added("ticket_number", str(row["CallNumber"] or "").strip(), lookups),
        *added("call_direction", _direction(row), lookups),
        *added("call_duration", _seconds(row), lookups),
        *added("call_number", _number(row), lookups),
    ]


def _meta(call: ConversationRecord, contact: Contact, fields: Values, lookups: Lookups) -> dict[str, Any]:
    row, start, end = call.row, call.row["DateStartUTC"], call.row["DateEndUTC"]
    known = {
        "call_id": call.id,
        "channel": None if lookups.behaviour.channel(CHANNEL) == CHANNEL else CHANNEL,
        "call_number": row["CallNumber"],
        **placement.structure(call, lookups),
        "customer_by": contact.rule,
        "direction": _direction(row) or None,
        "phone_number": (row["CustomerPhoneNumber"] or "").strip() or None,
        "customer_name": (row["CustomerName"] or "").strip() or None,
        "duration_seconds": _seconds(row),
        "ends_before_start": iso(end) if start and end and end < start else None,
        "disposition": _disposition(call, lookups) or None,
        "unfit_values": fields.unfit or None,
        "long_values": fields.long or None,
    }
    return {name: value for name, value in known.items() if value is not None}
