"""Rules: on an event they test a ticket, and answer, tag, assign or close it.

Source: developers.gorgias.com, the pages of rules, and create-a-ticket-using-api: "if the message channel is set as
API, our auto-reply rules won't trigger for those tickets"; what else a rule does is done there too.
"""

from __future__ import annotations

from collections.abc import Set

from migrator_lib.simulators.gorgias.account import Account, active
from migrator_lib.simulators.gorgias.behaviour import actions
from migrator_lib.simulators.gorgias.behaviour.rule_code import Block, blocks, is_met
from migrator_lib.simulators.gorgias.store import Document

REPLY = "replyToTicket"


def run(account: Account, ticket_id: int, events: Set[str]) -> set[str]:
    """Run every active rule that listens to one of the events, the highest priority first; return what followed.

    What rules do starts no rules.
    """
    followed: set[str] = set()
    rules = active(account.store.by_kind("rule"))
    for rule in sorted(rules, key=lambda rule: -int(rule.get("priority") or 0)):
        for event in sorted(events & _listens_to(rule)):
            followed |= _run(account, ticket_id, rule, event)
    return followed


def _listens_to(rule: Document) -> set[str]:
    """Return a rule's events: a list, or their names with commas between them."""
    named = rule.get("event_types") or ()
    return {name.strip() for name in (named.split(",") if isinstance(named, str) else named)}


def _run(account: Account, ticket_id: int, rule: Document, event: str) -> set[str]:
    ticket = account.store.get("ticket", ticket_id)
    if ticket is None:
        return set()
    messages = account.store.by("message", "parent", ticket_id)
    scope = {"ticket": ticket, "message": messages[-1] if messages else {}}
    followed: set[str] = set()
    done = [
        (name, given) for block in _blocks(rule) if is_met(block.condition, scope)
        for name, given in block.actions if _may(account, ticket, name)
    ]  # fmt: skip
    if not done:
        return followed
    account.store.fire("rule", str(rule.get("name")), event, ticket_id, account.now())
    for name, given in done:
        more = {"rule_id": rule["id"], "reason": f"rule {rule.get('name')}"} if name == REPLY else {}
        followed |= actions.carry_out(account, ticket, name, {**given, **more}, by=f"rule {rule['id']}")
    account.save_ticket(ticket)
    return followed


def _blocks(rule: Document) -> list[Block]:
    """Return what a rule does: its code, or an answer to everything where the seed says ``auto_reply``."""
    if rule.get("auto_reply"):
        return [Block("", ((REPLY, {"body_text": "We got your message."}),))]
    return list(blocks(str(rule.get("code") or "")))


def _may(account: Account, ticket: Document, action: str) -> bool:
    return not (action == REPLY and ticket["channel"] == "api" and account.knobs.auto_replies_leave_api_alone)
