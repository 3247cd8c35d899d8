"""User: a SmarterTrack agent becomes a Gorgias User.

Active agents are matched by e-mail, or created where the engagement says so (Gorgias may invite them by mail, which
is unverified, so the default is a list for an admin), with the role that the mapping gives theirs. Inactive ones become
the fallback agent: their names stay on what they wrote, what they left open is the fallback agent's, and what is closed
is it too or belongs to nobody (``agents.history``). They are not made as users who may not sign in: whether Gorgias
takes ``active: false`` when a user is made is unverified, and each would be invited. The queue is no person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrator_lib import canonical
from migrator_lib.errors import NotUpdatable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.objects.base import MappedField, Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged


class User(MigrationObject):
    """Agents."""

    name = "user"
    title = "User (agent)"
    becomes = "User"
    reads = ("Users", "UsersInGroups", "UsersInRoles", "Roles")
    path = "users"
    undo = "deactivated: deleting one would unassign tickets and delete statistics"
    verified = "read back; address, name and role compared of those that were made"
    handed_over_if_absent = True
    fields = (
        MappedField("Users.UserID", "user.external_id"),
        MappedField("Users.Email", "user.email", "lower case; users who are there are matched by it"),
        MappedField("Users.DisplayName", "user.name", "also before what an agent wrote who is gone"),
        MappedField("Users.UserName", "agents", "in the list for an admin"),
        MappedField("Users.IsDeleted + Users.IsLockedOut", "", "such an agent becomes the fallback agent"),
        MappedField("Users.IsQueue", "", "the queue is no person"),
        MappedField("Users.IsPrimaryAdmin + UsersInRoles.UserID + UsersInRoles.RoleID + Roles.RoleID + Roles.RoleName",
                    "user.role", "by the mapping of roles; of several the one that may most"),
        MappedField("Roles.IsCustomRole", "", "says which other roles are employees'"),
        MappedField("Roles.RoleCategory", "", "its codes are not published"),
        MappedField("UsersInGroups.UserID + UsersInGroups.DepartmentID + UsersInGroups.GroupID", "team.members"),
        MappedField("UsersInGroups.IsGroupAdmin + UsersInGroups.IsActiveForTickets + UsersInGroups.IsActiveForChats",
                    "", "Gorgias' teams have none of these"),
        MappedField("Users.LoweredEmail", "", "the same as Email"),
        MappedField("Users.Language", "", "agents choose it in Gorgias"),
        MappedField("Users.IsEmailVerified + Users.DateCreatedUTC + Users.DateLastLoginUTC", "", "of no use there"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield agents and the queue pseudo-user, by id."""
        for user_id, row in sorted(lookups.users.items()):
            if user_id in lookups.agents or row.get("IsQueue"):
                yield Record(str(user_id), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Match by e-mail; inactive agents merge into the fallback agent, and accounts with one address into one."""
        row = record.data
        if row.get("IsQueue"):
            return Skip("queue_pseudo_user")
        if lookups.is_inactive(row):
            return Merge("fallback", "inactive_agent")
        email = lowered(row["Email"])
        if not is_email(email):
            return Quarantine("the agent has no valid e-mail address, and Gorgias knows users by it")
        owner = str(lookups.agent_of_address[email])
        if owner != record.key:
            return Merge(owner, "same_address_in_two_accounts")
        return Send(
            {
                "email": email,
                "name": (row["DisplayName"] or "").strip() or email,
                "role": {"name": lookups.role_of(row["UserID"])},
                "external_id": lookups.external_id(self.name, record.key),
            }
        )

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """E-mail."""
        return lowered(thing.get("email"))

    def existing(self, api: GorgiasApi) -> dict[str, replies.User]:
        """All users by e-mail."""
        return {lowered(user.email): user for user in api.users.every() if user.email}

    def listed(self, api: GorgiasApi) -> list[tuple[str, replies.User]]:
        """All users with their e-mail."""
        return [(lowered(user.email), user) for user in api.users.every() if user.email]

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Deactivate: deleting a user would unassign tickets and delete statistics."""
        api.users.update(int(target_id), {"active": False})

    lasting = ("external_id",)

    def compared(self, thing: Json) -> Json:
        """E-mail, name and role; only of those that were made: who was there already is not compared."""
        role = thing.get("role")
        return {
            "email": lowered(thing.get("email")),
            "name": canonical.text(thing.get("name")),
            "role": role.get("name") if isinstance(role, Mapping) else None,
        }

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """The name: an address needs the user's password, and what somebody may do is an admin's to change.

        Raises:
            NotUpdatable: anything else changed.
        """
        if set(fields) == {"name"}:
            return {"name": payload["name"]}
        wanted = f" (the mapping says {payload['role']['name']})" if "role" in fields else ""
        raise NotUpdatable(
            f"{' and '.join(sorted(fields))} changed since this user was made{wanted}",
            next_step="let an admin change it in Gorgias.",
        )

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Change the name."""
        api.users.update(int(target_id), payload)
