"""What an agent sees in a simulated account of a chat or call: its payload is sent, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.load.context import references
from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Record, Resolver, Send
from migrator_lib.objects.conversation import Conversation
from migrator_lib.objects.requester import Requester, comparable_values
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.shop import Shop
from tests.simulated_account import SEED

FORMER = "Former agents"
"""Name of the account's fallback agent."""


@dataclass
class Seen:
    """A ticket as it was read back."""

    account: Account
    ticket: Json
    messages: list[Json]
    """In the order of their time."""
    names: dict[str, str]
    """Source reference to what the account calls it: of customers and users their names, of fields their ids."""

    def values(self) -> dict[str, Any]:
        """Return the values of custom fields, by the label of the field."""
        labels = {field["id"]: field["label"] for field in self.account.store.by_kind("custom_field")}
        return {labels[field]: value for field, value in comparable_values(self.ticket)}

    def thread(self) -> list[tuple[str, str, str]]:
        """Return of every message who wrote it, on which channel, and what it says."""
        return [
            (one["sender"]["name"], one["channel"], one.get("body_html") or one.get("body_text") or "")
            for one in self.messages
        ]


def seen(shop: Shop, obj: Conversation, record: Record) -> Seen:
    """Send what a record becomes to an account of its own, with all that it refers to, and read it back."""
    staged = shop.stage()
    lookups = shop.lookups(staged)
    outcome = obj.transform(record, lookups)
    assert isinstance(outcome, Send), outcome
    account = Account("demo", None, seed=SEED)
    api = api_of(account)
    ids = _made(account, api, outcome, shop, lookups)
    files = {("attachment", key): f"https://files.example/{key}" for key in _attachments(outcome.payload)}
    resolver = Resolver({**ids, **files}, fallback_user=int(ids["user", "fallback"]))
    made = api.tickets.create(resolver.resolve(outcome.payload))
    there = account.store.by("ticket", "external_id", outcome.payload["external_id"])[0]
    messages = account.store.by("message", "parent", made.id)
    messages.sort(key=lambda message: (message["created_datetime"], message["id"]))
    assert account.store.outbox() == []
    return Seen(account, there, messages, {f"{kind}:{key}": there for (kind, key), there in ids.items()})


def _made(account: Account, api: GorgiasApi, outcome: Send, shop: Shop, lookups: Lookups) -> dict[tuple[str, str], str]:
    staged = shop.stage()
    people = {record.key: record for record in Requester().records(staged, lookups)}
    fields = {record.key: record for record in TicketField().records(staged, lookups)}
    ids = {("user", "fallback"): str(_user(account, FORMER))}
    for reference in sorted(references([outcome])):
        kind, _, key = reference.partition(":")
        if kind == "user" and key != "fallback":
            ids[kind, key] = str(_user(account, lookups.agent_name(int(key))))
        elif kind in ("requester", "ticket_field"):
            obj, known = (Requester(), people) if kind == "requester" else (TicketField(), fields)
            payload = obj.transform(known[key], lookups)
            assert isinstance(payload, Send)
            ids[kind, key] = obj.create(api, payload.payload)
        elif kind == "department":
            ids[kind, key] = str(api.teams.create({"name": key}).id)
        elif kind == "organization":
            ids[kind, key] = str(api.customers.create({"name": key, "channels": []}).id)
    return ids


def _user(account: Account, name: str) -> int:
    return next(int(user["id"]) for user in account.store.by_kind("user") if user["name"] == name)


def _attachments(payload: Json) -> set[str]:
    return {
        one["$attachment"] for message in payload["messages"] for one in message.get("attachments", ())
    }  # fmt: skip
