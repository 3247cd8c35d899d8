"""Members of organizations: who is in which, by which kind of filter, who is in several, and who in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from migrator_lib.audit.facts import FaultyFilter, InSeveral, Members, OrganizationMembers
from migrator_lib.audit.live import Live
from migrator_lib.engagement import Engagement
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_text
from migrator_lib.membership import lists
from migrator_lib.membership.evaluation import Membership
from migrator_lib.membership.filters import Filters
from migrator_lib.membership.free_mail import FREE_MAIL

LARGEST = 20
FAULTY = 100
DOMAINS = 20
WORD_LETTERS = 60
"""What is shown of a word for a kind of filter."""


def member_facts(engagement: Engagement, live: Live, lookups: Lookups) -> Members:
    """Evaluate the filters against everybody, write the whole lists into ``documents/``, and return the numbers."""
    filters, found = lists.write(engagement.paths.documents, live, lookups, engagement.progress)
    with_filter = {one.organization for one in filters.all}
    states = Counter(lists.state_of(one, found) for one in filters.all)
    unknown = Counter(_word(one.word) for one in filters.all if one.problem == "unknown kind")
    shared_domains = [(domain, n) for domain, n in _by_number(found.domains_of_none) if n > 1]
    return Members(
        organizations=len(lookups.organizations),
        without_filter=len(set(lookups.organizations) - with_filter),
        without_members=len(set(lookups.organizations) - set(found.organizations)),
        largest=_largest(found),
        filters=len(filters.all),
        filter_states=dict(_by_number(states)),
        faulty=_faulty(filters, found),
        unknown_kinds=dict(_by_number(unknown)[:DOMAINS]),
        shared_values=filters.shared,
        people=found.people,
        with_phone=found.with_phone,
        phone_fields=tuple(sorted(lookups.phone_fields)),
        by_first=dict(_by_number(found.by_first)),
        in_none=found.by_number[0],
        in_several=sum(people for number, people in found.by_number.items() if number > 1),
        most=max(found.by_number, default=0),
        several=tuple(
            InSeveral(key, tuple((match.organization, match.kind) for match in member)) for key, member in found.several
        ),
        none_by_domain=dict([pair for pair in shared_domains if pair[0] not in FREE_MAIL][:DOMAINS]),
        none_by_free_mail=dict([pair for pair in shared_domains if pair[0] in FREE_MAIL][:DOMAINS]),
        none_without_address=found.none_without_address,
    )


def _by_number(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _word(word: str) -> str:
    return mask_text(word)[:WORD_LETTERS] or "(empty)"


def _largest(found: Membership) -> tuple[OrganizationMembers, ...]:
    largest = sorted(found.organizations.items(), key=lambda pair: (-pair[1].members, pair[0]))[:LARGEST]
    return tuple(
        OrganizationMembers(number, one.members, one.first, one.shared, dict(sorted(one.by.items())))
        for number, one in largest
    )


def _faulty(filters: Filters, found: Membership) -> tuple[FaultyFilter, ...]:
    faulty = ((one, lists.state_of(one, found)) for one in filters.all)
    rows = [FaultyFilter(one.id, one.organization, _word(one.word), state) for one, state in faulty
            if state != lists.IN_USE]  # fmt: skip
    return tuple(rows[:FAULTY])
