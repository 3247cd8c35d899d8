"""What a roll-back would remove: the account, read by list pages, against what the ledger says that the load made.

Whatever somebody touched since is protected, and so is everything that something which stays refers to.

- A ticket was touched if its date of change is not the one that our last write gave it, or if it has a message that
  does not carry our external id.
- A customer stays if a ticket or message that stays is theirs, if they were edited, or if another system keeps data
  with them.
- A tag stays if it is on a ticket that stays, or named by a macro, a rule or a view; a team, a user and a field if a
  ticket, macro, rule or view that stays refers to it, or somebody changed it; a macro if a rule refers to it, or
  somebody changed it. What a macro of ours says does not count: it may hold any word.

Tags that Gorgias makes when a ticket names them are in no entry of the ledger. The snapshot from before the load tells
that they are ours; without one they stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from migrator_lib.external_id import parse
from migrator_lib.gorgias.contract.replies import Message
from migrator_lib.ledger import GONE, REMOVED, Entry
from migrator_lib.load.failing import may_be_there
from migrator_lib.load.updates import fingerprint, is_as_left
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, TICKET
from migrator_lib.objects.conversation import moment
from migrator_lib.objects.thread import is_placeholder
from migrator_lib.rollback.context import OBJECTS_OF, Context
from migrator_lib.rollback.inventory import Inventory, Item, hash_of
from migrator_lib.rollback.plan import Decision, Plan, Planned
from migrator_lib.rollback.snapshot import is_first
from migrator_lib.smartertrack.tables import FAMILIES

CHANGED = "changed in Gorgias since it was loaded"
MESSAGES = "has messages that are not ours"
IN_USE = "something that stays refers to it"
"""A ticket or message, or a macro, rule or view."""
FOREIGN = "somebody, or another system, added to it"
BEFORE = "was there before the load"
NAMED = "a macro, a rule or a view names it"
UNLIKE = "is not as it was sent"
UNKNOWN = "nobody can tell whether it was there before: there is no snapshot"
AUTOMATION = ("macros", "rules", "views")
"""Kinds that name tags, teams, users and fields: the company's own, and macros that stay."""
ROLE = "agent"
"""The role that earlier versions made users with: with another one than ours, somebody has given them other work."""
MARGIN = timedelta(days=1)
"""How far clocks may differ: messages are read from this long before the load began."""
ON_THE_FLY = "named by tickets:"
"""What the source key of a tag begins with that Gorgias made, since tickets named it."""
AT_ONCE = 500


def made_by_us(entry: Entry) -> bool:
    """Whether the load made what an entry speaks of, or may have. A ticket is never matched, so each is ours."""
    if may_be_there(entry):
        return True
    if entry.object in {obj.name for obj in CONVERSATIONS}:
        return entry.target_id is not None
    state = (entry.detail.get("was") or {}).get("state") if entry.state == GONE else entry.state
    return state == "created"


