"""Custom fields of users and organizations become Customer fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrator_lib.lookups import Lookups
from migrator_lib.mapping import AddedField, FieldMapping
from migrator_lib.objects.base import MappedField, Record
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.staging import Staged


class PersonField(TicketField):
    """Definitions of customer fields."""

    name = "person_field"
    title = "Custom field of users and organizations"
    becomes = "Customer field"
    reads = ("CustomDataFields", "CustomDataFieldsForUsers")
    object_type = "Customer"
    fields = (
        MappedField("CustomDataFields.CustomFieldID", "custom_field.external_id"),
        MappedField("CustomDataFields.DisplayName", "custom_field.label", "as mapped"),
        MappedField("CustomDataFields.DataType", "", "its codes are not published; the type is told by the values"),
        MappedField("CustomDataFields.Options", "custom_field.definition", "choices, where it becomes a dropdown"),
        MappedField("CustomDataFields.SpecialMapping", "customer.channels", "says which fields hold phone numbers"),
        MappedField("CustomDataFields.DefaultValue + CustomDataFields.IsGlobal", "", "Gorgias fills in nothing"),
        MappedField("CustomDataFieldsForUsers.UserID + CustomDataFieldsForUsers.CustomFieldID + "
                    "CustomDataFieldsForUsers.DataContent", "customer.custom_fields"),
    )  # fmt: skip

    def entries(self, lookups: Lookups) -> Mapping[str, FieldMapping]:
        """Return the mapping's entries of this kind."""
        return lookups.mapping.person_fields

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield the fields that the mapping knows or that people have values in, by id; then what the mapping adds."""
        entries = self.entries(lookups)
        own = {int(key) for key in entries if key.isdecimal()}
        for field_id in sorted(self.used(staged, lookups) | own):
            yield Record(str(field_id), lookups.custom_fields.get(field_id))
        for key, entry in sorted(entries.items()):
            if not key.isdecimal():
                yield Record(key, entry)

    def _entry(self, record: Record, lookups: Lookups) -> FieldMapping | AddedField | None:
        """Return the mapping's entry of a field, also of one that the source has not: the organization of people."""
        return record.data if isinstance(record.data, FieldMapping) else super()._entry(record, lookups)

    def used(self, staged: Staged, lookups: Lookups) -> set[int]:
        """Return the fields that have values."""
        return {row["CustomFieldID"] for rows in lookups.user_fields.values() for row in rows}
