"""A day of work in a simulated account after a migration, so that hypercare has something to tell apart.

Agents work on migrated tickets: they close, assign, tag and prioritize them, write notes, and put one into the trash;
one corrects a name. Customers answer in old tickets, and write new ones. Nothing acts by itself that day, and
no mail leaves: the outbox goes on telling what the migration alone caused.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.resources import customers, events, messages, tickets
from migrator_lib.simulators.gorgias.store import Document

MARKER = "working_day"
NEW_TICKETS = 3
LATEST = 40
"""Migrated tickets that are worked on: some of the latest."""
NOTE = "Called the customer back, all is well."
ANSWER = "Thank you, it has arrived."
QUESTION = "Where is my order? I have not heard of it since last week."
KINDS = (
    "closed",
    "assigned",
    "tagged",
    "prioritized",
    "notes",
    "trashed",
    "answers",
    "new tickets",
    "customers renamed",
)


def work(account: Account) -> dict[str, int]:
    """Let a day of work pass, once; return what was done, by kind: all zeros where it has passed before."""
    done = dict.fromkeys(KINDS, 0)
    with account.store.transaction():
        if account.store.count(MARKER):
            return done
        account.seeding = True
        try:
            _Day(account, done).pass_()
        finally:
            account.seeding = False
        account.store.put(MARKER, {"id": 1, "done": done})
    return done


def migrated(account: Account) -> list[Document]:
    """Return the latest migrated tickets that are not in the trash, latest first."""
    found = [ticket for ticket in account.store.by_kind("ticket") if ":ticket:" in (ticket.get("external_id") or "")]
    return [ticket for ticket in found if not ticket.get("trashed_datetime")][::-1][:LATEST]


class _Day:
    """One day; every step takes tickets that no step before it has touched."""

    def __init__(self, account: Account, done: dict[str, int]) -> None:
        self.account = account
        self.done = done
        me = account.me()["id"]
        self.agents = [user for user in account.store.by_kind("user") if user["id"] != me] or [account.me()]
        self.waiting = migrated(account)

    def pass_(self) -> None:
        """Do the day's work."""
        named = [ticket for ticket in self.waiting if ticket["customer"]]
        first = named[0]["customer"]["id"] if named else None
        for ticket in self._take(4, "open"):
            self._change(ticket, "closed", status="closed")
            self._note(ticket)
        for ticket in self._take(3):
            self._change(ticket, "assigned", assignee_user={"id": self._agent(ticket)["id"]})
        for ticket in self._take(2):
            names = [{"name": tag["name"]} for tag in ticket["tags"]]
            self._change(ticket, "tagged", tags=[*names, {"name": "call back"}])
        for ticket in self._take(1):
            self._change(ticket, "prioritized", priority="critical")
        for ticket in self._take(1):
            self._change(ticket, "trashed", trashed_datetime=self.account.now())
        for ticket in self._take(2, "closed"):
            self._answer(ticket)
        self._new_tickets()
        if first is not None:
            self._rename(first)

    def _take(self, count: int, status: str = "") -> Sequence[Document]:
        fitting = [ticket for ticket in self.waiting if status in ("", ticket["status"]) and ticket["customer"]][:count]
        chosen = {ticket["id"] for ticket in fitting}
        self.waiting = [ticket for ticket in self.waiting if ticket["id"] not in chosen]
        return fitting

    def _agent(self, ticket: Document) -> Document:
        chosen: Document = self.agents[ticket["id"] % len(self.agents)]
        return chosen

    def _told(self, kind: str, object_type: str, thing: int, by: int) -> None:
        events.record(self.account, kind, object_type, thing, user_id=by)

    def _change(self, ticket: Document, what: str, **fields: object) -> None:
        tickets.update_ticket(self.account, ticket, fields)
        self._told("ticket-updated", "Ticket", ticket["id"], self._agent(ticket)["id"])
        self.done[what] += 1

    def _note(self, ticket: Document) -> None:
        by = {"id": self._agent(ticket)["id"]}
        body = {"channel": "internal-note", "via": "helpdesk", "from_agent": True, "sender": by, "body_text": NOTE,
                "body_html": f"<div>{NOTE}</div>"}  # fmt: skip
        messages.create_message(self.account, ticket, body)
        self.done["notes"] += 1

    def _answer(self, ticket: Document) -> None:
        messages.create_message(self.account, ticket, self._incoming(ticket["customer"], ANSWER))
        self.done["answers"] += 1

    def _incoming(self, customer: Document, text: str) -> Document:
        address = {"name": customer.get("name"), "address": customer.get("email") or "nobody@there.example"}
        return {"channel": "email", "via": "email", "from_agent": False, "sender": {"id": customer["id"]},
                "source": {"from": address, "to": [], "type": "email"}, "subject": "An order", "body_text": text,
                "body_html": f"<div>{text}</div>"}  # fmt: skip

    def _new_tickets(self) -> None:
        for ticket in self.waiting[:NEW_TICKETS]:
            if ticket["customer"]:
                body = {"subject": "Where is my order?", "channel": "email", "via": "email", "from_agent": False,
                        "customer": {"id": ticket["customer"]["id"]},
                        "messages": [self._incoming(ticket["customer"], QUESTION)]}  # fmt: skip
                tickets.create_ticket(self.account, body)
                self.done["new tickets"] += 1

    def _rename(self, customer_id: int) -> None:
        customer = customers.find(self.account, customer_id)
        by = self.agents[0]["id"]
        customers.update_customer(self.account, customer, {"name": f"{customer.get('name') or 'Customer'} (by phone)"})
        self._told("customer-updated", "Customer", customer_id, by)
        self.done["customers renamed"] += 1
