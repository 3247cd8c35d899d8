"""What a transform may look up: the source's definitions, the mapping, the parameters, the index of files.

Pure data, but for that index: a million files are on disk, and only read. ``agents``, ``requesters``, ``organizations``
and ``structure`` have the look-ups, by what they are about; ``text`` what is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from migrator_lib.knowledge.rules import Rules
from migrator_lib.knowledge.source import Knowledge
from migrator_lib.links import Links
from migrator_lib.lookups.agents import AGENT_ROLES, GORGIAS_ROLES, Agents, agents_of, employee_roles
from migrator_lib.lookups.requesters import (
    UNKNOWN_REQUESTER,
    Requesters,
    askers,
    of_chats_and_calls,
    ticket_requesters,
)
from migrator_lib.lookups.structure import Structure
from migrator_lib.lookups.text import addresses, content_type, is_email, iso, lowered, requester_key_of_address
from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters
from migrator_lib.smartertrack.file_index import FileIndex
from migrator_lib.staging import Row, Staged

if TYPE_CHECKING:
    from migrator_lib.membership.belonging import Members
    from migrator_lib.membership.filters import Filters

__all__ = [
    "AGENT_ROLES",
    "GORGIAS_ROLES",
    "UNKNOWN_REQUESTER",
    "Lookups",
    "addresses",
    "askers",
    "content_type",
    "is_email",
    "iso",
    "lowered",
    "requester_key_of_address",
]


class Lookups(Structure, Agents, Requesters):
    """Everything that transforms look up, made once for each stage."""

    @classmethod
    def of(
        cls,
        staged: Staged,
        mapping: EngagementMapping,
        parameters: Parameters,
        alive: Callable[[], None] = lambda: None,
    ) -> Lookups:
        """Make the look-ups of a stage; ``alive`` is called while the index of files is filled, at its first use."""
        by = _by(staged)
        users, roles = by("Users", "UserID"), employee_roles(staged)
        others, callers = of_chats_and_calls(askers(staged, parameters), users)
        user_fields: dict[int, list[Row]] = {}
        for row in staged.rows("CustomDataFieldsForUsers"):
            user_fields.setdefault(row["UserID"], []).append(row)
        return cls(
            parameters=parameters,
            mapping=mapping,
            users=users,
            agents=agents_of(users, staged, roles),
            roles=roles,
            staged=staged,
            departments=by("Departments", "DepartmentID"),
            groups={(row["DepartmentID"], row["GroupID"]): row for row in staged.rows("Groups")},
            brands=by("Brands", "BrandID"),
            statuses=by("TicketStatuses", "TicketStatusID"),
            comment_types=by("CommentTypes", "CommentTypeID"),
            custom_fields=by("CustomDataFields", "CustomFieldID"),
            organizations=by("Organizations", "OrganizationID"),
            filters=staged.rows("OrganizationFilters"),
            user_fields=user_fields,
            tags=by("Tags", "TagID"),
            task_statuses=by("TaskStatuses", "TaskStatusID"),
            task_priorities=by("TaskPriorities", "TaskPriorityID"),
            links=Links.read(staged),
            files=FileIndex(staged, alive),
            knowledge=Knowledge.of(staged),
            ticket_requesters=[*ticket_requesters(staged), *others],
            callers=callers,
        )

    @cached_property
    def organization_filters(self) -> Filters:
        """All filters of organizations as look-ups."""
        from migrator_lib.membership.filters import Filters  # which imports this

        return Filters.of(self)

    @cached_property
    def members(self) -> dict[int, Members]:
        """Organization to who belongs to it, of those that have members."""
        from migrator_lib.membership import belonging  # which imports this

        return belonging.members(self.staged, self) if self.staged is not None else {}

    @cached_property
    def article_rules(self) -> Rules:
        """The rules of the knowledge base."""
        return Rules(self)


def _by(staged: Staged) -> Any:
    return lambda table, key: {row[key]: row for row in staged.rows(table)}
