"""The proposal of a mapping: what statuses, fields, teams and tags should become, from definitions and values alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from migrator_lib.chunks import Row
from migrator_lib.mapping import (
    Brand,
    Direction,
    EngagementMapping,
    FieldMapping,
    Priority,
    Status,
    TagMapping,
    Team,
)
from migrator_lib.values import Slashes, boolean_of, has_slashes, iso_date, number_of

NEAR_CEILING = (500, 512)
DIRECTIONS = {
    "0": Direction(becomes="incoming", reason="0 is from the customer"),
    "1": Direction(becomes="outgoing", reason="1 is from an agent"),
}
"""The two codes of TicketMessages.MessageDirection whose meaning is proven (public code that reads the table)."""
DISTINCT_KEPT = 1000
"""Different values of a field that a profile remembers; a field with more is no dropdown."""


@dataclass
class ValueProfile:
    """What the values of a custom field look like. Counts only: no value is kept but short choices."""

    values: int = 0
    distinct: set[str] = field(default_factory=set)
    numbers: int = 0
    booleans: int = 0
    dates: int = 0
    slashes: int = 0
    day_first: int = 0
    month_first: int = 0
    longest: int = 0
    near_ceiling: int = 0

    def add(self, text: str) -> None:
        """Take one value in; an empty one says nothing."""
        if not text.strip():
            return
        self.values += 1
        self.longest = max(self.longest, len(text))
        self.near_ceiling += len(text) >= NEAR_CEILING[0]
        if len(self.distinct) <= DISTINCT_KEPT:
            self.distinct.add(text.strip()[:100])
        self.numbers += number_of(text) is not None
        self.booleans += boolean_of(text) is not None
        self._add_date(text)

    def _add_date(self, text: str) -> None:
        day_first, month_first = iso_date(text, "day/month"), iso_date(text, "month/day")
        if day_first or month_first:
            self.dates += 1
            self.slashes += has_slashes(text)
            self.day_first += not month_first
            self.month_first += not day_first

    @property
    def date_order(self) -> Slashes | None:
        """How dates with slashes are written, as far as days above 12 tell."""
        if self.day_first and not self.month_first:
            return "day/month"
        return "month/day" if self.month_first and not self.day_first else None


def propose_statuses(rows: Sequence[Row]) -> dict[str, Status]:
    """Open or closed by the status table's flags; waiting is open with a tag."""
    found = {}
    for row in rows:
        name = row["DisplayName"] or row["EnglishName"] or f"Status {row['TicketStatusID']}"
        becomes: Literal["open", "closed"] = "open" if row["IsOpen"] else "closed"
        waiting = bool(row["IsOpen"]) and not row["IsActive"]
        flags = f"IsOpen={row['IsOpen']}, IsActive={row['IsActive']}, IsLocked={row['IsLocked']}"
        found[str(row["TicketStatusID"])] = Status(
            name=name, becomes=becomes, tag=name.lower()[:256] if waiting else None, reason=flags
        )
    return found


def propose_priorities(rows: Sequence[Row]) -> dict[str, Priority]:
    """By name; unknown names become normal, and say so."""
    words: dict[str, Literal["critical", "high", "normal", "low"]] = {
        "urgent": "critical", "critical": "critical", "emergency": "critical", "high": "high",
        "normal": "normal", "medium": "normal", "low": "low",
    }  # fmt: skip
    found = {}
    for row in rows:
        becomes = words.get(str(row["EnglishName"]).lower())
        reason = "by its name" if becomes else "name not known: please choose"
        found[str(row["TicketPriorityID"])] = Priority(
            name=row["DisplayName"] or row["EnglishName"] or f"Priority {row['TicketPriorityID']}",
            becomes=becomes or "normal",
            reason=reason,
        )
    return found


def propose_type(options: Sequence[str], profile: ValueProfile) -> tuple[str, str]:
    """Return the type that a field's options and values suggest (type codes are not published), and why."""
    n, strays = profile.values, len(profile.distinct - {option[:100] for option in options})
    if n and profile.booleans == n and not options:
        return "boolean", f"all {n} values are yes or no"
    if options and strays:
        return "text", f"has {len(options)} options, but {strays} other values would be refused by a dropdown"
    if options:
        return "dropdown", f"{len(options)} options, and every value is one of them"
    if n and profile.numbers == n:
        return "number", f"all {n} values are numbers"
    if n and profile.dates == n and profile.slashes and profile.date_order is None:
        return "text", f"all {n} values are dates, but it cannot be told which is the month: for 'date as text' say " \
            "also 'slashes: day/month' or 'slashes: month/day'"  # fmt: skip
    if n and profile.dates == n:
        return "date as text", f"all {n} values are dates; Gorgias has no date field"
    return "text", f"{n} values, no narrower type fits all"


