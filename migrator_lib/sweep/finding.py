"""Finding duplicates in what was read back: no call is made.

Of several tickets or customers the one is kept that the ledger names, else the one with most of our messages, else the
oldest. Of several messages the one in the ticket is kept that the source has it in, else the oldest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import GONE, Entry, Ledger
from migrator_lib.ledger.written import TRASHED
from migrator_lib.objects import CONVERSATIONS, PEOPLE, SETUP, TICKET
from migrator_lib.objects.conversation import DATES, compared_message, moment
from migrator_lib.objects.homes import homes
from migrator_lib.staging import Staged

if TYPE_CHECKING:
    from migrator_lib.reconcile.readback import ReadBack

DUPLICATE = "duplicate"
"""State of a finding: one thing too many."""
REPLY = "has a message that is not ours"
WORKED_ON = "differs from the one that is kept: somebody may have worked on it"
ITS_TICKETS = "has tickets"
IN_USE = "may hold values of tickets or customers: archive it in Gorgias when you have looked"
UNSETTLED = "the ledger knows no finished load of it: run 05_load first"
Named = tuple[str, str]
"""Object and source key of a record."""


@dataclass(frozen=True)
class Extra:
    """One thing too many in Gorgias."""

    object: str
    source_key: str
    target_id: int
    kept: int
    """Gorgias id of the one that stays."""
    ticket: int | None = None
    """Gorgias id of the ticket that a message is in."""
    owner: Named = ("", "")
    """The record whose entry tells of it: of a message, what became its ticket."""
    updated: str | None = None
    """When a ticket was last changed, as it was read."""
    why_left: str = ""
    """Why it is left for a person; empty where it can be taken away."""

    @property
    def kind(self) -> str:
        """What it is in Gorgias: a ticket, a message, a field, or a customer (called as most of them are)."""
        if self.ticket is not None:
            return "message"
        if self.object in {obj.name for obj in CONVERSATIONS}:
            return TICKET.name
        return PEOPLE[0].name if self.object in {obj.name for obj in PEOPLE} else self.object

    @property
    def words(self) -> str:
        """For people: beside which one it is, and whether it can go."""
        where = f" in ticket {self.ticket}" if self.ticket else ""
        return f"there beside {self.kept}{where}" + (f"; left, since it {self.why_left}" if self.why_left else "")


def find(read: ReadBack, ledger: Ledger, target: str, staged: Staged) -> list[Extra]:
    """Return what is there too often: tickets, then messages, then customers, then fields.

    (Teams and tags carry no external id, so one of ours cannot be told from one that a person named alike.)

    Args:
        read: what the account holds.
        ledger: says which one is meant, and which tickets were left alone.
        target: production or sandbox.
        staged: says which ticket a message belongs to.
    """
    found = [*_tickets(read, ledger, target), *_beside_the_trash(read, ledger, target)]
    going = {extra.target_id for extra in found}
    found += _messages(read, ledger, target, staged, going)
    found += _customers(read, ledger, target)
    found += _fields(read, ledger, target)
    return found


# --- tickets -------------------------------------------------------------------------------------------


def _tickets(read: ReadBack, ledger: Ledger, target: str) -> Iterator[Extra]:
    named = ((obj.name, key, several) for obj in CONVERSATIONS for key, several in read.several(obj.name))
    for obj, key, several in named:
        entry = ledger.entry(target, obj, key)
        threads = {int(one["id"]): read.messages(int(one["id"])) for one in several}
        ours = {id_: sum(_is_ours(read, message) for message in thread) for id_, thread in threads.items()}
        kept = min(several, key=lambda one: (not _is_named(one, entry), -ours[one["id"]], one["id"]))
        for one in several:
            if one is not kept:
                thread = threads[int(one["id"])]
                why = _answered(read, thread, threads[int(kept["id"])]) or _worked_on(one, kept, thread, entry)
                yield Extra(
                    obj, key, int(one["id"]), int(kept["id"]), owner=(obj, key),
                    updated=one.get("updated_datetime"), why_left=why or _unsettled(entry),
                )  # fmt: skip


def _beside_the_trash(read: ReadBack, ledger: Ledger, target: str) -> Iterator[Extra]:
    """Yield tickets that are still shown though the one that the ledger names lies in the trash, where we put it."""
    names = {obj.name for obj in CONVERSATIONS}
    for entry in ledger.entries_in(target, (GONE, "skipped")):
        if entry.object in names and TRASHED in entry.detail and entry.target_id is not None:
            for one in read.shown(entry.object, entry.source_key):
                if not _is_named(one, entry):
                    thread = read.messages(int(one["id"]))
                    why = _answered(read, thread, ()) or _worked_on(one, one, thread, entry)
                    yield Extra(
                        entry.object, entry.source_key, int(one["id"]), int(entry.target_id),
                        owner=(entry.object, entry.source_key), updated=one.get("updated_datetime"), why_left=why,
                    )  # fmt: skip


def _worked_on(one: Json, kept: Json, thread: Sequence[Json], entry: Entry | None) -> str:
    """Return why a ticket may have been worked on; empty where its date or all of its fields say that it was not.

    Whatever an agent does dates a ticket anew. We gave it the date that the ledger holds, or the one beside it has, or
    that of its last message; where Gorgias dates by itself, its fields are those of the one beside it.
    """
    ours = {moment(one_of.get("created_datetime")) for one_of in thread[-1:]}
    ours |= {moment(kept.get("updated_datetime")), moment(entry.detail.get("updated") if entry else None)}
    if moment(one.get("updated_datetime")) in ours:
        return ""
    return "" if _without_dates(one) == _without_dates(kept) else WORKED_ON


def _without_dates(ticket: Json) -> Json:
    return {name: value for name, value in TICKET.compared(ticket).items() if name not in DATES}


def _is_named(one: Json, entry: Entry | None) -> bool:
    return entry is not None and entry.target_id == str(one["id"])


def _unsettled(entry: Entry | None) -> str:
    """Return why nothing is taken away of a record whose load is not finished."""
    return "" if entry is not None and entry.state == "created" and entry.target_id is not None else UNSETTLED


def _answered(read: ReadBack, thread: Sequence[Json], kept: Sequence[Json]) -> str:
    """Return why a thread holds what is not ours, by its external id or as the one that is kept has it."""
    others = [compared_message(message) for message in thread if not _is_ours(read, message)]
    known = [compared_message(message) for message in kept if not _is_ours(read, message)]
    return REPLY if any(message not in known for message in others) else ""


def _is_ours(read: ReadBack, message: Json) -> bool:
    return parse(message.get("external_id"), read.engagement) is not None


# --- messages ------------------------------------------------------------------------------------------


def _messages(read: ReadBack, ledger: Ledger, target: str, staged: Staged, going: set[int]) -> Iterator[Extra]:
    """Yield messages that are there too often, in tickets of ours that are shown, and were not left alone or go."""
    several = [
        (name, [one for one in found if int(one["ticket_id"]) not in going])
        for name, found in read.several_messages()
    ]  # fmt: skip
    wanted = [(parse(name, read.engagement), found) for name, found in several if len(found) > 1]
    home_of = homes(staged, [named for named, _ in wanted if named is not None])
    for named, found in wanted:
        if named is None:
            continue
        records = {int(one["ticket_id"]): read.record_of_ticket(int(one["ticket_id"])) for one in found}
        owners = {ticket: record for ticket, record in records.items() if record is not None}
        entries = {ticket: ledger.entry(target, *record) for ticket, record in owners.items()}
        shown = [one for one in found if int(one["ticket_id"]) in owners and not _left_alone(entries[one["ticket_id"]])]
        if len(shown) > 1:
            home = home_of.get(named)
            kept = min(shown, key=lambda one: (owners[int(one["ticket_id"])] != home, one["id"]))
            yield from _beside(kept, shown, named, owners, entries)


def _beside(
    kept: Json, shown: Iterable[Json], named: Named, owners: dict[int, Named],
    entries: dict[int, Entry | None],
) -> Iterator[Extra]:  # fmt: skip
    for one in shown:
        ticket = int(one["ticket_id"])
        if one is not kept:
            same = compared_message(one) == compared_message(kept)
            yield Extra(
                *named, int(one["id"]), int(kept["id"]), ticket=ticket, owner=owners[ticket],
                why_left=("" if same else WORKED_ON) or _unsettled(entries[ticket]),
            )  # fmt: skip


def _left_alone(entry: Entry | None) -> bool:
    """Whether a ticket stays in Gorgias though the source has merged it away: its parts are in another one, too."""
    return entry is not None and entry.state == GONE


# --- customers -----------------------------------------------------------------------------------------


def _customers(read: ReadBack, ledger: Ledger, target: str) -> Iterator[Extra]:
    for obj in PEOPLE:
        for key, several in read.several(obj.name):
            entry = ledger.entry(target, obj.name, key)
            tickets = {int(one["id"]): read.tickets_of(int(one["id"])) for one in several}
            kept = min(several, key=lambda one: (not _is_named(one, entry), -tickets[one["id"]], one["id"]))
            for one in several:
                if one is not kept:
                    same = obj.compared(one) == obj.compared(kept)
                    why = ITS_TICKETS if tickets[int(one["id"])] else ("" if same else WORKED_ON) or _unsettled(entry)
                    yield Extra(obj.name, key, int(one["id"]), int(kept["id"]), owner=(obj.name, key), why_left=why)


# --- fields --------------------------------------------------------------------------------------------


def _fields(read: ReadBack, ledger: Ledger, target: str) -> Iterator[Extra]:
    """Yield fields that are there twice; values may be in either, so a person decides."""
    for obj in SETUP:
        for key, several in read.several(obj.name):
            entry = ledger.entry(target, obj.name, key)
            kept = min(several, key=lambda one: (not _is_named(one, entry), one["id"]))
            for one in several:
                if one is not kept:
                    yield Extra(obj.name, key, int(one["id"]), int(kept["id"]), owner=(obj.name, key), why_left=IN_USE)
