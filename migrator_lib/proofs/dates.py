"""Which of a ticket's dates survive its creation, and a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.objects.conversation import moment
from migrator_lib.proofs.bench import CLOSED, OPENED, Bench
from migrator_lib.proofs.probe import Answer, Probe, answered

UPDATED, PUT = "2019-03-07T08:15:00Z", "2019-03-08T10:45:00Z"
OTHERS = {
    "opened_datetime": OPENED,
    "closed_datetime": CLOSED,
    "last_message_datetime": CLOSED,
    "last_received_message_datetime": OPENED,
}


class CreatedDatetimeSurvives(Probe):
    """The one date that no later request can mend."""

    name = "created_datetime_survives"
    question = "Does a ticket keep the created_datetime that it was made with?"
    matters = "PUT does not take it (update-ticket), so a ticket with the wrong one is wrong for ever. UNVERIFIED."
    does = "POST a ticket opened in 2019; GET it."
    expects = "It was opened in 2019."
    otherwise = (
        "Nothing is loaded: all history would seem to be of the day of the load. A person who wants it "
        "nevertheless says so in target.proofs; 06 will list every ticket's date."
    )
    closes = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        there = bench.read(bench.ticket("created").id)
        kept = moment(there.get("created_datetime")) == moment(OPENED)
        return answered(kept, "kept" if kept else f"became {str(there.get('created_datetime'))[:10]}")


class UpdatedDatetimeSurvives(Probe):
    """The date that shows whether an agent has touched a ticket since."""

    name = "updated_datetime_survives"
    question = "Is updated_datetime kept when a ticket is made, and when a PUT gives it?"
    matters = (
        "Agents sort by it, and by it the next load tells what an agent has changed. Later writes may set it "
        "(create-ticket, update-ticket); UNVERIFIED."
    )
    does = "POST a ticket with a date of 2019; GET it; PUT another date of 2019; GET it."
    expects = "Both are kept."
    otherwise = (
        "Kept by PUT only: one more call for each ticket puts it. Else the date is not compared, and what Gorgias made "
        "of it is read (one more call) and kept, so that an agent's change is still seen."
    )

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("updated", updated_datetime=UPDATED).id
        made = moment(bench.read(ticket).get("updated_datetime")) == moment(UPDATED)
        bench.api.tickets.update(ticket, {"updated_datetime": PUT})
        put = moment(bench.read(ticket).get("updated_datetime")) == moment(PUT)
        what = "kept" if made and put else "put" if put else "lost"
        words = {"kept": "kept by both", "put": "kept by PUT only", "lost": "kept by neither"}
        return answered(what == "kept", "kept by POST only" if made and not put else words[what], what)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Put it once more, or do not rely on it."""
        if answer.answer != "other":
            return {}
        return {"updated_datetime": answer.value if answer.value in ("put", "lost") else "lost"}


class OtherDatesSurvive(Probe):
    """The dates that views and statistics show."""

    name = "other_dates_survive"
    question = "Does a ticket keep opened, closed, last_message and last_received_message_datetime as given?"
    matters = "Views and statistics are made of them; later writes may set them (create-ticket). UNVERIFIED."
    does = "POST a ticket with all four; GET it."
    expects = "All four are as given; one that no reply shows counts as kept."
    otherwise = "Those that Gorgias sets itself are not compared; value: their names."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        there = bench.read(bench.ticket("dates", **OTHERS).id)
        lost = [name for name, given in OTHERS.items() if name in there and moment(there[name]) != moment(given)]
        return answered(not lost, f"not kept: {', '.join(lost)}" if lost else "all kept", ",".join(lost) or None)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Do not compare what is not kept; without names, none of them."""
        if answer.answer != "other":
            return {}
        return {"dates_lost": tuple(str(answer.value).split(",")) if answer.value else tuple(OTHERS)}
