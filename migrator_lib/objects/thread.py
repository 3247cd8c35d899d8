"""A ticket's thread: its messages and comments, in order, as Gorgias messages.

Facts (developers.gorgias.com, create-ticket-message): an incoming message has the customer as sender and no
receiver; an outgoing one has the agent as sender and the customer as receiver; an internal note is on channel
``internal-note``, from an agent, not public. ``sent_datetime`` makes a message stored instead of sent, so every
message has it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.bodies.tickets import MOST_MESSAGES
from migrator_lib.inline import embed
from migrator_lib.lookups import Lookups, addresses, content_type, iso
from migrator_lib.objects import standing, work
from migrator_lib.objects.attachment import can_go_up, upload_name
from migrator_lib.objects.base import Children
from migrator_lib.objects.further_files import spread
from migrator_lib.objects.notes import HTML_TAG, long_values, note
from migrator_lib.staging import Row, TicketRecord

CALL_LIMIT = MOST_MESSAGES
"""Messages that one ``POST /api/tickets`` takes."""
NO_MESSAGES = "This ticket had no messages in SmarterTrack."
SUBJECT_MAXIMUM = 998
NO_ADDRESS = "unknown@unknown.invalid"
DELIVERY_FAILED_FROM = 1
"""DeliveryStatus codes are not published; an error text beside a code above 0 is what counts."""


@dataclass
class Thread:
    """The messages of one ticket in order, and what became of the source's parts."""

    messages: list[Json] = field(default_factory=list)
    children: Children = field(default_factory=dict)
    first: datetime | None = None
    """When the first thing was written that people wrote; None where there is nothing."""
    last: datetime | None = None
    """When the last such thing was: notes of ours say nothing of that."""
    last_incoming: datetime | None = None
    from_agent: bool = True
    """Whether an agent wrote the first of them."""

    def count(self, obj: str, state: str) -> None:
        """Count one part."""
        states = self.children.setdefault(obj, {})
        states[state] = states.get(state, 0) + 1


def build(
    ticket: TicketRecord, customer: Json, lookups: Lookups, *, channel: str = "",
    rest: Mapping[str, tuple[str, str]] | None = None,
) -> Thread:  # fmt: skip
    """Return the thread of a ticket.

    Args:
        ticket: the staged ticket.
        customer: reference to the ticket's requester, ``{"id": {"$ref": ...}}``.
        lookups: as of the stage.
        channel: of the ticket, which its first message came by; empty: that of all messages.
        rest: what of long values their fields do not hold, for notes: field to label and text.
    """
    thread = Thread()
    attached = Attached(ticket, lookups)
    parts = _written(thread, ticket, customer, attached, lookups)
    parts.sort(key=lambda part: part[:3])
    if parts:
        thread.first, thread.last, thread.from_agent = parts[0][0], parts[-1][0], bool(parts[0][3]["from_agent"])
        _came_by(parts[0][3], channel)
    carries = parts[0][3] if parts else None
    for n, (moment, place, one) in enumerate(_notes(thread, ticket, rest or {}, lookups)):
        parts.append((moment, place, n, one))
    if not parts:
        parts.append((ticket.row["DateOpenedUTC"], 2, 0, _placeholder(ticket.row["DateOpenedUTC"])))
    parts.sort(key=lambda part: part[:3])
    attached.hang_on(carries or parts[0][3], None)
    thread.messages = [message for part in parts for message in spread(part[3], ticket.id, lookups)]
    return thread


def _written(
    thread: Thread, ticket: TicketRecord, customer: Json, attached: Attached, lookups: Lookups
) -> list[tuple[datetime, int, int, Json]]:
    """Return what people wrote, each with its moment, kind and id, and count it."""
    parts: list[tuple[datetime, int, int, Json]] = []
    moment = ticket.row["DateOpenedUTC"]
    for row in sorted(ticket.messages, key=lambda message: message["TicketMessageID"]):
        if row.get("IsDraft"):
            thread.count("ticket_message", "skipped: draft_message")
            continue
        moment = row["DateReceivedUTC"] or moment  # one without a date follows the one before it
        message = _message(row, ticket, customer, moment, attached, lookups)
        parts.append((moment, 0, row["TicketMessageID"], message))
        thread.count("ticket_message", "created")
        if not message["from_agent"]:
            thread.last_incoming = max(thread.last_incoming or moment, moment)
    for row in ticket.comments:
        moment = row["DateEnteredUTC"] or ticket.row["DateOpenedUTC"]
        name = lookups.external_id("ticket_comment", row["TicketCommentID"])
        parts.append((moment, 1, row["TicketCommentID"], comment(row, moment, name, lookups)))
        thread.count("ticket_comment", "created")
    return parts


