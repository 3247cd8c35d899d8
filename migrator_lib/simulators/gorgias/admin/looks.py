"""Looks behind the scenes: what was asked of an account, and what it would have sent."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from migrator_lib.simulators.gorgias.account import Account

COUNTED = ("user", "team", "tag", "custom_field", "customer", "ticket", "message")


def add(routes: APIRouter, account: Account) -> None:
    """Add the looks of an account."""

    @routes.get("/stats", summary="Calls, objects by kind, and how much mail would have been sent")
    def stats() -> dict[str, Any]:
        with account.store.lock:
            counts = {kind: account.store.count(kind) for kind in COUNTED}
            sent = len(account.store.outbox())
        return {**vars(account.stats), "objects": counts, "mail_sent": sent}

    @routes.get("/outbox", summary="Mail and webhooks that would have been sent, and will be at their moment")
    def outbox() -> list[dict[str, Any]]:
        with account.store.lock:
            return account.store.outbox()

    @routes.delete("/outbox", summary="Forget the mail and what acted by itself so far", status_code=204)
    def clear_outbox() -> None:
        with account.store.transaction():
            account.store.clear_outbox()

    @routes.get("/fired", summary="What acted by itself: rules, integrations, surveys, merges, assignments")
    def fired() -> list[dict[str, Any]]:
        with account.store.lock:
            return account.store.fired()
