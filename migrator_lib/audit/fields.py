"""Custom fields: what is defined, and how long values are against the column's real length."""

from __future__ import annotations

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Field
from migrator_lib.lookups import Lookups
from migrator_lib.plan.proposal import NEAR_CEILING
from migrator_lib.smartertrack.database import SourceDatabase

TABLES = ("CustomDataFieldsInTickets", "CustomDataFieldsForUsers")


def ceilings(source: SourceDatabase) -> dict[str, int | None]:
    """Return the real length of each column of custom field values, or None where there is no limit or none is told."""
    return {table: source.binding.lengths.get(f"{table}.DataContent") for table in TABLES if _is_there(source, table)}


def _is_there(source: SourceDatabase, table: str) -> bool:
    return source.column(table, "DataContent") is not None


def field_facts(source: SourceDatabase, lookups: Lookups) -> tuple[Field, ...]:
    """Return every custom field with what its values look like; the ceiling is the column's real length."""
    real = ceilings(source)
    tickets, people = (queries.lengths(source, table, NEAR_CEILING, real.get(table)) for table in TABLES)
    found = []
    for key, row in sorted(lookups.custom_fields.items()):
        ours, theirs = tickets.get(key, (0, 0, 0, 0)), people.get(key, (0, 0, 0, 0))
        longest, near_, at = max(ours[1], theirs[1]), ours[2] + theirs[2], ours[3] + theirs[3]
        options = len([line for line in (row["Options"] or "").splitlines() if line.strip()])
        name = str(row["DisplayName"] or f"Field {key}")
        found.append(Field(key, name, row["DataType"], options, ours[0], theirs[0], longest, near_, at))
    return tuple(found)
