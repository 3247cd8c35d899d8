"""What probes work with: one account, synthetic things in it, and a note of each until it is removed again.

Nothing here can reach a customer: every request passes the mail guard, tickets are those of a synthetic person, and
its address is the engagement's own (``target.canary.address``) or a reserved one (RFC 2606) that no mail arrives at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from migrator_lib.errors import RecordError, RecordRejected, RecordUnusable
from migrator_lib.external_id import external_id
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import CustomField, Message, Tag, Thing, Ticket
from migrator_lib.gorgias.transport import Upload
from migrator_lib.ledger import GONE, PENDING, Entry, Ledger
from migrator_lib.masking import mask_text
from migrator_lib.parameters import Target

T = TypeVar("T", bound=Thing)
R = TypeVar("R")
OBJECT = "probe"
"""What the ledger and external ids call everything that a probe made."""
MADE = "made"
"""State of a synthetic thing that is in the account; none of those that make up the accounts of the source."""
OPENED, CLOSED = "2019-03-05T09:00:00Z", "2019-03-06T17:30:00Z"
PATIENCE = 12
"""How many times the configured lag a look-up is waited for before it counts as finding nothing."""
BODY = "Synthetic: a check of the migration tool. It is removed again."


@dataclass(frozen=True)
class Refusal:
    """What an account said when it refused a request."""

    status: int
    words: str


class Bench:
    """One account that is asked."""

    def __init__(
        self, api: GorgiasApi, ledger: Ledger, *, target: str, engagement: str, settings: Target, address: str = "",
        creates_users: bool = False, alive: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.api = api
        self.ledger = ledger
        self.target = target
        self.engagement = engagement
        self.settings = settings
        self.address = address or self.reserved("customer")
        self.creates_users = creates_users
        self.clock = api.clock
        self._alive = alive

    # --- names -------------------------------------------------------------------------------------

    def external_id(self, what: str) -> str:
        """Return the external id of a synthetic thing: ``st:<engagement>:probe:<what>``."""
        return external_id(self.engagement, OBJECT, what)

    def tag_name(self, what: str) -> str:
        """Return the name of a synthetic tag; tags carry no external id."""
        return f"st-probe-{self.engagement}-{what}"

    def reserved(self, what: str) -> str:
        """Return an address that no mail arrives at."""
        return f"probe-{what}@{self.engagement}.st-migration.example"

    # --- things ------------------------------------------------------------------------------------

    @cached_property
    def me(self) -> int:
        """The id of the API key's user, who writes what agents write."""
        return int(self.api.users.me().id)

    @cached_property
    def customer(self) -> int:
        """The id of the synthetic customer. One who has the engagement's own address already is used, and stays."""
        try:
            return self.person("customer", self.address).id
        except RecordRejected as error:
            found = self.api.customers.by(email=self.address) if error.status == 409 else []
            if not found:
                raise
            return found[0].id

    def person(self, what: str, address: str = "", **fields: Any) -> Thing:
        """Make a customer."""
        address = address or self.reserved(what)
        named = self.external_id(what)
        channels = [{"type": "email", "address": address, "preferred": True}]
        body = {"channels": channels, "email": address, "name": "Synthetic", "external_id": named, **fields}
        return self._make("customer", what, named, lambda: self.api.customers.create(body))

    def ticket(self, what: str, *messages: Json, **fields: Any) -> Ticket:
        """Make a ticket; without messages it has one from the customer. As loaded tickets are, but for ``fields``."""
        named = self.external_id(what)
        body = {
            "external_id": named,
            "subject": "Synthetic",
            "channel": "email",
            "via": "api",
            "customer": {"id": self.customer},
            "status": "closed",
            "created_datetime": OPENED,
            "closed_datetime": CLOSED,
            "messages": list(messages) or [self.incoming(f"{what}-message")],
            **fields,
        }
        return self._make("ticket", what, named, lambda: self.api.tickets.create(body))

    def tag(self, what: str) -> Tag:
        """Make a tag."""
        name = self.tag_name(what)
        return self._make("tag", name, None, lambda: self.api.tags.create({"name": name}))

    def expect_tag(self, what: str) -> str:
        """Note that a tag of this name may come into being by itself, and return the name."""
        name = self.tag_name(what)
        self.ledger.intend(self.target, Entry(OBJECT, f"tag:{name}", PENDING))
        return name

    @cached_property
    def field(self) -> CustomField:
        """The synthetic dropdown of tickets: none can be deleted, so the one of an earlier time is taken up again."""
        named = self.external_id("field")
        for old in self.api.custom_fields.every("Ticket", archived=True):
            if old.external_id == named:
                self.ledger.intend(self.target, Entry(OBJECT, "field:field", PENDING, external_id=named))
                self.api.custom_fields.update(old.id, {"deactivated_datetime": None})
                self._made("field:field", named, old.id)
                return old
        choices = {"input_type": "dropdown", "choices": ["one", "two"]}
        body = {
            "object_type": "Ticket",
            "label": "Synthetic (migration)",
            "external_id": named,
            "definition": {"data_type": "text", "input_settings": choices},
        }
        return self._make("field", "field", named, lambda: self.api.custom_fields.create(body))

    def user(self, what: str, **fields: Any) -> Thing:
        """Make a user at a reserved address; only where the engagement agreed to making users."""
        named, address = self.external_id(what), self.reserved(what)
        body = {"email": address, "name": "Synthetic", "role": {"name": "agent"}, "external_id": named, **fields}
        return self._make("user", what, named, lambda: self.api.users.create(body))

    def raw(self, kind: str, what: str, path: str, body: Json) -> Thing:
        """Make a thing by a body that the client's own statement of the contract would not let pass."""
        return self._make(
            kind, what, body.get("external_id"),
            lambda: Thing.model_validate(self.api.transport.call("POST", path, body=body)),
        )  # fmt: skip

    def _make(self, kind: str, what: str, named: str | None, create: Callable[[], T]) -> T:
        entry = Entry(OBJECT, f"{kind}:{what}", PENDING, external_id=named)
        self.ledger.intend(self.target, entry)
        try:
            thing = create()
        except RecordError:
            self.ledger.settle(self.target, [replace(entry, state=GONE)])
            raise
        self._made(entry.source_key, named, thing.id)
        return thing

    def _made(self, key: str, named: str | None, target_id: int) -> None:
        entry = Entry(OBJECT, key, MADE, external_id=named, target_id=str(target_id))
        self.ledger.settle(self.target, [entry])

    # --- messages ----------------------------------------------------------------------------------

    def incoming(self, what: str, **fields: Any) -> Json:
        """Return a message from the customer, as the loader sends them: stored, since it has the time it was sent."""
        ends = {"from": {"address": self.address}, "to": [{"address": self.settings.mailbox}]}
        sender = fields.pop("sender", None) or {"id": self.customer}
        return self._message(what, from_agent=False, sender=sender, source=ends, **fields)

    def outgoing(self, what: str, **fields: Any) -> Json:
        """Return a public reply of an agent to the customer, as the loader sends them."""
        ends = {"from": {"address": self.settings.mailbox}, "to": [{"address": self.address}]}
        people = {"sender": {"id": self.me}, "receiver": {"id": self.customer}}
        return self._message(what, from_agent=True, source=ends, **people, **fields)

    def note(self, what: str, **fields: Any) -> Json:
        """Return an internal note of an agent's."""
        message = self._message(what, from_agent=True, sender={"id": self.me}, **fields)
        return message | {"channel": "internal-note", "via": "internal-note", "public": False}

    def _message(self, what: str, **fields: Any) -> Json:
        return {
            "channel": "email",
            "via": "api",
            "public": True,
            "external_id": self.external_id(what),
            "subject": "Synthetic",
            "body_text": BODY,
            "created_datetime": OPENED,
            "sent_datetime": OPENED,
            **fields,
        }

    # --- asking ------------------------------------------------------------------------------------

    def read(self, ticket: int) -> Json:
        """Return a ticket as it is, with its custom fields and messages."""
        return self.api.tickets.get(ticket, custom_fields=True).as_json()

    def thread(self, ticket: int) -> list[Message]:
        """Return the messages of a ticket, as they are listed now."""
        return [message for page in self.api.messages.pages(ticket_id=ticket) for message in page]

    def first_message(self, ticket: int) -> Message:
        """Return the first message of a ticket, waiting for a list that lags.

        Raises:
            RecordUnusable: none is ever listed.
        """
        if self.seconds_until_found(lambda: self.thread(ticket)) is None:
            raise _unknown("the ticket's messages are never listed")
        return self.thread(ticket)[0]

    def rows(self, path: str, **query: Any) -> list[Json]:
        """Return the rows of the first page of a list as they came, whatever the client makes of them.

        Raises:
            RecordUnusable: it is no list.
        """
        reply = self.api.transport.call("GET", path, params=query)
        if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), list):
            raise _unknown(f"GET /api/{path} answers with no list")
        return [row for row in reply["data"] if isinstance(row, dict)]

    def upload(self, name: str, content: bytes = b"synthetic") -> Json:
        """Upload a file; return what is told of it, as it came.

        Raises:
            RecordUnusable: nothing is told of it.
        """
        file = Upload(name, content, "text/plain")
        reply = self.api.transport.call("POST", "upload", params={"type": "attachment"}, upload=file)
        if not isinstance(reply, list) or not reply or not isinstance(reply[0], dict):
            raise _unknown("POST /api/upload tells nothing of the file")
        return dict(reply[0])

    def attempt(self, request: Callable[[], R]) -> R | Refusal:
        """Send a request that may be refused; return what it brought, or how it was refused."""
        try:
            return request()
        except RecordRejected as error:
            return Refusal(error.status, mask_text(error.message))

    def wait(self, seconds: float) -> None:
        """Wait for what the account does by itself."""
        self._alive()
        self.clock.sleep(seconds)

    def seconds_until_found(self, look: Callable[[], Sequence[object]]) -> float | None:
        """Return how long was waited for a look-up to find something, or None where it never did."""
        waited, pause, limit = 0.0, 0.5, PATIENCE * max(self.settings.lookup_lag_seconds, 5.0)
        while not look():
            if waited > limit:
                return None
            self.wait(pause)
            waited, pause = waited + pause, min(pause * 2, 30.0)
        return waited


def _unknown(words: str) -> RecordUnusable:
    return RecordUnusable(words, next_step="ask again in notebook 03, or answer in target.proofs.")
