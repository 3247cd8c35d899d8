"""Who may be a member of an organization: requesters, by account, address and phone number."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups, lowered
from migrator_lib.membership.filters import Person
from migrator_lib.membership.kinds import phone_digits
from migrator_lib.objects import find
from migrator_lib.staging import Row, Staged

PHONE_NAMES = ("phone", "phone number", "telephone", "telephone number", "mobile", "mobile phone", "cell phone")


def phone_fields(lookups: Lookups) -> set[int]:
    """Return the custom fields of users that hold phone numbers.

    UNVERIFIED: SmarterTrack's table of users has no column for it, so it is most likely a custom field with a special
    mapping. Taken are those whose special mapping or whole name says so, or those that engagement.yaml names.
    """
    named = lookups.parameters.organizations.phone_fields
    return set(named) or {key for key, row in lookups.custom_fields.items() if _says_phone(row)}


def _says_phone(row: Row) -> bool:
    return "phone" in lowered(row.get("SpecialMapping")) or lowered(row["DisplayName"]) in PHONE_NAMES


def people(staged: Staged, lookups: Lookups) -> Iterator[Person]:
    """Yield every account that is a requester, and every address without one, once."""
    numbers = phone_fields(lookups)
    for record in find("requester").records(staged, lookups):
        if isinstance(record.data, str):
            if "-" not in record.key:  # else it is another spelling of an address that came before
                yield Person(record.key, None, record.data, customer=record.key)
        elif record.data is not None:
            user, email = record.data["UserID"], record.data["Email"] or ""
            values = (row for row in lookups.user_fields.get(user, ()) if row["CustomFieldID"] in numbers)
            phones = filter(None, (phone_digits(row["DataContent"]) for row in values))
            customer = lookups.requester_of_address.get(lowered(email), record.key)
            yield Person(record.key, user, email, tuple(phones), customer)