def _notes(
    thread: Thread, ticket: TicketRecord, rest: Mapping[str, tuple[str, str]], lookups: Lookups
) -> Iterator[tuple[datetime, int, Json]]:
    """Yield the notes of ours with their moment and place among what is of one moment; count what they show."""
    for obj, _, moment, one in work.notes(ticket, lookups):
        thread.count(obj, f"skipped: deleted_{obj}" if one is None else "created")
        if one is not None:
            yield moment, 3, one
    first, last = thread.first or ticket.row["DateOpenedUTC"], thread.last or ticket.row["DateOpenedUTC"]
    for one in long_values(rest, f"ticket-{ticket.id}", first, lookups):
        yield first, 4, one
    for one in standing.beside_the_first(ticket, first, lookups):
        yield first, 5, one
    for row in ticket.links:
        thread.count("ticket_link", "created" if standing.is_link(row) else "skipped: link_to_nothing")
    follow_up = standing.follow_up(ticket, last, lookups)
    if follow_up:
        yield last, 6, follow_up


def _came_by(message: Json, channel: str) -> None:
    """Give a ticket's first message the channel that its customer came by, which the help desk kept beside it.

    One without the addresses of a mail is none: Gorgias would refuse it on channel email.
    """
    fits = channel != "email" or "source" in message
    if channel and fits and not message["from_agent"] and message["channel"] != channel:
        message["channel"] = channel
        if channel != "email":
            message.pop("source", None)


def unmapped_direction(ticket: TicketRecord, lookups: Lookups) -> int | None:
    """Return the first direction of a ticket's messages that mapping.yaml lacks, or None."""
    codes = (row["MessageDirection"] for row in ticket.messages if not row.get("IsDraft"))
    known = lookups.mapping.directions
    return next((code for code in codes if code is not None and str(code) not in known), None)


class Attached:
    """The attachments of a ticket: on which message each hangs, and which have a file to go up."""

    def __init__(self, ticket: TicketRecord, lookups: Lookups) -> None:
        self._messages = {m["TicketMessageID"] for m in ticket.messages if not m.get("IsDraft")}
        rows = [row for row in ticket.attachments if not row["IsDeleted"] and not row["OfDraft"]]
        self._going: list[Row] = []
        self._missing: list[Row] = []
        for row in rows:
            (self._going if can_go_up(row, lookups) else self._missing).append(row)

    def _of(self, rows: Sequence[Row], message: int | None) -> list[Row]:
        """Return the rows of a message; None has those of the ticket itself, and strays."""
        known = self._messages
        return [row for row in rows if (i if (i := row["TicketMessageID"]) in known else None) == message]

    def embed(self, body: str, message: int) -> str:
        """Point the images in a message's HTML to their uploads: its own first, then those that it quotes."""
        own = self._of(self._going, message)
        for row in (*own, *(row for row in self._going if row not in own)):
            body = embed(body, row, f"st-attachment:{row['AttachmentKey']}")
        return body

    def hang_on(self, message: Json, source: int | None) -> None:
        """Add to a payload's message the attachments of the source's; those that cannot go up are named in its meta."""
        attach(message, self._of(self._going, source), self._of(self._missing, source))


def attach(message: Json, going: Sequence[Row], missing: Sequence[Row]) -> None:
    """Add attachments to a payload's message.

    Args:
        message: the payload's.
        going: those that have a file to go up.
        missing: those that have none, and are named in the meta.
    """
    if going:
        message.setdefault("attachments", []).extend(
            {
                "$attachment": row["AttachmentKey"],
                "name": upload_name(row),
                "content_type": content_type(upload_name(row)),
                "size": row.get("Length") or 0,
                "public": bool(row.get("Embedded")),
            }
            for row in going
        )
    if missing:
        meta = message.setdefault("meta", {}).setdefault("smartertrack", {})
        meta.setdefault("missing_attachments", []).extend(map(upload_name, missing))


def _direction(row: Row, lookups: Lookups) -> str:
    """Return incoming or outgoing, as mapping.yaml says; of a message without a code whoever wrote it decides."""
    if row["MessageDirection"] is None:
        return "outgoing" if row.get("UserID_From") in lookups.agents else "incoming"
    return lookups.mapping.directions[str(row["MessageDirection"])].becomes


