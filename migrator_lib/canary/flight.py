"""Sending the canaries exactly once, watching them, and taking them away again, whenever the program is stopped.

The ledger (target ``<account>:canary``, object ``canary``) has the customer and each ticket, with its intent before it
is sent, as for any record; ``meta`` has when they began, what was found, and whether they are proven.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from migrator_lib.canary.content import AGE, CUSTOMER, KEYS, OBJECT, Content
from migrator_lib.canary.proof import Finding, findings, read
from migrator_lib.clock import attempts
from migrator_lib.errors import OutcomeUnknown, RecordRejected, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Customer, Thing
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.lookups import iso

SENDS = 4
"""How often one is sent, when every send is cut off and every look-up finds nothing."""
REMOVED, MATCHED, CREATED = "removed", "matched", "created"
Find = Callable[[], Sequence[Thing]]


@dataclass(frozen=True)
class Proof:
    """What the canaries showed."""

    digest: str
    findings: tuple[Finding, ...]
    sent_at: str
    """When they went, UTC."""
    watched_seconds: float
    mails: int | None
    """Mails and calls that a simulated account noted meanwhile; None of a real one, which does not tell."""
    events: bool = True
    """Whether the account told its events, so that nothing was overlooked there."""
    now: bool = True
    """Whether this run sent them."""

    @property
    def quiet(self) -> bool:
        """Whether nothing at all was found."""
        return not self.findings


def meta_name(target: str) -> str:
    """Return the name under which the ledger keeps the canaries of an account."""
    return f"canary:{target}"


def digest_of(ledger: Ledger, target: str) -> str | None:
    """Return the hash of the canaries that were proven silent in an account; None while there are none."""
    kept = ledger.meta(meta_name(target)) or {}
    return str(kept["digest"]) if kept.get("proven") else None


def still_there(ledger: Ledger, target: str) -> int:
    """Return how many canaries are in an account, or may be after a crash."""
    return sum(entry.source_key in KEYS for entry in _waiting(ledger, f"{target}:canary"))


def _waiting(ledger: Ledger, place: str) -> list[Entry]:
    return [entry for entry in ledger.entries(place, OBJECT) if entry.state in (PENDING, CREATED, MATCHED)]


class Canaries:
    """The canaries of one engagement in one account."""

    def __init__(
        self, api: GorgiasApi, ledger: Ledger, content: Content, *, target: str, wait_seconds: float,
        lag_seconds: float, mails: Callable[[], int] | None = None,
    ) -> None:  # fmt: skip
        self.api = api
        self.ledger = ledger
        self.content = content
        self.target = f"{target}:canary"
        self.wait_seconds = wait_seconds
        self.lag_seconds = lag_seconds
        self._mails = mails
        self._name = meta_name(target)
        self._clock = api.clock

    def run(self) -> Proof:
        """Return the proof: of an earlier run, if they were silent then, else send and watch them now.

        Raises:
            TargetError: the account cannot be reached, or a request's outcome is not known.
        """
        kept = self.ledger.meta(self._name) or {}
        if kept.get("proven") and kept["digest"] == self.content.digest:
            self.remove()
            return _proof(kept, now=False)
        if kept.get("findings") is not None or kept.get("digest") != self.content.digest:
            self.remove()  # those of another content, or that were not silent: all anew
            kept = self._begin()
        return self._fly(kept)

    def _begin(self) -> dict[str, Any]:
        kept = {
            "digest": self.content.digest, "base": (min(self._clock.now(), datetime.now(UTC)) - AGE).isoformat(),
            "sent_at": iso(self._clock.now().replace(microsecond=0)),
            "mails": self._mails() if self._mails else None,
        }  # fmt: skip
        self.ledger.set_meta(self._name, kept)
        return kept

    def _fly(self, kept: dict[str, Any]) -> Proof:
        tickets = self.content.tickets(
            datetime.fromisoformat(kept["base"]), customer=self._customer(), agent=self.api.users.me().id
        )
        ids = {key: self._ticket(key, tickets[key]) for key in KEYS}
        first = {key: read(self.api, ids[key]) for key in KEYS}
        self._clock.sleep(self.wait_seconds)
        last = {key: read(self.api, ids[key]) for key in KEYS}
        found = [one for key in KEYS for one in findings(key, tickets[key], first[key], last[key])]
        mails = self._mails() - int(kept["mails"] or 0) if self._mails else None
        if mails:
            found.append(Finding("all", f"{mails} mails or calls went out, says the simulated account", "the account"))
        kept |= {
            "findings": [one.as_json() for one in found], "proven": not found, "sent": mails,
            "watched": self.wait_seconds, "events": all(one.events is not None for one in last.values()),
        }  # fmt: skip
        self.ledger.set_meta(self._name, kept)
        if not found:
            self.remove()
        return _proof(kept, now=True)

    # --- sending -----------------------------------------------------------------------------------

    def _customer(self) -> int:
        """Return the id of the canaries' customer: made now, or there already under its address."""
        known = self._entry(CUSTOMER)
        if known is not None and known.state in (CREATED, MATCHED):
            return int(known.target_id or 0)
        named = self.content.external_id(CUSTOMER)
        there = self._of_address() if known is None or known.state != PENDING else None
        if there is not None and there.external_id != named:
            return self._settle(CUSTOMER, MATCHED, there.id)
        body = self.content.customer()
        try:
            return self._once(CUSTOMER, self._customers, lambda: self.api.customers.create(body))
        except RecordRejected as error:
            there = self._of_address() if error.status == 409 else None
            if there is None:
                raise
            return self._settle(CUSTOMER, MATCHED, there.id)

    def _customers(self) -> Sequence[Thing]:
        return self.api.customers.by(external_id=self.content.external_id(CUSTOMER))

    def _of_address(self) -> Customer | None:
        found = self.api.customers.by(email=self.content.address)
        found = found or self.api.customers.by(channel_type="email", channel_address=self.content.address)
        return found[0] if found else None

    def _ticket(self, key: str, body: dict[str, Any]) -> int:
        known = self._entry(key)
        if known is not None and known.state == CREATED:
            return int(known.target_id or 0)
        return self._once(key, self._tickets_of(key), lambda: self.api.tickets.create(body))

    def _tickets_of(self, key: str) -> Find:
        return lambda: self.api.tickets.by_external_id(self.content.external_id(key))

    def _once(self, key: str, find: Find, create: Callable[[], Thing]) -> int:
        """Make one thing exactly once: an intent without an outcome is looked up before anything is sent again."""
        known = self._entry(key)
        if known is not None and known.state == PENDING and (there := self._look_up(find)) is not None:
            return self._settle(key, CREATED, there.id)
        self.ledger.intend(self.target, self._as(key, PENDING))
        for _ in range(SENDS):
            try:
                return self._settle(key, CREATED, create().id)
            except Unanswered:
                there = self._look_up(find)
                if there is not None:
                    return self._settle(key, CREATED, there.id)
        raise OutcomeUnknown(
            f"Canary {key} was sent {SENDS} times, each time cut off, and is not found in Gorgias.",
            next_step="look at Gorgias' status page; run again when it answers: the canary is looked up first.",
        )

    def _look_up(self, find: Find) -> Thing | None:
        """Look one up, with patience for a look-up that lags behind the write; of several, the oldest."""
        for _ in attempts(self._clock.sleep, self.lag_seconds):
            if found := find():
                return min(found, key=lambda thing: thing.id)
        return None

    # --- taking away -------------------------------------------------------------------------------

    def remove(self) -> None:
        """Delete the canaries, then their tag and their customer, if we made them and nothing else is theirs.

        Safe to repeat; what is gone already is no error.
        """
        waiting = _waiting(self.ledger, self.target)
        if not waiting:
            return
        for entry in (e for e in waiting if e.source_key in KEYS):
            for ticket in self._made(entry, self._tickets_of(entry.source_key)):
                self.api.tickets.delete(ticket)
            self._settle(entry.source_key, REMOVED, None)
        for tag in [tag for tag in self.api.tags.every() if tag.name == self.content.tag]:
            self.api.tags.delete(tag.id)
        for entry in (e for e in waiting if e.source_key == CUSTOMER):
            for customer in self._made(entry, self._customers):
                if not any(self.api.tickets.pages(customer_id=customer, trashed="true")):
                    self.api.customers.delete(customer)
            self._settle(CUSTOMER, REMOVED, None)

    def _made(self, entry: Entry, find: Find) -> list[int]:
        """Return the ids of what an entry made; of an intent without an outcome, what a look-up finds."""
        if entry.state == MATCHED:
            return []
        if entry.state == CREATED:
            return [int(entry.target_id or 0)]
        return [thing.id for thing in [self._look_up(find)] if thing is not None]

    # --- the ledger --------------------------------------------------------------------------------

    def _entry(self, key: str) -> Entry | None:
        return self.ledger.entry(self.target, OBJECT, key)

    def _as(self, key: str, state: str, target_id: int | None = None) -> Entry:
        digest = self.content.digest.removeprefix("sha256:")
        entry = Entry(OBJECT, key, state, payload_hash=digest, external_id=self.content.external_id(key))
        return replace(entry, target_id=None if target_id is None else str(target_id))

    def _settle(self, key: str, state: str, target_id: int | None) -> int:
        self.ledger.settle(self.target, [self._as(key, state, target_id)])
        return target_id or 0


def _proof(kept: dict[str, Any], *, now: bool) -> Proof:
    found = tuple(Finding(**one) for one in kept["findings"])
    return Proof(
        kept["digest"], found, kept["sent_at"], float(kept["watched"]), kept["sent"], bool(kept.get("events")), now
    )
