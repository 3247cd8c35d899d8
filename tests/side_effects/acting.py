"""An account in which everything acts, and a program that dies at a chosen moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrator_lib.clock import Clock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.simulators.gorgias import Account
from tests.simulated_account import SEED, SimulatedGorgias, client

ALL = ("rules", "integrations", "settings")
ANSWER = "Action('replyToTicket', {body_text: 'We are closed, and answer tomorrow.'});"
RULE = {"type": "user", "priority": 5, "event_types": "ticket-created"}
ACTING: dict[str, Any] = {
    **SEED,
    "teams": [{"name": "Care", "members": ["dana@demo.example"]}],
    "rules": [
        {**RULE, "name": "Auto-reply", "code": ANSWER, "event_types": "ticket-created,ticket-message-created"},
        {**RULE, "name": "Tag returns", "code": "Action('addTags', {tags: 'returns'});"},
        {**RULE, "name": "Old", "code": ANSWER, "deactivated_datetime": "2025-01-05T08:00:00"},
    ],
    "integrations": [
        {"name": "ERP", "type": "http", "http": {
            "url": "https://erp.example/hook?token=s3cret", "method": "POST",
            "request_content_type": "application/json", "response_content_type": "application/json",
            "headers": {"Authorization": "Bearer s3cret"},
            "triggers": {"ticket-created": True, "ticket-updated": True, "ticket-message-created": True}}},
        {"name": "Support mailbox", "type": "email"},
    ],
    "settings": [
        {"type": "satisfaction-surveys", "data": {"enabled": True, "send_after_seconds": 60}},
        {"type": "auto-merge", "data": {"enabled": True, "days": 180}},
        {"type": "ticket-assignment", "data": {"auto_assign_to_teams": True, "unassign_on_reply": False}},
        {"type": "business-hours", "data": {"timezone": "Europe/London", "enabled": True}},
        {"type": "wake-up-calls", "data": {"mornings": {"auto_send": True}}},
    ],
}  # fmt: skip
TWO: dict[str, Any] = {**SEED, "rules": ACTING["rules"][:1], "settings": ACTING["settings"][1:2]}
"""Few things that act, for tests that do it all again and again."""
KINDS = ("rule", "integration", "setting")
MOVES_BY_ITSELF = ("updated_datetime",)


def state(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Return all that can be switched, but for what the server writes into it."""
    with account.store.lock:
        found = {kind: account.store.by_kind(kind) for kind in KINDS}
    return {
        kind: [{k: v for k, v in one.items() if k not in MOVES_BY_ITSELF and v} for one in things]
        for kind, things in found.items()
    }


class Killed(BaseException):
    """The program ends here, as by kill -9: nothing that follows is done."""


class Life:
    """So many moments until the program is killed."""

    def __init__(self, moments: int) -> None:
        self.left = moments

    def tick(self) -> None:
        """Live for another moment."""
        if self.left <= 0:
            self.end()
        self.left -= 1

    def end(self) -> None:
        """End now."""
        raise Killed


def mortal_api(gorgias: SimulatedGorgias, life: Life, clock: Clock | None = None) -> GorgiasApi:
    """Return a client that dies before or after a request."""
    return mortal_transport(client(gorgias.url, clock or gorgias.clock), life)


def mortal_transport(api: GorgiasApi, life: Life) -> GorgiasApi:
    """Return the same client, which dies before or after a request from now on."""
    send = api.transport.call

    def call(*what: Any, **more: Any) -> Any:
        life.tick()
        reply = send(*what, **more)
        life.tick()
        return reply

    api.transport.call = call  # type: ignore[method-assign]
    return api


def mortal_ledger(folder: Path, life: Life) -> Ledger:
    """Return a ledger that dies before or after it wrote something down."""
    ledger = Ledger.in_folder(folder)

    def mortal(write: Any) -> Any:
        def then(*what: Any, **more: Any) -> Any:
            life.tick()
            write(*what, **more)
            life.tick()

        return then

    for name in ("settle", "intend", "set_meta"):
        setattr(ledger, name, mortal(getattr(ledger, name)))
    return ledger
