"""The whole lists, as evidence: every membership with the filter that makes it one, every organization, every filter.

They hold keys, ids and masked addresses. A filter's value is left out: it may be somebody's address or number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrator_lib.csv_file import write_csv
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_email, mask_text
from migrator_lib.membership.evaluation import Membership, Organization
from migrator_lib.membership.filters import Filter, Filters, Person
from migrator_lib.membership.kinds import KINDS
from migrator_lib.membership.people import people
from migrator_lib.progress import Progress
from migrator_lib.staging import Staged

MEMBERS_FILE, FILTERS_FILE, COUNTS_FILE = LISTS = (
    "organization_members.csv", "organization_filters.csv", "organization_counts.csv",
)  # fmt: skip
MEMBER_COLUMNS = ("requester", "becomes_customer", "address", "organization_id", "by", "filter_id", "first",
                  "organizations")  # fmt: skip
FILTER_COLUMNS = ("filter_id", "organization_id", "kind", "taken_as", "people", "state")
COUNT_COLUMNS = ("organization_id", "filters", "members", *(f"by_{kind}" for kind in KINDS), "first_for",
                 "also_in_another")  # fmt: skip
IN_USE, NOBODY = "in use", "matches nobody"


def write(folder: Path, staged: Staged, lookups: Lookups, progress: Progress) -> tuple[Filters, Membership]:
    """Evaluate everybody's membership and write all lists to a folder; return what was found.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    filters, found = Filters.of(lookups), Membership()
    progress.begin("Evaluating the filters of organizations", 0)
    everybody = _counted(people(staged, lookups), progress)
    write_csv(folder / MEMBERS_FILE, MEMBER_COLUMNS, member_rows(filters, everybody, found))
    write_csv(folder / FILTERS_FILE, FILTER_COLUMNS, filter_rows(filters, found))
    write_csv(folder / COUNTS_FILE, COUNT_COLUMNS, count_rows(lookups.organizations, filters, found))
    progress.end()
    return filters, found


def _counted(everybody: Iterable[Person], progress: Progress) -> Iterator[Person]:
    for person in everybody:
        progress.advance()
        yield person


def member_rows(filters: Filters, everybody: Iterable[Person], into: Membership) -> Iterator[tuple[object, ...]]:
    """Yield a row of :data:`MEMBER_COLUMNS` for every organization of everybody, who is counted on the way."""
    for person in everybody:
        member = into.add(person, filters.matches(person))
        for n, match in enumerate(member):
            yield (
                person.key, person.customer, mask_email(person.email), match.organization, match.kind, match.filter,
                "no" if n else "yes", len(member),
            )  # fmt: skip


def filter_rows(filters: Filters, found: Membership) -> Iterator[tuple[object, ...]]:
    """Yield a row of :data:`FILTER_COLUMNS` for every filter."""
    for one in filters.all:
        state = state_of(one, found)
        words = f"{state} of {one.same_as}" if one.same_as is not None else state
        yield one.id, one.organization, mask_text(one.word), one.kind or "", found.fits[one.id], words


def count_rows(organizations: Iterable[int], filters: Filters, found: Membership) -> Iterator[tuple[object, ...]]:
    """Yield a row of :data:`COUNT_COLUMNS` for every organization, those without members too."""
    with_filters = Counter(one.organization for one in filters.all)
    for number in sorted(organizations):
        one = found.organizations.get(number, Organization())
        by = (one.by[kind] for kind in KINDS)
        yield number, with_filters[number], one.members, *by, one.first, one.shared


def state_of(one: Filter, found: Membership) -> str:
    """Return what became of a filter: its problem, or whether anybody fits it."""
    return one.problem or (IN_USE if found.fits[one.id] else NOBODY)
