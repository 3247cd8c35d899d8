"""The fixed window: what is counted in it, when it ends, and when the next call may go.

Our calls are spread over the window, so that the company's own traffic finds room at any time, and so that little
depends on the exact moment of its end. Nobody tells that moment. A window is taken to begin when the first call that is
counted in it arrives, and to end its length after that; a count that falls earlier, and Retry-after, correct this.

Moments are those of leaving: a call that leaves ``length`` after the first of a window arrives when that window is
over, unless it is faster on its way.
"""

from __future__ import annotations

import math

from migrator_lib.gorgias.rate.calls import Passage, Told
from migrator_lib.gorgias.rate.foreign import Foreign
from migrator_lib.gorgias.rate.leaky import WINDOWS

TAIL = 0.03
"""Share of a window before its end in which nothing is planned to leave."""
ENOUGH = 0.3
"""Room for a call: what others will use is an estimate, and to hold back for less would cost a call in every window."""
COST = 0.5
PLACE_BACK = 1 / 50
"""A refusal shows that others use more: it costs half a place in every window. One without brings back so much."""


class FixedWindow:
    """What is known of a count that starts anew every ``length`` seconds.

    Args:
        limit: calls in a window.
        window_seconds: its length as far as we are told; until more is seen, the longest is assumed that may be meant.
        reserve: share of it that is left to others.
        told: the first call that is known to be in a window.
    """

    def __init__(self, limit: int, window_seconds: float, reserve: float, told: Told) -> None:
        self.limit = limit
        self.number = 0
        self._lengths = sorted({*WINDOWS, window_seconds})
        self.length = self._lengths[-1]
        self.foreign = Foreign(2 * self.length)
        self._reserve = reserve
        self._apart = 0.0
        self._began = told.passage.sent_at + told.delayed
        self._latest = self._began
        self._seen_to_begin = False
        self._first = told.passage.number
        self._ours = told.later + 1
        self._full = False
        self._lost_places = 0.0
        self._last_sent = told.at
        self._newest: Told | None = told
        self._before = (self._began, self._first)

    @property
    def ends(self) -> float:
        """When the window is over."""
        return self._began + self.length

    def differ(self, seconds: float) -> None:
        """Keep apart from the end by as much as ways differ, within 0.25 % and 1 % of the window."""
        self._apart = min(max(seconds, 0.0025 * self.length), 0.01 * self.length)

    def sent(self, now: float, number: int) -> int:
        """Count a call that leaves; return the window it belongs to."""
        if now >= self.ends + self._apart:
            self._before = (self._began, self._first)
            self._open(now, number, seen=False)
        self._ours = number - self._first + 1
        self._last_sent = now
        return self.number

    def _open(self, began: float, first: int, *, seen: bool) -> None:
        self.number += 1
        self._began, self._first, self._seen_to_begin = began, first, seen
        self._latest = math.inf
        self._newest, self._full = None, False
        self._lost_places = max(0.0, self._lost_places - PLACE_BACK)

    # --- when the next call may leave --------------------------------------------------------------

    def wait(self, now: float) -> float:
        """Return seconds until the next call may leave; 0 when it may now."""
        over = self.ends + self._apart
        if now >= over:
            return 0.0
        left = self._left()
        if left < ENOUGH:
            return over - now
        between = max(self.ends - TAIL * self.length - self._last_sent, 0.0) / max(left, 1.0)
        return max(0.0, min(self._last_sent + between, over) - now)

    def _left(self) -> float:
        """Return how many calls we may still send in this window."""
        if self._full:
            return 0.0
        others, since = 0.0, self._began
        if self._newest:
            others = max(0.0, self._newest.used - (self._newest.counted - self._first + 1))
            since = self._newest.arrived
        others += self.foreign.rate * max(0.0, self.ends - since)
        return self.limit - max(self._reserve * self.limit, others) - self._lost_places - self._ours

    # --- what replies tell -------------------------------------------------------------------------

    def told(self, told: Told) -> None:
        """Take a reply's word for the count, and see whether another window has begun."""
        self.limit = told.limit
        before, meant_for = told.passage.before, told.passage.window
        fell = before is not None and told.used <= before.used and before.passage.window == meant_for
        arrived = told.passage.sent_at + told.delayed
        if meant_for < self.number:
            if not fell:
                return  # of a window that is over
        elif fell:
            self._begin_early(told, arrived)
        elif self._goes_on(told):
            self._take_back(told)
        if told.used >= told.limit:
            self._full = True
            return
        self._began = self._latest = min(self._latest, arrived)  # it had begun when this one came
        if self._newest is None:
            self._newest = told
        elif told.passage.number > self._newest.passage.number:
            ours = told.counted - self._newest.counted
            passed = told.arrived - self._newest.arrived
            self.foreign.saw(told.used - self._newest.used - ours, passed)
            self._newest = told

    def _begin_early(self, told: Told, arrived: float) -> None:
        """Another window has begun, though the last was not thought to be over: from one fall to the next is one."""
        lasted = arrived - self._began
        if self._seen_to_begin and lasted < 0.95 * self.length:
            self.length = max((length for length in self._lengths if length <= 1.05 * lasted), default=lasted)
        self._open(arrived, told.passage.number, seen=True)
        self._ours = told.later + 1

    def _goes_on(self, told: Told) -> bool:
        """Whether the count went on from where it was, though the window was thought to be over."""
        before = told.passage.before
        if before is None or before.passage.window != self.number - 1 or told.used <= before.used:
            return False
        others = 3 + 2 * self.foreign.rate * (told.at - before.passage.sent_at)
        return told.used > told.passage.number - self._first + 1 + told.passage.in_flight + others

    def _take_back(self, told: Told) -> None:
        """Take the window for the same one as before, which is longer than it was thought to be."""
        self._began, self._first = self._before
        self._ours = told.passage.number - self._first + 1 + told.later
        self._newest, self._latest = None, self._began
        self._lengthen(told.passage.sent_at - self._began)

    def _lengthen(self, lasted: float) -> None:
        self.length = min((length for length in self._lengths if length > lasted), default=1.2 * lasted)

    def refused(self, passage: Passage, retry_after: float) -> None:
        """Learn from a call that was refused: its window ends ``retry_after`` seconds later, or up to one earlier."""
        latest = passage.sent_at + retry_after
        over = passage.window < self.number and latest - 1.0 <= self._began
        if over or latest - 1.0 <= self.ends <= latest:
            # its end was known, but not how many calls others make
            self._full = self._full or not over
            self._lost_places = min(self._lost_places + COST, self.limit / 10)
            return
        just_begun = passage.sent_at - self._began < self.length / 4
        lasts = latest - (self._before[0] if just_begun else self._began)
        if lasts > 1.1 * self.length:
            self._lengthen(lasts - 1.5)
        self._full, self._seen_to_begin = True, False
        self._began = self._latest = latest - self.length
