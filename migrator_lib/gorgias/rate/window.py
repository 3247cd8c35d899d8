"""The fixed window: what is counted in it, when it ends, and when the next call may go.

Two things are known for certain, and a call leaves only where both allow it. The count was so much when it was last
told, and has grown since by our calls at most and by what others add. And a window has begun, at the latest, when the
first call that is known to be counted in it came; it ends its length after that, at the latest. What others will add
until then is an estimate; it is left to them, with a margin that melts as the end comes near.

Moments are those of leaving, for a call on the shortest way: whatever leaves after a window's latest end arrives after
it, and whatever leaves shortly before may be counted on either side, so it has to fit on both.
"""

from __future__ import annotations

import math

from migrator_lib.gorgias.rate.calls import Passage, Told
from migrator_lib.gorgias.rate.foreign import Foreign
from migrator_lib.gorgias.rate.leaky import WINDOWS

LOOK_SHARE = 0.1
"""Share of a window after which a call goes to see how much is used: a guess that is wrong would last otherwise."""
BLUR = 0.0025
"""Share of a window by which its end is told too exactly: clocks and machines are not exact to less."""


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
        self._spread = 0.0
        self.leaks = False
        """Whether the count fell twice within less than any window: then it is none, and drains."""
        self._began = told.passage.sent_at + told.delayed
        self._is_guess = False
        """Whether no reply has told of this window yet."""
        self._began_after = -math.inf
        """A call that left then was counted in the window before."""
        self._first = told.passage.number
        told.window = 0
        self._newest: Told | None = told
        """The highest count that was told of this window."""
        self._flying = self._lost = 0
        self._last = told.passage.number + told.later
        self._last_sent = told.at

    @property
    def ends(self) -> float:
        """When the window is over, at the latest."""
        return self._began + (1 + BLUR) * self.length

    def differ(self, seconds: float) -> None:
        """Take note of how much the ways of calls differ."""
        self._spread = seconds

    def sent(self, now: float, number: int) -> int:
        """Count a call that leaves; return the window it belongs to."""
        if now >= self.ends:
            self._open(now, number)
        self._last, self._last_sent = number, now
        return self.number

    def _open(self, began: float, first: int) -> None:
        self.number += 1
        self._began, self._first = began, first
        self._is_guess = True
        self._began_after = -math.inf
        self._newest = None
        self.foreign.lost_sight()

    # --- when the next call may leave --------------------------------------------------------------

    def wait(self, now: float, flying: int) -> float:
        """Return seconds until the next call may leave; 0 when it may now.

        Args:
            now: seconds of the clock.
            flying: our calls that are on their way.
        """
        self._flying = flying
        if now >= self.ends:
            return 0.0
        left = self._left()
        if left < 0.5:  # calls are whole, what others will use is not
            return max(0.0, min(self.ends, self._look_at(now)) - now)
        # spread over the window, but so that there is time for a place that becomes free with the last reply
        last_call = self.ends - self._spread - self.length / self.limit / 2
        between = max(0.0, last_call - self._last_sent) / max(1.0, left)
        return max(0.0, self._last_sent + between - now)

    def _look_at(self, now: float) -> float:
        """Return when to see whether there is room: with the next reply, or by a call that is sure to find room."""
        place = self.length / self.limit
        if self._flying:
            return now + place / 4
        look = max(now, self._last_sent + LOOK_SHARE * self.length)
        used, since = self._used()
        is_safe = self.limit * (1 - self._reserve) - used - self.foreign.room(look - since) >= 1
        return look if is_safe else math.inf

    def _used(self) -> tuple[int, float]:
        """Return the most that may be used by what was told last and by our calls since, and when that was told."""
        newest = self._newest
        if newest is None:
            return self._last - self._first + 1, self._began
        # whatever was counted after the highest count is still on its way: its reply would tell a higher one
        return newest.used + self._flying + self._lost, newest.passage.sent_at

    def _left(self) -> float:
        """Return how many calls we may still send in this window."""
        used, since = self._used()
        others = max(0, used - (self._last - self._first + 1))
        return self.limit - used - max(self._reserve * self.limit - others, self.foreign.room(self.ends - since))

    # --- what replies tell -------------------------------------------------------------------------

    def told(self, told: Told) -> None:
        """Take a reply's word for the count, and see whether another window has begun."""
        self.limit = told.limit
        told.window = self._window_of(told)
        if told.window < self.number:
            return
        arrived = told.passage.sent_at + told.delayed
        if told.window > self.number:
            self._begin_early(told, arrived)
        if told.used < told.limit:
            self._began = arrived if self._is_guess else min(self._began, arrived)  # it had begun when this one came
            self._is_guess = False
        if self._newest is None:
            self._newest = told
        elif told.used >= self._newest.used:
            if told.used < told.limit:  # else it may have been refused, and is not counted
                ours = told.counted - self._newest.counted
                self.foreign.saw(told.used - self._newest.used - ours, told.arrived - self._newest.arrived)
            self._newest, self._lost = told, 0

    def lost(self) -> None:
        """Take note of a call that no reply told of: it may have been counted."""
        self._lost += 1

    def _window_of(self, told: Told) -> int:
        """Return the window that a call was counted in: a later one, if the count is not higher than one before."""
        before, meant_for = told.passage.before, told.passage.window
        if before is None or before.window is None:
            return meant_for
        fell = told.used <= before.used and told.used < told.limit
        return max(meant_for, before.window + fell)

    def _begin_early(self, told: Told, arrived: float) -> None:
        """Another window has begun, though the last was not thought to be over: from one fall to the next is one."""
        lasted = arrived - self._began_after
        self.leaks = self.leaks or lasted < 0.95 * self._lengths[0]
        if lasted < 0.95 * self.length:
            self.length = max((length for length in self._lengths if length <= 1.05 * lasted), default=self._lengths[0])
        self._open(arrived, told.passage.number)
        if told.passage.before:
            self._began_after = told.passage.before.passage.sent_at

    def refused(self, passage: Passage, retry_after: float) -> None:
        """Learn from a call that was refused: its window ends ``retry_after`` seconds later, or up to one earlier."""
        latest = passage.sent_at + self._spread + retry_after
        if latest - self._spread - 1.0 <= self.ends <= latest:
            self.foreign.took_more()  # its end was known, but not how many calls others make
            return
        if retry_after > self.length + 1:
            self.length = min((length for length in self._lengths if length >= retry_after - 1), default=retry_after)
        self._began, self._began_after = latest - self.length, -math.inf
