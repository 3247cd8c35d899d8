"""Who fits which filter: as comparing everybody with every filter would tell, and in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.membership.evaluation import Membership
from migrator_lib.membership.filters import Filters, Match, Person
from migrator_lib.membership.kinds import KINDS, domain_pattern, kind_reader, phone_digits

KIND_OF = kind_reader({})
ORGANIZATIONS = range(1, 6)
USERS = range(1, 5)


def filters(*rows: tuple[int, str | None, str | None] | tuple[int, str | None, str | None, int | None]) -> Filters:
    """Return filters 1, 2, ... of (organization, kind, value, user)."""
    named = ("OrganizationID", "FilterType", "FilterValue", "UserID")
    made = [
        {"OrganizationFilterID": n, "UserID": None, **dict(zip(named, row, strict=False))}
        for n, row in enumerate(rows, 1)
    ]
    return evaluated(made)


def evaluated(rows: Sequence[dict[str, Any]]) -> Filters:
    return Filters(rows, organizations=ORGANIZATIONS, users=USERS, kind_of=KIND_OF)


def person(email: str = "", *phones: str, user: int | None = None) -> Person:
    return Person("p", user, email, tuple(filter(None, map(phone_digits, phones))))


def fits(found: Filters, who: Person) -> list[tuple[str, int, int]]:
    return [(match.kind, match.organization, match.filter) for match in found.matches(who)]


def problems(found: Filters) -> list[str | None]:
    return [one.problem for one in found.all]


def test_every_kind_of_filter_finds_its_people() -> None:
    made = filters((1, "User", "Ann", 3), (2, "Email Address", " Ann@Shop.example"), (3, "Domain", "@shop.example"),
                   (4, "Phone Number", "+44 (0)20 7946 0000"))  # fmt: skip
    assert fits(made, person("ANN@shop.example ", "0044 20 7946 0000", user=3)) == [
        ("user", 1, 1), ("email", 2, 2), ("domain", 3, 3), ("phone", 4, 4),
    ]  # fmt: skip
    assert fits(made, person("bob@shop.example", user=2)) == [("domain", 3, 3)]
    assert fits(made, person("bob@other.example", "020 7946 0000")) == []


def test_a_domain_does_not_stand_for_what_is_below_it_unless_it_says_so() -> None:
    made = filters((1, "Domain", "shop.example"), (2, "Domain", "*.shop.example"))
    assert fits(made, person("ann@shop.example")) == [("domain", 1, 1)]
    assert fits(made, person("ann@mail.shop.example")) == [("domain", 2, 2)]
    assert fits(made, person("ann@a.mail.shop.example")) == [("domain", 2, 2)]
    assert fits(made, person("ann@myshop.example")) == []


@pytest.mark.parametrize("email", ["", "ann", "@shop.example", "ann@b@shop.example", "ann @shop.example"])
def test_what_is_no_address_fits_no_filter(email: str) -> None:
    assert fits(filters((1, "Domain", "shop.example"), (2, "Email", email)), person(email)) == []


def test_filters_that_cannot_be_evaluated_say_why_and_find_nobody() -> None:
    made = filters((1, "User", "Ann", 99), (1, "User", "3", None), (1, "Email", None), (1, "Domain", "shop"),
                   (1, "Phone", "112"), (1, "Website", "shop.example"), (1, None, "ann@shop.example"),
                   (77, "Domain", "shop.example"))  # fmt: skip
    assert problems(made) == ["no such user", *["invalid value"] * 4, *["unknown kind"] * 2, "no such organization"]
    assert fits(made, person("ann@shop.example", "112", user=3)) == []


def test_the_same_filter_again_is_a_duplicate_of_the_first() -> None:
    made = filters(
        (1, "Email", "ann@shop.example"), (1, "E-mail", "ANN@shop.example "), (2, "Email", "ann@shop.example")
    )
    assert problems(made) == [None, "duplicate", None]
    assert [one.same_as for one in made.all] == [None, 1, None]
    assert fits(made, person("ann@shop.example")) == [("email", 1, 1), ("email", 2, 3)]
    assert made.shared == 1


def member(made: Filters, who: Person) -> list[Match]:
    return Membership().add(who, made.matches(who))


def test_the_first_organization_has_the_strongest_filter_then_the_lowest_id() -> None:
    made = filters((1, "Phone", "+44 20 7946 0000"), (4, "Domain", "shop.example"), (3, "Domain", "shop.example"),
                   (5, "Email", "ann@shop.example"), (5, "Domain", "shop.example"))  # fmt: skip
    ann = member(made, person("ann@shop.example", "+44 20 7946 0000"))
    assert [(match.organization, match.kind) for match in ann] == [
        (5, "email"), (3, "domain"), (4, "domain"), (1, "phone"),
    ]  # fmt: skip
    assert [match.organization for match in member(made, person("bob@shop.example"))] == [3, 4, 5]


# --- against the naive way -----------------------------------------------------------------------------

domains = st.sampled_from(["a.example", "b.example", "x.a.example", "y.x.a.example", "example", ""])
emails = st.builds("{}@{}".format, st.sampled_from(["ann", "Bob", ""]), domains) | st.just("nobody")
phones = st.sampled_from(["+44 20 7946 0000", "0044 (0)20 79460000", "020 7946 0000", "112", ""])
words = st.sampled_from(["User", "Email", "Domain", "Phone Number", "Website", None])
values = emails | phones | domains | st.builds("{}{}".format, st.sampled_from(["@", "*.", "*@"]), domains) | st.none()
rows = st.lists(
    st.fixed_dictionaries(
        {"OrganizationID": st.integers(1, 6), "FilterType": words, "FilterValue": values,
         "UserID": st.none() | st.integers(0, 6)}
    ),
    max_size=25,
).map(lambda made: [{**row, "OrganizationFilterID": n} for n, row in enumerate(made, 1)])  # fmt: skip
everybody = st.lists(st.builds(person, emails, phones, phones, user=st.none() | st.integers(1, 6)), max_size=8)


def naive(row: dict[str, Any], who: Person) -> bool:
    """Compare one person with one filter."""
    address = who.email.strip().lower()
    usable = address.count("@") == 1 and not address.startswith("@") and "." in address.partition("@")[2]
    value = (row["FilterValue"] or "").strip().lower()
    match KIND_OF(row["FilterType"]):
        case "user":
            return row["UserID"] in USERS and row["UserID"] == who.user_id
        case "email":
            return usable and value == address
        case "domain":
            pattern = domain_pattern(value)
            if pattern is None or not usable:
                return False
            domain, below = pattern
            return address.endswith(f".{domain}") if below else address.endswith(f"@{domain}")
        case "phone":
            return phone_digits(value) is not None and phone_digits(value) in who.phones
    return False


@given(rows, everybody)
def test_organizations_are_those_that_comparing_with_every_filter_finds(made: list[dict[str, Any]],
                                                                        people: list[Person]) -> None:  # fmt: skip
    found = evaluated(made)
    for who in people:
        wanted: dict[int, int] = {}
        for row in made:
            kind, organization = KIND_OF(row["FilterType"]), row["OrganizationID"]
            if organization in ORGANIZATIONS and kind and naive(row, who):
                wanted[organization] = min(wanted.get(organization, len(KINDS)), KINDS.index(kind))
        ordered = sorted((rank, organization) for organization, rank in wanted.items())
        assert [(match.rank, match.organization) for match in member(found, who)] == ordered


@given(rows, everybody, st.randoms(use_true_random=False))
def test_the_order_of_filters_makes_no_difference(made: list[dict[str, Any]], people: list[Person],
                                                  chance: Any) -> None:  # fmt: skip
    mixed = list(made)
    chance.shuffle(mixed)
    before, after = evaluated(made), evaluated(mixed)
    assert (before.all, before.shared) == (after.all, after.shared)
    assert [before.matches(who) for who in people] == [after.matches(who) for who in people]


@given(rows, everybody)
def test_the_numbers_add_up(made: list[dict[str, Any]], people: list[Person]) -> None:
    filters, found = evaluated(made), Membership()
    member = [found.add(who, filters.matches(who)) for who in people]
    assert sum(found.by_number.values()) == found.people == len(people)
    assert found.by_number[0] == sum(found.domains_of_none.values()) + found.none_without_address
    assert sum(found.by_first.values()) == len(people) - found.by_number[0]
    organizations = found.organizations.values()
    assert sum(one.members for one in organizations) == sum(map(len, member))
    assert sum(one.first for one in organizations) == sum(map(bool, member))
    assert sum(one.shared for one in organizations) == sum(len(m) for m in member if len(m) > 1)
    assert all(sum(one.by.values()) == one.members for one in organizations)
    assert set(found.fits) <= {one.id for one in filters.all if one.problem is None}
