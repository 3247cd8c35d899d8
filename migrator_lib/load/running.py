"""The running count: what the load has sent is read back while it goes on, by one call for a hundred tickets.

A date of creation that Gorgias did not take can never be mended, so a load whose tickets are not as they were sent
stops before it has made thousands of them. What ``GET /api/tickets?ticket_ids[]=`` shows is documented, whether it lags
behind a write is not: what it does not show is asked once more with the next hundred, and at the end, and only then
counted. Everything that hangs on it is here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from migrator_lib.errors import LoadDiffers, RecordRejected
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Ticket
from migrator_lib.ledger import Entry
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.objects.conversation import moment

if TYPE_CHECKING:
    from migrator_lib.objects.conversation import Conversation
    from migrator_lib.reconcile.differences import Difference

CALL = 100
"""Tickets that one call asks for, as many as it takes."""
LEAST = 20
"""A load of fewer tickets is not counted: everything is verified soon enough."""
STOPS_FROM = 100
"""Tickets that were looked at, before too many of them can differ."""
HANDFUL = 5
"""So many may differ whatever the threshold: agents work on tickets while others are loaded."""
MOST_TOUCHED = 0.5
"""Share of tickets that somebody may have changed meanwhile; more is the account's own doing."""
MOST_LATE = 10_000
"""Tickets that are kept in memory to be asked for at the end."""
NAMED = 5
FIXED = ("created_datetime", "channel")
"""Fields of a ticket that nobody changes in Gorgias."""
_KINDS: Mapping[str, Conversation] = {obj.name: obj for obj in CONVERSATIONS}


