"""Looks behind the scenes of a simulated account, for whoever runs against one."""

from __future__ import annotations

from typing import Any

import requests


def _look(base_url: str, what: str) -> Any:
    with requests.Session() as session:
        session.trust_env = False  # loopback is not reached through a proxy
        reply = session.get(f"{base_url.rstrip('/')}/_simulator/{what}", timeout=30)
    reply.raise_for_status()
    return reply.json()


def outbox(base_url: str) -> list[dict[str, Any]]:
    """Return every mail and webhook that the product would have sent: kind, recipient, reason and when."""
    return list(_look(base_url, "outbox"))


def stats(base_url: str) -> dict[str, Any]:
    """Return calls and throttled ones since the process started, objects by kind, and ``mail_sent``."""
    return dict(_look(base_url, "stats"))
