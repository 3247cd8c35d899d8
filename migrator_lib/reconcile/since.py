"""What happened in Gorgias since a record was written there: other people's work, which is no fault of the migration.

A ticket says it by itself: its ``updated_datetime`` is not the one it was left with, and is later than our last write.
Everything else, and what is not there any more, is asked of Gorgias: its events, and the ticket itself, which may be in
the trash. That is one or two calls for each record that differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from migrator_lib.errors import RecordMoved, RecordRejected, TargetDenied
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Event
from migrator_lib.ledger import Entry
from migrator_lib.ledger.written import LEFT_ALONE, written
from migrator_lib.objects.conversation import moment
from migrator_lib.reconcile.differences import Difference

TRASHED = "put into the trash"
ASKED = 500
"""Records that one reconciliation asks the events of; where more differ, something is wrong that no agent did."""
CHANGING = ("updated", "deleted", "merged")
"""How the type of an event ends that tells of a change; which types there are is UNVERIFIED."""


@dataclass(frozen=True)
class Doing:
    """What somebody did to a record in Gorgias."""

    kind: str
    """``updated``, ``deleted`` or ``merged``; or ``put into the trash``, of which a ticket does not say by whom."""
    at: str
    by: int | None = None
    """Gorgias id of the user; None for Gorgias itself, a rule or an integration."""

    @property
    def words(self) -> str:
        """For people: what, by whom, and when."""
        by = "" if self.kind == TRASHED else f" by user {self.by}" if self.by else " by a rule or an integration"
        return f"{self.kind} in Gorgias{by} on {self.at[:16].replace('T', ' ')} UTC"


class History(Protocol):
    """Tells what others did to a record."""

    def last(self, path: str, target_id: int, entry: Entry | None) -> Doing | None:
        """Return the last that somebody did to a record since our last write; None if nobody did, or none can tell.

        Args:
            path: the collection in Gorgias' API, such as ``customers``.
            target_id: its id there.
            entry: what the ledger holds of it.
        """

    def trashed(self, target_id: int, entry: Entry) -> Doing | None:
        """Return who knows when a ticket that lists do not show was put into the trash; None where it is not there.

        Lists are read without the trash, in which a company may have more tickets than it works on.
        """

    def merged_into(self, customer_id: int) -> int | None:
        """Return the customer with whom somebody merged one that is not there; None if nobody did, or none can tell."""


class NoHistory:
    """Nobody to ask."""

    def last(self, path: str, target_id: int, entry: Entry | None) -> Doing | None:
        """Return None."""
        return None

    def trashed(self, target_id: int, entry: Entry) -> Doing | None:
        """Return None."""
        return None

    def merged_into(self, customer_id: int) -> int | None:
        """Return None."""
        return None


class AskedEvents:
    """Asks Gorgias' events, which are kept for the account; what our own key did does not count."""

    TYPES: Mapping[str, str] = {"tickets": "Ticket", "customers": "Customer", "users": "User", "teams": "Team",
                                "tags": "Tag"}  # fmt: skip

    def __init__(self, api: GorgiasApi) -> None:
        self._api = api
        self._left = ASKED
        self._me: int | None = None

    def last(self, path: str, target_id: int, entry: Entry | None) -> Doing | None:
        """See :class:`History`. An account that does not let its events be read tells nothing."""
        if path not in self.TYPES or entry is None or self._left <= 0:
            return None
        self._left -= 1
        try:
            return self._last(self.TYPES[path], target_id, written(entry))
        except (TargetDenied, RecordRejected):
            self._left = 0
            return None

    def trashed(self, target_id: int, entry: Entry) -> Doing | None:
        """See :class:`History`. What was in the trash before our last write is nobody's work."""
        if self._left <= 0:
            return None
        self._left -= 1
        try:
            ticket = self._api.tickets.get(target_id)
        except RecordRejected:
            return None
        at = ticket.trashed_datetime
        return Doing(TRASHED, at) if at and not is_before(at, written(entry)) else None

    def merged_into(self, customer_id: int) -> int | None:
        """See :class:`History`. The migration itself never merges."""
        if self._left <= 0:
            return None
        self._left -= 1
        try:
            self._api.customers.get(customer_id)
        except RecordMoved as moved:
            return moved.new_id
        except RecordRejected:
            return None
        return None

    def _last(self, kind: str, target_id: int, since: str) -> Doing | None:
        if self._me is None:
            self._me = self._api.users.me().id
        found: list[Event] = []
        for page in self._api.events.pages(object_type=kind, object_id=target_id):
            found += [event for event in page if self._is_others(event, since)]
        return doing_of(found)

    def _is_others(self, event: Event, since: str) -> bool:
        return event.user_id != self._me and not is_before(event.created_datetime, since)


def doing_of(events: Sequence[Event]) -> Doing | None:
    """Return the last change that events tell of; of a deletion whatever came afterwards, since nothing can."""
    for event in reversed(events):
        kind = str(event.type or "").rpartition("-")[2]
        if kind in CHANGING:
            return Doing(kind, event.created_datetime or "", event.user_id)
    return None


def is_before(text: str | None, since: str) -> bool:
    """Whether a moment is before another; what is no moment is."""
    with suppress(ValueError):
        one, other = moment(text), moment(since)
        return not one or not other or one < other
    return True


def were_left(entry: Entry | None, differences: Sequence[Difference]) -> bool:
    """Whether the load found all of these fields of an agent, team, field, tag or customer changed, and left them."""
    left = set(entry.detail.get(LEFT_ALONE, ())) if entry is not None else set()
    names = {one.field if one.field.startswith("custom_fields") else one.field.split(".")[0] for one in differences}
    return bool(names) and names <= left


def is_touched(entry: Entry | None, ticket: Json) -> bool:
    """Whether somebody changed a ticket in Gorgias since our last write of its fields."""
    if entry is None:
        return False
    there = ticket.get("updated_datetime")
    if moment(there) == moment(entry.detail.get("updated")):
        return False
    return LEFT_ALONE in entry.detail or not is_before(there, written(entry))
