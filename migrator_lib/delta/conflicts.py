"""What was left alone: what somebody changed in Gorgias while the source changed it too, field by field.

Of tickets the load writes the rows into the ledger (:mod:`migrator_lib.load.agents`), masked, so that they are listed
as long as the ticket is somebody's; of customers, teams, tags and fields the names of the fields
(:mod:`migrator_lib.load.updates`). Here they become a list with links, and what a person should do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrator_lib import pages
from migrator_lib.csv_file import write_csv
from migrator_lib.delta.history import PURGED, PURGED_OTHERS
from migrator_lib.engagement import Engagement
from migrator_lib.load.agents import LEFT_ALONE, UNKNOWN, WHAT_TO_DO
from migrator_lib.objects import CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP, TICKET
from migrator_lib.objects.conversation import Conversation
from migrator_lib.pages import Html

TARGET = "production"
CONFLICTS_FILE = "conflicts.csv"
COLUMNS = (
    "ticket_number", "ticket", "gorgias_id", "link", "field", "as_it_was_left", "in_gorgias_now",
    "in_smartertrack_now", "changed_by", "what_to_do",
)  # fmt: skip
LISTED = 100
"""Rows that a notebook shows; the file has all."""


@dataclass(frozen=True)
class Conflict:
    """One field of one ticket, customer, team, tag or field; the texts are masked."""

    ticket: str
    """Source key; of what is no ticket with its object before it."""
    number: str
    target_id: str
    link: str
    """Empty where no address of it in Gorgias is documented."""
    field: str
    left: str
    there: str
    source: str
    who: str
    do: str

    def line(self) -> tuple[str, ...]:
        """Return it in the order of :data:`COLUMNS`."""
        return (self.number, self.ticket, self.target_id, self.link, self.field, self.left, self.there, self.source,
                self.who, self.do)  # fmt: skip


def conflicts(engagement: Engagement) -> list[Conflict]:
    """Return those of tickets, then what the source has purged, which stays, then those of everything else."""
    listed = [conflict for obj in CONVERSATIONS for conflict in _of_tickets(engagement, obj)]
    return [*listed, *_purged(engagement), *_of_others(engagement)]


def _of_tickets(engagement: Engagement, obj: Conversation) -> Iterator[Conflict]:
    """Yield what of tickets (chats, call logs) was left alone, field by field."""
    found = [
        (int(entry.source_key), entry.target_id or "", entry.detail[LEFT_ALONE])
        for entry in engagement.ledger.entries(TARGET, obj.name)
        if entry.detail.get(LEFT_ALONE) and entry.target_id
    ]
    url = engagement.account_url(TARGET).rstrip("/") if found else ""
    numbers = _numbers(engagement, obj, {key for key, _, _ in found})
    for key, target_id, rows in sorted(found, key=lambda one: one[0]):
        for row in rows:
            yield Conflict(_key(obj, key), numbers.get(key, ""), target_id, f"{url}/app/ticket/{target_id}", **row)


def _key(obj: Conversation, key: int) -> str:
    return str(key) if obj is TICKET else f"{obj.name} {key}"


def _of_others(engagement: Engagement) -> Iterator[Conflict]:
    """Yield what of customers, teams, tags and fields was left alone; the ledger keeps no value of it, only names."""
    for obj in (*SETUP, *PEOPLE, *ON_TICKETS):
        for entry in engagement.ledger.entries(TARGET, obj.name, "created"):
            for name in entry.detail.get(LEFT_ALONE) or ():
                yield Conflict(
                    f"{obj.name} {entry.source_key}", "", entry.target_id or "", "", name.replace("_", " "),
                    UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, WHAT_TO_DO[UNKNOWN],
                )  # fmt: skip


def _numbers(engagement: Engagement, obj: Conversation, ids: set[int]) -> dict[int, str]:
    """Return ticket (chat, call log) to its number; one that was merged away has none any more."""
    family = obj.family
    rows = engagement.all_stages.columns_of(ids, family.root.name, [family.number]) if ids else ()
    return {row[family.key]: str(row[family.number] or "") for row in rows}


def _purged(engagement: Engagement) -> Iterator[Conflict]:
    others: list[tuple[str, int]] = engagement.ledger.meta(PURGED_OTHERS, [])
    for obj in CONVERSATIONS:
        if obj is TICKET:
            purged: list[int] = engagement.ledger.meta(PURGED, [])
        else:
            purged = [one for name, one in others if name == obj.name]
        known = engagement.ledger.known(TARGET, obj.name, [str(one) for one in purged])
        numbers = _numbers(engagement, obj, set(purged))
        for one in purged:
            entry = known.get(str(one))
            if entry is not None and entry.state == "created" and entry.target_id:
                link = f"{engagement.account_url(TARGET).rstrip('/')}/app/ticket/{entry.target_id}"
                yield Conflict(_key(obj, one), numbers.get(one, ""), entry.target_id, link, "the ticket",
                               "in Gorgias", "in Gorgias", "purged", "changed in SmarterTrack",
                               "nothing: SmarterTrack purges by age, so it stays")  # fmt: skip


def write(engagement: Engagement) -> Path:
    """Write ``documents/conflicts.csv`` anew; return its path.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    file = engagement.paths.documents / CONFLICTS_FILE
    write_csv(file, COLUMNS, (one.line() for one in conflicts(engagement)))
    return file


def table(engagement: Engagement) -> Html:
    """Return the first of them as a table, each with a link to its ticket."""
    found = conflicts(engagement)
    rows = [
        {
            "ticket": pages.link(one.link, one.number or one.ticket) if one.link else one.ticket,
            "field": one.field, "as we left it": one.left, "in Gorgias": one.there,
            "in SmarterTrack": one.source, "who": one.who, "what to do": one.do,
        }
        for one in found[:LISTED]
    ]  # fmt: skip
    more = f", the first {LISTED} of them" if len(found) > LISTED else ""
    if not found:
        return pages.note("Nobody had changed in Gorgias what SmarterTrack changed too.")
    return pages.table(rows, caption=f"Left alone in Gorgias: {len(found):,} fields{more}")
