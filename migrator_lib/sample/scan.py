"""Scanning the source for records of every kind that is hard to move: page by page, in constant memory."""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from random import Random

from migrator_lib.chunks import Row, to_staged
from migrator_lib.engagement import Engagement
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import CALL_FAMILY, TICKET_FAMILY, Family, narrow

CANDIDATES = 10
"""Kept of each kind: one that is seen in a record's parts may turn out to be deleted."""
BODIES_READ = 200_000
"""Messages whose text is looked at for empty, non-Latin and wrongly encoded ones, at most."""
LONG_VALUE = 511
"""Characters from which a value may have been cut by SmarterTrack's limit (512 by hearsay)."""
LAST_LATIN = 0x24F
ODD = re.compile("\ufffd|\u00c3[\u0080-\u00bf]|\u00e2\u20ac")
"""A replacement character, or UTF-8 that somebody read as Latin-1."""
SPARE = 40
"""Random ones that are drawn beyond the size, since some are chosen for being hard already."""
RANDOM = "random"
LEFT_OUT = ": must be left out"
DELETED = f"deleted{LEFT_OUT}"
SPAM = f"spam{LEFT_OUT}"
FALLBACK = "user:fallback"
PARTS = {
    "TicketComments": "internal note", "TicketMerges": "merged in SmarterTrack", "TicketLinks": "linked to another",
    "Tasks": "with a task", "TimeLogs": "with a time log",
}  # fmt: skip
"""Tables of a ticket's parts to the kind that a row makes its ticket, as far as they are read."""


class Reservoir:
    """Keeps ``size`` of all that is offered, each with the same chance."""

    def __init__(self, size: int, rng: Random) -> None:
        self.size = size
        self.kept: list[str] = []
        self._rng = rng
        self.seen = 0
        self.ranked = False
        """Whether the first one is the one that counts, and the others are there in case it does not move."""

    def offer(self, item: str) -> None:
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

    def offer(self, kind: str, record: str) -> None:
        """Take a candidate in; the same one twice in a row is one."""
        reservoir = self._reservoir(kind)
        if record not in reservoir.kept[-1:]:
            reservoir.offer(record)

    def rank(self, kind: str, records: Iterable[str]) -> None:
        """Take candidates in of which the first one counts, then the second."""
        reservoir = self._reservoir(kind)
        reservoir.ranked = True
        for record in records:
            reservoir.offer(record)

    def with_candidate(self, record: str) -> Iterator[str]:
        """Yield the kinds that a record may stand for: as a candidate, or as the first one where that counts."""
        for kind, reservoir in self.reservoirs.items():
            if record in reservoir.kept[: 1 if reservoir.ranked else None]:
                yield kind

    def rarest_first(self) -> list[str]:
        """Return all kinds, those that are seen least first."""
        return sorted(self.reservoirs, key=lambda kind: self.reservoirs[kind].seen)


