"""To which organizations a customer belongs, and who belongs to an organization: what payloads say of it.

A customer may be several accounts of one address: they belong to whatever any of them belongs to. Of several
organizations the first is the one with the strongest filter (user, then e-mail, domain, phone), and of equally strong
ones that with the lowest id. Nobody is compared with every organization: filters are look-ups.

SmarterTrack names no primary contact, so it is told by a rule, which is shown with it: the customer whose address the
organization's first e-mail filter names (``first_email_filter``); else the member with the most tickets, of equals the
first by key (``most_tickets``); of members without tickets the first by key (``first_member``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator_lib.contacts import Asker
from migrator_lib.lookups import Lookups
from migrator_lib.membership.filters import Filters, Match, Person
from migrator_lib.membership.kinds import phone_digits
from migrator_lib.objects.base import Record
from migrator_lib.staging import Row, Staged

FIRST_FILTER, MOST_TICKETS, FIRST_MEMBER = "first_email_filter", "most_tickets", "first_member"
RULES = {
    FIRST_FILTER: "the first e-mail filter names them",
    MOST_TICKETS: "the member with the most tickets",
    FIRST_MEMBER: "the first member; none has a ticket",
}
"""Rule of a primary contact to words."""


@dataclass(slots=True)
class Members:
    """Who belongs to an organization."""

    number: int = 0
    """Customers."""
    contact: str = ""
    """Key of the requester who is its primary contact; empty where it has no member."""
    contact_name: str = ""
    rule: str = ""
    """By which the primary contact was told: a key of :data:`RULES`."""
    tickets: int = 0
    """Tickets of the primary contact."""
    brands: Counter[int] = field(default_factory=Counter)
    """Brand to the number of its members' tickets."""


def persons(record: Record, lookups: Lookups) -> list[Person]:
    """Return a requester as the filters compare one: each account that is this customer, or the address, or number."""
    if isinstance(record.data, str):
        return [Person(record.key, None, record.data)]
    if isinstance(record.data, Asker):
        return [Person(record.key, None, record.data.address, _phones([record.data.phone]))]
    if record.data is None:
        return []
    return [_account(one, lookups) for one in (record.data["UserID"], *lookups.sharing.get(record.key, ()))]


def _account(user_id: int, lookups: Lookups) -> Person:
    rows = (row for row in lookups.user_fields.get(user_id, ()) if row["CustomFieldID"] in lookups.phone_fields)
    phones = _phones(row["DataContent"] for row in rows)
    return Person(f"u{user_id}", user_id, lookups.users[user_id]["Email"] or "", phones)


def _phones(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(filter(None, map(phone_digits, texts)))


def organizations(those: Iterable[Person], filters: Filters) -> list[Match]:
    """Return one match for each organization that somebody belongs to, the strongest first."""
    found: dict[int, Match] = {}
    for match in sorted(match for person in those for match in filters.matches(person)):
        found.setdefault(match.organization, match)
    return list(found.values())


def name_of(organization: int, lookups: Lookups) -> str:
    """Return what an organization is called."""
    row = lookups.organizations.get(organization, {})
    return str(row.get("OrganizationName") or "").strip() or f"Organization {organization}"


def members(staged: Staged, lookups: Lookups) -> dict[int, Members]:
    """Return the members of every organization that has some, in one pass over people and one over tickets.

    Memory is a few values for each member.
    """
    from migrator_lib.objects import find  # which imports what imports this

    found: dict[int, Members] = {}
    belongs: dict[str, tuple[int, ...]] = {}
    names: dict[str, str] = {}
    filters = lookups.organization_filters
    for record in find("requester").records(staged, lookups) if lookups.organizations else ():
        if not _is_customer(record, lookups):
            continue
        matches = organizations(persons(record, lookups), filters)
        if matches:
            belongs[record.key] = tuple(match.organization for match in matches)
            names[record.key] = _label(record)
        for match in matches:
            found.setdefault(match.organization, Members()).number += 1
    tickets = _tickets(staged, lookups, belongs, found) if belongs else Counter[str]()
    _choose(found, belongs, tickets)
    _by_filter(found, belongs, tickets, lookups)
    for one in found.values():
        one.contact_name = names.get(one.contact, "")
    return found


def _is_customer(record: Record, lookups: Lookups) -> bool:
    """Whether a requester is a customer, and not merged into another one."""
    if isinstance(record.data, dict):
        return lookups.requester_of_account(record.data["UserID"]) == record.key
    return "-" not in record.key and record.data is not None


def _label(record: Record) -> str:
    if isinstance(record.data, str):
        return record.data.strip()
    if isinstance(record.data, Asker):
        return record.data.name or record.data.phone
    row: Row = record.data
    name, address = str(row["DisplayName"] or "").strip(), str(row["Email"] or "").strip()
    return f"{name} <{address}>" if name and address else name or address


def _tickets(
    staged: Staged, lookups: Lookups, belongs: dict[str, tuple[int, ...]], into: dict[int, Members]
) -> Counter[str]:
    """Return member to the number of their tickets, and count the brands of these tickets."""
    found: Counter[str] = Counter()
    columns = ["UserID_Customer", "CustomerEmailAddress", "DepartmentID", "IsDeleted", "IsSpam"]
    for row in staged.columns("Tickets", columns):
        if row["IsDeleted"] or row["IsSpam"]:
            continue
        key = lookups.requester_key(row["UserID_Customer"], row["CustomerEmailAddress"])
        if key in belongs:
            found[key] += 1
            brand = lookups.brand_of(row["DepartmentID"])
            for organization in belongs[key] if brand else ():
                into[organization].brands[int(brand["BrandID"])] += 1  # type: ignore[index]
    return found


def _choose(found: dict[int, Members], belongs: dict[str, tuple[int, ...]], tickets: Counter[str]) -> None:
    for key in sorted(belongs, key=lambda key: (len(key), key)):
        for organization in belongs[key]:
            one = found[organization]
            if not one.contact or tickets[key] > one.tickets:
                one.contact, one.tickets = key, tickets[key]
                one.rule = MOST_TICKETS if tickets[key] else FIRST_MEMBER


def _by_filter(
    found: dict[int, Members], belongs: dict[str, tuple[int, ...]], tickets: Counter[str], lookups: Lookups
) -> None:
    """Let the customer whom the first e-mail filter names be the primary contact."""
    for one in lookups.organization_filters.all:
        members = found.get(one.organization)
        if one.kind == "email" and members is not None and members.rule != FIRST_FILTER:
            key = lookups.requester_of_address.get(one.value, "")
            if one.organization in belongs.get(key, ()):
                members.contact, members.rule, members.tickets = key, FIRST_FILTER, tickets[key]
