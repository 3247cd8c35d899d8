"""Customers and users."""

from __future__ import annotations

from migrator_lib.gorgias.api import Json
from migrator_lib.proofs.bench import Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered


class CustomerWithChannels(Probe):
    """How the loader makes customers."""

    name = "customer_with_channels"
    question = "Is a customer made with channels and email, and found with both?"
    matters = "The pages of create-customer differ in what is required. CONFLICT."
    does = "POST a customer with one channel, and the same address as email; GET it."
    expects = "Made, with one channel."
    otherwise = "Nothing is loaded: no ticket can be without its customer."
    closes = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        made = bench.attempt(lambda: bench.person("channels"))
        if isinstance(made, Refusal):
            return answered(False, made.words)
        channels = bench.api.customers.get(made.id).channels or []
        return answered(
            len(channels) == 1,
            "made, with one channel" if len(channels) == 1 else f"made, with {len(channels)} channels",
            len(channels),
        )


class CustomerWithoutChannels(Probe):
    """A customer with an address alone."""

    name = "customer_without_channels"
    question = "Is a customer without channels refused?"
    matters = "The newer pages of create-customer require channels, older clients do not. CONFLICT."
    does = "POST a customer with an email alone."
    expects = "Refused; the loader always sends channels."
    otherwise = "Nothing: the loader sends channels either way."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        body: Json = {"email": bench.reserved("bare"), "external_id": bench.external_id("bare")}
        made = bench.attempt(lambda: bench.raw("customer", "bare", "customers", body))
        return answered(isinstance(made, Refusal), "refused" if isinstance(made, Refusal) else "made")


class CustomerWithTickets(Probe):
    """Deleting somebody who has tickets."""

    name = "customer_with_tickets"
    question = "Can a customer be deleted who has tickets?"
    matters = "Undocumented (delete-customer): roll-back deletes tickets first, whatever the answer. UNVERIFIED."
    does = "POST a customer and a ticket of theirs; DELETE the customer."
    expects = "Deleted; the ticket stays."
    otherwise = "Roll-back leaves customers who have tickets of others alone."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        person = bench.person("owner")
        message = bench.incoming("owner-message", sender={"id": person.id})
        ticket = bench.ticket("owned", message, customer={"id": person.id})
        refused = bench.attempt(lambda: bench.api.customers.delete(person.id))
        if isinstance(refused, Refusal):
            return answered(False, refused.words)
        there = bench.attempt(lambda: bench.read(ticket.id))
        gone = isinstance(there, Refusal)
        return answered(not gone, "deleted, and the ticket with them" if gone else "deleted; the ticket stays")


class InactiveUser(Probe):
    """An agent who may not log in."""

    name = "inactive_user"
    question = "Is active: false taken when a user is made?"
    matters = "Agents who are gone could keep their name on tickets; create-user does not list it. UNVERIFIED."
    does = "POST a user at a reserved address with active: false; GET it. Gorgias may send it an invitation."
    expects = "Taken, and read back; whether an invitation went out is for a person to look at (Settings, Users)."
    otherwise = "Users are made active, and an admin deactivates them."
    relied_on = False

    def not_asked(self, bench: Bench) -> str:
        """Only where making users was agreed to."""
        return "" if bench.creates_users else "agents.missing is not 'create', so no user is ever made"

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        made = bench.attempt(lambda: bench.user("inactive", active=False))
        if isinstance(made, Refusal):
            return answered(False, made.words)
        inactive = bench.api.users.get(made.id).active is False
        return answered(inactive, "taken" if inactive else "made, and active")
