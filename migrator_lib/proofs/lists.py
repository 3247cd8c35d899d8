"""What lists bring, and in which order: the reconciliation reads everything by them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.objects.conversation import moment
from migrator_lib.proofs.bench import Bench
from migrator_lib.proofs.probe import Answer, Probe, answered

LATER = "2019-04-01T10:00:00Z"
ORDER = "updated_datetime:asc"


def _row(bench: Bench, ticket: int) -> Json:
    """Return a ticket as a row of a list."""
    rows = (row for page in bench.api.tickets.pages(ticket_ids=[ticket]) for row in page)
    return next((row.as_json() for row in rows if row.id == ticket), {})


class ListHasValues(Probe):
    """Custom field values in rows."""

    name = "list_has_values"
    question = "Do rows of GET /tickets hold custom field values where relationships=custom_fields is given?"
    matters = "Every ticket is compared by rows of lists; rows are said to be a summary (list-tickets). UNVERIFIED."
    does = "POST a ticket with a value of the synthetic dropdown; GET it as a row."
    expects = "The row has the value."
    otherwise = "The values are read back ticket by ticket: one call for each ticket of the engagement."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("row", custom_fields=[{"id": bench.field.id, "value": "one"}])
        row = _row(bench, ticket.id)
        if not row:
            return Answer(answer="not answered", seen="GET /tickets?ticket_ids= does not show the ticket")
        return answered("one" in str(row.get("custom_fields")), "there" if row.get("custom_fields") else "missing")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Read them one by one."""
        return {"values_in_lists": False} if answer.answer == "other" else {}


class ListHasMessages(Probe):
    """Messages in rows."""

    name = "list_has_messages"
    question = "Do rows of GET /tickets hold no messages?"
    matters = "Threads are read by GET /messages (list-tickets says nothing of messages). UNVERIFIED."
    does = "POST a ticket; GET it as a row."
    expects = "No messages in the row."
    otherwise = "Nothing: threads are read by GET /messages either way."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        row = _row(bench, bench.ticket("row-thread").id)
        return answered(not row.get("messages"), "there" if row.get("messages") else "none")


class ListIsInOrder(Probe):
    """The order of a walk."""

    name = "list_is_in_order"
    question = "Does GET /tickets?order_by=updated_datetime:asc list tickets by that date, also dates that were given?"
    matters = (
        "A ticket that changes during a walk then comes twice, and none is passed over (probed on a live account by "
        "others for reading; UNVERIFIED for dates that were given)."
    )
    does = "POST two tickets, the later date first; GET them in this order."
    expects = "The earlier date comes first."
    otherwise = "Lists are walked by created_datetime, and nothing may be changed in Gorgias while 06 runs."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        two = [bench.ticket("order-later", updated_datetime=LATER).id, bench.ticket("order-earlier").id]
        bench.api.tickets.update(two[1], {"updated_datetime": "2019-03-20T10:00:00Z"})
        rows = [row for page in bench.api.tickets.pages(ticket_ids=two, order_by=ORDER) for row in page]
        dates = [moment(row.updated_datetime) or "" for row in rows if row.id in two]
        if len(dates) < len(two):
            return Answer(answer="not answered", seen="GET /tickets?ticket_ids= does not show both")
        sorted_ = all(one <= other for one, other in pairwise(dates))
        return answered(sorted_, "in order" if sorted_ else "in another order")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Walk in an order that nothing changes."""
        return {"tickets_order": "created_datetime:asc"} if answer.answer == "other" else {}
