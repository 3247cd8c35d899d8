"""Whether a canary is as it was sent: everything that something in the account could have done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from migrator_lib.errors import RecordError, RecordRejected, TargetDenied
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract.replies import Message, Ticket
from migrator_lib.objects.conversation import moment

Json = dict[str, Any]
RULE, MERGE, SURVEY, ASSIGNMENT = "a rule or an auto-reply", "auto-merge", "a survey", "auto-assignment"
ELSE = "a rule, Flow, AI Agent or other automation"
OURS = ("ticket-created", "ticket-message-created", "ticket-closed", "customer-created", "ticket-imported")
"""Types of events that loading a ticket causes by itself; UNVERIFIED, so any other is told."""


@dataclass(frozen=True)
class Finding:
    """Something that a canary shows and that we did not do."""

    canary: str
    what: str
    by: str
    """Which kind of thing does that."""

    def as_json(self) -> Json:
        """Return it as the ledger keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Read:
    """One canary as it stands in the account; ``ticket`` is None where it is gone."""

    ticket: Ticket | None
    messages: tuple[Message, ...] = ()
    events: tuple[str, ...] | None = None
    """Types of the events that the account tells of it; None where it tells none, to this key or on this plan."""


def read(api: GorgiasApi, ticket_id: int) -> Read:
    """Read one canary with its thread."""
    try:
        ticket = api.tickets.get(ticket_id)
    except RecordRejected as error:
        if error.status in (301, 404):
            return Read(None)
        raise
    thread = tuple(message for page in api.messages.pages(ticket_id) for message in page)
    return Read(ticket, thread, _events(api, ticket_id))


def _events(api: GorgiasApi, ticket_id: int) -> tuple[str, ...] | None:
    """Return the types of a ticket's events; None where the plan has no events, or the key may not read them."""
    try:
        return tuple(
            str(event.type) for page in api.events.pages(object_type="Ticket", object_id=ticket_id) for event in page
        )
    except (RecordError, TargetDenied):
        return None


def findings(key: str, sent: Mapping[str, Any], first: Read, last: Read) -> list[Finding]:
    """Return what differs from what was sent, and what moved between the first and the last look."""
    if last.ticket is None or last.ticket.trashed_datetime:
        return [Finding(key, "the ticket is gone", MERGE)]
    found = [*_ticket(sent, last.ticket), *_thread(sent["messages"], last.messages)]
    if first.ticket is not None and first.ticket.updated_datetime != last.ticket.updated_datetime:
        found.append(("the ticket was changed after it was made", ELSE))
    found.extend((f"an event '{kind}'", ELSE) for kind in sorted({*(last.events or ())} - {*OURS}))
    return [Finding(key, what, by) for what, by in found]


def _ticket(sent: Mapping[str, Any], there: Ticket) -> Iterator[tuple[str, str]]:
    if there.status != sent["status"]:
        yield f"its status is {there.status}, and was {sent['status']}", ELSE
    if there.assignee_user is not None or there.assignee_team is not None:
        yield "it is assigned", ASSIGNMENT
    tags = sorted(tag["name"] for tag in sent.get("tags", ()))
    if sorted(tag.name for tag in there.tags or ()) != tags:
        yield "its tags are others", RULE
    if there.as_json().get("satisfaction_survey"):
        yield "it has a survey", SURVEY


def _thread(sent: list[Json], there: tuple[Message, ...]) -> Iterator[tuple[str, str]]:
    named = {message["external_id"]: message for message in sent}
    more = [message for message in there if message.external_id not in named]
    if any(message.via == "rule" or message.rule_id for message in more):
        yield "a rule wrote into it", RULE
    elif more:
        yield f"it holds {len(more)} messages that were not sent", MERGE if _of_canaries(more) else ELSE
    if len(there) - len(more) != len(sent):
        yield f"it holds {len(there) - len(more)} of its {len(sent)} messages", MERGE
    for message in there:
        given = named.get(message.external_id or "")
        if given and moment(message.sent_datetime) != moment(given["sent_datetime"]):
            yield "a message says that it was sent at another time", ELSE


def _of_canaries(messages: list[Message]) -> bool:
    return all(":canary:" in (message.external_id or "") for message in messages)
