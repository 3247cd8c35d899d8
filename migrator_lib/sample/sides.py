"""The two sides of a thread: what stands in SmarterTrack's rows, and what stands in Gorgias, message by message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.inline import embed
from migrator_lib.lookups import Lookups
from migrator_lib.objects.call_log import NOTE as CALL_NOTE
from migrator_lib.objects.notes import CHAT_QUESTION
from migrator_lib.reconcile.differences import Difference
from migrator_lib.sample.reviewer import Part, Review, Reviewed
from migrator_lib.sample.rows import RecordRows, moment
from migrator_lib.staging import ConversationRecord, Row


@dataclass(frozen=True)
class File:
    """A file on a message."""

    name: str
    reference: str = ""
    """``st-attachment:55``, where its row is known."""


@dataclass(frozen=True)
class Said:
    """One message or note as one of the systems has it."""

    who: str
    when: str
    role: str
    """``requester``, ``agent`` or ``system``; empty where nobody can tell."""
    public: bool
    html: str = ""
    text: str = ""
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True)
class Pair:
    """What belongs together: both sides, and what differs."""

    source: Said | None
    target: Said | None
    differences: list[Difference] = field(default_factory=list)
    remark: str = ""
    """Why a side is empty, where that is as it was meant."""
    line: str = ""
    """The line of mapping.yaml that decides who speaks to whom."""


class Sides:
    """Pairs of one record."""

    def __init__(self, review: Review, reviewed: Reviewed) -> None:
        self.lookups: Lookups = review.lookups
        self.reviewed = reviewed
        self.record: ConversationRecord = reviewed.record
        self.rows = RecordRows(review, reviewed, masked=False)
        self.sources = dict(self._sources())

    def pairs(self) -> Iterator[Pair]:
        """Yield every message and note of the thread in its order; then what of the source has no place in it."""
        seen: set[str] = set()
        for part in self.reviewed.parts:
            key = _key(part)
            seen.add(key)
            yield self._pair(part, key)
        for key, said in self.sources.items():
            if key not in seen:
                yield Pair(said, None, remark=self._why_not(key))

    def _pair(self, part: Part, key: str) -> Pair:
        source = self.sources.get(key)
        remark = "" if source or part.expected is None else "written by the migration: what Gorgias has no place for"
        return Pair(source, self._in_gorgias(part.actual), part.differences, remark, self._line(key))

    def _why_not(self, key: str) -> str:
        obj, _, number = key.rpartition(":")
        drafts = (row for row in self.record.messages if row.get("IsDraft"))
        if obj == CHAT_QUESTION and self.reviewed.expected is not None:
            return "not said twice, as meant: the customer's first line repeats it"
        if obj == "ticket_message" and any(str(row["TicketMessageID"]) == number for row in drafts):
            return "left out, as meant: a draft was never sent"
        said = self.sources[key]
        if self.reviewed.expected is not None and obj == "chat_message" and said.role == "system":
            return "in a note of the system's lines"
        if self.reviewed.expected is not None and obj == "chat_message" and not (said.text or said.html).strip():
            return "left out, as meant: an empty line"
        return "not in Gorgias"

    def _line(self, key: str) -> str:
        row = next((row for row in self.record.messages if key == f"ticket_message:{row.get('TicketMessageID')}"), {})
        code = row.get("MessageDirection")
        return f"directions.{code}.becomes" if str(code) in self.lookups.mapping.directions else ""

    # --- Gorgias -----------------------------------------------------------------------------------

    def _in_gorgias(self, message: Json | None) -> Said | None:
        if message is None:
            return None
        return Said(
            who=self.rows.name(message.get("sender")),
            when=moment(message.get("created_datetime")),
            role="agent" if message.get("from_agent") else "requester",
            public=bool(message.get("public", True)) and message.get("channel") != "internal-note",
            html=str(message.get("body_html") or ""),
            text=str(message.get("body_text") or ""),
            files=[File(one["name"] or "(no name)", one["url"]) for one in message.get("attachments") or ()],
        )

    # --- SmarterTrack ------------------------------------------------------------------------------

    def _sources(self) -> Iterator[tuple[str, Said]]:
        """Yield the rows of messages and comments by object and key, as external ids end."""
        kind = self.record.kind
        if kind == "ticket":
            for row in self.record.messages:
                yield f"ticket_message:{row['TicketMessageID']}", self._ticket_message(row)
        if kind == "live_chat" and self.record.row.get("InitialQuestion"):
            yield f"{CHAT_QUESTION}:{self.record.id}", self._question(self.record.row)
        for row in self.record.messages if kind == "live_chat" else ():
            yield f"chat_message:{row['ChatMessageID']}", self._chat_message(row)
        obj, column = COMMENTS.get(kind, ("", ""))
        for row in self.record.comments:
            yield f"{obj}:{row[column]}", self._comment(row)
        if kind == "call_log" and self.record.row.get("Description"):
            yield f"{CALL_NOTE}:{self.record.id}", self._call(self.record.row)

    def _ticket_message(self, row: Row) -> Said:
        entry = self.lookups.mapping.directions.get(str(row["MessageDirection"]))
        outgoing = entry is not None and entry.becomes == "outgoing"
        return Said(
            who=str(row["FromAddress"] or self.rows.person(row.get("UserID_From")) or "(nobody named)"),
            when=moment(row["DateReceivedUTC"]) or "(no date)",
            role="agent" if outgoing else "requester",
            public=True,
            html=self._with_pictures(row["BodyHTML"] or ""),
            text=row["BodyText"] or "",
            files=list(self._files(lambda file: file["TicketMessageID"] == row["TicketMessageID"])),
        )

    def _question(self, row: Row) -> Said:
        when = moment(row.get("DateStartedUTC") or row.get("DateQueuedUTC"))
        who = row.get("CustomerDisplayName") or "the customer"
        return Said(f"{who}, before the chat", when, "requester", public=True, text=row["InitialQuestion"])

    def _chat_message(self, row: Row) -> Said:
        sender = self.lookups.mapping.chat_senders.get(str(row["ChatSenderType"]))
        view = self.lookups.mapping.chat_views.get(str(row["ViewRestriction"]))
        role = {"agent": "agent", "customer": "requester", "system": "system"}.get(sender.becomes if sender else "", "")
        customer = self.record.row.get("CustomerDisplayName") or "the customer"
        who = customer if role == "requester" else self.rows.person(row.get("UserID"))
        text = row["TextSubmitted"] or ""
        return Said(
            who=who or role, when=moment(row["DateSubmittedUTC"]), role=role,
            public=view is None or view.becomes == "public",
            html=text if row.get("IsHTML") else "", text="" if row.get("IsHTML") else text,
        )  # fmt: skip

    def _comment(self, row: Row) -> Said:
        who = self.rows.person(row.get("UserID")) or "(nobody named)"
        return Said(who, moment(row["DateEnteredUTC"]), "agent", public=False, text=row["CommentText"] or "")

    def _call(self, row: Row) -> Said:
        who = self.rows.person(row.get("UserID")) or "(nobody named)"
        files = list(self._files(lambda file: True))
        return Said(who, moment(row.get("DateStartUTC")), "agent", public=False, text=row["Description"], files=files)

    def _with_pictures(self, body: str) -> str:
        for row in self.record.attachments:
            body = embed(body, row, f"st-attachment:{row['AttachmentKey']}")
        return body

    def _files(self, belongs: Callable[[Row], bool]) -> Iterator[File]:
        for row in self.record.attachments:
            if belongs(row) and not row["IsDeleted"]:
                yield File(str(row["FileNameOriginal"] or "(no name)"), f"st-attachment:{row['AttachmentKey']}")

    def files_of_none(self) -> list[File]:
        """Return the files that hang on no message of the source."""
        if self.record.kind == "call_log" and self.record.row.get("Description"):
            return []
        own = {row.get("TicketMessageID") for row in self.record.messages}
        return list(self._files(lambda file: file.get("TicketMessageID") not in own))


COMMENTS = {"ticket": ("ticket_comment", "TicketCommentID"), "live_chat": ("chat_comment", "ChatCommentID")}


def _key(part: Part) -> str:
    """Return object and key of a part, as its external id ends."""
    message: Mapping[str, Any] = part.expected or part.actual or {}
    return ":".join(str(message.get("external_id") or "").rsplit(":", 2)[-2:])
