"""People whom a rule made one customer, or who have no address: listed, so that a person can look at them.

Nothing is lost by any of these rules; each can be wrong about somebody. Names are shown as initials, addresses masked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib.contacts import Asker, Kind
from migrator_lib.lookups import Lookups, askers, is_email, lowered
from migrator_lib.masking import mask_email
from migrator_lib.objects import find
from migrator_lib.objects.base import Merge, Record
from migrator_lib.objects.requester import MAILBOX
from migrator_lib.staging import Staged

NO_ADDRESS, WITH_NUMBER = "account_without_address", "account_with_number_alone"
BY_NUMBER, BY_NAME = "caller_by_number_alone", "chat_or_call_by_name_alone"
RULES = {
    MAILBOX: "accounts of several names share an address: one customer, named after it; all names are in its meta",
    "same_address_in_two_accounts": "accounts of one name share an address: one customer",
    "same_address_spelled_differently": "two spellings of one address: one customer",
    WITH_NUMBER: "an account without a valid address: a customer with their telephone number",
    NO_ADDRESS: "an account without a valid address or a number of its own: a customer by name",
    BY_NUMBER: "known by a telephone number alone: a customer with it",
    BY_NAME: "a chat or call names them, and nothing else: a customer of their own for each",
}
"""Rule to what it does, in words."""


@dataclass(frozen=True)
class Case:
    """Somebody whom a rule is about."""

    rule: str
    key: str
    """The requester's key."""
    customer: str
    """Key of the requester whose customer this one becomes."""
    who: str
    """Masked."""


def cases(staged: Staged, lookups: Lookups) -> Iterator[Case]:
    """Yield everybody whom one of :data:`RULES` is about, in the order of requesters, in constant memory."""
    requester = find("requester")
    for record in requester.records(staged, lookups):
        rule = _of(record, lookups)
        if rule is not None:
            yield Case(rule, record.key, record.key, _who(record))
        elif _may_merge(record, lookups):
            outcome = requester.transform(record, lookups)
            if isinstance(outcome, Merge):
                yield Case(outcome.rule, record.key, outcome.into, _who(record))


def _of(record: Record, lookups: Lookups) -> str | None:
    """Return the rule about somebody who has no address."""
    if isinstance(record.data, Asker):
        return BY_NUMBER if record.data.phone else BY_NAME
    if not isinstance(record.data, dict) or is_email(lowered(record.data["Email"])):
        return None
    return WITH_NUMBER if record.key in lookups.numbers_of else NO_ADDRESS


def _may_merge(record: Record, lookups: Lookups) -> bool:
    """Whether it is worth asking what becomes of somebody: most are a customer of their own, as a look-up says."""
    if isinstance(record.data, str):
        return "-" in record.key
    return isinstance(record.data, dict) and lookups.requester_of_account(record.data["UserID"]) != record.key


def _who(record: Record) -> str:
    if isinstance(record.data, str):
        return mask_email(record.data.strip())
    name = record.data.name if isinstance(record.data, Asker) else str(record.data["DisplayName"] or "")
    initials = "".join(f"{word[0]}." for word in name.split()[:3])
    address = "" if isinstance(record.data, Asker) else lowered(record.data["Email"])
    return " ".join(filter(None, (initials, mask_email(address) if is_email(address) else "")))


def by_contact(staged: Staged, lookups: Lookups) -> Counter[tuple[str, Kind]]:
    """Return (rule, chat or call) to the number of those that move whose customer is told by that rule."""
    return Counter((lookups.contact(who).rule, who.kind) for who in askers(staged, lookups.parameters))


def counted(found: Iterator[Case], most: int) -> tuple[Counter[str], list[Case]]:
    """Return how many cases each rule has, and the first of each, in the order of the rules."""
    numbers: Counter[str] = Counter()
    first: dict[str, list[Case]] = {rule: [] for rule in RULES}
    for case in found:
        numbers[case.rule] += 1
        if len(first[case.rule]) < most:
            first[case.rule].append(case)
    return numbers, [case for those in first.values() for case in those]
