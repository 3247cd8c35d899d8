"""The tokens that a simulated account gives: to an app by OAuth2, and for its help centers."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from migrator_lib.clock import Clock

SCOPES = {
    "account": "account", "users": "users", "teams": "users", "customers": "customers", "tickets": "tickets",
    "messages": "tickets", "upload": "tickets", "views": "tickets", "custom-fields": "custom_fields",
    "events": "events", "integrations": "integrations", "jobs": "jobs", "macros": "macros", "rules": "rules",
    "satisfaction-surveys": "satisfaction_survey", "tags": "tags",
}  # fmt: skip
"""First part of a path to the scope that it takes. Source: developers.gorgias.com, oauth2-scopes, which lists none \
for messages, teams and views: theirs are a guess."""


class Expiring:
    """Tokens that end, each with the scopes that it gives; gone with the process, as a client must expect."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[str, tuple[float, frozenset[str]]] = {}

    def give(self, seconds: float, scopes: frozenset[str] = frozenset()) -> str:
        """Return a new token that ends after some seconds of the clock."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[token] = (self._clock.monotonic() + seconds, scopes)
        return token

    def scopes(self, authorization: str | None) -> frozenset[str] | None:
        """Return what a ``Bearer`` header's token gives, or None where it is not known or has ended."""
        kind, _, token = (authorization or "").partition(" ")
        with self._lock:
            end, scopes = self._ends.get(token, (float("-inf"), frozenset()))
        return scopes if kind == "Bearer" and self._clock.monotonic() < end else None

    def end_all(self) -> None:
        """Let every token end, as when an admin revokes them."""
        with self._lock:
            self._ends.clear()


class App:
    """An app that an account's admin authorized: what a seed says in ``credentials.oauth``.

    Its keys: ``client_id``, ``client_secret`` and ``refresh_token`` (or ``..._env``, a variable that holds it),
    ``scopes`` (as ``tickets:read`` or ``tickets:*``; all where it is not given), ``token_seconds`` (a day), and
    ``rotates`` (each refresh brings a new refresh token, and ends the old one).
    """

    def __init__(self, clock: Clock, seed: Mapping[str, Any]) -> None:
        self.access = Expiring(clock)
        self.client_id = str(seed["client_id"])
        self.client_secret = _given(seed, "client_secret")
        self.refresh_token = _given(seed, "refresh_token")
        self.scopes = frozenset(seed.get("scopes") or {f"{scope}:*" for scope in SCOPES.values()} | {"offline"})
        self.token_seconds = float(seed.get("token_seconds", 24 * 3600))
        self.rotates = bool(seed.get("rotates", False))

    def refresh(self) -> dict[str, Any]:
        """Return a new access token, and a new refresh token where the app's rotate."""
        if self.rotates:
            self.refresh_token = secrets.token_urlsafe(32)
        return {
            "access_token": self.access.give(self.token_seconds, self.scopes),
            "token_type": "Bearer",
            "expires_in": int(self.token_seconds),
            "scope": " ".join(sorted(self.scopes)),
            **({"refresh_token": self.refresh_token} if self.rotates else {}),
        }

    def permits(self, authorization: str | None, method: str, path: str) -> bool:
        """Whether a token's scopes cover a request; True for what is no token of the app."""
        scopes = self.access.scopes(authorization)
        scope = SCOPES.get(path.partition("/")[0])
        if scopes is None or scope is None:
            return True
        return not scopes.isdisjoint({f"{scope}:*", f"{scope}:{'read' if method == 'GET' else 'write'}"})


def _given(seed: Mapping[str, Any], name: str) -> str:
    return os.environ.get(seed.get(f"{name}_env", ""), "") or str(seed.get(name, ""))
