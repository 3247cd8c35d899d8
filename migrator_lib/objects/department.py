"""Department and Group: each becomes a Team with its members; a ticket gets its group's team.

Departments and groups that a person maps to one team merge into it, members and all. Gorgias' teams have no hierarchy,
so a team's description says where in SmarterTrack's it stood: brand, department, group. What maps to nothing has its
brand's team, where the brand becomes one (:mod:`migrator_lib.objects.brand`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrator_lib import canonical
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Team
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import MappedField, Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged


class Department(MigrationObject):
    """Departments (keys ``d<id>``) and groups (``g<department>-<id>``)."""

    name = "department"
    title = "Department and Group"
    becomes = "Team"
    reads = ("Departments", "Groups", "UsersInGroups")
    path = "teams"
    verified = "read back; name, description and members compared"
    fields: tuple[MappedField, ...] = (
        MappedField("Departments.DepartmentID + Groups.DepartmentID + Groups.GroupID", "ticket.assignee_team",
                    "a ticket's group's team, else its department's, else its brand's"),
        MappedField("Departments.DisplayName", "team.name", "as mapped"),
        MappedField("Groups.GroupName", "team.name", "behind the department's, as mapped"),
        MappedField("Departments.BrandID", "team.description", "brand > department > group"),
        MappedField("Groups.GroupDescription", "team.description"),
        MappedField("Departments.IsDeleted + Groups.IsDeleted", "", "proposed to become nothing"),
        MappedField("Departments.IsInternal + Groups.IsInternal + Groups.IsFrontLine", "routing_guide"),
        MappedField("UsersInGroups.DepartmentID + UsersInGroups.GroupID + UsersInGroups.UserID", "team.members",
                    "agents who are active"),
        MappedField("UsersInGroups.IsGroupAdmin + UsersInGroups.IsActiveForTickets + UsersInGroups.IsActiveForChats",
                    "routing_guide"),
        MappedField("UsersInGroups.TicketWeight + UsersInGroups.ChatWeight + UsersInGroups.MaxNewTickets + "
                    "UsersInGroups.RoundRobinOrder", "routing_guide", "Gorgias' teams have none of these"),
        MappedField("Groups.VoipExtension", "routing_guide"),
        MappedField("Groups.AlertOption + Groups.AlertAddress", "workflow_inventory", "the address masked"),
        MappedField("Departments.IsAutoResponderEnabled + Departments.AutoResponderID",
                    "routing_guide, workflow_inventory"),
        MappedField("Departments.IsRestrictedToMemberAgents + Departments.TicketRequireResolution + "
                    "Departments.TicketRequireClosedTasks", "routing_guide"),
        MappedField("Departments.SurveyDefinitionIDAfterTicket + Departments.SurveyDefinitionIDAfterChat",
                    "routing_guide", "that it asks for a rating"),
        MappedField("Departments.CustomTemplateID_Ticket", "", "which form it shows; Gorgias has one set of fields"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield departments, then groups, each with the ids of its members."""
        members: dict[str, set[int]] = {}
        for row in staged.rows("UsersInGroups"):
            for key in (f"d{row['DepartmentID']}", f"g{row['DepartmentID']}-{row['GroupID']}"):
                entry = lookups.team(key)
                owner = lookups.team_owner.get(entry.team, key) if entry else key
                members.setdefault(owner, set()).add(row["UserID"])
        for department in sorted(lookups.departments):
            yield Record(f"d{department}", sorted(members.get(f"d{department}", ())))
        for department, group in sorted(lookups.groups):
            yield Record(f"g{department}-{group}", sorted(members.get(f"g{department}-{group}", ())))

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A team of the mapped name; only active agents are members."""
        entry = lookups.mapping.teams.get(record.key)
        if entry is None:
            return Quarantine("not in mapping.yaml: run notebook 02 again, and have the mapping signed")
        if entry.becomes == "nothing":
            return Skip("mapped_to_nothing")
        owner = lookups.team_owner[entry.team]
        if owner != record.key:
            return Merge(owner, "same_team")
        references = [lookups.agent_reference(user_id) for user_id in record.data]
        members = [{"id": {"$ref": ref}} for ref in dict.fromkeys(references) if ref != "user:fallback"]
        return Send({"name": entry.team, "description": described(record.key, lookups), "members": members})

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Name; teams carry no external id."""
        return str(thing.get("name"))

    def existing(self, api: GorgiasApi) -> dict[str, Team]:
        """All teams by name."""
        return {team.name: team for team in api.teams.every()}

    def compared(self, thing: Json) -> Json:
        """Name, description and members."""
        members = {member["id"] for member in thing.get("members") or ()}
        name, description = canonical.text(thing.get("name")), canonical.text(thing.get("description"))
        return {"name": name, "description": description, "members": sorted(members)}

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """What differs; members replace all."""
        return {name: payload[name] for name in ("name", "description", "members") if name in fields}


def described(key: str, lookups: Lookups) -> str:
    """Return where the department or group of a team stood: brand, department, group, and the group's description."""
    department, _, group = key[1:].partition("-")
    row = lookups.departments.get(int(department), {})
    brand, own = lookups.brand_of(int(department)), lookups.groups.get((int(department), int(group or 0)), {})
    path = [(brand or {}).get("BrandName"), row.get("DisplayName"), own.get("GroupName") if group else None]
    text = " > ".join(str(name).strip() for name in path if name)
    more = str(own.get("GroupDescription") or "").strip() if group else ""
    return f"SmarterTrack: {text}" + (f". {more}" if more else "")