class Planner:
    """Makes the plan of one account."""

    def __init__(self, context: Context, there: Inventory, plan: Plan, before: Inventory | None) -> None:
        """Open it.

        Args:
            context: the account.
            there: what the account holds now.
            plan: what it is written to.
            before: the snapshot from before the load; None where there is none.
        """
        self.context = context
        self.there = there
        self.plan = plan
        self.before = before
        self.first = is_first(context)
        self._since = None if context.began is None else moment((context.began - MARGIN).isoformat())

    def make(self) -> None:
        """Decide on everything that the load made.

        Raises:
            TargetError: the account cannot be read.
        """
        self.plan.forget()
        foreign = self._foreign_messages()
        self._what_automation_names("rules", "views")
        self._macros()
        self._what_automation_names("macros")
        self._tickets(foreign)
        self._what_tickets_use(foreign)
        self._people()
        self._tags()
        self._teams()
        self._users()
        self._fields()

    # --- what the load made ------------------------------------------------------------------------

    def _made(self, kind: str) -> Iterator[tuple[Entry, list[Item]]]:
        """Yield what the load made of a kind, each with what the account has of it: none, one, or copies too."""
        others: list[tuple[str, int, str, str]] = []
        for name in OBJECTS_OF[kind]:
            for entry in self.context.ledger.entries(self.context.target, name):
                if entry.state == REMOVED:
                    continue
                if made_by_us(entry):
                    yield entry, self._found(kind, entry)
                elif entry.target_id is not None:
                    others.append((kind, int(entry.target_id), entry.object, entry.source_key))
                if len(others) >= AT_ONCE:
                    self.plan.add_keys(others)
                    others = []
        self.plan.add_keys(others)

    def _found(self, kind: str, entry: Entry) -> list[Item]:
        """Return what the account has of an entry: by its id, and whatever carries its external id."""
        own = self.there.get(kind, int(entry.target_id)) if entry.target_id is not None else None
        named = self.there.by_external_id(kind, entry.external_id) if entry.external_id else []
        found = {item.id: item for item in ([own] if own else []) + named}
        return list(found.values())

    def _decide(self, kind: str, rows: Iterable[tuple[Entry, Item | None, str]]) -> None:
        """Plan things: (entry, what is there of it or None, why it stays or nothing)."""
        planned: list[Planned] = []
        for entry, item, reason in rows:
            if item is not None:
                reason = BEFORE if self._was_there(item) else reason
                decision: Decision = "protect" if reason else "remove"
                key = _key(entry, item)
                planned.append(Planned(kind, item.id, entry.object, key, decision, reason, item.facts["updated"]))
            elif entry.target_id is not None:
                planned.append(Planned(kind, int(entry.target_id), entry.object, entry.source_key, "gone"))
            if len(planned) >= AT_ONCE:
                self.plan.add(planned)
                planned = []
        self.plan.add(planned)

    def _was_there(self, item: Item) -> bool:
        """Whether something was there before the first load, so that it cannot be ours, whatever the ledger says."""
        return self.before is not None and self.first and self.before.get(item.kind, item.id) is not None

    def _each(self, kind: str) -> Iterator[tuple[Entry, Item | None]]:
        self.context.progress.begin(f"Planning: {kind}", 0)
        for entry, found in self._made(kind):
            if not found:
                yield entry, None
            for item in found:
                yield entry, item
            self.context.progress.advance()
        self.context.progress.end()

    # --- tickets -----------------------------------------------------------------------------------

    def _tickets(self, foreign: Mapping[int, set[tuple[str, int]]]) -> None:
        def rows() -> Iterator[tuple[Entry, Item | None, str]]:
            for entry, item in self._each(TICKET.path):
                reason = "" if item is None else MESSAGES if item.id in foreign else _touched(entry, item)
                yield entry, item, reason

        self._decide(TICKET.path, rows())

    def _foreign_messages(self) -> dict[int, set[tuple[str, int]]]:
        """Return the tickets with messages that are not ours, written since the load began: id to who is in them.

        The newest come first, so only what was written since is read. Messages that were loaded carry external ids,
        but for the note of a ticket that had none.
        """
        since = self._since
        found: dict[int, set[tuple[str, int]]] = {}
        self.context.progress.begin("Listing: Messages", 0)
        for page in self.context.api.messages.pages(newest_first=True):
            for message in page:
                if message.ticket_id is not None and not self._is_ours(message):
                    found.setdefault(message.ticket_id, set()).update(people_of(message))
            self.context.progress.advance(len(page))
            last = moment(page[-1].created_datetime) if page else None
            if since is not None and last is not None and last < since:
                break
        self.context.progress.end()
        return found

    def _is_ours(self, message: Message) -> bool:
        return parse(message.external_id, self.context.engagement) is not None or is_placeholder(message.as_json())

    def _what_automation_names(self, *kinds: str) -> None:
        """Note the teams, users, macros and fields that something of these kinds names which stays."""
        for kind in kinds:
            for item in self._staying(kind):
                self.plan.use((named, one) for named, one in item.facts["named"])

    def _staying(self, kind: str) -> Iterator[Item]:
        return (item for item in self.there.things(kind) if not self.plan.goes(kind, item.id))

    def _what_tickets_use(self, foreign: Mapping[int, set[tuple[str, int]]]) -> None:
        """Note everything that a ticket which stays refers to."""
        for item in self.there.things(TICKET.path):
            if self.plan.goes(TICKET.path, item.id):
                continue
            self.plan.use(references_of(item.facts))
            self.plan.use(("custom-fields", field) for field in self._fields_of(item))
            if item.id in foreign:
                self.plan.use(foreign[item.id])
            if self.plan.get(TICKET.path, item.id) is not None:
                self.plan.use(people_in(self.context, item.id))

    def _fields_of(self, item: Item) -> Iterator[int]:
        """Yield the fields with values on a ticket that stays, where lists do not show them.

        Only ours can have values in our fields, and those that somebody changed since: they are asked one by one.
        """
        if self.context.behaviour.values_in_lists:
            return
        changed = self._since is None or (item.facts["updated"] or "") >= self._since
        if changed or self.plan.get(TICKET.path, item.id) is not None:
            for value in self.context.api.tickets.custom_fields(item.id):
                if value.definition_id is not None:
                    yield value.definition_id

    # --- people ------------------------------------------------------------------------------------

    def _people(self) -> None:
        def why(entry: Entry, item: Item | None) -> str:
            if item is not None and item.facts["foreign"]:
                return FOREIGN
            return self._why_stays(entry, item)

        self._decide("customers", ((entry, item, why(entry, item)) for entry, item in self._each("customers")))
        for item in self.there.things("customers"):
            if not self.plan.goes("customers", item.id):
                self.plan.use(("custom-fields", one) for one in item.facts["custom-fields"])

    def _why_stays(self, entry: Entry, item: Item | None) -> str:
        """Return why something stays that the load made before the first ticket, or nothing."""
        if item is None:
            return ""
        if self.plan.is_used(item.kind, item.id):
            return IN_USE
        return "" if is_as_sent(entry, item) else UNLIKE

    # --- what people work with ---------------------------------------------------------------------

    def _tags(self) -> None:
        named = {word for kind in AUTOMATION for one in self._staying(kind) for word in one.facts["words"]}

        def why(entry: Entry, item: Item | None) -> str:
            return NAMED if item and item.facts["name"] in named else self._why_stays(entry, item)

        self._decide("tags", ((entry, item, why(entry, item)) for entry, item in self._each("tags")))
        self._decide("tags", list(self._tags_on_the_fly(named)))

    def _tags_on_the_fly(self, named: set[str]) -> Iterator[tuple[Entry, Item | None, str]]:
        """Yield the tags that Gorgias made since tickets of ours name them, and that no entry is about."""
        names = {hash_of(name): name for name in self.context.tags}
        for item in self.there.things("tags"):
            name = names.get(item.facts["name"])
            there_before = self.before is not None and self.before.get("tags", item.id) is not None
            if name is None or there_before or self.plan.get("tags", item.id) is not None or self._matched(item):
                continue
            entry = Entry("tag", f"{ON_THE_FLY} {name}"[:120], "created", target_id=str(item.id))
            reason = IN_USE if self.plan.is_used("tags", item.id) else NAMED if item.facts["name"] in named else ""
            yield entry, item, UNKNOWN if self.before is None else reason

    def _matched(self, item: Item) -> bool:
        return bool(self.plan.keys(Planned("tags", item.id, "", "", "protect")))

    def _macros(self) -> None:
        self._decide("macros", ((entry, item, self._why_stays(entry, item)) for entry, item in self._each("macros")))

    def _teams(self) -> None:
        self._decide("teams", ((entry, item, self._why_stays(entry, item)) for entry, item in self._each("teams")))
        for item in self.there.things("teams"):
            if not self.plan.goes("teams", item.id):
                self.plan.use(("users", member) for member in item.facts["members"])

    def _users(self) -> None:
        def why(entry: Entry, item: Item | None) -> str:
            if item and self.plan.is_used("users", item.id):
                return IN_USE
            role = item.facts["role"] if item else None
            ours = (entry.detail.get("sent") or {}).get("role") or fingerprint(ROLE)
            return UNLIKE if role is not None and fingerprint(role) != ours else ""

        self._decide("users", ((entry, item, why(entry, item)) for entry, item in self._each("users")))

    def _fields(self) -> None:
        kind = "custom-fields"
        self._decide(kind, ((entry, item, self._why_stays(entry, item)) for entry, item in self._each(kind)))


