"""What a ticket takes, and what it does when a message is added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.proofs.bench import CLOSED, Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered

META_BYTES = 64_000


class PrioritySurvives(Probe):
    """A ticket's priority."""

    name = "priority_survives"
    question = "Is a ticket's priority read back as it was written?"
    matters = "update-ticket names the field, the page of the ticket object does not. CONFLICT."
    does = "POST a ticket of priority critical; GET it."
    expects = "critical."
    otherwise = "Tickets that are not of normal priority get a tag (priority: high), and the field is not compared."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        there = bench.read(bench.ticket("priority", priority="critical").id).get("priority")
        return answered(there == "critical", f"read back as {there}")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Use a tag instead."""
        return {"priority_kept": False} if answer.answer == "other" else {}


class OverflowReopens(Probe):
    """A message that is added to a closed ticket."""

    name = "overflow_message_reopens"
    question = "Does a customer's message that is added to a closed ticket open it?"
    matters = (
        "More than 500 messages are added one by one (create-ticket-message). True where mail comes in; "
        "UNVERIFIED for the API."
    )
    does = "POST a closed ticket, and one more message of its customer; GET the ticket."
    expects = "It is open; the loader closes it again."
    otherwise = "Nothing: the loader's last PUT is sent either way, since it sets the dates, too."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("overflow").id
        bench.api.messages.create(ticket, bench.incoming("overflow-more"))
        status = bench.read(ticket).get("status")
        return answered(status == "open", f"it is {status}")


class ClosingAgainCloses(Probe):
    """What the loader does after it has added messages."""

    name = "closing_again_closes"
    question = "Does a PUT with status and closed_datetime close a ticket that a message opened, with that date?"
    matters = "Long tickets would else stand open in the agents' views (update-ticket). UNVERIFIED."
    does = "POST a closed ticket, one more message, PUT status closed with a date of 2019; GET the ticket."
    expects = "Closed, in 2019."
    otherwise = "Nothing is loaded: long tickets, and all that a delta changes, would stay open."
    closes = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("closing").id
        bench.api.messages.create(ticket, bench.incoming("closing-more"))
        bench.api.tickets.update(ticket, {"status": "closed", "closed_datetime": CLOSED})
        there = bench.read(ticket)
        right = there.get("status") == "closed" and str(there.get("closed_datetime")).startswith(CLOSED[:10])
        return answered(right, f"it is {there.get('status')}, closed on {str(there.get('closed_datetime'))[:10]}")


class TagsMadeOnTheFly(Probe):
    """A tag that a ticket names and that is not there."""

    name = "tags_made_on_the_fly"
    question = "Is a tag that POST /tickets names, and that does not exist, made?"
    matters = "Tags of statuses are nowhere else (create-ticket shows a name alone). UNVERIFIED."
    does = "POST a ticket with a new tag; GET it."
    expects = "It has the tag."
    otherwise = "Every tag that tickets name is made before the first ticket."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        name = bench.expect_tag("on-the-fly")
        made = bench.attempt(lambda: bench.ticket("tagged", tags=[{"name": name}]))
        if isinstance(made, Refusal):
            return answered(False, made.words)
        there = _tags(bench, made.id)
        return answered(name in there, "made" if name in there else "the ticket is there without it")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Make them first."""
        return {"tags_made_on_the_fly": False} if answer.answer == "other" else {}


