"""Live Chat: a chat becomes a closed Gorgias Ticket on channel ``chat``, with its transcript as the thread.

Rules: deleted chats are left out (``deleted_chat``). Whose chat it was is told by account, address or name
(:mod:`migrator_lib.contacts`; the meta says by which). A chat that no agent answered is tagged ``missed chat``. One
without an end was still open when it was read: it is closed at its last line, and a note says so. ``via`` is ``api``,
as of everything that is imported: no integration of Gorgias brought it, and none answers through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from migrator_lib import contacts
from migrator_lib.contacts import Contact
from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects import placement, transcript
from migrator_lib.objects.base import MappedField, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.conversation import Conversation, skipped
from migrator_lib.objects.notes import long_values
from migrator_lib.objects.thread import SUBJECT_MAXIMUM
from migrator_lib.objects.ticket_field import Values, added, values
from migrator_lib.objects.transcript import CHANNEL, Line
from migrator_lib.smartertrack.tables import CHAT_FAMILY
from migrator_lib.staging import ConversationRecord, Row

MISSED = "missed chat"
"""Tag of a chat that no agent answered."""
LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?", re.IGNORECASE)


class LiveChat(Conversation):
    """Live chats."""

    name = "live_chat"
    title = "Live Chat"
    family = CHAT_FAMILY
    reads = (
        "Chats", "ChatMessages", "ChatComments", "ChatAttachments", "CustomDataFieldsInChats", "TicketLinks",
    )  # fmt: skip
    verified = "ticket and every line read back, and compared field by field: speaker, moment, text, public or internal"

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The whole chat as one payload."""
        chat: ConversationRecord = record.data
        if chat.row["IsDeleted"]:
            return Skip("deleted_chat", skipped(chat, "skipped: deleted_chat"))
        began = _began(chat)
        reason = transcript.unmapped_code(chat, lookups)
        if began is None:
            reason = "it has no date of its start, nor of a line, and a ticket's creation date cannot be mended later"
        if reason or began is None:
            return Quarantine(reason or "", skipped(chat, "quarantined"))
        return self._send(chat, began, lookups)

    def _send(self, chat: ConversationRecord, began: datetime, lookups: Lookups) -> Send:
        row, contact = chat.row, lookups.contact(contacts.of_chat(chat.row))
        lines = transcript.lines_of(chat, began, lookups)
        fields = values("ticket_field", lookups.mapping.ticket_fields, chat.fields)

        def beside(first: datetime) -> Iterator[Json]:
            yield from long_values(fields.rest, f"{self.name}-{chat.id}", first, lookups)
            yield from placement.link_notes(chat, first, lookups)

        told = transcript.build(chat, lines, contact.customer, began, lookups, beside=beside)
        last = told.last or began
        closed = max(began, row["DateEndedUTC"] or last)
        who = _participants(chat, lines, lookups)
        payload: Json = {
            "external_id": lookups.external_id(self.name, chat.id),
            "subject": _subject(row, lines),
            "channel": lookups.behaviour.channel(CHANNEL),
            "via": "api",
            "from_agent": told.from_agent,
            "customer": contact.customer,
            "status": "closed",
            "priority": "normal",
            "spam": False,
            "tags": [{"name": name} for name in _tags(row, lines, lookups)],
            "custom_fields": [*fields.sent, *_added(row, began, who, lookups)],
            "created_datetime": iso(began),
            "opened_datetime": iso(began),
            "closed_datetime": iso(closed),
            "last_message_datetime": iso(last),
            "updated_datetime": iso(max(began, last, closed)),
            "meta": {"smartertrack": _meta(chat, contact, fields, who, lookups)},
            "messages": told.messages,
            **placement.assignees(row, lookups),
        }
        if told.last_incoming:
            payload["last_received_message_datetime"] = iso(told.last_incoming)
        language = LANGUAGE.fullmatch((row["CustomerLanguage"] or "").strip())
        if language:
            payload["language"] = language[1].lower()
        return Send(payload, told.children | ({self.values: fields.states} if fields.states else {}))

    fields = (
        MappedField("Chats.ChatID", "ticket.external_id"),
        MappedField("Chats.ChatNumber", "ticket.custom_fields", "the added field ticket_number; also in the meta"),
        MappedField("Chats.DepartmentID + Chats.GroupID", "ticket.assignee_team", "the team that is mapped"),
        MappedField("Chats.UserID", "ticket.assignee_user", "by e-mail; as agents.history says where he is gone"),
        MappedField("Chats.CustomerUserID", "ticket.customer", "the customer of that account"),
        MappedField("Chats.CustomerEmailAddress", "ticket.customer", "where there is no account: by address"),
        MappedField("Chats.CustomerDisplayName", "customer.name", "where there is neither; also chat_participants"),
        MappedField("Chats.CustomerLanguage", "ticket.language", "as ISO 639-1"),
        MappedField("Chats.InitialQuestion", "message.body_text", "the first message, if no line repeats it"),
        MappedField("Chats.DateStartedUTC", "ticket.created_datetime", "else when it was queued, or its first line"),
        MappedField("Chats.DateQueuedUTC", "ticket.meta", "queued_at, and queued_seconds until it started"),
        MappedField("Chats.DateEndedUTC", "ticket.closed_datetime", "without one: the last line, and a note says so"),
        MappedField("Chats.DateDeletedUTC", "", "deleted chats are left out"),
        MappedField("Chats.IsDeleted", "", "deleted chats are left out, by the rule deleted_chat"),
        MappedField("Chats.SessionLengthInSeconds", "ticket.custom_fields", "the added field chat_duration, seconds"),
        MappedField("Chats.AverageSurveyRating", "ticket.meta", "survey_rating"),
        MappedField("ChatMessages.ChatID", "message.ticket", "the ticket of its chat"),
        MappedField("ChatMessages.ChatMessageID", "message.external_id"),
        MappedField("ChatMessages.UserID", "message.sender", "of an agent; a name in front if he is gone"),
        MappedField("ChatMessages.DateSubmittedUTC", "message.created_datetime", "also sent_datetime: never sent"),
        MappedField("ChatMessages.ChatSenderType", "message.from_agent", "by chat_senders of the mapping"),
        MappedField("ChatMessages.TextSubmitted + ChatMessages.IsHTML", "message.body_html or message.body_text"),
        MappedField("ChatMessages.ViewRestriction", "message.public", "by chat_views of the mapping; internal: a note"),
        MappedField("ChatComments.ChatID", "message.ticket", "the ticket of its chat"),
        MappedField("ChatComments.ChatCommentID", "message.external_id"),
        MappedField("ChatComments.CommentTypeID", "message.body_text", "its name stands in front"),
        MappedField("ChatComments.UserID", "message.sender", "the name of an agent who is gone stands in front"),
        MappedField("ChatComments.DateEnteredUTC", "message.created_datetime"),
        MappedField("ChatComments.CommentText", "message.body_html or message.body_text", "an internal note"),
        MappedField("ChatAttachments.ChatID", "message.ticket", "the ticket of its chat"),
        MappedField("ChatAttachments.ChatAttachmentID", "", "known here by its key, c<id>"),
        MappedField("ChatAttachments.UserID + ChatAttachments.IsOutgoing", "message.attachments",
                    "whose line it hangs on"),
        MappedField("ChatAttachments.CreationDateUTC", "message.attachments", "the last line before it came has it"),
        MappedField("ChatAttachments.FileNameOriginal", "attachment.name"),
        MappedField("ChatAttachments.FileNameOnDisk + ChatAttachments.Length + ChatAttachments.Crc", "attachment.url",
                    "the file is found by name, length and checksum"),
        MappedField("ChatAttachments.IsDeleted", "", "deleted files are left out, by the rule deleted_attachment"),
        MappedField("CustomDataFieldsInChats.ChatID", "ticket.custom_fields", "of its chat"),
        MappedField("CustomDataFieldsInChats.CustomFieldID + CustomDataFieldsInChats.DataContent",
                    "ticket.custom_fields", "the form asked before the chat, by ticket_fields of the mapping"),
        MappedField("TicketLinks.ChatID", "message.body_text", "a note with the ticket's number; also in the meta"),
    )  # fmt: skip


