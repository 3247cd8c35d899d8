"""The transcript of a live chat as a thread: each line one message with its speaker, in order.

What ``ChatSenderType`` and ``ViewRestriction`` mean is not published: mapping.yaml says it (``chat_senders``,
``chat_views``), and a chat with a code that is not there is quarantined. Nobody guesses that a line was public.

- A customer's line is an incoming message, an agent's an outgoing one; what agents alone saw is an internal note.
- The system's lines are internal notes, a run of them one note; where there are many runs, one note for the chat.
- The question asked before the chat comes first, unless the customer's first line repeats it.
- A line without a date follows the one before it; one without a word is left out (``empty_line``).
- A file hangs on the last line of its side before it came.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

from migrator_lib.gorgias.api import Json
from migrator_lib.inline import embed
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects import notes
from migrator_lib.objects.attachment import can_go_up
from migrator_lib.objects.further_files import spread
from migrator_lib.objects.thread import NO_MESSAGES, Thread, attach, comment, headed
from migrator_lib.staging import ConversationRecord, Row

CHANNEL = "chat"
SYSTEM_NOTES = 12
"""Runs of the system's lines that each get a note at their place; more are told by one note behind the last of them."""
IN_NOTES = "system_lines_in_notes"
"""Rule by which the system's lines are merged."""
SPACES = re.compile(r"\s+")
TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|</?[a-z!][^<>]*>", re.IGNORECASE | re.DOTALL)
"""What no reader sees of HTML; ``5 < 6`` is no tag."""


@dataclass(frozen=True)
class Line:
    """One line of a chat that says something."""

    row: Row
    moment: datetime
    speaker: Literal["customer", "agent", "system"]
    internal: bool

    @property
    def id(self) -> int:
        """Return its ChatMessageID."""
        return int(self.row["ChatMessageID"])

    @property
    def text(self) -> str:
        """Return what it says, as it stands in the source."""
        return self.row["TextSubmitted"] or ""


Part = tuple[datetime, int, int, Json]
"""Moment, kind and id, by which a thread is in order, and the message."""


def unmapped_code(chat: ConversationRecord, lookups: Lookups) -> str | None:
    """Return what is to be written into mapping.yaml for the first code of a chat's lines that it lacks, or None."""
    senders, views = lookups.mapping.chat_senders, lookups.mapping.chat_views
    for row in chat.messages:
        for column, section, known, choices in (
            ("ChatSenderType", "chat_senders", senders, "customer, agent or system"),
            ("ViewRestriction", "chat_views", views, "public or internal"),
        ):
            if str(row[column]) not in known:
                return (
                    f"{column} {row[column]} of its lines is not in mapping.yaml: add '{row[column]}': "
                    f"{{becomes: CHOOSE}} under {section}, with {choices} for CHOOSE"
                )
    return None


def lines_of(chat: ConversationRecord, began: datetime, lookups: Lookups) -> list[Line]:
    """Return the lines that say something, by their ids; one without a date has that of the line before it."""
    found, moment = [], began
    for row in sorted(chat.messages, key=lambda row: row["ChatMessageID"]):
        moment = row["DateSubmittedUTC"] or moment
        if (row["TextSubmitted"] or "").strip():
            speaker = lookups.mapping.chat_senders[str(row["ChatSenderType"])].becomes
            internal = lookups.mapping.chat_views[str(row["ViewRestriction"])].becomes == "internal"
            found.append(Line(row, moment, speaker, internal))
    return found


