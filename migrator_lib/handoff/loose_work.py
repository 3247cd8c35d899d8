"""The list of tasks and time logs that are of no ticket: people enter in Gorgias, or elsewhere, what still matters.

Confidential: what is written in them is theirs who wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from migrator_lib.csv_file import write_csv
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects.work import minutes_of, named
from migrator_lib.reconcile import loose
from migrator_lib.staging import Row, Staged

COLUMNS = (
    "what", "smartertrack_id", "of", "of_id", "subject", "description", "agent", "status", "created", "due", "minutes",
    "billable",
)  # fmt: skip
OF = {
    loose.OF_CHAT: ("live chat", "ChatID"),
    loose.OF_CALL: ("call log", "CallLogID"),
    loose.OF_NOTHING: ("nothing", ""),
}


def write(file: Path, staged: Staged, lookups: Lookups) -> Path:
    """Write the list and return its path.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    write_csv(file, COLUMNS, _rows(staged, lookups))
    return file


def _rows(staged: Staged, lookups: Lookups) -> Iterator[tuple[object, ...]]:
    for obj, key, row in loose.rows(staged):
        if not row["IsDeleted"]:
            words, column = OF[loose.rule_of(row)]
            yield (
                obj.replace("_", " "), key, words, row[column] if column else "", row["Subject"], row["Description"],
                lookups.agent_name(row["UserID"]), *_own(obj, row, lookups),
            )  # fmt: skip


def _own(obj: str, row: Row, lookups: Lookups) -> tuple[object, ...]:
    created: datetime | None = row["DateCreatedUTC"]
    if obj == "task":
        status = named(lookups.task_statuses, row["TaskStatusID"], "Status")
        return status, iso(created), iso(row["DateDueUTC"]), "", ""
    return "", iso(created), "", minutes_of(row), "yes" if row["IsBillable"] else "no"
