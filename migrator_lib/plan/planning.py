"""The schema plan: what will be made in Gorgias, what is there already, and what is in the way. Nothing is written.

Definitions are read from the source, the mapping is proposed from them and added to what people wrote, and the account
is read. Values are profiled by counts alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from migrator_lib import mapping
from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.masking import mask_email
from migrator_lib.objects import SETUP
from migrator_lib.objects.person_field import PersonField
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.plan import codes, profiles, proposal
from migrator_lib.plan.rows import PlanRow, State, all_rows
from migrator_lib.runbook import extractor
from migrator_lib.staging import Staged

STAGE = "definitions"


@dataclass
class Plan:
    """The whole plan."""

    rows: list[PlanRow] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    """What a person has to decide before the mapping is signed."""
    added: list[str] = field(default_factory=list)
    """Keys that this run added to mapping.yaml."""

    def counts(self) -> dict[str, dict[str, int]]:
        """Return kind of thing to state to number."""
        found: dict[str, Counter[str]] = {}
        for row in self.rows:
            found.setdefault(row.what, Counter())[row.state] += 1
        return {what: dict(states) for what, states in found.items()}

    def in_state(self, state: State) -> int:
        """Return how many things are in a state."""
        return sum(row.state == state for row in self.rows)


def make_plan(engagement: Engagement) -> Plan:
    """Read definitions, propose the mapping, compare with the account; return the plan.

    Raises:
        SourceError: the source cannot be read.
        TargetError: the account cannot be read.
        ParameterError: mapping.yaml is not valid.
    """
    staged, plan = read_definitions(engagement), Plan()
    propose(engagement, staged, plan)
    lookups, api = engagement.lookups(staged), engagement.api("production")
    existing = {obj.name: obj.existing(api) for obj in SETUP}
    plan.rows += all_rows(staged, lookups, existing)
    plan.decisions += _open_points(lookups, plan, existing["user"])
    plan.decisions += _unmapped_codes(engagement, staged)
    plan.decisions += _too_many_fields(api, plan)
    return plan


def read_definitions(engagement: Engagement) -> Staged:
    """Stage the definition tables anew and return them."""
    reader = extractor(engagement, STAGE)
    reader.start_again()
    reader.definitions()
    return engagement.staged(STAGE)


def propose(engagement: Engagement, staged: Staged, plan: Plan) -> None:
    """Add to mapping.yaml what it lacks of the proposal."""
    source, progress = engagement.source, engagement.progress
    people = profiles.profiled(staged.rows("CustomDataFieldsForUsers"))
    proposed = proposal.propose(staged.rows, profiles.ticket_profiles(source, progress), people)
    plan.added = mapping.merge_into_file(engagement.paths.mapping_file, proposed)


# --- what a person decides -----------------------------------------------------------------------------


def _open_points(lookups: Lookups, plan: Plan, users: Mapping[str, Thing]) -> Iterator[str]:
    fallback = lowered(lookups.parameters.agents.fallback)
    if fallback not in users:
        yield (
            f"The fallback agent {mask_email(fallback)} is no user of the production account. Create that user in "
            "Gorgias, or change agents.fallback in engagement.yaml; nothing is loaded without it."
        )
    for key, entry in lookups.mapping.priorities.items():
        if "please choose" in entry.reason:
            yield f"priorities.{key} ('{entry.name}') is no name that Gorgias knows; proposed is {entry.becomes}."
    blocked = plan.in_state("in the way")
    if blocked:
        yield f"Definitions in the way of something: {blocked}; each says below what to change."


def _unmapped_codes(engagement: Engagement, staged: Staged) -> Iterator[str]:
    """Yield codes that came up since the audit, which stops on them."""
    meanings = codes.meanings(staged.rows, engagement.mapping)
    for column in codes.DECIDING:
        for code, n in codes.values(engagement.source, column):
            if code not in meanings[column.section]:
                yield (
                    f"{column.name} {code} (rows: {n:,}) has no meaning: {column.otherwise}. To say what it means, add "
                    f"'{code}': {column.entry} under {column.section} in mapping.yaml."
                )


def _too_many_fields(api: GorgiasApi, plan: Plan) -> Iterator[str]:
    for obj in (TicketField(), PersonField()):
        active = sum(1 for _ in api.custom_fields.every(obj.object_type))
        mine = [row for row in plan.rows if row.what == obj.title]
        new = sum(row.state == "will be created" or "fields are mapped" in row.reason for row in mine)
        surplus = active + new - mapping.FIELD_LIMIT
        if surplus > 0:
            yield (
                f"{obj.becomes}s: the account has {active} active and {new} more are mapped, but Gorgias keeps "
                f"{mapping.FIELD_LIMIT} active at a time. Set 'becomes: nothing' for at least {surplus} under "
                f"{obj.name}s in mapping.yaml, or archive as many in Gorgias."
            )
