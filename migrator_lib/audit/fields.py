"""Custom fields: what is defined, and how long values are against the column's real length."""

from __future__ import annotations

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Field
from migrator_lib.lookups import Lookups
from migrator_lib.plan.proposal import NEAR_CEILING
from migrator_lib.smartertrack.database import SourceDatabase


def ceiling_of(source: SourceDatabase) -> int | None:
    """Return the real length of the column of custom field values, or None where the database does not say."""
    return source.binding.lengths.get("CustomDataFieldsInTickets.DataContent")


def field_facts(source: SourceDatabase, lookups: Lookups) -> tuple[Field, ...]:
    """Return every custom field with what its values look like; the ceiling is the column's real length."""
    near, ceiling = NEAR_CEILING[0], ceiling_of(source) or NEAR_CEILING[1]
    tables = ("CustomDataFieldsInTickets", "CustomDataFieldsForUsers")
    tickets, people = (queries.lengths(source, table, near, ceiling) for table in tables)
    found = []
    for key, row in sorted(lookups.custom_fields.items()):
        ours, theirs = tickets.get(key, (0, 0, 0, 0)), people.get(key, (0, 0, 0, 0))
        longest, near_, at = max(ours[1], theirs[1]), ours[2] + theirs[2], ours[3] + theirs[3]
        options = len([line for line in (row["Options"] or "").splitlines() if line.strip()])
        name = str(row["DisplayName"] or f"Field {key}")
        found.append(Field(key, name, row["DataType"], options, ours[0], theirs[0], longest, near_, at))
    return tuple(found)
