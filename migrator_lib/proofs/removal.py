"""What is left when something is removed: what roll-back relies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.proofs.bench import Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered

JOB_SECONDS = 120.0


class TicketDeleted(Probe):
    """A ticket that is deleted."""

    name = "ticket_deleted"
    question = "Is a ticket gone, with its messages, when it is deleted?"
    matters = "Roll-back deletes what was loaded (delete-ticket); trashed tickets would stay in lists. UNVERIFIED."
    does = "POST a ticket; DELETE it; GET it and its messages."
    expects = "404, and no messages."
    otherwise = "Roll-back says that tickets stay in the trash."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("deleted").id
        bench.api.tickets.delete(ticket)
        there = bench.attempt(lambda: bench.read(ticket))
        thread = bench.attempt(lambda: bench.thread(ticket))
        gone = isinstance(there, Refusal) and there.status == 404
        left = 0 if isinstance(thread, Refusal) else len(thread)
        return answered(gone and not left, f"the ticket is {'gone' if gone else 'still there'}, {left} messages left")


class EmptyTicketStays(Probe):
    """A ticket whose last message is deleted."""

    name = "empty_ticket_stays"
    question = "Does a ticket stay when its only message is deleted?"
    matters = "delete-ticket-message does not say. UNVERIFIED."
    does = "POST a ticket; DELETE its message; GET it."
    expects = "It stays."
    otherwise = "Nothing: messages are never deleted but with their ticket."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("emptied").id
        for message in bench.thread(ticket):
            bench.api.messages.delete(ticket, message.id)
        there = bench.attempt(lambda: bench.read(ticket))
        return answered(not isinstance(there, Refusal), "gone" if isinstance(there, Refusal) else "it stays")


class DeleteJobWorks(Probe):
    """Deleting many tickets at a time."""

    name = "delete_job_works"
    question = "Does a job deleteTicket delete the tickets that it is given?"
    matters = "Roll-back at two calls a second takes as long as the load did (create-job). UNVERIFIED."
    does = "POST a ticket and a job deleteTicket with its id; GET the ticket until it is gone, for two minutes."
    expects = "Gone. Value: the seconds it took."
    otherwise = "Roll-back deletes ticket by ticket."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("by-job").id
        bench.api.jobs.create({"type": "deleteTicket", "params": {"ticket_ids": [ticket]}})
        waited, pause = 0.0, 1.0
        while not isinstance(bench.attempt(lambda: bench.read(ticket)), Refusal):
            if waited > JOB_SECONDS:
                return answered(False, f"still there after {waited:g} s")
            bench.wait(pause)
            waited, pause = waited + pause, pause * 2
        return answered(True, f"gone after {waited:g} s", waited)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """A job is used only where it was seen to work."""
        return {"delete_job": answer.answer == "expected"}