class Scan:
    """One walk over the source's tickets, chats and call logs, and what belongs to them."""

    def __init__(self, engagement: Engagement, kinds: Kinds, lookups: Lookups, size: int) -> None:
        self.engagement = engagement
        self.kinds = kinds
        self.lookups = lookups
        self.skips_spam = engagement.parameters.policy.spam_tickets == "skip"
        self.skips_calls = engagement.parameters.policy.call_logs == "skip"
        self._known: dict[str, Row] = {}
        self._rng = Random(f"{kinds.seed}:{RANDOM}")
        self._drawn = Reservoir(size + SPARE, self._rng)

    def run(self) -> None:
        """Walk over everything."""
        self._tickets()
        self._parts()
        for obj in CONVERSATIONS:
            if obj.family is not TICKET_FAMILY:
                self._others(obj.family)

    @property
    def moving(self) -> int:
        """How many records were seen that move: all that are not left out."""
        return self._drawn.seen

    def drawn(self) -> list[str]:
        """Return random records that move, in random order."""
        return self._rng.sample(self._drawn.kept, len(self._drawn.kept))

    def _rows(self, name: str, columns: str) -> Iterator[Row]:
        """Yield the rows of a family's table, in the order of its root, with the columns that are looked at."""
        table = narrow(name, columns.split())
        progress, source = self.engagement.progress, self.engagement.source
        progress.begin(f"Choosing a sample: {name}", source.count(name) or 0)
        for page in pages(source, table, self.engagement.parameters.source.page_rows):
            progress.advance(len(page))
            yield from page

    # --- tickets -----------------------------------------------------------------------------------

    def _tickets(self) -> None:
        """Offer tickets by what their own row says."""
        self._expect()
        columns = "IsDeleted IsSpam TicketStatusID TicketPriorityID DepartmentID UserID UserID_Customer"
        for row in self._rows("Tickets", f"{columns} CustomerEmailAddress Subject IsPinnedToAgent RequiresFollowUp"):
            ticket = _ticket(row)
            if self._is_left_out(row):
                self.kinds.offer(DELETED if row["IsDeleted"] else SPAM, ticket)
                continue
            self._drawn.offer(ticket)
            for kind in self._kinds_of(row):
                self.kinds.offer(kind, ticket)

    def _expect(self) -> None:
        chosen = self.lookups
        self.kinds.expect(*(f"status '{row['DisplayName'] or row['EnglishName']}'" for row in chosen.statuses.values()))
        self.kinds.expect(*map(self._department, chosen.departments))
        self.kinds.expect("unassigned", "inactive agent", "requester without account", DELETED)
        self.kinds.expect(*(f"channel '{entry.name}'" for entry in chosen.mapping.channels.values()))
        moved = {entry.becomes for entry in chosen.mapping.ticket_fields.values()} - {"nothing"}
        self.kinds.expect(*(f"custom field as {becomes}" for becomes in sorted(moved)))
        if self.skips_spam:
            self.kinds.expect(SPAM)

    def _is_left_out(self, row: Row) -> bool:
        spam = self.skips_spam and bool(row.get("IsSpam"))
        return bool(row["IsDeleted"]) or spam or (self.skips_calls and CALL_FAMILY.key in row)

    def _department(self, department: int | None) -> str:
        brand = self.lookups.brand_of(department or 0) or {}
        name = self.lookups.departments.get(department or 0, {}).get("DisplayName") or f"department {department}"
        return f"department '{name}' of brand '{brand.get('BrandName') or 'none'}'"

    def _kinds_of(self, row: Row) -> Iterator[str]:
        status = self.lookups.statuses.get(row["TicketStatusID"], {})
        yield f"status '{status.get('DisplayName') or status.get('EnglishName') or row['TicketStatusID']}'"
        priority = self.lookups.mapping.priorities.get(str(row["TicketPriorityID"]))
        yield f"priority '{priority.name}'" if priority else f"priority {row['TicketPriorityID']}"
        yield self._department(row["DepartmentID"])
        yield from self._kinds_of_people(row)
        if row["IsSpam"]:
            yield "spam"
        if row["RequiresFollowUp"]:
            yield "follow-up"
        if row["IsPinnedToAgent"]:
            yield "pinned to its agent"
        if is_non_latin(row["Subject"]):
            yield "non-Latin subject"

    def _kinds_of_people(self, row: Row) -> Iterator[str]:
        agent, requester = row["UserID"], self.lookups.users.get(row["UserID_Customer"])
        if self.lookups.is_unassigned(agent):
            yield "unassigned"
        elif self.lookups.agent_reference(agent) == "user:fallback":
            yield "inactive agent"
        if requester is None:
            yield "requester without account" if lowered(row["CustomerEmailAddress"]) else "no requester at all"
        elif requester.get("Language"):
            yield f"language '{requester['Language']}' of the requester"

    # --- what belongs to tickets -------------------------------------------------------------------

    def _parts(self) -> None:
        """Offer tickets by their messages, notes, attachments, values and merges."""
        messages = self._rows("TicketMessages", "IsDraft DeliveryStatus LastDeliveryError")
        self.kinds.expect("draft: must not be sent", "mail that could not be delivered", "inline image")
        self._largest("longest thread", messages, "TicketID", _ticket, self._message_kinds)
        rows = (row for row in self._rows("TicketAttachments", "CidTagName IsDeleted Length") if not row["IsDeleted"])
        self._largest("most attachments", self._with_largest_file(rows), "TicketID", _ticket, _attachment_kinds)
        self.kinds.expect("internal note", f"value of {LONG_VALUE} characters or more", "merged in SmarterTrack")
        there = {table.name for table in TICKET_FAMILY.children}
        for name, kind in PARTS.items():
            for row in self._rows(name, "") if name in there else ():
                self.kinds.offer(kind, _ticket(row))
        for row in self._rows("CustomDataFieldsInTickets", "DataContent"):
            for kind in self._value_kinds(row):
                self.kinds.offer(kind, _ticket(row))
        self._bodies()

    def _largest(
        self, kind: str, rows: Iterable[Row], key: str, name: Callable[[Row], str],
        kinds_of: Callable[[Row], Iterator[str]],
    ) -> None:  # fmt: skip
        """Offer the records that have most rows, most first; and what each row says of its record."""
        self.kinds.expect(kind)

        def counted() -> Iterator[tuple[int, int, str]]:
            for one, group in groupby(rows, key=lambda row: int(row[key])):
                n, record = 0, ""
                for row in group:
                    n, record = n + 1, name(row)
                    for found in kinds_of(row):
                        self.kinds.offer(found, record)
                yield n, -one, record

        self.kinds.rank(kind, [record for _, _, record in heapq.nlargest(CANDIDATES, counted())])

    def _with_largest_file(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and offer the tickets of the largest files when they have passed."""
        largest: list[tuple[int, int]] = []
        for row in rows:
            heapq.heappush(largest, (int(row["Length"] or 0), int(row["TicketID"])))
            if len(largest) > CANDIDATES:
                heapq.heappop(largest)
            yield row
        ranked = dict.fromkeys(ticket for _, ticket in sorted(largest, reverse=True))
        self.kinds.rank("largest file", [key_of(TICKET_FAMILY.name, ticket) for ticket in ranked])

    def _message_kinds(self, row: Row) -> Iterator[str]:
        if row["IsDraft"]:
            yield "draft: must not be sent"
        if (row["DeliveryStatus"] or 0) >= 1 and row["LastDeliveryError"]:
            yield "mail that could not be delivered"

    def _value_kinds(self, row: Row) -> Iterator[str]:
        value = (row["DataContent"] or "").strip()
        entry = self.lookups.mapping.ticket_fields.get(str(row["CustomFieldID"]))
        if len(row["DataContent"] or "") >= LONG_VALUE:
            yield f"value of {LONG_VALUE} characters or more"
        if not value or entry is None:
            return
        if entry.becomes != "nothing":
            yield f"custom field as {entry.becomes}"
        channel = self.lookups.mapping.channels.get(value.lower()) if entry.holds == "channel" else None
        if channel is not None:
            yield f"channel '{channel.name}'"

    def _bodies(self) -> None:
        kinds = ("empty body", "non-Latin text", "odd encoding")
        self.kinds.expect(*kinds)
        for n, row in enumerate(self._rows("TicketMessages", "BodyText BodyHTML IsDraft")):
            enough = all(self.kinds.reservoirs[kind].seen >= CANDIDATES for kind in kinds)
            if n >= BODIES_READ or enough:
                return
            kind = _body_kind(row)
            if kind and self.kinds.reservoirs[kind].seen < CANDIDATES:
                self.kinds.offer(kind, _ticket(row))

    # --- chats and call logs -----------------------------------------------------------------------

    def _others(self, family: Family) -> None:
        """Offer chats or call logs by their own row and by their parts."""
        one = family.name.replace("_", " ")
        self.kinds.expect(one, f"{one} with a file")
        for row in self._rows(family.root.name, "IsDeleted UserID CustomerUserID CustomerLanguage IsOutgoing"):
            record = key_of(family.name, row[family.key])
            if self._is_left_out(row):
                self.kinds.offer(f"{'deleted ' if row['IsDeleted'] else ''}{one}{LEFT_OUT}", record)
                continue
            self._drawn.offer(record)
            for kind in self._kinds_of_other(one, row):
                self.kinds.offer(kind, record)
        for row in self._rows(family.attachments, "IsDeleted"):
            if not row["IsDeleted"]:
                self.kinds.offer(f"{one} with a file", key_of(family.name, row[family.key]))
        self._parts_of_others(family, one)

    def _kinds_of_other(self, one: str, row: Row) -> Iterator[str]:
        yield one
        if row.get("CustomerUserID") not in self.lookups.users:
            yield f"{one} of somebody without account"
        if not self.lookups.is_unassigned(row["UserID"]) and self.lookups.agent_reference(row["UserID"]) == FALLBACK:
            yield f"{one} of an inactive agent"
        if row.get("CustomerLanguage"):
            yield f"language '{row['CustomerLanguage']}' of a {one}"
        if "IsOutgoing" in row:
            yield f"{'outgoing' if row['IsOutgoing'] else 'incoming'} {one}"

    def _parts_of_others(self, family: Family, one: str) -> None:
        def name(row: Row) -> str:
            return key_of(family.name, row[family.key])

        if family.messages:
            rows = self._rows(family.messages, "ViewRestriction ChatSenderType")
            self._largest(f"longest {one}", rows, family.key, name, lambda row: self._line_kinds(one, row))
        for table, kind in ((family.comments, "internal note"), (family.fields, "custom field")):
            for row in self._rows(table, "") if table else ():
                self.kinds.offer(f"{one} with {kind}", name(row))

    def _line_kinds(self, one: str, row: Row) -> Iterator[str]:
        view = self.lookups.mapping.chat_views.get(str(row["ViewRestriction"]))
        if view is not None and view.becomes == "internal":
            yield f"{one} with lines that the customer did not see"

    # --- candidates --------------------------------------------------------------------------------

    def fits(self, kind: str, record: str) -> bool:
        """Whether a candidate may stand for a kind: for all but those that are left out it must move."""
        row = self._row(record)
        unmapped = kind.startswith(("status", "priority"))  # one that is not mapped is worth showing, but once
        if kind.endswith(LEFT_OUT):
            return True
        return not self._is_left_out(row) and (unmapped or self._is_mapped(row))

    def first_fitting(self, kind: str) -> str | None:
        """Return the first candidate that may stand for a kind, or None."""
        return next((record for record in self.kinds.reservoirs[kind].kept if self.fits(kind, record)), None)

    def kinds_of_record(self, record: str) -> list[str]:
        """Return the kinds that a record is of: by its own row, and as a candidate."""
        row = self._row(record)
        if self._is_left_out(row) or not self._is_mapped(row):
            return []
        own = self._kinds_of(row) if "TicketStatusID" in row else ()
        return list(dict.fromkeys((*own, *self.kinds.with_candidate(record))))

    def moves(self, record: str) -> bool:
        """Whether a record is among those that random ones are drawn from."""
        return not self._is_left_out(self._row(record))

    def _is_mapped(self, row: Row) -> bool:
        if "TicketStatusID" not in row:
            return True
        statuses, priorities = self.lookups.mapping.statuses, self.lookups.mapping.priorities
        return str(row["TicketStatusID"]) in statuses and str(row["TicketPriorityID"]) in priorities

    def _row(self, record: str) -> Row:
        if record not in self._known:
            kind, _, key = record.partition(":")
            table = next(obj.family.root for obj in CONVERSATIONS if obj.name == kind)
            page = self.engagement.source.page(table, after=None, rows=1, only=[int(key)])
            rows = to_staged(table, page).to_pylist()
            self._known[record] = rows[0] if rows else {"IsDeleted": True}
        return self._known[record]


def key_of(obj: str, key: int) -> str:
    """Return how a record is named in the sample: ``ticket:17``."""
    return f"{obj}:{key}"


def _ticket(row: Row) -> str:
    return key_of(TICKET_FAMILY.name, row["TicketID"])


def _attachment_kinds(row: Row) -> Iterator[str]:
    if (row["CidTagName"] or "").strip():
        yield "inline image"


def _body_kind(row: Row) -> str | None:
    text, markup = (row["BodyText"] or "").strip(), (row["BodyHTML"] or "").strip()
    if row["IsDraft"]:
        return None
    if not text and not markup:
        return "empty body"
    if ODD.search(text) or ODD.search(markup):
        return "odd encoding"
    return "non-Latin text" if is_non_latin(text) else None


def is_non_latin(text: str | None) -> bool:
    """Whether a text has letters of another script than Latin."""
    letters = (c for c in text or "" if ord(c) > LAST_LATIN and c.isalpha())
    return any(not unicodedata.name(c, "LATIN").startswith(("LATIN", "MODIFIER")) for c in letters)
