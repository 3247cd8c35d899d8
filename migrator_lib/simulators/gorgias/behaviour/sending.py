"""Outgoing messages: what is not said to have been sent is sent, some seconds later.

Source: developers.gorgias.com, create-ticket-message: a message with ``sent_datetime`` is stored and not sent; without
it a public message of an agent goes out asynchronously, to its receiver and to the addresses of its ``source``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document

SEND = "send"
NOTES = ("internal-note",)


def is_outgoing(message: Document) -> bool:
    """Whether a message is one that an agent's customer may see."""
    return bool(message["from_agent"] and message["public"] and message["channel"] not in NOTES)


def recipients(message: Document) -> list[str]:
    """Return the addresses that a message goes to, each once, the receiver's first."""
    return list(dict.fromkeys(address.lower() for address in _addresses(message) if address))


def _addresses(message: Document) -> Iterator[str]:
    yield str((message.get("receiver") or {}).get("email") or "")
    source: dict[str, Any] = message.get("source") or {}
    for way in ("to", "cc", "bcc"):
        for end in source.get(way) or ():
            yield str(end.get("address") or "")


def send(account: Account, message: Document, *, kind: str = "message", reason: str = "no sent_datetime") -> None:
    """Have a message go out after a while; whoever it goes to stands in the outbox at once."""
    at = account.now(ahead=account.knobs.sends_after_seconds)
    mails = [account.store.mail(kind, address, reason, at) for address in recipients(message) or ["unknown"]]
    if account.seeding:
        sent(account, message["id"], at)
        return
    for mail in mails:
        account.store.later(at, SEND, message["id"], mail)


def sent(account: Account, message_id: int, at: str) -> None:
    """A message went out: from now on it says when, and when that was processed even if it had a time of its own."""
    message = account.store.get("message", message_id)
    if message is not None:
        message.update(sent_datetime=message.get("sent_datetime") or at, processed_datetime=at)
        account.store.put("message", message, parent=message["ticket_id"])
