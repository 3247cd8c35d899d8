"""Scanning the source for tickets of every kind that is hard to move: page by page; in memory are ids alone."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from random import Random

from migrator_lib.chunks import Row, to_staged
from migrator_lib.engagement import Engagement
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import narrow, source_table

CANDIDATES = 10
"""Kept for kinds that are seen in a ticket's parts, since their ticket may turn out to be deleted."""
BODIES_READ = 200_000
"""Messages whose text is looked at for empty and non-Latin ones, at most."""
LONG_VALUE = 511
"""Characters from which a value may have been cut by SmarterTrack's limit (512 by hearsay)."""
LAST_LATIN = 0x24F
RANDOM = "random"
DELETED = "deleted: must be left out"
SPAM = "spam: must be left out"


class Reservoir:
    """Keeps ``size`` of all that is offered, each with the same chance."""

    def __init__(self, size: int, rng: Random) -> None:
        self.size = size
        self.kept: list[int] = []
        self._rng = rng
        self.seen = 0

    def offer(self, item: int) -> None:
        """Keep an item, or not."""
        self.seen += 1
        if len(self.kept) < self.size:
            self.kept.append(item)
        elif (place := self._rng.randrange(self.seen)) < self.size:
            self.kept[place] = item


class Kinds:
    """Candidates by kind."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.reservoirs: dict[str, Reservoir] = {}

    def expect(self, *kinds: str) -> None:
        """Name kinds that are looked for, so that it is said if there are none."""
        for kind in kinds:
            self._reservoir(kind)

    def _reservoir(self, kind: str, size: int = CANDIDATES) -> Reservoir:
        if kind not in self.reservoirs:
            self.reservoirs[kind] = Reservoir(size, Random(f"{self.seed}:{kind}"))
        return self.reservoirs[kind]

    def offer(self, kind: str, ticket: int) -> None:
        """Take a candidate in."""
        self._reservoir(kind).offer(ticket)

    def rarest_first(self) -> list[str]:
        """Return all kinds, those that are seen least first."""
        return sorted(self.reservoirs, key=lambda kind: self.reservoirs[kind].seen)


class Scan:
    """One walk over the source's tickets and what belongs to them."""

    def __init__(self, engagement: Engagement, kinds: Kinds, lookups: Lookups) -> None:
        self.engagement = engagement
        self.kinds = kinds
        self.lookups = lookups
        self.skips_spam = engagement.parameters.policy.spam_tickets == "skip"
        self._known: dict[int, Row] = {}
        self._moving: set[int] = set()
        """Tickets that move and whose codes are mapped, as the walk over all of them saw."""

    def _rows(self, name: str, columns: str) -> Iterator[Row]:
        """Yield the rows of a ticket's table, ticket by ticket, with the columns that are looked at and no more."""
        table = narrow(name, columns.split())
        progress, source = self.engagement.progress, self.engagement.source
        progress.begin(f"Choosing a sample: {name}", source.count(name) or 0)
        for page in pages(source, table, self.engagement.parameters.source.page_rows):
            progress.advance(len(page))
            yield from page

    # --- tickets -----------------------------------------------------------------------------------

    def tickets(self, size: int) -> list[int]:
        """Offer tickets by what their own row says; return ``size`` random ones that move, in random order."""
        self._expect()
        rng = Random(f"{self.kinds.seed}:{RANDOM}")
        drawn = Reservoir(size + CANDIDATES * 4, rng)
        columns = "IsDeleted IsSpam TicketStatusID TicketPriorityID DepartmentID UserID UserID_Customer"
        for row in self._rows("Tickets", f"{columns} CustomerEmailAddress Subject"):
            ticket = int(row["TicketID"])
            if self._is_left_out(row):
                self.kinds.offer(DELETED if row["IsDeleted"] else SPAM, ticket)
                continue
            drawn.offer(ticket)
            if self._is_mapped(row):
                self._moving.add(ticket)
            for kind in self._kinds_of(row):
                self.kinds.offer(kind, ticket)
        return rng.sample(drawn.kept, len(drawn.kept))

    def _expect(self) -> None:
        chosen = self.lookups
        self.kinds.expect(*(f"status '{row['DisplayName'] or row['EnglishName']}'" for row in chosen.statuses.values()))
        self.kinds.expect(*map(self._department, chosen.departments))
        self.kinds.expect("unassigned", "inactive agent", "requester without account", DELETED)
        if self.skips_spam:
            self.kinds.expect(SPAM)

    def _is_left_out(self, row: Row) -> bool:
        return bool(row["IsDeleted"]) or (self.skips_spam and bool(row["IsSpam"]))

    def _department(self, department: int | None) -> str:
        brand = self.lookups.brand_of(department or 0) or {}
        name = self.lookups.departments.get(department or 0, {}).get("DisplayName") or f"department {department}"
        return f"department '{name}' of brand '{brand.get('BrandName') or 'none'}'"

    def _kinds_of(self, row: Row) -> Iterator[str]:
        status = self.lookups.statuses.get(row["TicketStatusID"], {})
        yield f"status '{status.get('DisplayName') or status.get('EnglishName') or row['TicketStatusID']}'"
        yield f"priority {row['TicketPriorityID']}"
        yield self._department(row["DepartmentID"])
        agent = row["UserID"]
        if self.lookups.is_unassigned(agent):
            yield "unassigned"
        elif self.lookups.agent_reference(agent) == "user:fallback":
            yield "inactive agent"
        if row["UserID_Customer"] not in self.lookups.users:
            yield "requester without account" if lowered(row["CustomerEmailAddress"]) else "no requester at all"
        if row["IsSpam"]:
            yield "spam"
        if is_non_latin(row["Subject"]):
            yield "non-Latin subject"

    # --- what belongs to tickets -------------------------------------------------------------------

    def parts(self) -> None:
        """Offer tickets by their messages, notes, attachments, values and merges; behind :meth:`tickets`."""
        messages = self._rows("TicketMessages", "IsDraft DeliveryStatus LastDeliveryError")
        self.kinds.expect("draft: must not be sent", "mail that could not be delivered", "inline image")
        self._largest("longest thread", messages, self._message_kinds)
        attachments = (row for row in self._rows("TicketAttachments", "CidTagName IsDeleted") if not row["IsDeleted"])
        self._largest("most attachments", attachments, _attachment_kinds)
        self.kinds.expect("internal note", f"value of {LONG_VALUE} characters or more", "merged in SmarterTrack")
        for row in self._rows("TicketComments", ""):
            self.kinds.offer("internal note", int(row["TicketID"]))
        for row in self._rows("CustomDataFieldsInTickets", "DataContent"):
            if len(row["DataContent"] or "") >= LONG_VALUE:
                self.kinds.offer(f"value of {LONG_VALUE} characters or more", int(row["TicketID"]))
        for row in self._rows("TicketMerges", ""):
            self.kinds.offer("merged in SmarterTrack", int(row["TicketID"]))
        self._bodies()

    def _largest(self, kind: str, rows: Iterable[Row], kinds_of: Callable[[Row], Iterator[str]]) -> None:
        """Offer the tickets that have most rows, most first; and what each row says of its ticket."""
        self.kinds.expect(kind)

        def counted() -> Iterator[tuple[int, int]]:
            for ticket, group in groupby(rows, key=lambda row: int(row["TicketID"])):
                n = 0
                for row in group:
                    n += 1
                    for found in kinds_of(row):
                        self.kinds.offer(found, ticket)
                yield n, -ticket

        for _, ticket in heapq.nlargest(CANDIDATES, counted()):
            self.kinds.offer(kind, -ticket)

    def _message_kinds(self, row: Row) -> Iterator[str]:
        if row["IsDraft"]:
            yield "draft: must not be sent"
        if (row["DeliveryStatus"] or 0) >= 1 and row["LastDeliveryError"]:
            yield "mail that could not be delivered"

    def _bodies(self) -> None:
        self.kinds.expect("empty body", "non-Latin text")
        seen: set[str] = set()
        for n, row in enumerate(self._rows("TicketMessages", "BodyText BodyHTML IsDraft")):
            if n >= BODIES_READ or len(seen) == 2:
                return
            kind = _body_kind(row)
            if kind and int(row["TicketID"]) in self._moving:
                seen.add(kind)
                self.kinds.offer(kind, int(row["TicketID"]))

    # --- candidates --------------------------------------------------------------------------------

    def fits(self, kind: str, ticket: int) -> bool:
        """Whether a candidate may stand for a kind: for all but those that are left out it must move."""
        row = self._ticket(ticket)
        unmapped = kind.startswith(("status", "priority"))  # one that is not mapped is worth showing, but once
        return kind in (DELETED, SPAM) or (not self._is_left_out(row) and (unmapped or self._is_mapped(row)))

    def first_fitting(self, kind: str) -> int | None:
        """Return the first candidate that may stand for a kind, or None."""
        return next((ticket for ticket in self.kinds.reservoirs[kind].kept if self.fits(kind, ticket)), None)

    def kinds_of_ticket(self, ticket: int) -> list[str]:
        """Return the kinds that a ticket's own row says it is of."""
        row = self._ticket(ticket)
        return list(self._kinds_of(row)) if not self._is_left_out(row) and self._is_mapped(row) else []

    def _is_mapped(self, row: Row) -> bool:
        statuses, priorities = self.lookups.mapping.statuses, self.lookups.mapping.priorities
        return str(row["TicketStatusID"]) in statuses and str(row["TicketPriorityID"]) in priorities

    def _ticket(self, ticket: int) -> Row:
        if ticket not in self._known:
            table = source_table("Tickets")
            rows = to_staged(table, self.engagement.source.page(table, after=None, rows=1, only=[ticket])).to_pylist()
            self._known[ticket] = rows[0] if rows else {"IsDeleted": True}
        return self._known[ticket]


def _attachment_kinds(row: Row) -> Iterator[str]:
    if (row["CidTagName"] or "").strip():
        yield "inline image"


def _body_kind(row: Row) -> str | None:
    text = (row["BodyText"] or "").strip()
    if row["IsDraft"]:
        return None
    if not text and not (row["BodyHTML"] or "").strip():
        return "empty body"
    return "non-Latin text" if is_non_latin(text) else None


def is_non_latin(text: str | None) -> bool:
    """Whether a text has letters of another script than Latin."""
    letters = (c for c in text or "" if ord(c) > LAST_LATIN and c.isalpha())
    return any(not unicodedata.name(c, "LATIN").startswith(("LATIN", "MODIFIER")) for c in letters)
