"""Agents: who is one, who stands for whom in Gorgias, and with which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from migrator_lib.lookups.source import Source
from migrator_lib.lookups.text import lowered
from migrator_lib.staging import Row, Staged

AGENT_ROLES = ("agent", "manager", "administrator")
GORGIAS_ROLES = ("admin", "agent", "basic-agent", "lite-agent", "observer-agent")
"""Roles of Gorgias (developers.gorgias.com, create-user), the one that may most first."""


class Agents(Source):
    """Look-ups of agents."""

    def is_inactive(self, user: Row) -> bool:
        """Whether an agent may no longer sign in."""
        return bool(user["IsDeleted"]) or bool(user.get("IsLockedOut"))

    def agent_reference(self, user_id: int | None) -> str:
        """Return the reference of the Gorgias user who stands for an agent; the fallback where there is none."""
        user = self.users.get(user_id) if user_id is not None else None
        if user is None or user.get("IsQueue") or user_id not in self.agents or self.is_inactive(user):
            return "user:fallback"
        return f"user:{self.agent_of_address.get(lowered(user['Email']), user_id)}"

    def assignee_reference(self, user_id: int | None, *, closed: bool) -> str | None:
        """Return the reference of the user whom a ticket is assigned to, or None for nobody.

        What an agent who is gone left open is the fallback agent's. What is closed is it too, or belongs to nobody
        and keeps the name alone, where ``agents.history`` is ``by_name``.
        """
        if self.is_unassigned(user_id):
            return None
        reference = self.agent_reference(user_id)
        by_name = closed and self.parameters.agents.history == "by_name"
        return None if by_name and reference == "user:fallback" else reference

    def role_of(self, user_id: int) -> str:
        """Return the role in Gorgias of an agent: of all that the mapping gives, the one that may most."""
        chosen = self.mapping.roles
        held = {chosen[str(role)].becomes for role in self.roles.get(user_id, ()) if str(role) in chosen}
        if self.users[user_id].get("IsPrimaryAdmin"):
            held |= {role.becomes for role in chosen.values() if role.name.lower() == "administrator"}
        return next((role for role in GORGIAS_ROLES if role in held), "agent")

    @cached_property
    def agent_of_address(self) -> dict[str, int]:
        """Lowered address to the active agent who has it, lowest id first: Gorgias has one user for each address."""
        found: dict[str, int] = {}
        for user_id in sorted(self.agents):
            user = self.users[user_id]
            if lowered(user["Email"]) and not user.get("IsQueue") and not self.is_inactive(user):
                found.setdefault(lowered(user["Email"]), user_id)
        return found

    def is_unassigned(self, user_id: int | None) -> bool:
        """Whether an assignee is nobody: NULL, or the queue pseudo-user."""
        return user_id is None or bool(self.users.get(user_id, {}).get("IsQueue"))

    def agent_name(self, user_id: int | None) -> str:
        """Return an agent's name for display, also of one who is gone."""
        user = self.users.get(user_id) if user_id is not None else None
        return str((user or {}).get("DisplayName") or "Unknown agent")

    def name_if_agent(self, user_id: int | None) -> str:
        """Return an agent's name as the sender of a message; empty for nobody and for the queue."""
        return self.agent_name(user_id) if user_id in self.agents else ""


def employee_roles(staged: Staged) -> dict[int, list[int]]:
    """Return account to the roles that employees have: agent, manager, administrator, and the company's own.

    The role Everyone is on every user, customers too, so having a role says nothing by itself.
    """
    employees = {
        row["RoleID"]
        for row in staged.rows("Roles")
        if str(row["RoleName"]).strip().lower() in AGENT_ROLES or row.get("IsCustomRole")
    }
    found: dict[int, list[int]] = {}
    for row in staged.rows("UsersInRoles"):
        if row["RoleID"] in employees:
            found.setdefault(row["UserID"], []).append(row["RoleID"])
    return found


def agents_of(users: Mapping[int, Row], staged: Staged, held: Mapping[int, Sequence[int]]) -> set[int]:
    """Return who is an agent: member of a group, or in an agent, manager or administrator role.

    Args:
        users: all accounts.
        staged: what was read.
        held: :func:`employee_roles`; a role of the company's own makes nobody an agent.
    """
    roles = {row["RoleID"] for row in staged.rows("Roles") if str(row["RoleName"]).strip().lower() in AGENT_ROLES}
    found = {row["UserID"] for row in staged.rows("UsersInGroups")}
    found |= {user for user, own in held.items() if not roles.isdisjoint(own)}
    return {i for i in found if i in users and not users[i].get("IsQueue")}
