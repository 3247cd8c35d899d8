"""How a ticket stands in SmarterTrack, as notes for agents: its links, the numbers it had, and its follow-up.

Gorgias has a place for none of them. What agents search is the text of messages, so numbers stand in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrator_lib.gorgias.api import Json
from migrator_lib.links import ENDS, Linked
from migrator_lib.lookups import Lookups
from migrator_lib.objects.notes import FOLLOW_UP, LINKED_FROM, MERGED_NUMBERS, note
from migrator_lib.objects.work import said
from migrator_lib.staging import Row, TicketRecord

WORDS = {"ticket": "ticket", "live_chat": "chat", "call_log": "call"}


def numbers(ticket: TicketRecord) -> list[str]:
    """Return a ticket's number, and those that were merged into it."""
    merged = sorted(str(merge["TicketNumber"]).strip() for merge in ticket.merges)
    own = str(ticket.row["TicketNumber"] or "").strip()
    return [number for number in dict.fromkeys((own, *merged)) if number]


def beside_the_first(ticket: TicketRecord, moment: datetime, lookups: Lookups) -> Iterator[Json]:
    """Yield the notes that stand behind a ticket's first message: numbers merged into it, and its links."""
    merged = [str(merge["TicketNumber"]) for merge in ticket.merges]
    if merged:
        text = f"Merged into this ticket in SmarterTrack: {', '.join(sorted(merged))}."
        yield note(moment, {"body_text": text}, external_id=lookups.external_id(MERGED_NUMBERS, ticket.id))
    told: set[int] = set()
    for link in lookups.links.of("ticket", ticket.id):
        first = link.own and link.link not in told
        told.add(link.link)
        name = ("ticket_link", link.link) if first else (LINKED_FROM, f"{link.link}-{link.kind}-{link.id}")
        text = f"Linked in SmarterTrack to {said_of(link)}."
        yield note(moment, {"body_text": text}, external_id=lookups.external_id(*name))


def is_link(row: Row) -> bool:
    """Whether a row of TicketLinks links its ticket to anything."""
    return any(row[column] is not None for _, column in ENDS)


def said_of(link: Linked) -> str:
    """Return the other side of a link in words, by the number that people search."""
    word = WORDS[link.kind]
    return f"{word} {link.number}" if link.number else f"a {word} that is not there any more ({link.id})"


def follow_up(ticket: TicketRecord, moment: datetime, lookups: Lookups) -> Json | None:
    """Return the note of a ticket that is to be followed up, or None."""
    if not ticket.row.get("RequiresFollowUp"):
        return None
    due = ticket.row.get("DateFollowUpUTC")
    text = "To be followed up" + (f" on {said(due)}" if due else "") + ", as it was in SmarterTrack."
    return note(moment, {"body_text": text}, external_id=lookups.external_id(FOLLOW_UP, ticket.id))
