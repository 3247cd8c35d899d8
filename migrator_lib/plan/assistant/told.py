"""What the assistant is told: names of definitions, types and counts, and nothing that anybody wrote or is called."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from migrator_lib.lookups.text import EMAIL
from migrator_lib.mapping import CONFIDENT, EngagementMapping, Entry, FieldMapping
from migrator_lib.plan.concerns import Counts
from migrator_lib.plan.proposal import Facts, ValueProfile
from migrator_lib.plan.proposal.names import plain
from migrator_lib.plan.proposal.tickets import options_of

SECTIONS = {
    "statuses": "status of tickets",
    "priorities": "priority of tickets",
    "roles": "role of agents",
    "ticket_fields": "custom field of tickets",
    "person_fields": "custom field of customers",
    "survey_questions": "question of a survey",
    "kb_categories": "category of the knowledge base",
}
"""Sections whose names are no values of anybody, and whose choices are a list of words; and what they are."""
PEOPLE = (("Users", "DisplayName"), ("Users", "UserName"), ("Organizations", "OrganizationName"))
"""Columns that hold names of people and companies: a definition that is called so is not told of."""
LONGEST_NAME = 4
"""Words of a person's name that are looked for."""


@dataclass(frozen=True)
class Unsure:
    """An entry that the rules are not sure of, and what is told of it."""

    section: str
    key: str
    name: str
    choices: tuple[str, ...]
    figures: Mapping[str, int]

    @property
    def id(self) -> str:
        """Section and key."""
        return f"{self.section}.{self.key}"

    def told(self) -> dict[str, Any]:
        """Return all that leaves the machine of it."""
        return {
            "id": self.id,
            "kind": SECTIONS[self.section],
            "name": self.name,
            "figures": dict(self.figures),
            "choices": list(self.choices),
        }


def unsure(proposed: EngagementMapping, facts: Facts, concerns: Counts) -> Iterator[Unsure]:
    """Yield what the rules are not sure of and may be told of; what stands in mapping.yaml already is not asked."""
    people = _people(facts)
    for section in SECTIONS:
        for key, entry in getattr(proposed, section).items():
            name = str(getattr(entry, "name", ""))
            if entry.confidence >= CONFIDENT or key in getattr(facts.known, section) or _is_private(name, people):
                continue
            figures = {"records": concerns.get(section, {}).get(key, 0)}
            if isinstance(entry, FieldMapping):
                profile = profile_of(section, key, facts)
                yield Unsure(section, key, name, _types(profile, key, facts), figures | _figures(profile, key, facts))
            else:
                yield Unsure(section, key, name, _choices(entry), figures)


def _people(facts: Facts) -> set[str]:
    """Return the names of people and companies, plain; and of employees each word, since things are called by those."""
    found = {plain(str(row.get(column) or "")) for table, column in PEOPLE for row in facts.rows(table)}
    employees = {row["UserID"] for row in facts.rows("UsersInRoles")}
    names = (str(row.get("DisplayName") or "") for row in facts.rows("Users") if row["UserID"] in employees)
    return (found | {word for name in names for word in plain(name).split()}) - {""}


def _is_private(name: str, people: Collection[str]) -> bool:
    """Whether a definition's name holds an address, or a person's or company's name."""
    words = plain(name).split()
    parts = (
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + LONGEST_NAME) + 1)
    )
    return EMAIL.search(name) is not None or any(part in people for part in parts)


def _choices(entry: Entry) -> tuple[str, ...]:
    return get_args(type(entry).model_fields["becomes"].annotation)


def profile_of(section: str, key: str, facts: Facts) -> ValueProfile:
    """Return what the values of a field look like."""
    profiles = facts.ticket_profiles if section == "ticket_fields" else facts.person_profiles
    return profiles.get(int(key), ValueProfile()) if key.isdecimal() else ValueProfile()


def options_named(key: str, facts: Facts) -> tuple[str, ...]:
    """Return the options of a field; they are counted, and told to nobody."""
    rows = (row for row in facts.rows("CustomDataFields") if str(row["CustomFieldID"]) == key)
    return next((options_of(row) for row in rows), ())


def _types(profile: ValueProfile, key: str, facts: Facts) -> tuple[str, ...]:
    """Return the types that take every value of a field: nothing is to be lost by a model's word."""
    n, options = profile.values, options_named(key, facts)
    fitting = {
        "number": profile.numbers == n,
        "boolean": profile.booleans == n,
        "date as text": profile.dates == n and not (profile.slashes and profile.date_order is None),
        "dropdown": bool(options) and profile.distinct <= {option[:100] for option in options},
    }
    return ("text", *(kind for kind, fits in fitting.items() if n and fits), "nothing")


def _figures(profile: ValueProfile, key: str, facts: Facts) -> dict[str, int]:
    return {
        "values": profile.values,
        "different": len(profile.words),
        "numbers": profile.numbers,
        "yes_or_no": profile.booleans,
        "dates": profile.dates,
        "longest": profile.longest,
        "options": len(options_named(key, facts)),
    }