class TagCaseMatters(Probe):
    """Two spellings of a tag."""

    name = "tag_case_matters"
    question = "Are tags that differ only by case two tags?"
    matters = "create-tag says that names are case-sensitive; what a ticket's tag is read back as follows from it."
    does = "POST a tag; POST a ticket that names it in capitals; GET the ticket."
    expects = "The ticket has the tag in capitals."
    otherwise = "Names of tags are compared without case, since the first spelling is what all tickets show."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        lower = bench.tag("case").name
        upper = bench.expect_tag("CASE")
        there = _tags(bench, bench.ticket("case", tags=[{"name": upper}]).id)
        if upper not in there and lower not in there:
            return Answer(answer="not answered", seen="the ticket has neither tag")
        return answered(upper in there, "two tags" if upper in there else "one tag, by its first spelling")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Compare without case."""
        return {"tag_case_matters": False} if answer.answer == "other" else {}


class ExternalIdNotUnique(Probe):
    """Two tickets of one external id."""

    name = "external_id_not_unique"
    question = "Does a second POST of the same external id make a second ticket?"
    matters = "No uniqueness is documented (create-ticket), so that nothing but this tool prevents duplicates."
    does = "POST a ticket twice."
    expects = "Two tickets: each POST is preceded by its intent and, after a cut-off, by a look-up."
    otherwise = "A ticket that is refused since its external id is taken is looked up and adopted."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        bench.ticket("twice")
        named = bench.external_id("twice")
        second = bench.attempt(lambda: bench.ticket("twice-again", external_id=named))
        return answered(*(False, second.words) if isinstance(second, Refusal) else (True, "two tickets"))

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Adopt what is there."""
        return {"external_ids_unique": True} if answer.answer == "other" else {}


class SourceTypeTaken(Probe):
    """The addresses of a message."""

    name = "source_type_taken"
    question = "Is a message's source taken with type email, and read back with its addresses?"
    matters = "Public clients differ in whether they send source.type (create-ticket-message). CONFLICT."
    does = "POST a ticket whose message has source.type; GET its messages."
    expects = "Taken; the sender's address is read back."
    otherwise = "Addresses are sent without type."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        message = bench.incoming("source-message")
        message["source"] = {"type": "email", **message["source"]}
        made = bench.attempt(lambda: bench.ticket("source", message))
        if isinstance(made, Refusal):
            return answered(False, made.words)
        source = bench.first_message(made.id).as_json().get("source") or {}
        there = (source.get("from") or {}).get("address") == bench.address
        return answered(there, "taken" if there else "taken, and another address is read back")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Leave it out."""
        return {"source_type_taken": False} if answer.answer == "other" else {}


class CustomChannelTaken(Probe):
    """A channel of one's own."""

    name = "custom_channel_taken"
    question = "Is a channel taken that is none of the listed ones?"
    matters = "create-ticket speaks of custom slugs. Nothing is loaded on one; it would tell imported tickets apart."
    does = "POST a ticket of channel smartertrack."
    expects = "Refused: a channel of its own has to be set up first."
    otherwise = "Nothing."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        message = bench.incoming("channel-message") | {"channel": "smartertrack"}
        body = {
            "external_id": bench.external_id("channel"), "subject": "Synthetic", "channel": "smartertrack",
            "via": "api", "customer": {"id": bench.customer}, "status": "closed", "messages": [message],
        }  # fmt: skip
        made = bench.attempt(lambda: bench.raw("ticket", "channel", "tickets", body))
        return answered(isinstance(made, Refusal), "refused" if isinstance(made, Refusal) else "taken")


class MetaSize(Probe):
    """How much ``meta`` holds."""

    name = "meta_size"
    question = f"Does a ticket's meta hold {META_BYTES:,} bytes?"
    matters = "What Gorgias has no field for goes there; no limit was found (the-ticket-object). UNVERIFIED."
    does = "POST a ticket with a large meta; GET it."
    expects = "It is read back whole."
    otherwise = "Tickets whose meta is too large are quarantined with Gorgias' words, as everything it refuses."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        meta = {"synthetic": "x" * META_BYTES}
        made = bench.attempt(lambda: bench.ticket("meta", meta=meta))
        if isinstance(made, Refusal):
            return answered(False, made.words)
        whole = bench.read(made.id).get("meta") == meta
        return answered(whole, "whole" if whole else "not read back as it was written", META_BYTES if whole else None)


def _tags(bench: Bench, ticket: int) -> list[str]:
    """Return the names of a ticket's tags."""
    return [tag["name"] for tag in bench.read(ticket).get("tags") or ()]
