"""What of the small print of a ticket, its messages and its customer is read back as it was given, and what of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrator_lib.canonical import markup
from migrator_lib.gorgias.api import Json
from migrator_lib.objects import PEOPLE
from migrator_lib.objects.conversation import compared_message, meant_message
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.proofs.bench import OPENED, Bench
from migrator_lib.proofs.probe import Answer, Probe, answered
from migrator_lib.reconcile.differences import compare

HTML = (
    '<!-- synthetic --><style>p { color: red }</style><p onclick="alert(1)">One &amp; <b>two</b><br>'
    '<a href="https://shop.example/?a=1&amp;b=2">three</a></p><script>alert(2)</script>'
)
SMALL_PRINT = (
    "ticket.via", "ticket.from_agent", "message.via", "message.source", "message.failed_datetime",
    "message.last_sending_error", "message.meta", "customer.channels.preferred",
)  # fmt: skip
"""What may be left out of the comparison where an account does not keep it: nobody would miss it in their work."""


class HtmlSurvives(Probe):
    """The body of a message."""

    name = "html_survives"
    question = "Is the HTML of a message read back as it was written?"
    matters = "Every message that has HTML is compared. Nothing says what Gorgias takes out (create-ticket-message)."
    does = "POST a ticket with a message of HTML: a comment, a style sheet, a script, a handler; GET its messages."
    expects = "It says and shows the same, tag by tag."
    otherwise = (
        "Where only that is gone which no mail reader shows, HTML is compared without it. Else 06 names every message "
        "that stands there otherwise."
    )
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        ticket = bench.ticket("html", bench.incoming("html-message", body_html=HTML)).id
        there = str(bench.first_message(ticket).as_json().get("body_html") or "")
        if markup.normal(there) == markup.normal(HTML):
            return answered(True, "as it was written")
        sanitised = markup.sanitised(there) == markup.sanitised(HTML)
        words = "without what no mail reader shows" if sanitised else "written in another way"
        return answered(False, words, "sanitised" if sanitised else None)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Compare without it."""
        return {"sanitises_html": True} if (answer.answer, answer.value) == ("other", "sanitised") else {}


class SmallPrintIsKept(Probe):
    """What else is compared of every record."""

    name = "small_print_is_kept"
    question = "Are via, addresses, failures and meta of messages, and which channel is preferred, read back as given?"
    matters = "All are compared; one that Gorgias sets by itself would make every record differ. UNVERIFIED."
    does = "POST a customer with two channels, and a ticket with a mail, a reply that failed, and a note; GET them."
    expects = "All of it is as given."
    otherwise = "What is not kept is not compared, and the report of 06 names it; value: the fields."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        lost = sorted(set(_lost(bench)))
        return answered(not lost, f"not kept: {', '.join(lost)}" if lost else "all kept", ",".join(lost) or None)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Do not compare what is not kept."""
        found = str(answer.value).split(",") if answer.answer == "other" and answer.value else []
        return {"not_kept": tuple(found)} if found else {}


def _lost(bench: Bench) -> Iterator[str]:
    """Yield what of the small print is not read back as it was given, as object and path."""
    addresses = bench.reserved("kept"), bench.reserved("kept-too")
    channels = [{"type": "email", "address": one, "preferred": one == addresses[0]} for one in addresses]
    person = bench.person("kept", addresses[0], channels=channels)
    read = bench.api.customers.get(person.id).as_json()
    meant = PEOPLE[0].compared({"channels": channels})["channels"]
    yield from _differing("customer", {"channels": meant}, {"channels": PEOPLE[0].compared(read)["channels"]})
    messages, given = _messages(bench), {"via": "api", "from_agent": False}
    ticket = bench.ticket("kept", *messages, **given).id
    yield from _differing("ticket", given, {name: bench.read(ticket).get(name) for name in given})
    yield from _of_messages(bench, ticket, messages)


def _of_messages(bench: Bench, ticket: int, messages: list[Json]) -> Iterator[str]:
    bench.first_message(ticket)
    there = {one.external_id: one.as_json() for one in bench.thread(ticket)}
    for message in messages:
        read = there.get(message["external_id"])
        if read is not None:
            found = compared_message(read)
            yield from _differing("message", meant_message(compared_message(message), found, Behaviour()), found)


def _messages(bench: Bench) -> list[Json]:
    meta = {"smartertrack": {"agent": "Synthetic"}}
    ends = {
        "type": "email", "from": {"address": bench.address, "name": "Synthetic"},
        "to": [{"address": bench.settings.mailbox, "name": ""}],
        "cc": [{"address": bench.reserved("copy"), "name": "Copy"}],
    }  # fmt: skip
    failed = {"failed_datetime": OPENED, "last_sending_error": {"error": "Synthetic"}}
    return [
        bench.incoming("kept-mail", meta=meta) | {"source": ends},
        bench.outgoing("kept-reply", meta=meta, **failed),
        bench.note("kept-note", meta=meta),
    ]


def _differing(kind: str, meant: Json, there: Json) -> Iterator[str]:
    for one in compare(meant, there):
        path = f"{kind}.{one.field}"
        if any(path == name or path.startswith(f"{name}.") for name in SMALL_PRINT):
            yield path