@dataclass(frozen=True)
class Count:
    """How many tickets (chats, calls) were sent, and what was seen of them."""

    sent: int = 0
    found: int = 0
    """Read back."""
    differing: int = 0
    """Of those found: not as they were sent."""
    touched: int = 0
    """Of those found: changed by somebody since they were sent."""
    missing: int = 0
    """Not found, however often they were asked for."""

    def __add__(self, other: Count) -> Count:
        return Count(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def words(self) -> str:
        """For the line of progress."""
        return f"{self.sent:,} sent, {self.found:,} found again, {self.differing:,} differ"


@dataclass(frozen=True)
class _Sent:
    entry: Entry
    payload: Json
    """Resolved, without the messages."""
    at: str
    asked: int = 0


@dataclass
class RunningCount:
    """Counts one load. ``sent`` may be called by many threads, ``look`` by one."""

    api: GorgiasApi
    lookups: Lookups
    counts: dict[str, Count] = field(default_factory=dict)
    """By object."""
    off: str = ""
    """Why nothing is read back any more, in words; empty while it is."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._new: deque[_Sent] = deque()
        self._again: list[_Sent] = []
        self._late: list[_Sent] = []
        self._wrong: list[str] = []
        self.is_on = self.lookups.parameters.load.running_count

    def sent(self, entry: Entry, payload: Json) -> None:
        """Note that a ticket was made, or brought up to date as a whole."""
        if not self.is_on or self.off:
            return
        fields = {name: value for name, value in payload.items() if name != "messages"}
        one = _Sent(entry, fields, iso(self.api.clock.now()) or "")
        with self._lock:
            self._new.append(one)
        self._add(entry.object, Count(sent=1))

    def look(self, *, over: bool = False) -> str:
        """Read back what makes whole calls; all that is left, where the load of an object is ``over``.

        Returns:
            The numbers in words; empty where nothing was sent.

        Raises:
            LoadDiffers: too many are not as they were sent.
        """
        while len(self._new) >= CALL:
            batch = [*self._again, *self._taken(CALL - len(self._again))]
            self._again = []
            self._wait_for(self._not_shown(batch))
        if over:
            self._finish()
        return sum(self.counts.values(), Count()).words if self.counts else ""

    def _taken(self, most: int) -> Iterable[_Sent]:
        with self._lock:
            return [self._new.popleft() for _ in range(min(most, len(self._new)))]

    def _wait_for(self, missing: Sequence[_Sent]) -> None:
        """Keep what was not shown: for the next call the first time, then for the end."""
        self._again = [one for one in missing if one.asked == 1]
        late = [one for one in missing if one.asked > 1]
        room = MOST_LATE - len(self._late)
        self._late += late[:room]
        self._lose(late[room:])

    def _finish(self) -> None:
        left = [*self._late, *self._again, *self._taken(len(self._new))]
        self._late, self._again = [], []
        if sum(count.sent for count in self.counts.values()) < LEAST:
            return
        left = self._asked_for(left)
        if left:  # the last ones were sent just now
            self.api.clock.sleep(self.lookups.parameters.target.lookup_lag_seconds)
            self._lose(self._asked_for(left))

    def _asked_for(self, tickets: Sequence[_Sent]) -> list[_Sent]:
        """Ask for these, and return those that were not shown."""
        rest, missing = iter(tickets), list[_Sent]()
        while batch := list(islice(rest, CALL)):
            missing += self._not_shown(batch)
        return missing

    def _lose(self, tickets: Iterable[_Sent]) -> None:
        for one in tickets:
            self._add(one.entry.object, Count(missing=1))

    def _not_shown(self, batch: Sequence[_Sent]) -> list[_Sent]:
        """Read a batch back and judge what is shown; return the others."""
        if self.off:
            return []
        ids = [one.entry.target_id for one in batch]
        shown: dict[str, Ticket] = {}
        try:
            order = self.lookups.behaviour.tickets_order
            for page in self.api.tickets.pages(ticket_ids=ids, trashed="true", order_by=order):
                shown |= {str(ticket.id): ticket for ticket in page}
        except RecordRejected as error:
            self.off = error.message
            return []
        for one in batch:
            if (there := shown.get(str(one.entry.target_id))) is not None:
                self._judge(one, there.as_json())
        self._require_alike()
        return [replace(one, asked=one.asked + 1) for one in batch if str(one.entry.target_id) not in shown]

    def _judge(self, one: _Sent, there: Json) -> None:
        differences = self._differences(one, there)
        if not differences:
            self._add(one.entry.object, Count(found=1))
        elif _is_touched(one, there) and not any(each.field in FIXED for each in differences):
            self._add(one.entry.object, Count(found=1, touched=1))
        else:
            self._add(one.entry.object, Count(found=1, differing=1))
            fields = ", ".join(f"{each.field} ({each.expected} sent, {each.actual} found)" for each in differences)
            self._wrong += [f"{one.entry.object} {one.entry.source_key}: {fields}"][: NAMED - len(self._wrong)]

    def _differences(self, one: _Sent, there: Json) -> list[Difference]:
        from migrator_lib.reconcile.differences import compare, ours  # its package imports this one

        obj, behaviour = _KINDS[one.entry.object], self.lookups.behaviour
        found = obj.compared(there)
        differences = ours(compare(obj.meant(obj.compared(one.payload), found), found), behaviour)
        if behaviour.values_in_lists:
            return differences
        return [each for each in differences if not each.field.startswith("custom_fields")]

    def _add(self, obj: str, count: Count) -> None:
        with self._lock:
            self.counts[obj] = self.counts.get(obj, Count()) + count

    def _require_alike(self) -> None:
        total, parameters = sum(self.counts.values(), Count()), self.lookups.parameters
        limit = parameters.thresholds.differing
        if total.found < STOPS_FROM:
            return
        if total.differing > max(HANDFUL, limit * total.found):
            raise _differing(
                f"{total.differing:,} of the {total.found:,} tickets that were read back differ from what was sent, "
                f"and thresholds.differing is {limit:.1%}. The first of them: {'; '.join(self._wrong)}.",
                parameters.engagement,
            )
        if total.touched > MOST_TOUCHED * total.found:
            raise _differing(
                f"{total.touched:,} of the {total.found:,} tickets that were read back were changed in Gorgias right "
                "after they were sent. So many are not agents' work: something in the account acts on them.",
                parameters.engagement,
            )


def added(one: Mapping[str, Count], other: Mapping[str, Count]) -> dict[str, Count]:
    """Return what two loads counted together, by object."""
    return {obj: one.get(obj, Count()) + other.get(obj, Count()) for obj in dict.fromkeys((*one, *other))}


def _differing(words: str, engagement: str) -> LoadDiffers:
    return LoadDiffers(
        f"The load was stopped: {words}",
        next_step="look at these tickets in Gorgias, and mend the mapping or what acts in the account. Dates of "
        f"creation can never be changed there: migrator run {engagement} --only 90 --execute takes out again what was "
        "loaded. Where they are right as they are, load.running_count: false lets the load go on.",
    )


def _is_touched(one: _Sent, there: Json) -> bool:
    """Whether somebody changed a ticket since it was sent, by its date."""
    from migrator_lib.reconcile.since import is_before

    at = there.get("updated_datetime")
    return moment(at) != moment(one.payload.get("updated_datetime")) and not is_before(at, one.at)