def _free(name: str, taken: set[str], more: Callable[[int], str]) -> str:
    """Return ``name``, or the first of ``more`` that is not taken yet, case aside."""
    free, n = name, 2
    while free.lower() in taken:
        free, n = more(n), n + 1
    taken.add(free.lower())
    return free


def propose_field(row: Row, profile: ValueProfile, taken: set[str]) -> FieldMapping:
    """Propose a custom field; ``taken`` are the labels that are in use."""
    field_id = row["CustomFieldID"]
    options = tuple(dict.fromkeys(line.strip() for line in (row["Options"] or "").splitlines() if line.strip()))
    becomes, reason = propose_type(options, profile)
    if profile.near_ceiling:
        reason += (
            f"; {profile.near_ceiling} values are {NEAR_CEILING[0]} characters or longer (longest {profile.longest})"
        )
    name = row["DisplayName"] or ""
    label = name.strip()[:235] or f"Field {field_id}"
    return FieldMapping.model_validate(
        {
            "name": name,
            "becomes": becomes,
            "label": _free(label, taken, lambda n: f"{label} ({field_id}{'' if n == 2 else f'-{n}'})"),
            "choices": options if becomes == "dropdown" else (),
            "slashes": profile.date_order if becomes == "date as text" else None,
            "reason": reason,
        }
    )


def propose_fields(rows: Sequence[Row], profiles: Mapping[int, ValueProfile]) -> dict[str, FieldMapping]:
    """Propose every custom field that has values, in id order."""
    taken: set[str] = set()
    chosen = [row for row in rows if row["CustomFieldID"] in profiles]
    return {str(row["CustomFieldID"]): propose_field(row, profiles[row["CustomFieldID"]], taken) for row in chosen}


def propose_teams(departments: Sequence[Row], groups: Sequence[Row]) -> dict[str, Team]:
    """A team for every department and every group that is not deleted; group names carry their department's."""
    names = {row["DepartmentID"]: row["DisplayName"] or f"Department {row['DepartmentID']}" for row in departments}
    found: dict[str, Team] = {}
    taken: set[str] = set()
    for row in departments:
        found[f"d{row['DepartmentID']}"] = _team(names[row["DepartmentID"]], bool(row["IsDeleted"]), taken)
    for row in groups:
        group = row["GroupName"] or f"Group {row['GroupID']}"
        name = f"{names.get(row['DepartmentID'], 'Unknown')} / {group}"
        found[f"g{row['DepartmentID']}-{row['GroupID']}"] = _team(name, bool(row["IsDeleted"]), taken)
    return found


def _team(name: str, deleted: bool, taken: set[str]) -> Team:
    team = _free(name.strip()[:245] or "Team", taken, lambda n: f"{name.strip()[:245]} ({n})")
    if deleted:
        return Team(name=name, becomes="nothing", team=team, reason="deleted in SmarterTrack")
    return Team(name=name, team=team, reason="same name")


def propose_brands(rows: Sequence[Row]) -> dict[str, Brand]:
    """A tag of the brand's name."""
    names = {str(row["BrandID"]): row["BrandName"] or f"Brand {row['BrandID']}" for row in rows}
    return {key: Brand(name=name, tag=f"brand: {name}"[:256], reason="same name") for key, name in names.items()}


def propose_tags(rows: Sequence[Row]) -> dict[str, TagMapping]:
    """Same name; names that differ only by case become the first one's (Gorgias tags are case-sensitive)."""
    first: dict[str, str] = {}
    found = {}
    for row in rows:
        name = " ".join(str(row["Name"] or "").split())[:256] or f"tag {row['TagID']}"
        kept = first.setdefault(name.lower(), name)
        reason = "same name" if kept == name else f"differs from '{kept}' only by case"
        found[str(row["TagID"])] = TagMapping(name=str(row["Name"] or ""), becomes=kept, reason=reason)
    return found


def propose(
    rows: Callable[[str], Sequence[Row]],
    ticket_profiles: Mapping[int, ValueProfile],
    person_profiles: Mapping[int, ValueProfile],
) -> EngagementMapping:
    """Return the proposal for a whole source.

    Args:
        rows: gives the rows of a definition table by its name.
        ticket_profiles: profiles of the values in tickets, by field id.
        person_profiles: the same of users.
    """
    return EngagementMapping.model_validate(
        {
            "statuses": propose_statuses(rows("TicketStatuses")),
            "priorities": propose_priorities(rows("TicketPriorities")),
            "directions": DIRECTIONS,
            "brands": propose_brands(rows("Brands")),
            "teams": propose_teams(rows("Departments"), rows("Groups")),
            "ticket_fields": propose_fields(rows("CustomDataFields"), ticket_profiles),
            "person_fields": propose_fields(rows("CustomDataFields"), person_profiles),
            "tags": propose_tags(rows("Tags")),
        }
    )
