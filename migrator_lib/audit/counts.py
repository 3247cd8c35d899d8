"""How many records each row of the object map has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Count
from migrator_lib.audit.live import Live
from migrator_lib.lookups import Lookups
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, OBJECTS, ON_TICKETS, PARTS, TICKET
from migrator_lib.objects.base import HandedOver, MigrationObject
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import FAMILIES


def _tickets(source: SourceDatabase) -> int | None:
    """Tickets, and the numbers that were merged into them: they have accounts of their own."""
    number = source.count("Tickets")
    return None if number is None else number + (source.count("TicketMerges") or 0)


def _attachments(source: SourceDatabase) -> int:
    return sum(source.count(family.attachments) or 0 for family in FAMILIES)


LARGE: dict[str, Callable[[SourceDatabase], int | None]] = {
    **{obj.name: partial(SourceDatabase.count, name=obj.family.root.name) for obj in CONVERSATIONS},
    TICKET.name: _tickets,
    ATTACHMENT.name: _attachments,
    **{obj.name: partial(SourceDatabase.count, name=obj.reads[0]) for obj in ON_TICKETS},
}
"""Objects that are counted by the database; of the others the records themselves are counted, as they are moved."""


def _number(obj: MigrationObject, live: Live, lookups: Lookups) -> int | None:
    """Return the number of records, or None where the first table that the object reads is not there."""
    if obj.reads and obj.reads[0] not in live.source.binding.tables:
        return None
    if obj.name in LARGE:
        return LARGE[obj.name](live.source)
    return sum(1 for _ in obj.records(live, lookups))


def of_objects(live: Live, lookups: Lookups) -> tuple[Count, ...]:
    """Count every row of the map."""
    source = live.source
    return tuple(
        Count(
            obj.name, obj.title, obj.becomes, "handed over" if isinstance(obj, HandedOver) else "moved",
            _number(obj, live, lookups), _detail(source, obj.name, lookups),
        )
        for obj in OBJECTS
    )  # fmt: skip


def of_parts(source: SourceDatabase) -> dict[str, int | None]:
    """Count what travels inside tickets and threads."""
    tables = {**PARTS, "community_reply": "ThreadPosts"}
    return {name: source.count(table) for name, table in tables.items()}


def _detail(source: SourceDatabase, name: str, lookups: Lookups) -> str:
    """Return what else is worth saying of a row, in words."""
    flags = {
        "ticket": (("Tickets", "IsDeleted", "deleted"), ("Tickets", "IsSpam", "spam")),
        "attachment": (("TicketAttachments", "IsDeleted", "deleted"),),
        "live_chat": (("Chats", "IsDeleted", "deleted"),),
        "call_log": (("CallLogs", "IsDeleted", "deleted"), ("CallLogs", "IsOutgoing", "outgoing")),
        "kb_article": (
            ("KbArticles", "IsDeleted", "deleted"), ("KbArticles", "IsDraft", "drafts"),
            ("KbArticles", "IsPrivate", "private"), ("KbArticles", "KbArticleID_ForwardTo", "redirects"),
        ),
        "news_item": (("NewsItems", "IsDraft", "drafts"), ("NewsItems", "IsPrivate", "private")),
    }  # fmt: skip
    words = [f"{queries.flagged(source, table, column):,} {word}" for table, column, word in flags.get(name, ())]
    if name == "ticket":
        words.append(f"{source.count('TicketMerges') or 0:,} numbers merged into others")
    if name == "call_log" and lookups.parameters.policy.call_logs == "skip":
        words.append("all left out: policy.call_logs is skip")
    return ", ".join(words)


def languages(source: SourceDatabase) -> int:
    """Return in how many languages knowledge base articles are."""
    return len([language for language, _ in source.frequencies("KbArticles", "LanguageID") if language is not None])
