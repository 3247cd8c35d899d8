"""HTTP integrations: calls to other systems on events. They are recorded, not made.

Source: developers.gorgias.com, the pages of integrations (``http.triggers``: which events a call is made on).
"""

from __future__ import annotations

from collections.abc import Set

from migrator_lib.simulators.gorgias.account import Account, active
from migrator_lib.simulators.gorgias.behaviour.events import INNER
from migrator_lib.simulators.gorgias.store import Document


def call(account: Account, ticket_id: int, events: Set[str]) -> None:
    """Record the calls that active HTTP integrations make."""
    now = account.now()
    for integration in active(account.store.by_kind("integration")):
        if integration.get("type") != "http":
            continue
        http = integration.get("http") or {}
        for event in sorted((events - INNER) & _triggers(integration, http, events)):
            account.store.mail("webhook", str(http.get("url") or integration.get("url")), event, now)
            account.store.fire("integration", str(integration.get("name")), event, ticket_id, now)


def _triggers(integration: Document, http: Document, events: Set[str]) -> Set[str]:
    """Return the events that an integration listens to; without a word about them, all."""
    named = http.get("triggers", integration.get("triggers"))
    if named is None:
        return events
    return {name for name, on in named.items() if on} if isinstance(named, dict) else {*named}
