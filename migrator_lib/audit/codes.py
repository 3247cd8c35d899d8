"""Code columns: their distinct values, and what is made of each. Meanings that are not published are not guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrator_lib.audit.facts import Code
from migrator_lib.audit.live import Live
from migrator_lib.chunks import Row
from migrator_lib.plan.proposal import propose_priorities, propose_statuses

DIRECTION = "TicketMessages.MessageDirection"
DIRECTIONS = {0: "from the customer", 1: "from an agent"}
UNPUBLISHED = "not published: kept as it is"
OTHERS = (
    ("CustomDataFields", "DataType", "not published: the type is proposed from options and values"),
    ("CustomDataFields", "SpecialMapping", UNPUBLISHED),
    ("OrganizationFilters", "FilterType", "kept in the organization's meta; of an address filter, the address moves"),
    ("Roles", "RoleCategory", UNPUBLISHED),
    ("TicketMessages", "DeliveryStatus", "not published: an error text beside a code above 0 is what counts"),
    ("Threads", "CategoryType", UNPUBLISHED),
    ("Threads", "Status", UNPUBLISHED),
    ("ChatMessages", "ChatSenderType", "not published: to be looked at before transcripts are shown to customers"),
    ("ChatMessages", "ViewRestriction", "not published: to be looked at before transcripts are shown to customers"),
    ("Files", "CompressionType", "not published: files are recognised by their first bytes"),
)
"""Columns whose codes are looked at, but decide nothing."""
Meaning = Callable[[Any], str | None]


def code_facts(live: Live) -> tuple[Code, ...]:
    """Return every distinct value of every code column, most frequent first."""
    statuses = propose_statuses(live.rows("TicketStatuses"))
    priorities = propose_priorities(live.rows("TicketPriorities"))
    comments = {row["CommentTypeID"]: name_of(row) for row in live.rows("CommentTypes")}
    deciding: tuple[tuple[str, str, Meaning], ...] = (
        ("Tickets", "TicketStatusID", lambda code: _becomes(statuses.get(str(code)))),
        ("Tickets", "TicketPriorityID", lambda code: _becomes(priorities.get(str(code)))),
        ("TicketMessages", "MessageDirection", lambda code: DIRECTIONS.get(code)),
        ("TicketComments", "CommentTypeID", lambda code: f"internal note of type {comments[code]}" if code in comments
         else None),
    )  # fmt: skip
    found = [_code(table, column, value, n, meaning(value)) for table, column, meaning in deciding
             for value, n in live.source.frequencies(table, column)]  # fmt: skip
    found += [
        Code(f"{table}.{column}", _text(value), n, words, True)
        for table, column, words in OTHERS
        for value, n in live.source.frequencies(table, column)
    ]
    return tuple(found)


def _code(table: str, column: str, value: Any, n: int, meaning: str | None) -> Code:
    name = f"{table}.{column}"
    unknown = "whoever wrote the message decides" if name == DIRECTION else "not in its table: please decide"
    return Code(name, _text(value), n, meaning or unknown, meaning is not None)


def _text(value: Any) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _becomes(entry: Any) -> str | None:
    return None if entry is None else f"{entry.name}: {entry.becomes}"


def name_of(row: Row) -> str:
    """Return what people call a status, priority or type of comment."""
    return str(row["DisplayName"] or row["EnglishName"])
