"""What the three canaries are: one of each way in which an imported ticket could set something off.

1. a closed thread with mail of an agent: whatever mails, or asks how it was
2. an open ticket that only a customer wrote: whatever answers or assigns
3. an open one with a note, a tag and several messages: whatever listens to those; with the second, whatever merges
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator_lib.external_id import external_id
from migrator_lib.lookups import iso

Json = dict[str, Any]
OBJECT = "canary"
"""What the ledger and external ids call them."""
CUSTOMER = "customer"
KEYS = ("1", "2", "3")
NAME = "Migration canary"
BODY = "This ticket is a test of the migration to Gorgias. It is removed again; please leave it alone."
AGE = timedelta(days=2)
"""How long ago they say they were sent: recent enough for whatever only looks at recent tickets."""


@dataclass(frozen=True)
class Content:
    """The canaries of one engagement."""

    engagement: str
    address: str
    """Of whom they are, in small letters: an address of the engagement's own."""
    mailbox: str
    channel: str
    """Of the tickets, as the load uses it."""

    def external_id(self, key: str) -> str:
        """Return ``st:<engagement>:canary:<key>``."""
        return external_id(self.engagement, OBJECT, key)

    @property
    def tag(self) -> str:
        """The tag of the third; tags carry no external id, so the name holds the engagement."""
        return f"migration-canary-{self.engagement}"

    def customer(self) -> Json:
        """Return the customer they are of."""
        return {
            "name": NAME,
            "external_id": self.external_id(CUSTOMER),
            "email": self.address,
            "channels": [{"type": "email", "address": self.address, "preferred": True}],
        }

    def tickets(self, base: datetime, *, customer: int, agent: int) -> dict[str, Json]:
        """Return the three tickets by their keys, as they are sent.

        Args:
            base: when the first message was sent.
            customer: Gorgias id of the canaries' customer.
            agent: Gorgias id of the user who wrote what agents write.
        """
        told = _Telling(self, base, customer, agent)
        return {
            "1": told.ticket("1", [told.outgoing(0), told.incoming(1), told.outgoing(2)], closed=True),
            "2": told.ticket("2", [told.incoming(0)]),
            "3": told.ticket("3", [told.incoming(0), told.outgoing(1), told.note(2)], tags=[{"name": self.tag}]),
        }

    @property
    def digest(self) -> str:
        """The hash of all that is sent, but for dates and ids: what a person's signature is bound to."""
        tickets = self.tickets(datetime(2020, 1, 1, tzinfo=UTC), customer=0, agent=0)
        text = json.dumps([self.customer(), tickets], sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Telling:
    content: Content
    base: datetime
    customer: int
    agent: int

    def _at(self, n: int) -> str | None:
        return iso(self.base + timedelta(minutes=n))

    def ticket(self, key: str, messages: list[Json], *, closed: bool = False, **more: Any) -> Json:
        last = self._at(len(messages) - 1)
        received = [m["sent_datetime"] for m in messages if not m["from_agent"]]
        named = [{**m, "external_id": self.content.external_id(f"{key}-{n}")} for n, m in enumerate(messages, 1)]
        return {
            "external_id": self.content.external_id(key),
            "subject": f"{NAME} {key}",
            "channel": self.content.channel,
            "via": "api",
            "from_agent": messages[0]["from_agent"],
            "customer": {"id": self.customer},
            "status": "closed" if closed else "open",
            "created_datetime": self._at(0),
            "opened_datetime": self._at(0),
            "updated_datetime": last,
            "last_message_datetime": last,
            "last_received_message_datetime": max(received),
            **({"closed_datetime": last} if closed else {}),
            **more,
            "messages": named,
        }

    def incoming(self, n: int) -> Json:
        ends = {"from": {"address": self.content.address, "name": NAME}, "to": [{"address": self.content.mailbox}]}
        return self._message(n, from_agent=False, ends=ends, sender={"id": self.customer})

    def outgoing(self, n: int) -> Json:
        ends = {"from": {"address": self.content.mailbox}, "to": [{"address": self.content.address, "name": NAME}]}
        people = {"sender": {"id": self.agent}, "receiver": {"id": self.customer}}
        return self._message(n, from_agent=True, ends=ends, **people)

    def note(self, n: int) -> Json:
        at, sender = self._at(n), {"id": self.agent}
        return {
            "channel": "internal-note", "via": "internal-note", "from_agent": True, "public": False, "sender": sender,
            "created_datetime": at, "sent_datetime": at, "body_text": BODY,
        }  # fmt: skip

    def _message(self, n: int, *, from_agent: bool, ends: Mapping[str, Any], **people: Any) -> Json:
        source = {"source": {"type": "email", **ends}} if self.content.channel == "email" else {}
        return {
            "channel": self.content.channel, "via": "api", "from_agent": from_agent, "public": True, "subject": NAME,
            "created_datetime": self._at(n), "sent_datetime": self._at(n), "body_text": BODY, **source, **people,
        }  # fmt: skip
