"""Who is a member of what, in numbers: people come by one at a time, and only what is counted stays.

A person who fits filters of several organizations is a member of each. The first of them is the one with the strongest
filter (user, then e-mail, domain, phone), and of equally strong ones that with the lowest id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from migrator_lib.lookups import is_email, lowered
from migrator_lib.membership.filters import Match, Person
from migrator_lib.membership.kinds import FilterKind

LISTED = 50
"""People in several organizations that are kept by their key; the written list has all."""


@dataclass(slots=True)
class Organization:
    """One organization's members in numbers."""

    members: int = 0
    first: int = 0
    """Members whose first organization it is."""
    shared: int = 0
    """Members who are in another one, too."""
    by: Counter[FilterKind] = field(default_factory=Counter)
    """Members by the strongest filter that makes them one."""


@dataclass
class Membership:
    """Everybody's membership, in numbers: it grows with filters and domains, not with people."""

    people: int = 0
    with_phone: int = 0
    by_first: Counter[str] = field(default_factory=Counter)
    """People by the filter that leads to their first organization."""
    by_number: Counter[int] = field(default_factory=Counter)
    """People by the number of organizations they are in."""
    several: list[tuple[str, tuple[Match, ...]]] = field(default_factory=list)
    """The first people in several organizations: key, and the strongest filter of each."""
    organizations: dict[int, Organization] = field(default_factory=dict)
    fits: Counter[int] = field(default_factory=Counter)
    """Filter to the number of people who fit it."""
    domains_of_none: Counter[str] = field(default_factory=Counter)
    """Domains of people in no organization."""
    none_without_address: int = 0

    def add(self, person: Person, found: list[Match]) -> list[Match]:
        """Count a person with the filters that fit; return one of each organization, the first one first."""
        self.people += 1
        self.with_phone += bool(person.phones)
        self.fits.update(match.filter for match in found)
        strongest: dict[int, Match] = {}
        for match in found:
            strongest.setdefault(match.organization, match)
        member = list(strongest.values())
        self.by_number[len(member)] += 1
        for match in member:
            self._count(match, first=match is member[0], shared=len(member) > 1)
        if not member:
            self._count_none(lowered(person.email))
        elif len(member) > 1 and len(self.several) < LISTED:
            self.several.append((person.key, tuple(member)))
        return member

    def _count(self, match: Match, *, first: bool, shared: bool) -> None:
        organization = self.organizations.setdefault(match.organization, Organization())
        organization.members += 1
        organization.first += first
        organization.shared += shared
        organization.by[match.kind] += 1
        if first:
            self.by_first[match.kind] += 1

    def _count_none(self, address: str) -> None:
        if is_email(address):
            self.domains_of_none[address.rpartition("@")[2]] += 1
        else:
            self.none_without_address += 1
