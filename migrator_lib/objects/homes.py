"""Which ticket, chat or call log something is of that travels inside one: a message, a note, a task."""

from __future__ import annotations

from collections.abc import Collection

from migrator_lib.objects.call_log import NOTE as CALL_NOTE
from migrator_lib.objects.conversation import ID_OF, PARTS
from migrator_lib.objects.further_files import OBJECT as FURTHER_FILES
from migrator_lib.objects.notes import CHAT_OPEN, CHAT_QUESTION, CHAT_SYSTEM, FOLLOW_UP, LONG_VALUE, MERGED_NUMBERS
from migrator_lib.smartertrack.tables import CALL_FAMILY, CHAT_FAMILY, FAMILIES, TICKET_FAMILY, family_of
from migrator_lib.staging import Staged

Named = tuple[str, str]
"""Object and source key, as an external id has them."""
SAME_KEY = {
    FOLLOW_UP: TICKET_FAMILY.name,
    MERGED_NUMBERS: TICKET_FAMILY.name,
    CHAT_QUESTION: CHAT_FAMILY.name,
    CHAT_OPEN: CHAT_FAMILY.name,
    CHAT_SYSTEM: "chat_message",
    CALL_NOTE: CALL_FAMILY.name,
}
"""Notes that have the key of what they are of."""
BESIDE = (LONG_VALUE, FURTHER_FILES)
"""Notes whose key begins with what they are of: ``live_chat-3-7``, ``ticket_message-123-1``."""
INSIDE = (*ID_OF, *SAME_KEY, *BESIDE)
"""What travels inside a ticket, as external ids call it."""


def homes(staged: Staged, wanted: Collection[Named]) -> dict[Named, Named]:
    """Return each of these to the ticket, chat or call log that it is of; the source is read only if need be.

    What is not in the source, and what travels in nothing, is left out.
    """
    families = {family.name for family in FAMILIES}
    of = {named: _of(named) for named in wanted if named[0] in INSIDE}
    found = {named: inner for named, inner in of.items() if inner[0] in families}
    for obj, column in ID_OF.items():
        keys, family = {key for name, key in of.values() if name == obj}, family_of(PARTS[obj])
        if keys and family is not None:
            rows = staged.columns(PARTS[obj], [column])
            owners = {str(row[column]): str(row[family.key]) for row in rows if str(row[column]) in keys}
            there = {named: owners[key] for named, (name, key) in of.items() if name == obj and key in owners}
            found |= {named: (family.name, owner) for named, owner in there.items()}
    return found


def _of(named: Named) -> Named:
    """Return the message, ticket, chat or call log that a note is of; what is no note is returned as it is."""
    obj, key = named
    if obj in BESIDE:
        return _of((key.split("-")[0], key.split("-")[1] if "-" in key else ""))
    return (SAME_KEY[obj], key) if obj in SAME_KEY else named
