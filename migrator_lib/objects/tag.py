"""Tag: SmarterTrack's tags (of tasks and time logs; tickets had none in 2018) become Gorgias tags.

A ticket gets the tags of its tasks and time logs. Tags that differ only by case become one.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import MappedField, Merge, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.objects.brand import Brand
from migrator_lib.staging import Staged


class Tag(Brand):
    """Tags; in Gorgias they are handled as a brand's tag is."""

    name = "tag"
    title = "Tag"
    reads = ("Tags", "TagsInTasks", "TimeLogs")
    fields = (
        MappedField("Tags.TagID", "tag_taxonomy", "leads from tasks and time logs to their tags"),
        MappedField("Tags.Name", "tag.name, ticket.tags", "as mapped; those of one name become one"),
        MappedField("Tags.IsDeleted", "", "deleted ones are left out"),
        MappedField("Tags.DateCreatedUTC", "", "Gorgias dates a tag by itself"),
        MappedField("TagsInTasks.TaskID + TagsInTasks.TagID", "ticket.tags", "a ticket has the tags of its tasks"),
        MappedField("TimeLogs.TagID", "ticket.tags", "a ticket has the tags of its time logs"),
        MappedField("TagsInTasks.TagsInTasksID", "", "number of the row"),
    )

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield tags by id."""
        for tag, row in sorted(lookups.tags.items()):
            yield Record(str(tag), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The mapped name; deleted tags are left out, and those of one name merge."""
        if record.data["IsDeleted"]:
            return Skip("deleted_tag")
        entry = lookups.mapping.tags.get(record.key)
        if entry is None:
            return Quarantine("not in mapping.yaml: run notebook 02 again, and have the mapping signed")
        owner = lookups.tag_owner[entry.becomes]
        if owner != record.key:
            return Merge(owner, "same_tag")
        return Send({"name": entry.becomes})
