"""How far a delta reaches: the tickets that did not change themselves, and show somebody or something that did.

A ticket names its agents and whoever wrote in it. When an address gets an account or a ticket of its own, when an agent
comes, goes or is called otherwise, or when a requester vanishes with the only ticket, other tickets are sent otherwise.
They are found by what they refer to: a few columns of the staged tickets are gone through, and no payload is made.
Where a department, a group or another definition changed that any ticket may show, all are to be looked at. A ticket
that went without a file is looked at again with every delta, which indexes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from migrator_lib.contacts import phone_of
from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups, addresses, lowered
from migrator_lib.mapping import EngagementMapping
from migrator_lib.objects import ATTACHMENT
from migrator_lib.parameters import Parameters
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.tables import CALL_FAMILY, FAMILIES, TICKET_FAMILY, Chosen, Family, chosen_of
from migrator_lib.staging import Staged

SHOWN = (
    "Brands", "Departments", "Groups", "TicketStatuses", "CommentTypes", "CustomDataFields", "Tags", "TaskStatuses",
    "TaskPriorities",
)  # fmt: skip
"""Small tables that any ticket may show something of. People are looked for one by one instead."""
QUARANTINED = "quarantined"
"""State in the ledger."""
OTHERS = tuple(family for family in FAMILIES if family is not TICKET_FAMILY)
HEADERS = 10_000
"""Address headers that are kept read: most are met again soon."""


@dataclass(frozen=True)
class Reach:
    """What a delta changes beside the tickets that it holds."""

    definitions: frozenset[str] = frozenset()
    """Small tables that changed and that any ticket may show: all tickets are to be looked at."""
    users: frozenset[int] = frozenset()
    """Agents and requesters whom tickets show otherwise than before."""
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    """Addresses, lower case, that belong to another requester than before, or to one at last, or to none any more."""
    guests: frozenset[str] = field(default=frozenset(), repr=False)
    """Those of the addresses that no account has, before or after."""
    tickets: frozenset[int] = frozenset()
    """Staged tickets that refer to them."""
    filed: frozenset[int] = frozenset()
    """Staged tickets with an attachment that did not go up, since its file was not there: it may have come."""
    others: frozenset[tuple[str, int]] = frozenset()
    """Staged chats and call logs that refer to them, or wait for a file: name of the family, and id."""

    def __or__(self, other: Reach) -> Reach:
        """Return what both reach."""
        return Reach(
            self.definitions | other.definitions, self.users | other.users, self.addresses | other.addresses,
            self.guests | other.guests, self.tickets | other.tickets, self.filed | other.filed,
            self.others | other.others,
        )  # fmt: skip

    def beside(self, loaded: Chosen) -> Reach:
        """Return this without what is loaded anyway."""
        own = frozenset(chosen_of(loaded, TICKET_FAMILY))
        others = {(family.name, one) for family in OTHERS for one in chosen_of(loaded, family)}
        return replace(self, tickets=self.tickets - own, filed=self.filed - own, others=self.others - others)

    def ids(self, family: Family) -> set[int]:
        """Return what is reached of a family."""
        if family is TICKET_FAMILY:
            return {*self.tickets, *self.filed}
        return {one for name, one in self.others if name == family.name}

    @property
    def people(self) -> int:
        """How many people are shown otherwise."""
        return len(self.users) + len(self.guests)


def reach(states: Sequence[Staged], parameters: Parameters, progress: Progress) -> Reach:
    """Return what the changes from each staged state to the next one reach, among the tickets of the last one.

    The steps between are looked at one by one, since a load of any of them may have begun: what changed and changed
    back is sent again, too. Memory is a few values for each person, and a number for each ticket that is found.

    Args:
        states: what was loaded last, what is staged now, and what was staged between, oldest first.
        parameters: the engagement's.
        progress: told of every row that is gone through.
    """
    found, linked, numbers = Reach(), Reach(), set[str]()
    before = None
    for earlier, later in pairwise(states):
        before = before or _lookups(earlier, parameters)
        after = _lookups(later, parameters)
        changed = frozenset(table for table in SHOWN if earlier.rows(table) != later.rows(table))
        found |= Reach(changed, _users(before, after), *_addresses(before, after))
        linked |= _linked(before, after)
        numbers |= _numbers(before, after)
        before = after
    if found.definitions:
        return found
    showing = _showing(states[-1], found, progress) if found.users or found.addresses else ()
    others = _others_showing(states[-1], found) if found.users or found.addresses else ()
    called = _called(states[-1], numbers) if numbers else ()
    return found | linked | Reach(tickets=frozenset(showing), others=frozenset((*others, *called)))


def without_file(ledger: Ledger, target: str, staged: Staged) -> Reach:
    """Return the tickets (chats, call logs) with an attachment that was left behind: a delta indexes the files anew.

    Memory is a key for each such attachment.
    """
    left = {entry.source_key for entry in ledger.entries(target, ATTACHMENT.name, QUARANTINED)}
    if not left:
        return Reach()
    found = {
        (family.name, row[family.key])
        for family in FAMILIES
        for row in staged.columns(family.attachments, [family.attachment_id])
        if family.attachment_key(row) in left
    }
    tickets = frozenset(one for name, one in found if name == TICKET_FAMILY.name)
    return Reach(filed=tickets, others=frozenset(one for one in found if one[0] != TICKET_FAMILY.name))


def _lookups(staged: Staged, parameters: Parameters) -> Lookups:
    """Return who is who; the mapping says nothing of that."""
    return Lookups.of(staged, EngagementMapping(), parameters)


def _users(before: Lookups, after: Lookups) -> frozenset[int]:
    known = before.users.keys() | after.users.keys()
    return frozenset(user for user in known if _face(before, user) != _face(after, user))


def _face(lookups: Lookups, user: int) -> tuple[Any, ...]:
    """Return all that a ticket may show of an account."""
    return (
        user in lookups.agents,
        lookups.is_unassigned(user),
        lookups.agent_reference(user),
        lookups.agent_name(user),
        lookups.requester_key(user, None),
    )


def _addresses(before: Lookups, after: Lookups) -> tuple[frozenset[str], frozenset[str]]:
    """Return the addresses with another requester, and those of them that no account has, before or after."""
    old, new = before.requester_of_address, after.requester_of_address
    accounts = {lowered(row["Email"]) for lookups in (before, after) for row in lookups.users.values()}
    found = frozenset(address for address in old.keys() | new.keys() if old.get(address) != new.get(address))
    return found, found - accounts


def _linked(before: Lookups, after: Lookups) -> Reach:
    """Return what shows other links than before: a link is a row of one of its tickets alone."""
    old, new = before.links.by_thing, after.links.by_thing
    things = {thing for thing in old.keys() | new.keys() if old.get(thing) != new.get(thing)}
    tickets = frozenset(number for kind, number in things if kind == TICKET_FAMILY.name)
    return Reach(tickets=tickets, others=frozenset(thing for thing in things if thing[0] != TICKET_FAMILY.name))


def _numbers(before: Lookups, after: Lookups) -> set[str]:
    """Return the telephone numbers that are another customer's than before."""
    phones = before.callers.keys() | after.callers.keys()
    return {phone for phone in phones if before.owner_of_number(phone) != after.owner_of_number(phone)}