def _began(chat: ConversationRecord) -> datetime | None:
    """Return when a chat began, as far as any of its dates tells."""
    dates = [chat.row["DateStartedUTC"], chat.row["DateQueuedUTC"]]
    lines = [line["DateSubmittedUTC"] for line in chat.messages if line["DateSubmittedUTC"]]
    known: Sequence[datetime | None] = [*dates, min(lines, default=None), chat.row["DateEndedUTC"]]
    return next((date for date in known if date is not None), None)


def _subject(row: Row, lines: Sequence[Line]) -> str:
    """Return the question as the subject, which a chat has none of its own; else its number."""
    asked = (row["InitialQuestion"] or "").strip() or next(
        (line.text for line in lines if line.speaker == "customer" and not line.internal), ""
    )
    number = str(row["ChatNumber"] or "").strip()
    return transcript.in_one_line(asked)[:SUBJECT_MAXIMUM] or f"Chat {number}".strip()


def _tags(row: Row, lines: Sequence[Line], lookups: Lookups) -> list[str]:
    answered = any(line.speaker == "agent" and not line.internal for line in lines)
    return sorted({*placement.brand_tags(row, lookups), *([] if answered else [MISSED])})


def _seconds(row: Row, began: datetime) -> int | None:
    """Return how long a chat took, as the source says, else from its start to its end."""
    told, ended = row["SessionLengthInSeconds"], row["DateEndedUTC"]
    if told is not None and told >= 0:
        return int(told)
    return None if ended is None or ended < began else int((ended - began).total_seconds())


