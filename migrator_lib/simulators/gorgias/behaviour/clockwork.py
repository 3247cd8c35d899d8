"""What was to happen later happens when the next request comes, each thing at its moment and in their order."""

from __future__ import annotations

from collections.abc import Callable

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour import happened, sending, surveys
from migrator_lib.simulators.gorgias.behaviour.events import OPENED, UNSNOOZED
from migrator_lib.simulators.gorgias.behaviour.snoozing import UNSNOOZE


def catch_up(account: Account) -> None:
    """Do everything that is due by the account's clock; in a transaction of its own."""
    due, now = account.store.next_due(), account.now()
    if due is None or due > now:
        return
    with account.store.transaction():
        while (found := account.store.take_due(now)) is not None:
            at, kind, thing = found
            DUE[kind](account, thing, at)


def _unsnooze(account: Account, ticket_id: int, at: str) -> None:
    ticket = account.store.get("ticket", ticket_id)
    if ticket is None:
        return
    was_closed = ticket["status"] == "closed"
    ticket.update(snooze_datetime=None, status="open", closed_datetime=None, updated_datetime=at)
    account.save_ticket(ticket)
    account.store.fire(UNSNOOZE, f"ticket {ticket_id}", UNSNOOZED, ticket_id, at)
    happened(account, ticket_id, UNSNOOZED, *([OPENED] if was_closed else []))


DUE: dict[str, Callable[[Account, int, str], None]] = {
    sending.SEND: sending.sent,
    surveys.SEND: surveys.sent,
    UNSNOOZE: _unsnooze,
}
