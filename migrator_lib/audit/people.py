"""Agents and requesters: how many, and what is not right with their addresses."""

from __future__ import annotations

from collections import Counter

from migrator_lib.audit.facts import People
from migrator_lib.audit.live import Live
from migrator_lib.contacts import Asker
from migrator_lib.lookups import Lookups, is_email, lowered
from migrator_lib.objects import find
from migrator_lib.objects.base import Merge, Record


def people_facts(live: Live, lookups: Lookups) -> People:
    """Return people in numbers, in one pass; who is known by a number or a name alone has no address to be wrong."""
    requester, totals = find("requester"), Counter[str]()
    for record in requester.records(live, lookups):
        totals["addresses"] += isinstance(record.data, str)
        totals["merged"] += isinstance(requester.transform(record, lookups), Merge)
        totals["unusable"] += not isinstance(record.data, Asker) and not is_email(_address(record))
    agents = [lookups.users[user_id] for user_id in lookups.agents]
    inactive = [row for row in agents if lookups.is_inactive(row)]
    active = [row for row in agents if not lookups.is_inactive(row)]
    return People(
        agents=len(agents),
        inactive_agents=len(inactive),
        agents_without_address=sum(1 for row in active if not is_email(lowered(row["Email"]))),
        accounts=len(lookups.requester_accounts),
        addresses=totals["addresses"],
        merged=totals["merged"],
        unusable_addresses=totals["unusable"],
        also_agents=len(lookups.requester_accounts & lookups.agents),
    )


def _address(record: Record) -> str:
    if record.data is None:
        return ""
    return lowered(record.data if isinstance(record.data, str) else record.data["Email"])
