"""Links of tickets to other tickets, chats and calls, as each side of them sees it.

SmarterTrack keeps a link as one row of the ticket it was made on; agents see it from both sides. Memory is a few values
for each link, and the numbers of what is linked, no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from migrator_lib.staging import Row, Staged

TICKET, CHAT, CALL = "ticket", "live_chat", "call_log"
ENDS = ((TICKET, "TicketID_Secondary"), (CHAT, "ChatID"), (CALL, "CallLogID"))
"""What a row may link its ticket to, and the column that says which."""
NUMBERS = ((TICKET, "Tickets", "TicketID", "TicketNumber"), (CHAT, "Chats", "ChatID", "ChatNumber"),
           (CALL, "CallLogs", "CallLogID", "CallNumber"))  # fmt: skip
Thing = tuple[str, int]
"""Object and id."""


class Linked(NamedTuple):
    """The other side of a link."""

    link: int
    """TicketLinkID."""
    kind: str
    """Object: ``ticket``, ``live_chat`` or ``call_log``."""
    id: int
    number: str
    """What people know it by; empty where it is not in the source any more, or has none."""
    own: bool
    """Whether the row is this side's own: it was made on this ticket."""
    further: bool = False
    """Whether the row links its ticket to a chat, too, and this side is the call."""


@dataclass
class Links:
    """All links, by what they are on."""

    by_thing: Mapping[Thing, tuple[Linked, ...]] = field(default_factory=dict)

    def of(self, kind: str, number: int) -> tuple[Linked, ...]:
        """Return the links of a ticket, chat or call, by their ids."""
        return self.by_thing.get((kind, number), ())

    @classmethod
    def read(cls, staged: Staged) -> Links:
        """Return the links of a stage."""
        pairs = [pair for row in staged.columns("TicketLinks", _COLUMNS) for pair in _pairs(row)]
        wanted = {thing for _, one, other in pairs for thing in (one, other)}
        numbers = dict(_numbers(staged, wanted))
        found: dict[Thing, list[Linked]] = {}
        seen: set[int] = set()
        for link, one, other in pairs:
            found.setdefault(one, []).append(Linked(link, *other, numbers.get(other, ""), own=True))
            if other != one:
                linked = Linked(link, *one, numbers.get(one, ""), own=False, further=link in seen)
                found.setdefault(other, []).append(linked)
            if other[0] != TICKET:
                seen.add(link)
        return cls({thing: tuple(sorted(links)) for thing, links in found.items()})


_COLUMNS = ("TicketLinkID", *(column for _, column in ENDS))


def _pairs(row: Row) -> Iterator[tuple[int, Thing, Thing]]:
    """Yield the link of a row: its id, its ticket, and the other side."""
    for kind, column in ENDS:
        if row[column] is not None:
            yield row["TicketLinkID"], (TICKET, row["TicketID"]), (kind, row[column])


def _numbers(staged: Staged, wanted: set[Thing]) -> Iterator[tuple[Thing, str]]:
    for kind, table, own, number in NUMBERS:
        ids = {thing for of_kind, thing in wanted if of_kind == kind}
        for row in staged.columns_of(ids, table, [own, number]) if ids else ():
            yield (kind, row[own]), str(row[number] or "").strip()