def _called(staged: Staged, numbers: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the call logs with one of these numbers."""
    for row in staged.columns(CALL_FAMILY.root.name, ["CustomerPhoneNumber"]):
        if phone_of(row["CustomerPhoneNumber"]) in numbers:
            yield CALL_FAMILY.name, row[CALL_FAMILY.key]


def _showing(staged: Staged, who: Reach, progress: Progress) -> Iterator[int]:
    """Yield the tickets in which these people are agent, requester, or author; some of them more than once."""

    @lru_cache(maxsize=HEADERS)
    def concerns(header: str | None) -> bool:
        senders = addresses(header)
        return bool(senders) and lowered(senders[0]["address"]) in who.addresses

    tables = ("Tickets", "TicketMessages", "TicketComments", "Tasks", "TimeLogs")
    progress.begin("Looking for tickets that show who changed", sum(map(staged.count, tables)))
    for row in staged.columns("Tickets", ["UserID", "UserID_Customer", "CustomerEmailAddress"]):
        address = lowered(row["CustomerEmailAddress"])
        if not who.users.isdisjoint((row["UserID"], row["UserID_Customer"])) or address in who.addresses:
            yield row["TicketID"]
        progress.advance()
    for row in staged.columns("TicketMessages", ["UserID_From", "FromAddress"]):
        if row["UserID_From"] in who.users or concerns(row["FromAddress"]):
            yield row["TicketID"]
        progress.advance()
    for table in ("TicketComments", "Tasks", "TimeLogs"):
        for row in staged.columns(table, ["UserID"]):
            if row["UserID"] in who.users:
                yield row["TicketID"]
            progress.advance()
    progress.end()


def _others_showing(staged: Staged, who: Reach) -> Iterator[tuple[str, int]]:
    """Yield the chats and call logs in which these people are agent, customer, or author."""
    for family in OTHERS:
        for row in staged.columns(family.root.name, ["UserID", "CustomerUserID", "CustomerEmailAddress"]):
            known = who.users.isdisjoint((row["UserID"], row["CustomerUserID"]))
            if not known or lowered(row["CustomerEmailAddress"]) in who.addresses:
                yield family.name, row[family.key]
        for table in filter(None, (family.messages, family.comments)):
            for row in staged.columns(table, ["UserID"]):
                if row["UserID"] in who.users:
                    yield family.name, row[family.key]