def _message(
    row: Row, ticket: TicketRecord, customer: Json, moment: datetime, attached: Attached, lookups: Lookups
) -> Json:
    outgoing = _direction(row, lookups) == "outgoing"
    written_by = row.get("UserID_From") if row.get("UserID_From") in lookups.agents else ticket.row["UserID"]
    channel = lookups.parameters.policy.ticket_channel
    agent = {"id": {"$ref": lookups.agent_reference(written_by)}}
    message: Json = {
        "channel": channel,
        "via": "api",
        "from_agent": outgoing,
        "public": True,
        "external_id": lookups.external_id("ticket_message", row["TicketMessageID"]),
        "created_datetime": iso(moment),
        "sent_datetime": iso(moment),
        "subject": (row["Subject"] or "")[:SUBJECT_MAXIMUM],
        "sender": agent if outgoing else _writer(row, customer, lookups),
    }
    if row["BodyHTML"]:
        message["body_html"] = attached.embed(row["BodyHTML"], row["TicketMessageID"])
    if row["BodyText"] or not row["BodyHTML"]:
        message["body_text"] = row["BodyText"] or ""
    if outgoing:
        message["receiver"] = customer
    meta = _meta(row, lookups)
    if channel == "email":
        message["source"] = _source(row, outgoing, lookups.name_if_agent(written_by), lookups)
        if message["source"]["from"]["address"] == NO_ADDRESS:
            meta["sender_address"] = "not known in SmarterTrack"
    if meta:
        message["meta"] = {"smartertrack": meta}
    attached.hang_on(message, row["TicketMessageID"])
    if (row.get("DeliveryStatus") or 0) >= DELIVERY_FAILED_FROM and row.get("LastDeliveryError"):
        message["failed_datetime"] = iso(moment)
        message["last_sending_error"] = {"error": row["LastDeliveryError"][:500]}
    return message


def _writer(row: Row, customer: Json, lookups: Lookups) -> Json:
    """Return who wrote an incoming message: a requester of that account or address, else the ticket's."""
    found = addresses(row["FromAddress"])
    key = lookups.requester_key(row.get("UserID_From"), found[0]["address"] if found else None)
    return customer if key == "unknown" else {"id": {"$ref": f"requester:{key}"}}


def _source(row: Row, outgoing: bool, agent: str, lookups: Lookups) -> Json:
    """Return the addresses of a message. Without ``from`` Gorgias refuses it."""
    mailbox = {"address": lookups.parameters.target.mailbox, "name": agent if outgoing else ""}
    unknown = {"address": NO_ADDRESS, "name": ""}
    senders = addresses(row["FromAddress"])
    sender = dict(senders[0]) if senders else (mailbox if outgoing else unknown)
    if outgoing and not sender["name"]:
        sender["name"] = agent
    return {
        "type": "email",
        "from": sender,
        "to": addresses(row["ToAddress"]) or [unknown if outgoing else mailbox],
        "cc": addresses(row.get("CcAddresses")),
    }


def _meta(row: Row, lookups: Lookups) -> dict[str, Any]:
    """Return what Gorgias has no place for: the agent's name, who may have no user there."""
    writer = row.get("UserID_From")
    return {"agent": lookups.agent_name(writer)} if writer in lookups.agents else {}


def comment(row: Row, moment: datetime, external_id: str, lookups: Lookups) -> Json:
    """Return a comment as an internal note; its type, and the name of an author who is gone, stand in front."""
    text = row["CommentText"] or ""
    label = html.unescape(_type_of(row["CommentTypeID"], lookups))
    author, name = lookups.agent_reference(row["UserID"]), lookups.agent_name(row["UserID"])
    front = _front(label, name if author == "user:fallback" else "")
    body = headed(text, front, is_html=HTML_TAG.search(text) is not None)
    known = {"comment_type": label, "agent": name}
    return note(moment, body, author=author, external_id=external_id, meta=known)


def headed(text: str, front: str, *, is_html: bool) -> Json:
    """Return a text of the source as a body, with a line in front that says whose it is, where one is given."""
    if is_html:
        return {"body_html": f"<p><em>{html.escape(front)}</em></p>{text}" if front else text}
    return {"body_text": f"{front}\n\n{text}" if front else text}


def _type_of(code: int, lookups: Lookups) -> str:
    """Return what a type of comment is called; one that nobody defined or mapped keeps its number."""
    row = lookups.comment_types.get(code)
    if row is not None:
        return str(row.get("DisplayName") or row.get("EnglishName") or "")
    entry = lookups.mapping.comment_types.get(str(code))
    return entry.name if entry else f"Type {code}"


def _front(label: str, name: str) -> str:
    """Return the line in front of a comment, or nothing for a plain one of an agent who is still there."""
    kind = "" if label.lower() in ("", "general") else f"{label} comment"
    return f"{kind or 'Comment'} by {name}:" if name else (f"{kind}:" if kind else "")


def _placeholder(moment: datetime) -> Json:
    """Return the one note of a ticket that has no messages: Gorgias takes no ticket without one."""
    return note(moment, {"body_text": NO_MESSAGES})


def is_placeholder(message: Mapping[str, Any]) -> bool:
    """Return whether a message that was read back is that note, which carries no external id."""
    return message.get("channel") == "internal-note" and (message.get("body_text") or "").strip() == NO_MESSAGES
