"""How well things are found by their external id: what a crashed run relies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.proofs.bench import Bench
from migrator_lib.proofs.probe import Answer, Probe, answered

MARGIN = 2.0
"""How many times the lag that was seen a look-up is given."""


class _Lag(Probe):
    """What both kinds of look-up share."""

    matters = (
        "After a cut-off or a crash it is asked whether a POST happened; one that is not found yet would be sent "
        "twice. How far the index lags is not documented (list-tickets, list-customers). UNVERIFIED."
    )
    expects = "It is found within target.lookup_lag_seconds. Value: the seconds that were waited."
    otherwise = (
        "Look-ups are repeated for twice as long as was measured. Where nothing is ever found, nothing is loaded."
    )

    def _answer(self, seconds: float | None, bench: Bench) -> Answer:
        if seconds is None:
            return answered(False, "never found")
        words = f"found after {seconds:g} s" if seconds else "found at once"
        return answered(seconds <= bench.settings.lookup_lag_seconds, words, seconds)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Wait longer."""
        if answer.answer != "other" or not isinstance(answer.value, int | float):
            return {}
        return {"lookup_lag_seconds": answer.value * MARGIN}

    def blocks(self, answer: Answer) -> bool:
        """Without look-ups no crash can be recovered from."""
        return answer.answer == "other" and answer.value is None


class TicketLookupLag(_Lag):
    """A ticket, by its external id."""

    name = "ticket_lookup_lag"
    question = "How long after its creation is a ticket found by its external id?"
    does = "POST a ticket; GET tickets?external_id= at once, and again until it is found, for two minutes at most."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        bench.ticket("lookup")
        named = bench.external_id("lookup")
        return self._answer(bench.seconds_until_found(lambda: bench.api.tickets.by_external_id(named)), bench)


class CustomerLookupLag(_Lag):
    """A customer, by the external id."""

    name = "customer_lookup_lag"
    question = "How long after its creation is a customer found by the external id?"
    does = "POST a customer; GET customers?external_id= at once, and again until it is found."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        bench.person("lookup-person")
        named = bench.external_id("lookup-person")
        return self._answer(bench.seconds_until_found(lambda: bench.api.customers.by(external_id=named)), bench)


class LookupIsExact(Probe):
    """A filter that finds too much."""

    name = "lookup_is_exact"
    question = "Does the filter external_id find only what has exactly this external id?"
    matters = "st:acme:ticket:1 is the beginning of st:acme:ticket:10; list-tickets says nothing of it. UNVERIFIED."
    does = "POST a ticket; when it is found by its external id, GET tickets?external_id= with the id's beginning."
    expects = "Nothing is found by the beginning."
    otherwise = "Nothing: of what a look-up brings, only what has exactly the external id asked for is ever taken."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask; the filter of the client itself is gone round."""
        bench.ticket("exactly")
        named = bench.external_id("exactly")
        if bench.seconds_until_found(lambda: bench.api.tickets.by_external_id(named)) is None:
            return Answer(answer="not answered", seen="the ticket is not found at all")
        rows = bench.rows("tickets", external_id=named[:-2])
        return answered(not rows, "exact" if not rows else "the beginning of an id is enough")
