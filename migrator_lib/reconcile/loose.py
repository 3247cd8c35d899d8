"""Tasks and time logs of no ticket: of a chat, a call log, or nothing. No ticket carries them, so they are handed over.

They stand in a list for people (:mod:`migrator_lib.handoff.loose_work`); deleted ones are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrator_lib.ledger import Entry
from migrator_lib.smartertrack.tables import LOOSE_WORK
from migrator_lib.staging import Row, Staged

OBJECTS: Mapping[str, str] = {"LooseTasks": "task", "LooseTimeLogs": "time_log"}
"""Name in a stage to the object that its rows are counted as."""
OF_CHAT, OF_CALL, OF_NOTHING = "of_a_live_chat", "of_a_call_log", "of_nothing"
RULES = (OF_CHAT, OF_CALL, OF_NOTHING)


def rows(staged: Staged) -> Iterator[tuple[str, str, Row]]:
    """Yield object, key and row of each."""
    for table in LOOSE_WORK:
        for row in staged.stream(table.stage):
            yield OBJECTS[table.stage], str(row[table.key[0]]), row


def rule_of(row: Row) -> str:
    """Return what a task or time log is of, as a rule."""
    if row["ChatID"] is not None:
        return OF_CHAT
    return OF_NOTHING if row["CallLogID"] is None else OF_CALL


def entries(staged: Staged) -> Iterator[Entry]:
    """Yield what becomes of each."""
    for obj, key, row in rows(staged):
        if row["IsDeleted"]:
            yield Entry(obj, key, "skipped", rule=f"deleted_{obj}")
        else:
            yield Entry(obj, key, "handed_over", rule=rule_of(row))


def counts(staged: Staged) -> dict[str, int]:
    """Return object to number of them."""
    return {obj: staged.count(table) for table, obj in OBJECTS.items()}