def build(
    chat: ConversationRecord, lines: Sequence[Line], customer: Json, began: datetime, lookups: Lookups, *,
    beside: Callable[[datetime], Iterable[Json]] = lambda first: (),
) -> Thread:  # fmt: skip
    """Return the thread of a chat, whose codes are all in the mapping.

    Args:
        chat: the staged chat.
        lines: of it (:func:`lines_of`).
        customer: reference to the chat's customer, ``{"id": {"$ref": ...}}``.
        began: when the chat began.
        lookups: as of the stage.
        beside: returns the notes that stand behind the first message, of its moment.
    """
    thread = Thread()
    files = [row for row in chat.attachments if not row["IsDeleted"]]
    spoken = [(line, _spoken(line, chat, customer, files, lookups)) for line in lines if line.speaker != "system"]
    parts: list[Part] = [(line.moment, 0, line.id, message) for line, message in spoken]
    parts += _system(lines, thread, lookups)
    _count(thread, len(spoken), len(chat.messages) - len(lines))
    for row in chat.comments:
        moment = row["DateEnteredUTC"] or began
        name = lookups.external_id("chat_comment", row["ChatCommentID"])
        parts.append((moment, 1, row["ChatCommentID"], comment(row, moment, name, lookups)))
        thread.count("chat_comment", "created")
    parts += _question(chat, lines, customer, min([began, *(line.moment for line in lines)]), lookups)
    if not parts:
        parts.append((began, 2, 0, notes.note(began, {"body_text": NO_MESSAGES})))
    parts.sort(key=lambda part: part[:3])
    thread.first, thread.last = parts[0][0], parts[-1][0]
    public = [(moment, message["from_agent"]) for moment, _, _, message in parts if message.get("public")]
    thread.last_incoming = max((moment for moment, from_agent in public if not from_agent), default=None)
    thread.from_agent = bool(public[0][1]) if public else True
    if chat.row["DateEndedUTC"] is None:
        parts.append((thread.last, 3, 0, _without_end(chat, thread.last, lookups)))
    _hang(files, spoken, parts[0][3], lookups)
    first, *others = (part[3] for part in parts)
    whole = (first, *beside(thread.first), *others)
    thread.messages = [message for one in whole for message in spread(one, chat.id, lookups, chat.kind)]
    return thread


def _count(thread: Thread, spoken: int, empty: int) -> None:
    for state, n in (("created", spoken), ("skipped: empty_line", empty)):
        for _ in range(n):
            thread.count("chat_message", state)


# --- who says what -------------------------------------------------------------------------------------


def writer_of(row: Row, chat: ConversationRecord, lookups: Lookups) -> int | None:
    """Return the account of the agent who wrote a line: its own where it is one, else the chat's."""
    candidates = (row["UserID"], chat.row["UserID"])
    return next((one for one in candidates if one in lookups.users and not lookups.is_unassigned(one)), None)


def _spoken(line: Line, chat: ConversationRecord, customer: Json, files: Sequence[Row], lookups: Lookups) -> Json:
    """Return a customer's or agent's line as a message; what agents alone saw as a note."""
    agent = writer_of(line.row, chat, lookups)
    author = lookups.agent_reference(agent) if line.speaker == "agent" else "user:fallback"
    name = lookups.agent_name(agent) if line.speaker == "agent" else _customer_name(chat)
    by_agent = line.speaker == "agent"
    gone = by_agent and author == "user:fallback"
    front = f"{name}:" if gone or (line.internal and not by_agent) else ""
    body = headed(line.text, front, is_html=bool(line.row["IsHTML"]))
    if "body_html" in body:
        for row in files:
            if can_go_up(row, lookups):
                body["body_html"] = embed(body["body_html"], row, f"st-attachment:{row['AttachmentKey']}")
    known = {"agent": name} if by_agent else {}
    external_id = lookups.external_id("chat_message", line.id)
    if line.internal:
        return notes.note(line.moment, body, author=author, external_id=external_id, meta=known)
    message: Json = {
        "channel": lookups.behaviour.channel(CHANNEL),
        "via": "api",
        "from_agent": by_agent,
        "public": True,
        "external_id": external_id,
        "created_datetime": iso(line.moment),
        "sent_datetime": iso(line.moment),
        "sender": {"id": {"$ref": author}} if by_agent else customer,
        **({"receiver": customer} if by_agent else {}),
        **({"meta": {"smartertrack": known}} if known else {}),
        **body,
    }
    return message


