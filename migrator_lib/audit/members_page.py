"""What the audit shows of organizations and their members. Ids and keys only: nobody's name or address."""

from __future__ import annotations

from migrator_lib import charts, pages
from migrator_lib.audit.facts import Audit, Members
from migrator_lib.membership.kinds import KINDS
from migrator_lib.membership.lists import IN_USE, LISTS
from migrator_lib.pages import Html

TITLES = {"user": "User", "email": "E-mail", "domain": "Domain", "phone": "Phone"}
NONE = "In no organization"


def members(audit: Audit) -> Html:
    """Return who is in which organization, in several and in none, and what is wrong with filters."""
    m = audit.members
    if not m.organizations:
        return pages.note("There are no organizations.")
    return pages.join(
        [
            pages.tiles({"people": m.people, "in an organization": m.people - m.in_none,
                         "in several": m.in_several, "in none": m.in_none}),
            pages.figure(charts.bars(_by_kind(m), label="people"),
                         "People by the filter that leads to their first organization"),
            pages.note(_rules(m)),
            _organizations(m),
            _filters(m),
            _several(m),
            _in_none(m),
            pages.note("The whole lists, addresses masked, are in documents/: ", ", ".join(LISTS), "."),
        ]
    )  # fmt: skip


def _by_kind(m: Members) -> dict[str, float]:
    return {**{TITLES[kind]: float(m.by_first.get(kind, 0)) for kind in KINDS}, NONE: float(m.in_none)}


def _rules(m: Members) -> str:
    fields = ", ".join(map(str, m.phone_fields)) or "none"
    return (
        "SmarterTrack keeps no list of members; they follow from filters. The first of several organizations is that "
        "with the strongest filter (user, then e-mail, domain, phone), then the one with the lowest id. A domain does "
        "not stand for its sub-domains unless it begins with *. as in *.shop.example. Phone numbers are compared by "
        f"their digits; they are taken from custom fields ({fields}), and {m.with_phone:,} people have one. How "
        "SmarterTrack itself compares is not published: please check a few."
    )


def _organizations(m: Members) -> Html:
    rows = [
        {
            "Organization": str(one.id),
            "Members": one.members,
            **{f"by {TITLES[kind]}": one.by.get(kind, 0) for kind in KINDS},
            "first for": one.first,
            "also in another": one.shared,
        }
        for one in m.largest
    ]
    more = m.organizations - m.without_members
    cut = f", the largest {len(rows)} of {more:,}" if len(rows) < more else ""
    words = f"{m.without_members:,} of {m.organizations:,} organizations are empty; {m.without_filter:,} lack a filter."
    return pages.join([pages.table(rows, caption=f"Members of organizations{cut}"), pages.paragraph(words)])


def _filters(m: Members) -> Html:
    states = [{"Filters": state, "Number": n, "mark": state != IN_USE} for state, n in m.filter_states.items()]
    words = f"{m.shared_values:,} users, addresses, domains or numbers stand in filters of several organizations."
    unknown = [{"Kind of filter": word, "Filters": n} for word, n in m.unknown_kinds.items()]
    faulty = [
        {"Filter": str(one.id), "Organization": str(one.organization), "Kind": one.kind, "State": one.state}
        for one in m.faulty
    ]
    parts = [pages.table(states, caption="Filters", different="mark", empty="There are none."), pages.paragraph(words)]
    if unknown:
        title = "Kinds of filters that are not known: name them in organizations.filter_kinds of engagement.yaml"
        parts.append(pages.table(unknown, caption=title))
    if faulty:
        parts.append(pages.folded(f"Filters to look at (the first {len(faulty)})", pages.table(faulty)))
    return pages.join(parts)


def _several(m: Members) -> Html:
    rows = [
        {
            "Requester": one.key,
            "Organizations, the first one first": ", ".join(f"{i} by {k}" for i, k in one.organizations),
        }
        for one in m.several
    ]
    if not rows:
        return pages.paragraph("Nobody is in several organizations.")
    title = f"People in several organizations: {m.in_several:,}, in {m.most:,} at most (the first {len(rows)})"
    return pages.folded(title, pages.table(rows))


def _in_none(m: Members) -> Html:
    companies = [{"Domain": domain, "People": n} for domain, n in m.none_by_domain.items()]
    free = [{"Provider": domain, "People": n} for domain, n in m.none_by_free_mail.items()]
    words = f"{m.in_none:,} people are in no organization; {m.none_without_address:,} of them have no usable address."
    title = "Their domains, where several people share one: is a filter missing?"
    parts = [pages.paragraph(words), pages.table(companies, caption=title, empty="no domain is shared.")]
    return pages.join([*parts, pages.folded("At free mail providers", pages.table(free))] if free else parts)
