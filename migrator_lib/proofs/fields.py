"""Custom field values of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.proofs.bench import Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered


def _values(bench: Bench, ticket: int) -> list[Any]:
    """Return the values of a ticket."""
    return [value.value for value in bench.api.tickets.custom_fields(ticket)]


def _left(bench: Bench, ticket: int) -> list[Any]:
    return [value for value in _values(bench, ticket) if value is not None]


class ValuesInCreate(Probe):
    """Values that come with a ticket."""

    name = "values_in_create"
    question = "Are custom field values kept that are given inside POST /tickets?"
    matters = "They save a call for each ticket (create-ticket). UNVERIFIED."
    does = "POST a ticket with a value of the synthetic dropdown; GET its values."
    expects = "The value is there."
    otherwise = "Two more calls for each ticket with values put them, and its dates again."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("values", custom_fields=[{"id": bench.field.id, "value": "one"}])
        there = _values(bench, ticket.id)
        return answered(there == ["one"], "kept" if there else "not kept")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Put them again."""
        return {"values_in_create": False} if answer.answer == "other" else {}


class PutReplacesValues(Probe):
    """A value that is not there any more."""

    name = "put_replaces_values"
    question = "Does a PUT of a ticket remove the custom field values that its body leaves out?"
    matters = (
        "What was emptied in the source has to go; update-ticket does not say. PUT /tickets/{id}/custom-fields removes "
        "it by its own page, and a public client denies that. CONFLICT."
    )
    does = "POST a ticket with a value; PUT the ticket with no values; GET them; if one is left, PUT the values alone."
    expects = "They are gone after the ticket's own PUT."
    otherwise = (
        "Gone after the other PUT: one more call for each changed ticket sends it. Else a value that was emptied in "
        "the source stays, and 06 lists it as differing."
    )

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("replaced", custom_fields=[{"id": bench.field.id, "value": "one"}]).id
        bench.api.tickets.update(ticket, {"custom_fields": []})
        if not _left(bench, ticket):
            return answered(True, "removed by the ticket's PUT", "ticket")
        bench.api.tickets.replace_custom_fields(ticket, [])
        gone = not _left(bench, ticket)
        return answered(
            False, "removed by the PUT of values alone" if gone else "still there", "values" if gone else None
        )

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Put values alone, too."""
        return {"values_in_update": False} if answer.answer == "other" and answer.value == "values" else {}


class ValuesReplyShape(Probe):
    """How values are read."""

    name = "values_reply_shape"
    question = "Are values answered as {data: [...]}?"
    matters = "list-ticket-custom-fields shows a bare array, live accounts an envelope. CONFLICT."
    does = "POST a ticket with a value; GET its values."
    expects = "In an envelope."
    otherwise = "Nothing: both are read."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask, and look at the reply itself."""
        ticket = bench.ticket("shape", custom_fields=[{"id": bench.field.id, "value": "one"}])
        reply = bench.api.transport.call("GET", f"tickets/{ticket.id}/custom-fields")
        return answered(isinstance(reply, dict), "in an envelope" if isinstance(reply, dict) else "a bare array")


class ChoicesEnforced(Probe):
    """A value that is none of the choices."""

    name = "choices_enforced"
    question = "Is a value refused that is not among a dropdown's choices?"
    matters = "The documentation leaves it open (the-custom-field-object). UNVERIFIED."
    does = "POST a ticket with such a value."
    expects = "Refused; notebook 02 makes a field of other values text instead, so none is sent."
    otherwise = "Nothing: fields are proposed as before, and the mapping may make more of them dropdowns."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        value = [{"id": bench.field.id, "value": "neither"}]
        made = bench.attempt(lambda: bench.ticket("choice", custom_fields=value))
        return answered(isinstance(made, Refusal), "refused" if isinstance(made, Refusal) else "taken")
