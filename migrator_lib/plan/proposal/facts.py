"""What a proposal is made from: the source's definitions, what fills its fields, and what exists in the account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib.chunks import Row
from migrator_lib.gorgias.contract.replies import CustomField
from migrator_lib.mapping import EngagementMapping
from migrator_lib.plan.proposal.profile import ValueProfile


@dataclass(frozen=True)
class There:
    """What the production account has, by name."""

    teams: Collection[str] = ()
    tags: Collection[str] = ()
    roles: Collection[str] = ()
    """Roles that its users have."""
    ticket_fields: Mapping[str, CustomField] = field(default_factory=dict)
    """Active ones, by lowered label."""
    person_fields: Mapping[str, CustomField] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Everything that proposals look at. Values are profiles: counts, lengths and short choices."""

    rows: Callable[[str], Sequence[Row]]
    """Gives the rows of a definition table by its name."""
    ticket_profiles: Mapping[int, ValueProfile]
    """Of the values in tickets, chats and calls, by field."""
    person_profiles: Mapping[int, ValueProfile]
    there: There = field(default_factory=There)
    known: EngagementMapping = field(default_factory=EngagementMapping)
    """What is in mapping.yaml already."""
    holds: Collection[str] = ()
    """Names of large tables that have rows: Tickets, Chats, CallLogs."""
    answers: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Question of a survey to its answers that are numbers, and that are text."""
    languages: Collection[str] = ()
    """Ids of the languages that articles are in."""
