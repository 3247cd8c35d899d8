"""Organization: a Customer of its own, since Gorgias has no companies.

It carries the phone number and those addresses of its e-mail filters that belong to no requester or organization before
it (an address is on one customer only); the rest is in its meta. Who its members are follows from its filters, see
:mod:`migrator_lib.membership`: each member's customer names it, and its own note and meta say how many they are, who is
the primary contact and by which rule, and which brands they wrote to. SmarterTrack of March 2018 keeps no custom fields
of organizations.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.contacts import phone_of
from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.membership.belonging import RULES, Members
from migrator_lib.objects.base import MappedField, Outcome, Record, Send
from migrator_lib.objects.requester import NAME_MAXIMUM, NOTE, Requester
from migrator_lib.staging import Staged


class Organization(Requester):
    """Organizations; in Gorgias they are handled as requesters are."""

    name = "organization"
    title = "Organization"
    becomes = "Customer"
    reads = ("Organizations", "OrganizationFilters")
    verified = "read back; name, address, channels, note and meta compared"
    fields = (
        MappedField("Organizations.OrganizationID", "customer.external_id", "also meta.smartertrack.organization_id"),
        MappedField("Organizations.OrganizationName", "customer.name"),
        MappedField("Organizations.Website", "customer.meta", "website"),
        MappedField("Organizations.PhoneNumber", "customer.channels",
                    "phone, on the first organization that has it; what is no number is in the meta alone"),
        MappedField("OrganizationFilters.OrganizationFilterID", "organization_filters"),
        MappedField("OrganizationFilters.OrganizationID + OrganizationFilters.FilterType", "customer.meta", "filters"),
        MappedField("OrganizationFilters.FilterValue", "customer.email, customer.channels, customer.note",
                    "e-mail addresses that are nobody's; members' customers name the organization; also in the meta"),
        MappedField("OrganizationFilters.UserID", "customer.custom_fields", "such a user's customer names it"),
    )  # fmt: skip

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
        if lookups.organization_of_phone.get(phone_of(phone)) == row["OrganizationID"]:
            channels.append({"type": "phone", "address": phone, "preferred": True})
        members = lookups.members.get(row["OrganizationID"], Members())
        payload: Json = {
            "note": _note(members, lookups),
            "name": (row["OrganizationName"] or "").strip()[:NAME_MAXIMUM] or f"Organization {record.key}",
            "external_id": lookups.external_id(self.name, record.key),
            "channels": channels,
            "meta": {
                "smartertrack": {
                    "organization_id": row["OrganizationID"],
                    "website": row.get("Website") or "",
                    "phone": phone,
                    "filters": [f"{kind}: {text}" for kind, text in filters],
                    "people": members.number,
                    "primary_contact": self._contact(members, lookups),
                    "brands": _brands(members, lookups),
                }
            },
        }
        if free:
            payload["email"] = free[0]
        return Send(payload)

    def _contact(self, members: Members, lookups: Lookups) -> Json | None:
        if not members.contact:
            return None
        customer = lookups.external_id(Requester.name, members.contact)
        return {"customer": customer, "name": members.contact_name, "rule": members.rule}


def _brands(members: Members, lookups: Lookups) -> list[str]:
    """Return the brands that members wrote to, the one with the most tickets first."""
    by_tickets = sorted(members.brands, key=lambda brand: (-members.brands[brand], brand))
    return [str(lookups.brands[brand].get("BrandName") or f"Brand {brand}") for brand in by_tickets]


def _note(members: Members, lookups: Lookups) -> str:
    """Return what agents read on the organization's customer."""
    if not members.contact:
        return f"{NOTE}an organization. Nobody belongs to it."
    brands = _brands(members, lookups)
    told = f" Brands of their tickets: {', '.join(brands)}." if brands else ""
    people = "1 person belongs" if members.number == 1 else f"{members.number} people belong"
    return (
        f"{NOTE}an organization. Primary contact: {members.contact_name} ({RULES[members.rule]}). {people} to it.{told}"
    )