def _participants(chat: ConversationRecord, lines: Sequence[Line], lookups: Lookups) -> list[str]:
    """Return who took part: the customer, and each agent who wrote a line, in their order."""
    writers = (transcript.writer_of(line.row, chat, lookups) for line in lines if line.speaker == "agent")
    names = [(chat.row["CustomerDisplayName"] or "").strip(), *map(lookups.agent_name, writers)]
    return list(dict.fromkeys(name for name in names if name))


def _added(row: Row, began: datetime, who: Sequence[str], lookups: Lookups) -> list[Json]:
    return [
        *added("ticket_number", str(row["ChatNumber"] or "").strip(), lookups),
        *added("chat_duration", _seconds(row, began), lookups),
        *added("chat_participants", ", ".join(who), lookups),
    ]


def _meta(
    chat: ConversationRecord, contact: Contact, fields: Values, who: Sequence[str], lookups: Lookups
) -> dict[str, Any]:
    row, began = chat.row, _began(chat)
    queued, started = row["DateQueuedUTC"], row["DateStartedUTC"]
    waited = int((started - queued).total_seconds()) if queued and started and started > queued else None
    known = {
        "chat_id": chat.id,
        "channel": None if lookups.behaviour.channel(CHANNEL) == CHANNEL else CHANNEL,
        "chat_number": row["ChatNumber"],
        **placement.structure(chat, lookups),
        "customer_by": contact.rule,
        "participants": list(who),
        "duration_seconds": None if began is None else _seconds(row, began),
        "queued_at": iso(queued),
        "queued_seconds": waited,
        "without_end": row["DateEndedUTC"] is None or None,
        "survey_rating": row["AverageSurveyRating"],
        "unfit_values": fields.unfit or None,
        "long_values": fields.long or None,
    }
    return {name: value for name, value in known.items() if value is not None}
