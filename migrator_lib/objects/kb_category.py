"""Category of the knowledge base: a category of the Help Center, below the next one above it that is made."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import MappedField, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged


class KbCategory(MigrationObject):
    """Categories; those of articles for agents alone too, whose articles are not published."""

    name = "kb_category"
    title = "Knowledge base category"
    becomes = "Help Center category"
    reads = ("KbCategories",)
    undo = "by the API: deleted, once nothing is in it; the export package is left to whoever imports it"
    verified = "the package, or the Help Center, is read back and compared field by field"
    fields = (
        MappedField("KbCategories.KbCategoryID", "", "known by its name, address and place there"),
        MappedField("KbCategories.KbCategoryID_Parent", "category.parent_category_id", "the next above that is made"),
        MappedField("KbCategories.CategoryName", "translation.title, translation.slug", "by mapping.kb_categories"),
        MappedField("KbCategories.IsPrivate + KbCategories.IsVisible", "translation.visibility_status",
                    "of its articles: they count as private"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield categories by id."""
        for category, row in sorted(lookups.knowledge.categories.items()):
            yield Record(str(category), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """Its mapped name, in every language that its articles have."""
        entry = lookups.mapping.kb_categories.get(record.key)
        if entry is None:
            return Quarantine("not in mapping.yaml: run notebook 02 again, and have the mapping signed")
        if entry.becomes == "nothing":
            return Skip("mapped_to_nothing")
        rules, category = lookups.article_rules, int(record.key)
        above = [one for one in rules.above(category) if one != category]
        parent = rules.made_category(above[0]) if above else None
        return Send(
            {
                "external_id": lookups.external_id(self.name, record.key),
                "name": entry.category,
                "parent": None if parent is None else lookups.external_id(self.name, parent),
            }
        )
