"""Departments, groups, brands and tags: which team or tag each of them is in Gorgias."""

from __future__ import annotations

from functools import cached_property

from migrator_lib.lookups.source import Source
from migrator_lib.mapping import Team
from migrator_lib.staging import Row


class Structure(Source):
    """Look-ups of teams and tags."""

    def team(self, key: str) -> Team | None:
        """Return the mapping of a department or group, or None where it becomes nothing."""
        entry = self.mapping.teams.get(key)
        return entry if entry and entry.becomes == "team" else None

    def team_reference(self, department: int, group: int) -> str | None:
        """Return the reference of a ticket's team: its group's, else its department's, else its brand's."""
        for key in (f"g{department}-{group}", f"d{department}"):
            entry = self.team(key)
            if entry:
                return f"department:{self.team_owner.get(entry.team, key)}"
        brand = self.brand_of(department)
        name = self.brand_team(brand["BrandID"]) if brand else None
        if name is None or brand is None:
            return None
        owner = self.team_owner.get(name)
        return f"department:{owner}" if owner else f"brand_team:{self.brand_team_owner[name]}"

    def brand_team(self, brand: int) -> str | None:
        """Return the name of the team that a brand becomes, or None where it becomes none."""
        entry = self.mapping.brands.get(str(brand))
        return (entry.team.strip() or entry.name) if entry and entry.becomes == "team" else None

    @cached_property
    def brand_team_owner(self) -> dict[str, str]:
        """Team name to the key of the brand whose record makes it."""
        found: dict[str, str] = {}
        for brand in sorted(self.brands):
            name = self.brand_team(brand)
            if name:
                found.setdefault(name, str(brand))
        return found

    @cached_property
    def team_owner(self) -> dict[str, str]:
        """Team name to the key of the department or group whose record makes it; several may become one team."""
        keys = [f"d{d}" for d in sorted(self.departments)] + [f"g{d}-{g}" for d, g in sorted(self.groups)]
        found: dict[str, str] = {}
        for key in keys:
            entry = self.team(key)
            if entry:
                found.setdefault(entry.team, key)
        return found

    @cached_property
    def brand_owner(self) -> dict[str, str]:
        """Tag name in Gorgias to the key of the brand whose record makes it."""
        found: dict[str, str] = {}
        for brand in sorted(self.brands):
            entry = self.mapping.brands.get(str(brand))
            if entry and entry.becomes == "tag":
                found.setdefault(entry.tag, str(brand))
        return found

    @cached_property
    def tag_owner(self) -> dict[str, str]:
        """Tag name in Gorgias to the key of the tag whose record makes it; deleted tags make none."""
        found: dict[str, str] = {}
        for tag, row in sorted(self.tags.items()):
            entry = self.mapping.tags.get(str(tag))
            if entry and not row["IsDeleted"]:
                found.setdefault(entry.becomes, str(tag))
        return found

    def brand_of(self, department: int) -> Row | None:
        """Return the brand of a department, or None."""
        return self.brands.get((self.departments.get(department) or {}).get("BrandID") or -1)
