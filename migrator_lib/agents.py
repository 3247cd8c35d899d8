"""The company's agents: who they are in SmarterTrack, and what role each gets in Gorgias.

Roles of Gorgias are those of its API (developers.gorgias.com, create-user): admin and agent, among others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib.lookups import AGENT_ROLES, Lookups, lowered
from migrator_lib.staging import Staged


@dataclass(frozen=True)
class Agent:
    """One agent of the source."""

    user_id: int
    name: str
    login: str
    email: str
    role: str
    """The highest role in SmarterTrack, with custom roles behind it."""
    gorgias_role: str
    groups: tuple[str, ...]
    inactive: bool


def all_agents(staged: Staged, lookups: Lookups) -> Iterator[Agent]:
    """Yield every agent, also those who are gone, by id; the queue pseudo-user is none."""
    roles, groups = _roles(staged), _groups(staged, lookups)
    for user_id in sorted(lookups.agents):
        row = lookups.users[user_id]
        held = roles.get(user_id, [])
        if row.get("IsPrimaryAdmin") and "Administrator" not in held:
            held = [*held, "Administrator"]
        yield Agent(
            user_id=user_id,
            name=lookups.agent_name(user_id),
            login=str(row.get("UserName") or ""),
            email=lowered(row["Email"]),
            role=", ".join(sorted(held, key=_rank)) or "member of a group",
            gorgias_role=_in_gorgias(user_id, held, lookups),
            groups=tuple(groups.get(user_id, ())),
            inactive=lookups.is_inactive(row),
        )


@dataclass(frozen=True)
class Gone:
    """An agent who may no longer sign in, and what was theirs."""

    agent: Agent
    open: int
    """Tickets that move and are open: the fallback agent's now."""
    closed: int
    """Tickets that move and are closed: as ``agents.history`` says."""
    chats_and_calls: int
    """Live chats and calls that move, all of which are over: the same."""


def gone_agents(staged: Staged, lookups: Lookups) -> list[Gone]:
    """Return the agents who are gone, by id, with what they had, in one pass over each table."""
    gone = {agent.user_id: agent for agent in all_agents(staged, lookups) if agent.inactive}
    tickets: Counter[tuple[int, bool]] = Counter()
    others: Counter[int] = Counter()
    statuses, spam = lookups.mapping.statuses, lookups.parameters.policy.spam_tickets == "migrate"
    for row in staged.columns("Tickets", ["UserID", "TicketStatusID", "IsDeleted", "IsSpam"]) if gone else ():
        status = statuses.get(str(row["TicketStatusID"]))
        if row["UserID"] in gone and status and not row["IsDeleted"] and (spam or not row["IsSpam"]):
            tickets[row["UserID"], status.becomes == "open"] += 1
    calls = ("CallLogs",) if lookups.parameters.policy.call_logs == "migrate" else ()
    for table in ("Chats", *calls) if gone else ():
        others.update(row["UserID"] for row in staged.columns(table, ["UserID", "IsDeleted"]) if not row["IsDeleted"])
    return [Gone(one, tickets[i, True], tickets[i, False], others[i]) for i, one in sorted(gone.items())]


def _in_gorgias(user_id: int, held: list[str], lookups: Lookups) -> str:
    """Return the role that the mapping gives; before there is a mapping, what administrators mostly become."""
    if lookups.mapping.roles:
        return lookups.role_of(user_id)
    return "admin" if any(role.lower() == "administrator" for role in held) else "agent"


def _rank(role: str) -> tuple[int, str]:
    """Return the sorting key of a role: administrators first, custom roles last."""
    known = tuple(reversed(AGENT_ROLES))
    return (known.index(role.lower()) if role.lower() in known else len(known), role)


def _roles(staged: Staged) -> dict[int, list[str]]:
    """Return the roles of employees that users hold; Everyone and the roles of customers say nothing here."""
    names = {
        row["RoleID"]: str(row["RoleName"]).strip()
        for row in staged.rows("Roles")
        if str(row["RoleName"]).strip().lower() in AGENT_ROLES or row.get("IsCustomRole")
    }
    found: dict[int, list[str]] = {}
    for row in staged.rows("UsersInRoles"):
        if row["RoleID"] in names:
            found.setdefault(row["UserID"], []).append(names[row["RoleID"]])
    return found


def _groups(staged: Staged, lookups: Lookups) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in staged.rows("UsersInGroups"):
        group = lookups.groups.get((row["DepartmentID"], row["GroupID"]))
        if group is not None and not group.get("IsDeleted"):
            found.setdefault(row["UserID"], []).append(str(group["GroupName"]))
    return found
