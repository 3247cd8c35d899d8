"""The accounts: for every object, source = created + matched + merged + skipped + handed over + quarantined.

The source's side is counted from the staged data, the outcomes come from the ledger; neither knows of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from migrator_lib.errors import AccountsError
from migrator_lib.ledger import GONE, SETTLED, Entry, Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, OBJECTS, ON_TICKETS, PARTS
from migrator_lib.reconcile import loose
from migrator_lib.smartertrack.tables import FAMILIES, family_of
from migrator_lib.staging import Staged

PART_TITLES = {
    "ticket_message": "Message of a ticket",
    "ticket_comment": "Internal comment of a ticket",
    "ticket_field_value": "Custom field value of a ticket",
    "task": "Task of a ticket",
    "time_log": "Time log of a ticket",
    "ticket_link": "Link of a ticket",
    "chat_message": "Line of a live chat",
    "chat_comment": "Internal comment of a live chat",
    "chat_field_value": "Custom field value of a live chat",
    "call_field_value": "Custom field value of a call log",
}
ORPHANS = (
    ("ticket_message", "TicketMessages", "TicketMessageID", ""),
    ("ticket_comment", "TicketComments", "TicketCommentID", ""),
    ("attachment", "TicketAttachments", "TicketAttachmentID", ""),
    ("ticket", "TicketMerges", "TicketNumber", "m"),
    ("ticket_field_value", "CustomDataFieldsInTickets", "CustomFieldID", "{TicketID}-"),
    ("task", "Tasks", "TaskID", ""),
    ("time_log", "TimeLogs", "TimeLogID", ""),
    ("ticket_link", "TicketLinks", "TicketLinkID", ""),
    ("chat_message", "ChatMessages", "ChatMessageID", ""),
    ("chat_comment", "ChatComments", "ChatCommentID", ""),
    ("attachment", "ChatAttachments", "ChatAttachmentID", "c"),
    ("chat_field_value", "CustomDataFieldsInChats", "CustomFieldID", "{ChatID}-"),
    ("attachment", "CallLogAttachments", "CallLogAttachmentID", "l"),
    ("call_field_value", "CustomDataFieldsInCallLogs", "CustomFieldID", "{CallLogID}-"),
)
"""What hangs on a ticket, chat or call and is accounted for: object, table, own key, and what is before the key."""
WORK = tuple(loose.OBJECTS.values())
LOOSE = ("skipped", "handed_over")
"""States of tasks and time logs that have an entry of their own, since they are of no ticket."""
NO_TICKET, UNREADABLE = "ticket_not_in_source", "unreadable_in_source"
OBJECT_OF = {
    "Users": "user",
    "Departments": "department",
    "Brands": "brand",
    "Tags": "tag",
    "CustomDataFields": "ticket_field",
    "Organizations": "organization",
    "Threads": "community_post",
    "NewsItems": "news_item",
    "CannedReplies": "macro",
    "SurveysOffered": "survey",
    "KbCategories": "kb_category",
    "KbArticles": "kb_article",
    **{family.root.name: family.name for family in FAMILIES},
    **{table: obj for obj, table, _, _ in ORPHANS},
}
"""Table to the object that a row of it is counted as where it cannot be read."""


@dataclass(frozen=True)
class Account:
    """One object's account."""

    object: str
    title: str
    source: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """State to number of records."""
    rules: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(state, rule) to number of records."""

    @property
    def accounted(self) -> int:
        """How many records have an outcome."""
        return sum(self.outcomes.get(state, 0) for state in SETTLED)

    @property
    def balanced(self) -> bool:
        """Whether every source record has exactly one outcome."""
        return self.source == self.accounted

    def as_json(self) -> dict[str, Any]:
        """Return the account as the ledger keeps it beside a step."""
        rules = [[state, rule, n] for (state, rule), n in sorted(self.rules.items())]
        return {
            "object": self.object,
            "title": self.title,
            "source": self.source,
            "outcomes": dict(self.outcomes),
            "rules": rules,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Account:
        """Return the account that :meth:`as_json` made."""
        rules = {(state, rule): int(n) for state, rule, n in kept["rules"]}
        return cls(kept["object"], kept["title"], int(kept["source"]), kept["outcomes"], rules)


def orphans(staged: Staged) -> Iterator[Entry]:
    """Yield what hangs on a ticket (chat, call) that is not in the source: none carries it, so it is quarantined."""
    there = {family.name: staged.ids(family) for family in FAMILIES}
    for obj, table, key, before in ORPHANS:
        family = family_of(table)
        assert family is not None
        for row in staged.columns(table, [key]):
            of = row[family.key]
            if of not in there[family.name]:
                reason = f"its {family.name.replace('_', ' ')} {of} is not in the source"
                own = f"{before.format(**row)}{row[key]}"
                yield Entry(obj, own, "quarantined", rule=NO_TICKET, reason=reason)


def unreadable(staged: Staged) -> Iterator[Entry]:
    """Yield the rows that could not be staged, since what they cannot do without is not what its column holds."""
    for table, obj in OBJECT_OF.items():
        for key, column in staged.unreadable(table).items():
            reason = f"{table}.{column} of this row holds something else than such a column does"
            yield Entry(obj, f"{table}:{key}", "quarantined", rule=UNREADABLE, reason=reason)


def settle_strays(ledger: Ledger, target: str, staged: Staged) -> None:
    """Settle what no load reaches: what hangs on no ticket, and what could not be read.

    What was one of those and is none any more (a delta brought its ticket, or a value that can be read) leaves the
    accounts, where it would be counted beside what became of it.
    """
    strays: dict[str, dict[str, Entry]] = {}
    for entry in chain(orphans(staged), unreadable(staged), loose.entries(staged)):
        strays.setdefault(entry.object, {})[entry.source_key] = entry
    new: list[Entry] = []
    for obj, found in strays.items():
        known = ledger.known(target, obj, list(found))
        new += [entry for key, entry in found.items() if key not in known or known[key].state in (GONE, *LOOSE)]
    over = [
        replace(entry, state=GONE)
        for entry in chain(ledger.entries(target, state="quarantined"), *(ledger.entries(target, obj) for obj in WORK))
        if (entry.rule in (NO_TICKET, UNREADABLE) or (entry.object in WORK and entry.state in LOOSE))
        and entry.source_key not in strays.get(entry.object, ())
    ]
    ledger.settle(target, [*new, *over])


def source_counts(staged: Staged, lookups: Lookups) -> dict[str, int]:
    """Return object to number of source records, by the staged data alone."""
    counts = {
        **{obj.name: obj.count(staged) for obj in CONVERSATIONS},
        ATTACHMENT.name: sum(staged.count(family.attachments) for family in FAMILIES)
        + len(lookups.article_rules.files),
        **{name: staged.count(table) for name, table in PARTS.items()},
        **{obj.name: staged.count(obj.reads[0]) for obj in ON_TICKETS},
    }
    for obj in OBJECTS:
        if obj.name not in counts:
            counts[obj.name] = sum(1 for _ in obj.records(staged, lookups))
    for entry in unreadable(staged):
        counts[entry.object] += 1
    for name, more in loose.counts(staged).items():
        counts[name] += more
    return counts


def accounts(ledger: Ledger, target: str, staged: Staged, lookups: Lookups) -> list[Account]:
    """Return the account of every object and of what travels inside tickets, in the order of the object map."""
    outcomes: dict[str, Counter[str]] = {}
    rules: dict[str, Counter[tuple[str, str]]] = {}

    def count(obj: str, state: str, rule: str | None, n: int = 1) -> None:
        outcomes.setdefault(obj, Counter())[state] += n
        if rule:
            rules.setdefault(obj, Counter())[state, rule] += n

    for entry in ledger.entries_in(target, SETTLED):
        count(entry.object, entry.state, entry.rule)
        for part, states in (entry.detail.get("parts") or {}).items():
            for label, n in states.items():
                state, _, rule = label.partition(": ")
                count(part, state, rule, n)
    sources = source_counts(staged, lookups)
    titles = {**{obj.name: obj.title for obj in OBJECTS}, **PART_TITLES}
    return [Account(n, titles[n], sources[n], outcomes.get(n, {}), rules.get(n, {})) for n in titles]


def require_balanced(found: list[Account]) -> None:
    """Pass if every account is balanced.

    Raises:
        AccountsError: naming each object that is not, with both numbers.
    """
    wrong = [f"{a.title}: {a.source:,} in the source, {a.accounted:,} accounted for" for a in found if not a.balanced]
    if wrong:
        raise AccountsError(
            "The numbers do not add up to the source: " + "; ".join(wrong) + ".",
            next_step="run 05_load again (it goes on where it stopped); if the numbers stay, run 04_extract with "
            "start_again, since source and staged data differ.",
        )
