"""Asking a simulated account directly, past the client and its guards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from migrator_lib.simulators.gorgias import Account
from tests.simulated_account import API_KEY, EMAIL

OLD = "2020-01-01T00:00:00Z"
AGENT = 3


@dataclass(frozen=True)
class Asker:
    """A plain HTTP client of an account."""

    url: str
    account: Account
    session: requests.Session

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        options = {"auth": (EMAIL, API_KEY), "allow_redirects": False, "timeout": 30, **options}
        return self.session.request(method, f"{self.url}/api/{path}", json=body, **options)

    def make(self, path: str, body: Any) -> dict[str, Any]:
        """Create something and return it."""
        reply = self("POST", path, body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    def customer(self, address: str = "jane@shop.example", **more: Any) -> int:
        channels = [{"type": "email", "address": address, "preferred": True}]
        return int(self.make("customers", {"channels": channels, "email": address, **more})["id"])

    def refusal(self, method: str, path: str, body: Any = None, status: int = 400) -> Any:
        """Send what is refused with a status; return the data of the refusal."""
        reply = self(method, path, body)
        assert reply.status_code == status, reply.text
        error = reply.json()["error"]
        assert isinstance(error["msg"], str)
        return error.get("data")


def incoming(customer: int, **more: Any) -> dict[str, Any]:
    """A customer's e-mail."""
    return {
        "channel": "email", "via": "api", "from_agent": False, "sender": {"id": customer}, "sent_datetime": OLD,
        "created_datetime": OLD, "body_text": "Hello", "source": {"from": {"address": "jane@shop.example"}}, **more,
    }  # fmt: skip


def outgoing(customer: int, **more: Any) -> dict[str, Any]:
    """An agent's answer."""
    return incoming(customer, from_agent=True, sender={"id": AGENT}, receiver={"id": customer}, **more)


def note(**more: Any) -> dict[str, Any]:
    """An internal note."""
    return {
        "channel": "internal-note", "via": "api", "from_agent": True, "sender": {"id": AGENT}, "public": False,
        "sent_datetime": OLD, "body_text": "Note", **more,
    }  # fmt: skip


def ticket(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"via": "api", "messages": list(messages), **more}


def field(kind: str = "Ticket", label: str = "Order number", **settings: Any) -> dict[str, Any]:
    """A text field's definition."""
    definition = {"data_type": "text", "input_settings": {"input_type": "input", **settings}}
    return {"object_type": kind, "label": label, "definition": definition}


def without(mapping: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}