def _customer_name(chat: ConversationRecord) -> str:
    return (chat.row["CustomerDisplayName"] or "").strip() or "The customer"


def _question(
    chat: ConversationRecord, lines: Sequence[Line], customer: Json, moment: datetime, lookups: Lookups
) -> Iterator[Part]:
    """Yield the question that was asked before the chat, unless the customer's first line repeats it."""
    asked = (chat.row["InitialQuestion"] or "").strip()
    first = next((line for line in lines if line.speaker == "customer"), None)
    if not asked or (first is not None and in_one_line(asked).lower() == in_one_line(first.text).lower()):
        return
    message: Json = {
        "channel": lookups.behaviour.channel(CHANNEL),
        "via": "api",
        "from_agent": False,
        "public": True,
        "external_id": lookups.external_id(notes.CHAT_QUESTION, chat.id),
        "created_datetime": iso(moment),
        "sent_datetime": iso(moment),
        "sender": customer,
        "body_text": asked,
    }
    yield moment, -1, 0, message


def in_one_line(text: str) -> str:
    """Return a text without tags, and in single spaces."""
    return SPACES.sub(" ", html.unescape(TAG.sub(" ", text))).strip()


# --- the system's lines, and what is noted -----------------------------------------------------------------


def _system(lines: Sequence[Line], thread: Thread, lookups: Lookups) -> Iterator[Part]:
    """Yield notes of the system's lines, and count these as merged: a note is of one or many."""
    ordered = sorted(lines, key=lambda line: (line.moment, line.id))
    runs = [list(run) for system, run in groupby(ordered, key=lambda line: line.speaker == "system") if system]
    if len(runs) > SYSTEM_NOTES:
        runs = [[line for run in runs for line in run]]
    for run in runs:
        last = run[-1]
        text = "\n".join(map(_told, run)) if len(run) > 1 else f"SmarterTrack: {_said(last)}"
        name = lookups.external_id(notes.CHAT_SYSTEM, run[0].id)
        yield last.moment, 0, last.id, notes.note(last.moment, {"body_text": text}, external_id=name)
        for _ in run:
            thread.count("chat_message", f"merged: {IN_NOTES}")


def _said(line: Line) -> str:
    return in_one_line(line.text) if line.row["IsHTML"] else SPACES.sub(" ", line.text).strip()


def _told(line: Line) -> str:
    return f"SmarterTrack, {line.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {_said(line)}"


def _without_end(chat: ConversationRecord, moment: datetime, lookups: Lookups) -> Json:
    text = "This chat had no end in SmarterTrack when it was read; it is closed at its last line."
    return notes.note(moment, {"body_text": text}, external_id=lookups.external_id(notes.CHAT_OPEN, chat.id))


def _hang(files: Sequence[Row], spoken: Sequence[tuple[Line, Json]], first: Json, lookups: Lookups) -> None:
    """Hang each file on the last line of its side before it came, else on the last before it, else on the first."""
    ordered = sorted(spoken, key=lambda pair: (pair[0].moment, pair[0].id))
    for row in sorted(files, key=lambda row: row["ChatAttachmentID"]):
        came = row["CreationDateUTC"]
        before = [(line, message) for line, message in ordered if came and line.moment <= came]
        side = _side(row, lookups)
        own = [message for line, message in before if line.speaker == side]
        chosen = own[-1] if own else before[-1][1] if before else ordered[0][1] if ordered else first
        going = can_go_up(row, lookups)
        attach(chosen, [row] if going else [], [] if going else [row])


def _side(row: Row, lookups: Lookups) -> str:
    """Return who gave a file: as its row says, else by its account."""
    outgoing = row["UserID"] in lookups.agents if row["IsOutgoing"] is None else row["IsOutgoing"]
    return "agent" if outgoing else "customer"
