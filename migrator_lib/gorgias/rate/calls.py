"""Calls that passed the gate, and what their replies tell of the server's count."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

RECENT = 100
"""Replies that the usual time on the way is taken from."""


@dataclass
class Told:
    """What a reply told: ``used`` of ``limit`` calls, its own included."""

    passage: Passage
    used: int
    limit: int
    at: float
    """When the reply came."""
    later: int
    """How many calls have left after this one."""
    earlier: int
    """How many that had left before are still on their way, and may be counted after this one."""
    delayed: float
    """How much longer than the shortest way it took, in seconds: so much later it may have been counted."""
    flying: int = 0
    """How many of our calls were on their way when it came, whether they had left before or after."""
    window: int | None = None
    """The window that it was counted in, as found out; None where the server is not known to count in windows."""

    @property
    def counted(self) -> int:
        """How many of our calls this count holds, as far as we know."""
        return self.passage.number + self.later - self.flying

    def is_after(self, other: Told) -> bool:
        """Whether the server certainly counted this call after another."""
        return self.passage.sent_at >= other.at

    @property
    def arrived(self) -> float:
        """When the server counted the call, as far as we know: in the middle of its way."""
        return (self.passage.sent_at + self.at) / 2


@dataclass(frozen=True)
class Passage:
    """One call that was let through."""

    number: int
    """1, 2, 3, ... in the order of leaving."""
    sent_at: float
    in_flight: int
    """How many others were on their way when it left."""
    before: Told | None = None
    """What the last reply before it had told: the server counts this call after that one, whatever overtakes what."""
    window: int = 0
    """The window it was meant for, where the server counts in windows."""


def read_header(header: str | None) -> tuple[int, int] | None:
    """Return (used, limit) of a ``used/limit`` header; None where it is missing or says nothing sensible."""
    used, _, limit = (part.strip() for part in (header or "").partition("/"))
    if not all(part.isascii() and part.isdigit() for part in (used, limit)):
        return None
    return (int(used), int(limit)) if int(limit) else None


class Ways:
    """How long calls take to go and come back, of late."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=RECENT)

    def took(self, seconds: float) -> float:
        """Note one; return how much longer it was than the shortest."""
        self._recent.append(max(0.0, seconds))
        return self._recent[-1] - min(self._recent)

    @property
    def spread(self) -> float:
        """Seconds by which ways differ, but for the slowest tenth."""
        return self._quantile(0.9) - self._quantile(0.0)

    def _quantile(self, share: float) -> float:
        ordered = sorted(self._recent)
        return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0
