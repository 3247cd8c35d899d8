"""Whether imported messages and surveys keep silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.objects.conversation import moment
from migrator_lib.proofs.bench import CLOSED, OPENED, Bench
from migrator_lib.proofs.probe import Answer, Probe, answered

SENDING_SECONDS = 30.0
"""How long is waited for a message to go out: they are sent some time after the request."""


class SentDatetimeSilences(Probe):
    """An outgoing message that comes with its ticket and has ``sent_datetime``."""

    name = "sent_datetime_silences"
    question = "Is a public reply inside POST /tickets that has sent_datetime stored and not sent?"
    matters = (
        "A message that is not silent is mail to a customer, for each of them. The documentation says it of "
        "POST /tickets/{id}/messages only (create-ticket-message); UNVERIFIED for POST /tickets."
    )
    does = "POST a ticket with a reply sent in 2019; wait 30 s; GET its messages."
    expects = "The message keeps its sent_datetime, and has neither failed_datetime nor processed_datetime."
    otherwise = (
        "Nothing is loaded: no other switch is known. Either way the mailbox itself is for a person to look at: no "
        "mail may have come."
    )
    closes = True

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("silence", bench.outgoing("silence-message"))
        bench.wait(SENDING_SECONDS)
        bench.first_message(ticket.id)
        thread = [message.as_json() for message in bench.thread(ticket.id)]
        if len(thread) != 1:
            return answered(False, f"the thread has {len(thread)} messages, and one was given")
        (message,) = thread
        signs = [name for name in ("failed_datetime", "processed_datetime") if message.get(name)]
        if moment(message.get("sent_datetime")) != moment(OPENED):
            signs.insert(0, "sent_datetime was changed")
        seen = f"signs of sending: {', '.join(signs)}" if signs else "stored as it was given, no sign of sending"
        return answered(not signs, f"{seen}; imported: {message.get('imported')}")


class SurveyStaysUnsent(Probe):
    """A survey without a date to be sent at."""

    name = "survey_stays_unsent"
    question = "Does a satisfaction survey without should_send_datetime stay unsent?"
    matters = (
        "Old ratings become surveys, and one with a date is mailed (the-satisfactionsurvey-object). What becomes of "
        "one when its ticket is deleted is UNVERIFIED, too."
    )
    does = "POST a ticket, then a survey with a score and should_send_datetime null; wait 30 s; GET it."
    expects = "should_send_datetime is still null, and sent_datetime is what was given."
    otherwise = "No survey is made, since it could be mailed: old ratings are handed over as a list."

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("survey")
        body = {"ticket_id": ticket.id, "customer_id": bench.customer, "score": 5, "should_send_datetime": None,
                "created_datetime": CLOSED, "sent_datetime": CLOSED, "scored_datetime": CLOSED}  # fmt: skip
        made = bench.api.surveys.create(body)
        bench.wait(SENDING_SECONDS)
        there = bench.api.surveys.get(made.id)
        silent = not there.should_send_datetime and moment(there.sent_datetime) == moment(CLOSED)
        return answered(silent, "as it was given" if silent else "it has a date to be sent at, or another one")

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Make none."""
        return {"surveys_stay_unsent": False} if answer.answer == "other" else {}
