"""Who may be a member of an organization: requesters, by account, address and phone number."""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.lookups import Lookups
from migrator_lib.membership.filters import Person
from migrator_lib.membership.kinds import phone_digits
from migrator_lib.objects import find
from migrator_lib.staging import Staged


def people(staged: Staged, lookups: Lookups) -> Iterator[Person]:
    """Yield every account that is a requester, and every address without one, once."""
    for record in find("requester").records(staged, lookups):
        if isinstance(record.data, str):
            if "-" not in record.key:  # else it is another spelling of an address that came before
                yield Person(record.key, None, record.data, customer=record.key)
        elif isinstance(record.data, dict):  # else it is nobody, or known by a number or a name alone
            user, email = record.data["UserID"], record.data["Email"] or ""
            values = (row for row in lookups.user_fields.get(user, ()) if row["CustomFieldID"] in lookups.phone_fields)
            phones = filter(None, (phone_digits(row["DataContent"]) for row in values))
            yield Person(record.key, user, email, tuple(phones), lookups.requester_of_account(user))
