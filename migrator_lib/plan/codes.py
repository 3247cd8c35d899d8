"""The codes that decide what becomes of tickets, chats, messages and comments: what they mean, and where that is said.

A status, a priority and a type of comment have their row in a table of SmarterTrack's, a direction has two proven
meanings; who wrote a line of a chat and who may read it nobody published. Any other code means what a person writes
into mapping.yaml; without such an entry nothing is guessed: the audit stops on it, and a ticket or chat that brings it
later is quarantined. An empty direction is no code: there the author of the message decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator_lib.chunks import Row
from migrator_lib.mapping import Direction, EngagementMapping
from migrator_lib.plan.proposal import DIRECTIONS, propose_priorities, propose_statuses
from migrator_lib.smartertrack.database import SourceDatabase

LIMIT = 1000
"""Values that are read of a code column; one that has more holds no codes."""


@dataclass(frozen=True)
class Deciding:
    """A code column whose codes need a meaning."""

    table: str
    column: str
    section: str
    """Of mapping.yaml."""
    entry: str
    """What an entry there looks like; nothing is chosen in it, and as it is it is refused."""
    choices: str
    """What may stand in it."""
    otherwise: str
    """What becomes of a row without one."""
    may_be_empty: bool = False

    @property
    def name(self) -> str:
        """Table and column, as reports call it."""
        return f"{self.table}.{self.column}"


DECIDING = (
    Deciding(
        "Tickets", "TicketStatusID", "statuses", "{name: , becomes: CHOOSE}", "open or closed",
        "such tickets are quarantined",
    ),
    Deciding(
        "Tickets", "TicketPriorityID", "priorities", "{name: , becomes: CHOOSE}", "critical, high, normal or low",
        "such tickets are quarantined",
    ),
    Deciding(
        "TicketMessages", "MessageDirection", "directions", "{becomes: CHOOSE}", "incoming or outgoing",
        "tickets with such messages are quarantined", may_be_empty=True,
    ),
    Deciding(
        "TicketComments", "CommentTypeID", "comment_types", "{name: }", "any name",
        "such comments are named by their number",
    ),
    Deciding(
        "ChatMessages", "ChatSenderType", "chat_senders", "{becomes: CHOOSE}", "customer, agent or system",
        "chats with such lines are quarantined",
    ),
    Deciding(
        "ChatMessages", "ViewRestriction", "chat_views", "{becomes: CHOOSE}",
        "public (customers saw it) or internal (agents alone)", "chats with such lines are quarantined",
    ),
)  # fmt: skip
BECOMES = {
    "incoming": "incoming: from the customer", "outgoing": "outgoing: from an agent",
    "customer": "customer: an incoming message", "agent": "agent: an outgoing message",
    "system": "system: an internal note", "public": "public: the customer saw it",
    "internal": "internal: a note, whoever wrote it",
}  # fmt: skip


def meanings(rows: Callable[[str], Sequence[Row]], mapping: EngagementMapping) -> dict[str, dict[str, str]]:
    """Return section of mapping.yaml to code to what it means.

    Args:
        rows: gives the rows of a definition table by its name.
        mapping: what people wrote; it counts more than what is proposed.
    """
    statuses = {**propose_statuses(rows("TicketStatuses")), **mapping.statuses}
    priorities = {**propose_priorities(rows("TicketPriorities")), **mapping.priorities}
    directions = directions_of(mapping)
    types = {key: entry.name for key, entry in mapping.comment_types.items()}
    types |= {str(row["CommentTypeID"]): name_of(row) for row in rows("CommentTypes")}
    return {
        "statuses": {code: f"{entry.name}: {entry.becomes}" for code, entry in statuses.items()},
        "priorities": {code: f"{entry.name}: {entry.becomes}" for code, entry in priorities.items()},
        "directions": {code: BECOMES[entry.becomes] for code, entry in directions.items()},
        "comment_types": {code: f"internal note, {name}" for code, name in types.items()},
        "chat_senders": {code: BECOMES[entry.becomes] for code, entry in mapping.chat_senders.items()},
        "chat_views": {code: BECOMES[entry.becomes] for code, entry in mapping.chat_views.items()},
    }


def directions_of(mapping: EngagementMapping) -> dict[str, Direction]:
    """Return message direction to what it means: those that are proven, and what people wrote."""
    return {**DIRECTIONS, **mapping.directions}


def name_of(row: Row) -> str:
    """Return what people call a status, priority or type of comment."""
    return str(row["DisplayName"] or row["EnglishName"] or "(without a name)")


def key_of(code: object) -> str:
    """Return a code as mapping.yaml writes it; an empty one as ``None``."""
    return str(None) if code == "" else str(code)


def values(source: SourceDatabase, column: Deciding) -> list[tuple[str, int]]:
    """Return the codes that a column holds, as mapping.yaml writes them, with their rows; most frequent first.

    Empty ones are left out where an empty one is no code; at most :data:`LIMIT` and one are returned.
    """
    found = source.frequencies(column.table, column.column, limit=LIMIT + 1)
    return [(key_of(code), n) for code, n in found if code not in (None, "") or not column.may_be_empty]
