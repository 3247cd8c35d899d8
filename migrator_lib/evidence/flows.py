"""The accounts as a Sankey chart: kinds of records that people know, and where they went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from migrator_lib import pages
from migrator_lib.ledger import SETTLED
from migrator_lib.objects import ATTACHMENT, INVENTORIES, KNOWLEDGE, PEOPLE, SETUP, TICKET, USER
from migrator_lib.pages import Html

KINDS: Mapping[str, tuple[str, ...]] = {
    "Tickets": (TICKET.name,),
    "Chats and calls": ("live_chat", "call_log"),
    "Messages": ("ticket_message", "ticket_comment", "chat_message", "chat_comment"),
    "Field values": ("ticket_field_value", "chat_field_value", "call_field_value"),
    "Files": (ATTACHMENT.name,),
    "Tasks and links": ("task", "time_log", "ticket_link"),
    "Ratings": ("survey",),
    "People": (USER.name, *(obj.name for obj in PEOPLE)),
    "Teams and fields": tuple(obj.name for obj in SETUP if obj is not USER),
    "Knowledge base": tuple(obj.name for obj in KNOWLEDGE),
    "Rules and news": tuple(obj.name for obj in INVENTORIES),
}
"""What a reader tells apart to the objects of which it is made; every object has one place, which a test sees to."""


def by_kind(objects: Mapping[str, Mapping[str, int]]) -> dict[str, Counter[str]]:
    """Return kind to outcome to number of records.

    Args:
        objects: object to its numbers, as in ``summary.json``.
    """
    found: dict[str, Counter[str]] = {}
    for kind, names in KINDS.items():
        numbers = Counter({state: sum(objects.get(name, {}).get(state) or 0 for name in names) for state in SETTLED})
        if numbers.total():
            found[kind] = numbers
    return found


def figure(objects: Mapping[str, Mapping[str, int]]) -> Html:
    """Return the chart with its words for whoever does not see it; nothing where there are no records."""
    flows = by_kind(objects)
    if not flows:
        return Html("")
    from migrator_lib.charts.sankey import sankey  # slow to import, and not every page draws

    return pages.figure(sankey(flows), in_words(flows))


def in_words(flows: Mapping[str, Counter[str]]) -> str:
    """Return what the chart shows, in words."""
    sums: Counter[str] = sum(flows.values(), Counter())
    told = [f"{sums[state]:,} {state.replace('_', ' ')}" for state in SETTLED if sums[state]]
    lost = "" if sums["quarantined"] else ", none in quarantine"
    return (
        f"What became of {sums.total():,} records: {', '.join(told)}{lost}. Bands are as wide as the square root of "
        "their numbers, so that few records are seen beside many."
    )
