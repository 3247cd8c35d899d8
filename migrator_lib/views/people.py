"""People to look at: agents who are gone, and customers whom a rule made one."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.agents import gone_agents
from migrator_lib.contacts import RULES as RULES_OF_CONTACTS
from migrator_lib.engagement import Engagement
from migrator_lib.masking import mask_email
from migrator_lib.membership import cases
from migrator_lib.pages import Html

CASES = 20
"""People that a notebook lists of each rule."""


def agents_who_are_gone(engagement: Engagement) -> Html:
    """Return the agents who may no longer sign in to SmarterTrack, what they had, and where it went."""
    staged = engagement.all_stages
    found = gone_agents(staged, engagement.lookups(staged))
    agents = engagement.parameters.agents
    closed = "nobody: the name alone" if agents.history == "by_name" else "the fallback agent"
    rows = [
        {
            "agent": f"{one.agent.name} ({one.agent.user_id})",
            "open tickets": one.open, "are now with": "the fallback agent",
            "closed tickets": one.closed, "chats and calls": one.chats_and_calls, "belong to": closed,
        }
        for one in found
    ]  # fmt: skip
    note = f"The fallback agent is {mask_email(agents.fallback)}. What an agent wrote carries the name, whoever has it."
    table = pages.table(rows, caption=f"{len(rows)} agents who are gone", empty="Every agent is there.")
    return pages.join([table, pages.note(note) if rows else ""])


def people_to_look_at(engagement: Engagement) -> Html:
    """Return how many people each rule made one customer, or a customer without an address, and the first of them."""
    staged = engagement.all_stages
    lookups = engagement.lookups(staged)
    numbers, first = cases.counted(cases.cases(staged, lookups), most=CASES)
    rules = [{"rule": rule, "people": numbers[rule], "what it does": cases.RULES[rule]} for rule in cases.RULES]
    listed = [{"rule": one.rule, "record": one.key, "becomes": one.customer, "who": one.who} for one in first]
    told = cases.by_contact(staged, lookups)
    by_rule = [
        {"rule": rule, "chats": told[rule, "chat"], "calls": told[rule, "call"], "whose it is": words}
        for rule, words in RULES_OF_CONTACTS.items()
        if told[rule, "chat"] or told[rule, "call"]
    ]
    return pages.join(
        [
            pages.table(
                [row for row in rules if row["people"]], caption="Rules about people", empty="None was needed."
            ),
            pages.table(listed, caption=f"The first {CASES} of each") if listed else "",
            pages.table(by_rule, caption="Whose chats and calls they are") if by_rule else "",
        ]
    )
