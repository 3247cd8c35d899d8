"""Snoozed tickets, which come back at their time. Source: developers.gorgias.com, create-ticket (snooze_datetime)."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account

UNSNOOZE = "unsnooze"


def snooze(account: Account, ticket_id: int, until: str | None) -> None:
    """Have a ticket come back at a moment of the future; None, or one that is past, calls that off."""
    account.store.call_off(UNSNOOZE, ticket_id)
    if until and until > account.now():
        account.store.later(until, UNSNOOZE, ticket_id)
