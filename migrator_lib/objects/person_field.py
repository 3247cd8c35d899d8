"""Custom fields of users and organizations become Customer fields."""

from __future__ import annotations

from collections.abc import Mapping

from migrator_lib.lookups import Lookups
from migrator_lib.mapping import FieldMapping
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.staging import Staged


class PersonField(TicketField):
    """Definitions of customer fields."""

    name = "person_field"
    title = "Custom field of users and organizations"
    becomes = "Customer field"
    reads = ("CustomDataFields", "CustomDataFieldsForUsers")
    object_type = "Customer"

    def entries(self, lookups: Lookups) -> Mapping[str, FieldMapping]:
        """Return the mapping's entries of this kind."""
        return lookups.mapping.person_fields

    def used(self, staged: Staged, lookups: Lookups) -> set[int]:
        """Return the fields that have values."""
        return {row["CustomFieldID"] for rows in lookups.user_fields.values() for row in rows}
