"""The filters of all organizations as look-ups: a person is compared with those that fit, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.membership.kinds import KINDS, FilterKind, domain_pattern, phone_digits
from migrator_lib.staging import Row

Problem = Literal["unknown kind", "invalid value", "no such user", "no such organization", "duplicate"]
BELOW = "below"
"""What a filter of sub-domains is kept under, beside the kinds."""
Key = tuple[str, str | int]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be a member."""

    key: str
    """The requester's key: ``u<id>`` of an account, ``e<hash>`` of an address without one."""
    user_id: int | None
    email: str
    phones: tuple[str, ...] = ()
    """Digits, as they are compared."""
    customer: str = ""
    """Key of the requester whose customer this person becomes; another one where accounts share an address."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter. It is evaluated unless it has a problem."""

    id: int
    organization: int
    word: str
    """Its kind in SmarterTrack's words."""
    kind: FilterKind | None
    problem: Problem | None
    same_as: int | None = None
    """Of a duplicate, the filter that is evaluated."""
    value: str = ""
    """What it looks for, of an e-mail filter: lower case."""


class Match(NamedTuple):
    """A filter that a person fits. Sorted, the strongest kind comes first, then the lowest ids."""

    rank: int
    """Place of its kind in :data:`KINDS`."""
    organization: int
    filter: int

    @property
    def kind(self) -> FilterKind:
        """The kind of filter."""
        return KINDS[self.rank]


class Filters:
    """All filters, by what they look for.

    Args:
        rows: ``OrganizationFilters``.
        organizations: ids that exist.
        users: ids that exist.
        kind_of: tells a filter's kind by its word.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        organizations: Collection[int],
        users: Collection[int],
        kind_of: Callable[[str | None], FilterKind | None],
    ) -> None:
        self.all: list[Filter] = []
        self._by: dict[Key, list[Match]] = {}
        self._users = users
        for row in sorted(rows, key=lambda row: row["OrganizationFilterID"]):
            self._add(row, organizations, kind_of(row["FilterType"]))

    @classmethod
    def of(cls, lookups: Lookups) -> Filters:
        """Return those of a source."""
        return cls(
            lookups.filters,
            organizations=lookups.organizations,
            users=lookups.users,
            kind_of=lookups.filter_kind,
        )

    def _add(self, row: Row, organizations: Collection[int], kind: FilterKind | None) -> None:
        number, organization = row["OrganizationFilterID"], row["OrganizationID"]
        key = key_of(kind, row) if kind else None
        problem, same_as = self._problem(kind, key, organization in organizations), None
        if kind and key and not problem:
            matches = self._by.setdefault(key, [])
            same_as = next((match.filter for match in matches if match.organization == organization), None)
            if same_as is None:
                matches.append(Match(KINDS.index(kind), organization, number))
            else:
                problem = "duplicate"
        value = str(key[1]) if key is not None and kind == "email" else ""
        self.all.append(Filter(number, organization, str(row["FilterType"] or ""), kind, problem, same_as, value))

    def _problem(self, kind: FilterKind | None, key: Key | None, has_organization: bool) -> Problem | None:
        if not has_organization:
            return "no such organization"
        if kind is None:
            return "unknown kind"
        if key is None:
            return "invalid value"
        return "no such user" if kind == "user" and key[1] not in self._users else None

    @property
    def shared(self) -> int:
        """How many users, addresses, domains and numbers lead to more than one organization."""
        return sum(len(matches) > 1 for matches in self._by.values())

    def matches(self, person: Person) -> list[Match]:
        """Return every filter that a person fits, the strongest first."""
        return sorted(match for key in keys_of(person) for match in self._by.get(key, ()))


def key_of(kind: FilterKind, row: Row) -> Key | None:
    """Return what a filter looks for, or None where its value is none of its kind."""
    match kind:
        case "user":
            return (kind, row["UserID"]) if row.get("UserID") else None
        case "email":
            address = lowered(row["FilterValue"])
            return (kind, address) if is_email(address) else None
        case "domain":
            pattern = domain_pattern(row["FilterValue"])
            return (BELOW if pattern[1] else kind, pattern[0]) if pattern else None
        case "phone":
            digits = phone_digits(row["FilterValue"])
            return (kind, digits) if digits else None


def keys_of(person: Person) -> Iterator[Key]:
    """Yield what a filter may look for that a person fits."""
    if person.user_id is not None:
        yield "user", person.user_id
    address = lowered(person.email)
    if is_email(address):
        yield "email", address
        domain = address.rpartition("@")[2]
        yield "domain", domain
        above = domain.partition(".")[2]
        while above:
            yield BELOW, above
            above = above.partition(".")[2]
    for digits in dict.fromkeys(person.phones):
        yield "phone", digits
