"""``POST /api/search``: a few things by part of their name or address. Source: developers.gorgias.com, search."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.fields import Strict
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import parse

Type = Literal[
    "agent", "customer", "customer_profile", "customer_channel", "customer_channel_email", "customer_channel_phone",
    "customers_by_phone", "integration", "team", "tag",
]  # fmt: skip
KINDS = {
    "agent": "user", "team": "team", "tag": "tag", "integration": "integration", "customer": "customer",
    "customer_profile": "customer", "customer_channel": "customer", "customer_channel_email": "customer",
    "customer_channel_phone": "customer", "customers_by_phone": "customer",
}  # fmt: skip
BY_CHANNEL = {"customer_channel_email": "email", "customer_channel_phone": "phone", "customers_by_phone": "phone"}


class Search(Strict):
    """What is looked for."""

    type: Type
    query: str = ""
    size: Annotated[int, Field(ge=1, le=50)] = 10


def _texts(document: Document, kind: str) -> list[str]:
    """Return what is looked through: names and addresses, or addresses of a channel alone."""
    channels = [
        str(channel["address"])
        for channel in document.get("channels") or []
        if BY_CHANNEL.get(kind, channel["type"]) == channel["type"]
    ]
    if kind in BY_CHANNEL or kind == "customer_channel":
        return channels
    names = [str(document.get("name") or ""), str(document.get("email") or "")]
    return names + (channels if kind == "customer_profile" else [])


def _search(account: Account, call: Call) -> Any:
    asked = parse(Search, call.body, "search")
    wanted = asked.query.lower()
    found = [
        document
        for document in account.store.by_kind(KINDS[asked.type])
        if any(wanted in text.lower() for text in _texts(document, asked.type))
    ]
    return {"data": found[: asked.size]}


ROUTES = (Endpoint("POST", "search", 200, _search, "Look for people, teams, tags", Search, replies.Found),)
