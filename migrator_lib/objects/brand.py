"""Brand: a tag on every ticket of the brand's departments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged


class Brand(MigrationObject):
    """Brands."""

    name = "brand"
    title = "Brand"
    becomes = "Tag"
    reads: tuple[str, ...] = ("Brands",)
    path = "tags"

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield brands by id."""
        for brand, row in sorted(lookups.brands.items()):
            yield Record(str(brand), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The mapped tag; brands with one tag merge."""
        entry = lookups.mapping.brands.get(record.key)
        if entry is None:
            return Quarantine("not in mapping.yaml: run notebook 02 again, and have the mapping signed")
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
        return {"name": thing.get("name"), "description": thing.get("description") or ""}

    fixed = frozenset({"name"})
    """A tag that is renamed is renamed on all its tickets, and may date them anew: another name is another tag."""

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """Description."""
        return {"description": payload.get("description", "")}
