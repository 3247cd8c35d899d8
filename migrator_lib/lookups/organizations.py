"""Organizations: what their filters say, and which of them has an address or a number."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from migrator_lib import contacts
from migrator_lib.lookups.source import Source
from migrator_lib.lookups.text import lowered
from migrator_lib.membership.kinds import FilterKind, kind_reader


class Organizations(Source):
    """Look-ups of organizations."""

    @cached_property
    def filter_kind(self) -> Callable[[str | None], FilterKind | None]:
        """Tells the kind of an organization's filter by its word, or None for a word that nobody explained."""
        return kind_reader(self.parameters.organizations.filter_kinds)

    @cached_property
    def _organization_of_address(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.filters:
            if self.filter_kind(row["FilterType"]) == "email":
                found.setdefault(lowered(row["FilterValue"]), row["OrganizationID"])
        return found

    def first_organization_with(self, address: str) -> int | None:
        """Return the first organization whose e-mail filters hold an address (two may; Gorgias allows one)."""
        return self._organization_of_address.get(address)

    @cached_property
    def organization_of_phone(self) -> dict[str, int]:
        """Phone number, as it is compared, to the first organization that has it: Gorgias has it on one customer."""
        found: dict[str, int] = {}
        for organization, row in sorted(self.organizations.items()):
            if contacts.phone_of(row.get("PhoneNumber")):
                found.setdefault(contacts.phone_of(row["PhoneNumber"]), organization)
        return found
