"""Code columns: their distinct values, and what is made of each. Meanings that are not published are not guessed.

A code that decides something and has no meaning stops the audit, when all of it has been shown
(:func:`require_mapped`). What it means is written into mapping.yaml, where everything else that a person decides
stands: notebook 02 keeps it, and it is signed with the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Audit, Code
from migrator_lib.audit.live import Live
from migrator_lib.errors import UnmappedCodes
from migrator_lib.mapping import EngagementMapping
from migrator_lib.plan.codes import DECIDING, LIMIT, key_of, meanings
from migrator_lib.smartertrack.database import SourceDatabase

DIRECTION = "TicketMessages.MessageDirection"
EMPTY = "(empty)"
AUTHOR_DECIDES = "whoever wrote the message decides: an agent's is outgoing, any other incoming"
NOT_MAPPED = "not known: a person has to say it"
MORE = "more values"
LISTED = 50
"""Values that are listed of a column that decides nothing."""
UNPUBLISHED = "not published: kept as it is"
NO_KIND = "makes nobody a member; organizations.filter_kinds in engagement.yaml may say what it is"
OTHERS = (
    ("CustomDataFields", "DataType", "not published: the type is proposed from options and values"),
    ("CustomDataFields", "SpecialMapping", UNPUBLISHED),
    ("Roles", "RoleCategory", UNPUBLISHED),
    ("TicketMessages", "DeliveryStatus", "not published: an error text beside a code above 0 is what counts"),
    ("Events", "EventGroup", "in the workflow inventory, as it is"),
    ("EventConditions", "EventType", "in the workflow inventory, as it is"),
    ("Threads", "CategoryType", "not published: in the community assessment, as it is"),
    ("Threads", "Status", "not published: in the community assessment, as it is"),
    ("Files", "CompressionType", "not published: files are recognised by their first bytes"),
    ("Servers", "LicensingMode", "told in the risk register"),
)
"""Columns whose codes are looked at, but decide nothing."""


def code_facts(live: Live, mapping: EngagementMapping, filter_kind: Callable[[str], object]) -> tuple[Code, ...]:
    """Return every distinct value of every code column, most frequent first.

    Args:
        live: the source.
        mapping: what people wrote so far.
        filter_kind: tells the kind of an organization's filter by its word, or None.
    """
    known = meanings(live.rows, mapping)
    found: list[Code] = []
    for column in DECIDING:
        given = {**known[column.section], **({str(None): AUTHOR_DECIDES} if column.may_be_empty else {})}
        values = live.source.frequencies(column.table, column.column, limit=LIMIT + 1)
        for value, n in values[:LIMIT]:
            meaning = given.get(key_of(value))
            found.append(Code(column.name, _text(value), n, meaning or NOT_MAPPED, meaning is not None))
        if len(values) > LIMIT:
            found.append(Code(column.name, MORE, 0, f"more than {LIMIT:,} values are no codes", False))
    found += _stray_teams(live)
    for table, name, words in OTHERS:
        found += _undeciding(live.source, table, name, words)
    kinds = _undeciding(live.source, "OrganizationFilters", "FilterType", NO_KIND)
    found += [
        replace(code, meaning=f"members by {kind}") if (kind := filter_kind(code.code)) else code for code in kinds
    ]
    return tuple(found)


def _undeciding(source: SourceDatabase, table: str, column: str, words: str) -> list[Code]:
    """Return the values of a column that decides nothing; what is beyond :data:`LISTED` as one line."""
    name, values = f"{table}.{column}", source.frequencies(table, column, limit=LIMIT)
    found = [Code(name, _text(value), n, words, True, False) for value, n in values[:LISTED]]
    rest = values[LISTED:]
    if rest:
        number = f"{len(rest):,} {MORE}" if len(values) < LIMIT else f"{len(rest):,} or more {MORE}"
        found.append(Code(name, number, sum(n for _, n in rest), words, True, False))
    return found


def _stray_teams(live: Live) -> list[Code]:
    """Return departments and groups of tickets that are not in their tables."""
    departments = {row["DepartmentID"] for row in live.rows("Departments")}
    pairs = queries.stray_teams(live.source, {(row["DepartmentID"], row["GroupID"]) for row in live.rows("Groups")})
    return [
        Code(
            "Tickets.DepartmentID / GroupID", f"{_text(department)} / {_text(group)}", n,
            "no such group: moved to the department's team" if department in departments
            else "no such department: moved without a team", True, False,
        )
        for (department, group), n in sorted(pairs.items(), key=lambda pair: (-pair[1], str(pair[0])))
    ]  # fmt: skip


def _text(value: object) -> str:
    return EMPTY if value in (None, "") else str(value)


# --- what stops the audit ------------------------------------------------------------------------------


def entries(audit: Audit) -> str:
    """Return what a person adds to mapping.yaml for the codes that nobody mapped, as its lines."""
    columns = {column.name: column for column in DECIDING}
    lines: list[str] = []
    for name, codes in groupby(_listed(audit), key=lambda code: code.column):
        column = columns[name]
        lines.append(f"{column.section}:")
        lines += [f"  '{_key(code)}': {column.entry}  # {column.choices}" for code in codes]
    return "\n".join(lines)


def _listed(audit: Audit) -> list[Code]:
    return [code for code in audit.unmapped if code.code != MORE]


def _key(code: Code) -> str:
    return key_of("" if code.code == EMPTY else code.code)


def require_mapped(audit: Audit) -> None:
    """Pass if every code that decides something has a meaning.

    Raises:
        UnmappedCodes: naming every column, code and number of rows, and what to write where.
    """
    if not audit.unmapped:
        return
    named = "\n".join(f"  {_words(code)}" for code in audit.unmapped)
    sections = {column.name: column.section for column in DECIDING}
    steps = []
    if any(code.code == MORE for code in audit.unmapped):
        steps.append("a column of so many values is no code column: check source.url and source.prefix.")
    if entries(audit):
        steps.append(
            f"say what they mean in parameters/{audit.engagement}/mapping.yaml (make the file, if notebook 02 has not "
            "yet; in a section that is there already, only add the lines of the codes), then migrator run "
            f"{audit.engagement} again:\n{entries(audit)}"
        )
    raise UnmappedCodes(
        f"Codes that decide something, and of which nobody said what they mean: {len(audit.unmapped)}\n{named}",
        codes=[(sections[code.column], _key(code), _words(code)) for code in _listed(audit)],
        next_step="\n".join(steps),
    )


def _words(code: Code) -> str:
    return f"{code.column} {code.code}: {_rows(code)}"


def _rows(code: Code) -> str:
    if code.code == MORE:
        return code.meaning
    return f"{code.number:,} row" + ("" if code.number == 1 else "s")
