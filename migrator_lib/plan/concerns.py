"""How many records each entry of the mapping concerns: tickets of a status, articles of a language, values of a field.

Counted by the source, in one statement for each column; entries of which nobody can tell are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from migrator_lib.chunks import Row
from migrator_lib.mapping import FieldMapping
from migrator_lib.plan.proposal import ValueProfile
from migrator_lib.smartertrack.database import SourceDatabase

MOST = 20_000
"""Different values of a column that are counted."""
COLUMNS = {
    "tags": ("TagsInTasks", "TagID"),
    "languages": ("KbArticles", "LanguageID"),
    "kb_categories": ("KbArticles", "KbCategoryID"),
    "survey_questions": ("SurveyQuestionAnswers", "SurveyQuestionID"),
}
"""Section to the column that holds its keys. Those of codes are counted with the codes."""
Counts = dict[str, dict[str, int]]
"""Section to key to number of records."""


def concerns(
    source: SourceDatabase,
    rows: Callable[[str], Sequence[Row]],
    fields: Mapping[str, FieldMapping],
    ticket_profiles: Mapping[int, ValueProfile],
    person_profiles: Mapping[int, ValueProfile],
) -> Counts:
    """Return how many records each entry concerns.

    Args:
        source: the database.
        rows: gives the rows of a definition table by its name.
        fields: the entries of ticket fields.
        ticket_profiles: of the values of fields, by field.
        person_profiles: the same of people.

    Raises:
        SourceError: a column cannot be read.
    """
    found = {section: _values(source, table, column) for section, (table, column) in COLUMNS.items()}
    departments = _values(source, "Tickets", "DepartmentID")
    return found | {
        "teams": _teams(rows, departments, _values(source, "Tickets", "GroupID")),
        "brands": _brands(rows("Departments"), departments),
        "roles": dict(Counter(str(row["RoleID"]) for row in rows("UsersInRoles"))),
        "ticket_fields": {str(key): profile.values for key, profile in ticket_profiles.items()},
        "person_fields": {str(key): profile.values for key, profile in person_profiles.items()},
        "channels": _words(fields, ticket_profiles),
    }


def _values(source: SourceDatabase, table: str, column: str) -> dict[str, int]:
    return {str(value): n for value, n in source.frequencies(table, column, limit=MOST) if value not in (None, "")}


def _teams(
    rows: Callable[[str], Sequence[Row]], departments: Mapping[str, int], groups: Mapping[str, int]
) -> dict[str, int]:
    """Return the tickets of departments, and of groups whose number is of one department alone."""
    known = [(row["DepartmentID"], row["GroupID"]) for row in rows("Groups")]
    owners = Counter(group for _, group in known)
    found = {f"d{row['DepartmentID']}": departments.get(str(row["DepartmentID"]), 0) for row in rows("Departments")}
    return found | {f"g{d}-{g}": groups.get(str(g), 0) for d, g in known if owners[g] == 1}


def _brands(departments: Sequence[Row], tickets: Mapping[str, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in departments:
        if row.get("BrandID") is not None:
            found[str(row["BrandID"])] += tickets.get(str(row["DepartmentID"]), 0)
    return dict(found)


def _words(fields: Mapping[str, FieldMapping], profiles: Mapping[int, ValueProfile]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, entry in fields.items():
        if entry.holds == "channel" and key.isdecimal() and int(key) in profiles:
            found.update({word.lower(): n for word, n in profiles[int(key)].words.items()})
    return dict(found)
