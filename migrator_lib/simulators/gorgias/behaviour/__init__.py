"""What a Gorgias account does by itself: it mails, answers, tags, calls, merges, assigns, asks for a score.

All of it really changes the account, is written to the outbox where it is mail or a call to elsewhere, and to the log
of what fired. ``happened`` is told of every write to a ticket; ``catch_up`` does what was to happen later, when the
next request comes: nothing here runs on its own, so the same requests at the same moments end in the same account.
"""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import assignment, merging, rules, surveys, webhooks
from migrator_lib.simulators.gorgias.behaviour.events import ASSIGNED, CLOSED, CREATED, OPENED

__all__ = ["happened"]


def happened(account: Account, ticket_id: int, *events: str) -> None:
    """Do what follows from events on a ticket that is stored already."""
    if account.seeding:
        return
    found = {*events}
    if found & {CREATED, OPENED} and assignment.assign(account, ticket_id):
        found.add(ASSIGNED)
    followed = rules.run(account, ticket_id, found)
    webhooks.call(account, ticket_id, found | followed)
    if found & {CREATED, OPENED}:
        surveys.call_off(account, ticket_id)
        merging.merge(account, ticket_id)
    if CLOSED in found | followed:
        surveys.ask(account, ticket_id)
