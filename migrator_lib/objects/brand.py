"""Brand: a tag on every ticket of the brand's departments; or a team, as mapped.

A ticket has one team. Where its department and group become teams, theirs is the ticket's; the brand's team is that of
tickets whose department and group map to nothing. A brand that becomes a team is no tag, and is accounted in both: left
out here by the rule ``becomes_a_team``, and made there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrator_lib import canonical
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import MappedField, Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.department import Department
from migrator_lib.staging import Staged

FIELDS = (
    MappedField("Brands.BrandID", "", "leads from departments to their brand"),
    MappedField("Brands.BrandName", "tag.name, tag.description", "as mapped; or team.name"),
    MappedField("Brands.HostHeaderValue + Brands.IsDefaultBrand + Brands.VoipPhoneNumber", "brand_guide"),
    MappedField(
        "Brands.CommunityEnabled + Brands.DisplayLiveChat + Brands.EnablePortalLogin + "
        "Brands.EnableRegistration + Brands.EnableKbVoting",
        "brand_guide",
        "with what takes its place",
    ),
    MappedField(
        "Brands.StartChatRestriction + Brands.ViewNewsRestriction + Brands.ViewPortalTicketsRestriction + "
        "Brands.ViewThreadRestriction + Brands.NewThreadRestriction",
        "brand_guide",
        "the code, as it is",
    ),
)


class Brand(MigrationObject):
    """Brands."""

    name = "brand"
    title = "Brand"
    becomes = "Tag"
    reads: tuple[str, ...] = ("Brands",)
    path = "tags"
    verified = "read back; name and description compared"
    fields: tuple[MappedField, ...] = FIELDS

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield brands by id."""
        for brand, row in sorted(lookups.brands.items()):
            yield Record(str(brand), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The mapped tag; brands with one tag merge."""
        entry = lookups.mapping.brands.get(record.key)
        if entry is None:
            return Quarantine("not in mapping.yaml: run notebook 02 again, and have the mapping signed")
        if entry.becomes == "team":
            return Skip("becomes_a_team")
        if entry.becomes == "nothing":
            return Skip("mapped_to_nothing")
        owner = lookups.brand_owner[entry.tag]
        if owner != record.key:
            return Merge(owner, "same_tag")
        return Send({"name": entry.tag, "description": f"Brand {entry.name} in SmarterTrack"[:1024]})

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Name, case and all: Gorgias' tags are case-sensitive."""
        return str(thing.get("name"))

    def existing(self, api: GorgiasApi) -> dict[str, replies.Tag]:
        """All tags by name."""
        return {tag.name: tag for tag in api.tags.every()}

    def compared(self, thing: Json) -> Json:
        """Name and description."""
        return {"name": canonical.text(thing.get("name")), "description": canonical.text(thing.get("description"))}

    fixed = frozenset({"name"})
    """A tag that is renamed is renamed on all its tickets, and may date them anew: another name is another tag."""

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """Description."""
        return {"description": payload.get("description", "")}


class BrandTeam(Department):
    """Brands that become teams, with the active agents of all their groups."""

    name = "brand_team"
    title = "Brand as a team"
    becomes = "Team"
    reads = ("Brands", "Departments", "UsersInGroups")
    fields = (
        *FIELDS,
        MappedField("Departments.DepartmentID + Departments.BrandID + UsersInGroups.DepartmentID + "
                    "UsersInGroups.UserID", "team.members", "the active agents of the brand's groups"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the brands that become teams, by id, each with the ids of its members."""
        members: dict[str, set[int]] = {}
        for row in staged.rows("UsersInGroups"):
            brand = lookups.brand_of(row["DepartmentID"])
            name = lookups.brand_team(brand["BrandID"]) if brand else None
            if name:
                members.setdefault(name, set()).add(row["UserID"])
        for brand_id in sorted(lookups.brands):
            name = lookups.brand_team(brand_id)
            if name:
                yield Record(str(brand_id), sorted(members.get(name, ())))

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A team of the mapped name; where a department's or another brand's is called so, it is that one."""
        name = lookups.brand_team(int(record.key))
        if name is None:
            return Skip("mapped_to_nothing")
        if name in lookups.team_owner:
            return Merge(f"department:{lookups.team_owner[name]}", "same_team")
        owner = lookups.brand_team_owner[name]
        if owner != record.key:
            return Merge(owner, "same_team")
        references = [lookups.agent_reference(user_id) for user_id in record.data]
        members = [{"id": {"$ref": ref}} for ref in dict.fromkeys(references) if ref != "user:fallback"]
        brand = str(lookups.brands[int(record.key)].get("BrandName") or name)
        return Send({"name": name, "description": f"SmarterTrack: {brand}", "members": members})
