"""What people did in Gorgias to a ticket that was loaded: told from our own calls, left as it is, and listed by field.

Whether somebody touched a ticket is seen by its date: the ledger keeps the one that we left it with. What exactly they
changed follows from three versions of it: as we left it (the staged version whose payload was sent), as it is in
Gorgias, and as the source has it now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Ticket
from migrator_lib.ledger import Entry
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Resolver
from migrator_lib.objects.conversation import DATES, moment
from migrator_lib.proofs.behaviour import Behaviour

if TYPE_CHECKING:
    from migrator_lib.reconcile.differences import Difference

LEFT_ALONE = "left_alone"
"""In the detail of a ticket's entry: what is listed of it, a row for each field, masked."""
SENT_HASH = "sent_hash"
"""In the same place: the hash of the payload that was sent last, where a later one was not."""
UNKNOWN = "(not known)"
FOLLOWS = frozenset({*DATES, "from_agent", "language", "meta"})
"""Fields that follow from others, or that nobody can change: a difference in them is no work for a person."""
IN_GORGIAS, IN_SOURCE, IN_BOTH = "changed in Gorgias", "changed in SmarterTrack", "changed in both"
WHAT_TO_DO = {
    IN_GORGIAS: "nothing: the agent's work stays",
    IN_SOURCE: "set it in Gorgias, if the agent agrees",
    IN_BOTH: "decide which of the two holds, and set it in Gorgias",
    UNKNOWN: "look at both, and set in Gorgias what holds",
}


def was_touched(known: Entry, there: Ticket) -> bool:
    """Whether somebody else has written to a ticket since we did; an update that was cut off knows what was before."""
    under_way = known.detail.get("updating")
    if under_way:
        return bool(under_way["touched"])
    return moment(there.updated_datetime) != moment(known.detail.get("updated"))


def state_of(known: Entry, there: Ticket) -> Json:
    """Return what an agent had made of a ticket, as far as our messages can change it; kept by an update under way."""
    under_way = known.detail.get("updating") or {}
    found: Json = under_way.get("agents") or {
        "status": there.status,
        "closed_datetime": there.closed_datetime,
        "updated_datetime": there.updated_datetime,
        "last_message_datetime": there.last_message_datetime,
        "last_received_message_datetime": there.as_json().get("last_received_message_datetime"),
    }
    return found


def put_back(had: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Json:
    """Return the change that gives a ticket back what an agent had made of it, after messages were added.

    The dates of the last messages are those of the agent's or of ours, whichever are later.
    """
    received = [message["created_datetime"] for message in messages if not message["from_agent"]]
    changes = {
        "status": had["status"],
        "closed_datetime": _utc(had["closed_datetime"]),
        "updated_datetime": _utc(had["updated_datetime"]),
        "last_message_datetime": _latest(had["last_message_datetime"], *(m["created_datetime"] for m in messages)),
        "last_received_message_datetime": _latest(had["last_received_message_datetime"], *received),
    }
    always = ("status", "closed_datetime")
    return {name: value for name, value in changes.items() if value is not None or name in always}


def _utc(text: str | None) -> str | None:
    """Return a timestamp as Gorgias is sent it."""
    told = moment(text)
    return told and f"{told}Z"


def _latest(*texts: str | None) -> str | None:
    return _utc(max((text for text in map(moment, texts) if text), default=None))


def listed(
    source: Json, there: Json, left: Json | None, *, resolver: Resolver, behaviour: Behaviour, messages: int = 0
) -> list[dict[str, str]]:
    """Return a row for each field of a touched ticket in which Gorgias and the source differ.

    Args:
        source: the resolved payload of the ticket as the source has it now.
        there: the ticket as it is in Gorgias, with the values of its fields.
        left: the payload that was sent last, with references; None where it is not known.
        resolver: of those references.
        behaviour: what the account sets by itself is no difference.
        messages: how many messages came from the source meanwhile, and were added.
    """
    from migrator_lib.reconcile.differences import compare, ours  # its package imports this one

    now = TICKET.compared(there)
    new = TICKET.meant(TICKET.compared(source), now)
    old = _resolved(left, resolver)
    by_agent = _by_field(old, now) if old is not None else {}
    by_source = _by_field(old, new) if old is not None else {}
    rows = []
    for one in ours(compare(new, now), behaviour):
        if one.field.split(".")[0] in FOLLOWS:
            continue
        here, gone = by_agent.get(one.field), by_source.get(one.field)
        both = here or gone
        who = UNKNOWN if both is None else (IN_BOTH if here and gone else IN_GORGIAS if here else IN_SOURCE)
        rows.append(row(one.field, both.expected if both else UNKNOWN, one.actual, one.expected, who))
    if messages:
        rows.append(
            row("messages", "", "", f"{messages} new, added", IN_SOURCE, "read them: they came in SmarterTrack")
        )
    return rows


def row(field: str, left: str, there: str, source: str, who: str, what: str = "") -> dict[str, str]:
    """Return a row of the list: all texts are masked already."""
    return {"field": field, "left": left, "there": there, "source": source, "who": who,
            "do": what or WHAT_TO_DO[who]}  # fmt: skip


def _by_field(one: Json, other: Json) -> dict[str, Difference]:
    from migrator_lib.reconcile.differences import compare

    return {difference.field: difference for difference in compare(one, other)}


def _resolved(payload: Json | None, resolver: Resolver) -> Json | None:
    try:
        return None if payload is None else TICKET.compared(resolver.resolve(payload))
    except RecordUnusable:
        return None