def is_as_sent(entry: Entry, item: Item) -> bool:
    """Whether something is in Gorgias as we left it; what nobody changed since it was made is, whatever it shows."""
    return bool(item.facts.get("still")) or is_as_left(entry, item.facts["fields"])


def _key(entry: Entry, item: Item) -> str:
    """Return the source key of what was found of an entry; a copy, which a retry may have made, has one of its own."""
    if entry.target_id in (None, str(item.id)):
        return entry.source_key
    return f"{entry.source_key} (copy {item.id})"[:120]


def _touched(entry: Entry, item: Item) -> str:
    """Return why a ticket was touched by somebody, or nothing; a change of ours that was cut off is none."""
    under_way: Mapping[str, Any] | None = entry.detail.get("updating")
    ours = moment(entry.detail.get("updated"))
    touched = bool(under_way["touched"]) if under_way else item.facts["updated"] != ours
    return CHANGED if touched else ""


def references_of(facts: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield (kind, id) of what a ticket refers to."""
    for kind in ("customers", "users", "teams", "tags", "custom-fields"):
        named = facts[kind]
        for one in named if isinstance(named, list) else [named]:
            if one is not None:
                yield kind, one


def people_of(message: Message) -> Iterator[tuple[str, int]]:
    """Yield (kind, id) of who wrote a message and whom it was to: agents write, customers write and are written to."""
    for person, kind in ((message.sender, "users" if message.from_agent else "customers"),
                         (message.receiver, "customers")):  # fmt: skip
        if person is not None and person.id is not None:
            yield kind, person.id


def people_in(context: Context, ticket: int) -> set[tuple[str, int]]:
    """Return (kind, id) of everybody in a ticket's thread."""
    pages = context.api.messages.pages(ticket_id=ticket)
    return {person for page in pages for message in page for person in people_of(message)}


def attachments_of(context: Context, records: set[tuple[str, str]]) -> Iterator[Entry]:
    """Yield the entries of uploaded files, but for those of these records: (object, source key)."""
    assert context.staged is not None
    stay = {
        family.attachment_key(row)
        for family in FAMILIES
        for row in context.staged.columns(family.attachments, [family.attachment_id])
        if (family.name, str(row[family.key])) in records
    }
    for entry in context.ledger.entries(context.target, ATTACHMENT.name, state="created"):
        if entry.source_key not in stay:
            yield entry
