"""The proposal of a mapping: for each section, from definitions, values, and what exists in the account.

Rules first, likeness second; each entry says how sure it is, and why. Proposals of a further section: a function of
:class:`Facts` that returns its entries, in :data:`PROPOSERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from migrator_lib.chunks import Row
from migrator_lib.mapping import CONFIDENT, AddedField, EngagementMapping, Entry, FieldMapping
from migrator_lib.objects.requester import ORGANIZATION
from migrator_lib.plan.added_fields import propose_added
from migrator_lib.plan.extras import (
    propose_organization,
    propose_placeholders,
    propose_roles,
    propose_survey_questions,
)
from migrator_lib.plan.knowledge import propose_categories, propose_languages
from migrator_lib.plan.proposal.facts import Facts, There
from migrator_lib.plan.proposal.fields import FIRST, added_with_room, propose_fields, with_room
from migrator_lib.plan.proposal.names import Names
from migrator_lib.plan.proposal.profile import DISTINCT_KEPT, NEAR_CEILING, ValueProfile
from migrator_lib.plan.proposal.structure import propose_brands, propose_tags, propose_teams
from migrator_lib.plan.proposal.tickets import DIRECTIONS, propose_channels, propose_priorities, propose_statuses

__all__ = [
    "DIRECTIONS", "DISTINCT_KEPT", "NEAR_CEILING", "Facts", "There", "ValueProfile", "propose", "propose_brands",
    "propose_fields", "propose_from", "propose_priorities", "propose_statuses", "propose_tags", "propose_teams",
]  # fmt: skip

Section = Mapping[str, Entry]
PROPOSERS: dict[str, Callable[[Facts], Section]] = {
    "statuses": lambda facts: propose_statuses(facts.rows("TicketStatuses"), Names(facts.there.tags)),
    "priorities": lambda facts: propose_priorities(facts.rows("TicketPriorities")),
    "directions": lambda _: DIRECTIONS,
    "brands": lambda facts: propose_brands(facts.rows("Brands"), Names(facts.there.tags)),
    "teams": lambda facts: propose_teams(facts.rows("Departments"), facts.rows("Groups"), Names(facts.there.teams)),
    "tags": lambda facts: propose_tags(facts.rows("Tags"), Names(facts.there.tags)),
    "roles": lambda facts: propose_roles(facts.rows("Roles"), facts.there.roles),
    "placeholders": lambda facts: propose_placeholders(facts.rows("CannedReplies")),
    "languages": lambda facts: _languages(facts),
    "kb_categories": lambda facts: propose_categories(facts.rows("KbCategories")),
    "survey_questions": lambda facts: propose_survey_questions(facts.rows("SurveyQuestions"), facts.answers),
}
"""Section of mapping.yaml to what proposes it; fields come behind, since there is room for some only."""


def propose_from(facts: Facts) -> EngagementMapping:
    """Return the proposal for a whole source."""
    found: dict[str, Any] = {section: proposer(facts) for section, proposer in PROPOSERS.items()}
    definitions, known = facts.rows("CustomDataFields"), facts.known
    places = facts.there.ticket_fields
    fields = propose_fields(definitions, facts.ticket_profiles, places, known=known.ticket_fields)
    added = _added(facts, {**fields, **known.ticket_fields}, {**found["statuses"], **known.statuses})
    first = [entry.label for name, entry in {**added, **known.added_fields}.items() if name in FIRST]
    fields = with_room(fields, facts.ticket_profiles, places, more=first, kept=known.ticket_fields)
    added = added_with_room(added, {**fields, **known.ticket_fields}, places)
    people = _people(facts)
    channels = propose_channels({**fields, **known.ticket_fields}, definitions, facts.ticket_profiles)
    found |= {"ticket_fields": fields, "added_fields": added, "person_fields": people, "channels": channels}
    return EngagementMapping.model_validate(found)


def _people(facts: Facts) -> dict[str, FieldMapping]:
    """Return the fields of users and organizations; Gorgias has no notes for people."""
    places, known = facts.there.person_fields, facts.known.person_fields
    fields = propose_fields(facts.rows("CustomDataFields"), facts.person_profiles, places, known=known, has_notes=False)
    fields = with_room(fields, facts.person_profiles, places, kept=known)
    if not facts.holds:
        return fields
    others = {key: entry for key, entry in {**fields, **known}.items() if key != ORGANIZATION}
    return fields | propose_organization(facts.rows("Organizations"), others)


def _languages(facts: Facts) -> Section:
    """Return the locales of languages; SmarterTrack brings many, and one that nothing is in is not asked."""
    proposed = propose_languages(facts.rows("Languages"))
    return {key: one for key, one in proposed.items() if one.confidence >= CONFIDENT or key in facts.languages}


def _added(facts: Facts, fields: Mapping[str, FieldMapping], statuses: Mapping[str, Any]) -> dict[str, AddedField]:
    """Return the added fields that are of use, where it is known what the source holds."""
    if not facts.holds:
        return {}
    return propose_added(fields, statuses, chats="Chats" in facts.holds, calls="CallLogs" in facts.holds)


def propose(
    rows: Callable[[str], Sequence[Row]],
    ticket_profiles: Mapping[int, ValueProfile],
    person_profiles: Mapping[int, ValueProfile],
) -> EngagementMapping:
    """Return the proposal by the source alone.

    Args:
        rows: gives the rows of a definition table by its name.
        ticket_profiles: profiles of the values in tickets, by field id.
        person_profiles: the same of users.
    """
    return propose_from(Facts(rows, ticket_profiles, person_profiles))
