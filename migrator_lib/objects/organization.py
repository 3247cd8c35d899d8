"""Organization: a Customer of its own, since Gorgias has no companies.

It carries the phone number and those addresses of its e-mail filters that belong to no requester or organization before
it (an address is on one customer only); the rest is in its meta. Who its members are follows from its filters, see
:mod:`migrator_lib.membership`: they are listed for people to read, and no payload says it.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.objects.base import Outcome, Record, Send
from migrator_lib.objects.requester import NAME_MAXIMUM, Requester
from migrator_lib.staging import Staged


class Organization(Requester):
    """Organizations; in Gorgias they are handled as requesters are."""

    name = "organization"
    title = "Organization"
    becomes = "Customer"
    reads = ("Organizations", "OrganizationFilters")

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield organizations by id, each with its filters."""
        filters: dict[int, list[tuple[str, str]]] = {}
        for row in lookups.filters:
            pair = (lowered(row["FilterType"]), (row["FilterValue"] or "").strip())
            filters.setdefault(row["OrganizationID"], []).append(pair)
        for organization, row in sorted(lookups.organizations.items()):
            yield Record(str(organization), (row, filters.get(organization, [])))

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A customer named after the organization."""
        row, filters = record.data
        free = [
            lowered(text)
            for kind, text in filters
            if lookups.filter_kind(kind) == "email"
            and is_email(lowered(text))
            and lowered(text) not in lookups.requester_of_address
            and lookups.first_organization_with(lowered(text)) == row["OrganizationID"]
        ]
        channels: list[Json] = [
            {"type": "email", "address": address, "preferred": n == 0} for n, address in enumerate(dict.fromkeys(free))
        ]
        phone = (row.get("PhoneNumber") or "").strip()
        if phone and lookups.organization_of_phone[phone] == row["OrganizationID"]:
            channels.append({"type": "phone", "address": phone, "preferred": True})
        payload: Json = {
            "name": (row["OrganizationName"] or "").strip()[:NAME_MAXIMUM] or f"Organization {record.key}",
            "external_id": lookups.external_id(self.name, record.key),
            "channels": channels,
            "meta": {
                "smartertrack": {
                    "organization_id": row["OrganizationID"],
                    "website": row.get("Website") or "",
                    "phone": phone,
                    "filters": [f"{kind}: {text}" for kind, text in filters],
                }
            },
        }
        if free:
            payload["email"] = free[0]
        return Send(payload)
