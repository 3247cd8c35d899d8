"""One thing in an account that acts by itself: how it is recognized, and what it looks like when it is off.

A rule and an integration are off while they carry ``deactivated_datetime`` (update-rule, update-integration); a setting
is off when nothing in its data is true. What the data of each type of setting holds is not documented: an account tells
its own (UNVERIFIED), so every flag of a type that acts counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from migrator_lib.gorgias.contract import bodies

Json = dict[str, Any]
Kind = Literal["rules", "integrations", "settings"]
SINGULAR: Mapping[Kind, str] = {"rules": "rule", "integrations": "HTTP integration", "settings": "setting"}
ACTING_SETTINGS = {
    "satisfaction-surveys": "satisfaction surveys are sent",
    "auto-merge": "open tickets of one customer are merged",
    "auto-split": "messages are split off into tickets of their own",
    "ticket-assignment": "tickets are assigned automatically",
}
"""Types of account settings that act when something in them is on. UNVERIFIED but for their names."""
CHOICES = ("auto_assign_to_teams",)
"""Keys whose list says for which teams something is on (update-account-setting)."""
OF_THE_SERVER = ("updated_datetime", "uri", "last_used_datetime", "limits")
"""Keys that change without anybody changing the thing."""
SEALED = "sealed-sha256:"
SECRETS = ("headers", "hmac_secret", "form", "oauth2", "url")
"""Keys of an integration's ``http`` that may hold a password or token of another system."""


@dataclass(frozen=True)
class Effect:
    """A rule, an HTTP integration or a setting, as it stands in the account."""

    kind: Kind
    id: int
    name: str
    state: Json
    """All of it, as it was read; secrets of other systems as their hashes."""

    @property
    def key(self) -> str:
        """What the ledger knows it by."""
        return str(self.id)

    @property
    def words(self) -> str:
        """What it is, for people: ``rule 'Auto-reply'``."""
        more = ACTING_SETTINGS.get(self.name) if self.kind == "settings" else None
        return f"{SINGULAR[self.kind]} '{self.name}'" + (f": {more}" if more else "")

    @property
    def is_on(self) -> bool:
        """Whether it would act."""
        if self.kind == "settings":
            return has_true(self.state.get("data"))
        return not self.state.get("deactivated_datetime")

    @property
    def path(self) -> str:
        """Its path below ``/api/``."""
        return f"{'account/settings' if self.kind == 'settings' else self.kind}/{self.id}"

    def body(self, *, off: str | None) -> Json:
        """Return what a ``PUT`` holds that leaves it as it is, but switches it off, or on.

        Args:
            off: the moment that it is off from, ISO 8601 in UTC; None switches it on as it was.
        """
        if self.kind == "settings":
            data = self.state.get("data")
            return {"type": self.state.get("type"), "data": all_false(data) if off else data}
        if self.kind == "integrations":
            return {"name": self.name, "deactivated_datetime": off}
        kept = {key: self.state[key] for key in bodies.RuleUpdate.model_fields if self.state.get(key) is not None}
        return {**kept, "deactivated_datetime": off}

    @property
    def same(self) -> Json:
        """What must be equal for two states to differ in nothing but being on or off; empty is as good as not there."""
        rest = {key: value for key, value in self.state.items() if value and key not in OF_THE_SERVER}
        if self.kind == "settings":
            return {**rest, "data": all_false(rest.get("data"))}
        return {key: value for key, value in rest.items() if key not in ("deactivated_datetime", "type")}

    def equals(self, other: Effect) -> bool:
        """Return whether both are the same in everything that people choose."""
        return self.same == other.same and self._switches() == other._switches()

    def _switches(self) -> Any:
        return self.state.get("data") if self.kind == "settings" else self.is_on


def effect_of(kind: Kind, state: Mapping[str, Any]) -> Effect:
    """Return what an account answered as an effect."""
    name = state.get("type") if kind == "settings" else state.get("name")
    return Effect(kind, int(state["id"]), str(name or state["id"]), _sealed(state))


def has_true(data: object) -> bool:
    """Return whether something is on in it, however deep: a flag that is true, or teams that are chosen."""
    if isinstance(data, Mapping):
        chosen = any(isinstance(data.get(key), list) and data[key] for key in CHOICES)
        return chosen or any(has_true(value) for value in data.values())
    if isinstance(data, list):
        return any(has_true(value) for value in data)
    return data is True


def all_false(data: Any) -> Any:
    """Return the same with nothing on in it."""
    if isinstance(data, Mapping):
        kept = {key: all_false(value) for key, value in data.items()}
        return {key: [] if key in CHOICES and isinstance(value, list) else value for key, value in kept.items()}
    if isinstance(data, list):
        return [all_false(value) for value in data]
    return False if data is True else data


def hash_of(value: object) -> str:
    """Return the SHA-256 of a JSON value, hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sealed(state: Mapping[str, Any]) -> Json:
    """Return a state whose secrets are their hashes: enough to see that nobody changed them, and never sent."""
    http = state.get("http")
    if not isinstance(http, Mapping):
        return dict(state)
    return {**state, "http": {key: _hidden(value) if key in SECRETS else value for key, value in http.items()}}


def _hidden(value: Any) -> Any:
    """Return the hash of a secret; what is one already, since it was read from the ledger, stays."""
    if value is None or (isinstance(value, str) and value.startswith(SEALED)):
        return value
    return SEALED + hash_of(value)
