"""User: a SmarterTrack agent becomes a Gorgias User.

Active agents are matched by e-mail, or created where the engagement says so (Gorgias may invite them by mail, which
is unverified, so the default is a list for an admin). Inactive ones become the fallback agent; their names stay on what
they wrote. The queue pseudo-user is no person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.objects.base import Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged


class User(MigrationObject):
    """Agents."""

    name = "user"
    title = "User (agent)"
    becomes = "User"
    reads = ("Users", "UsersInGroups", "UsersInRoles", "Roles")
    path = "users"
    undo = "deactivated: deleting one would unassign tickets and delete statistics"
    handed_over_if_absent = True

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
                "role": {"name": "agent"},
                "external_id": lookups.external_id(self.name, record.key),
            }
        )

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """E-mail."""
        return lowered(thing.get("email"))

    def existing(self, api: GorgiasApi) -> dict[str, replies.User]:
        """All users by e-mail."""
        return {lowered(user.email): user for user in api.users.every() if user.email}

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Deactivate: deleting a user would unassign tickets and delete statistics."""
        api.users.update(int(target_id), {"active": False})

    def compared(self, thing: Json) -> Json:
        """E-mail: names of people who were there already are theirs to choose."""
        return {"email": lowered(thing.get("email"))}
