"""What goes wrong with a simulated account: faults that are planned, and profiles that draw them.

A planned fault hits the next requests that it matches. A profile is a set of chances, drawn from one generator, one
draw a request: the same seed and the same requests in the same order meet the same faults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

BEFORE = ("http_500_before", "reset_before", "crash_before", "throttled")
"""Faults of a request that is not carried out."""
AFTER = ("http_500_after_commit", "reset_after_commit", "truncated", "crash_after_commit")
"""Faults of a request that is carried out, though its reply does not say so."""
FAULTS = (*BEFORE, *AFTER, "slow")
"""``crash``: the account's process dies and comes back; all connections are cut, and it is away for ``seconds``."""


@dataclass
class Fault:
    """Something that goes wrong for the next ``times`` matching requests."""

    kind: str
    """One of ``FAULTS``."""
    method: str = ""
    path_contains: str = ""
    times: int = 1
    seconds: float = 0.0
    """``slow``: how much later the request is carried out, by the wall, since clients time out by it (by the \
account's clock, where it is served in-process). ``throttled``: \
what Retry-after says; ``crash``: how long the account is away, both by the account's clock."""

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(FAULTS)}")

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is hit."""
        return self.times > 0 and self.method in ("", method) and self.path_contains in path


@dataclass(frozen=True)
class Profile:
    """Chances of faults, and what is always so."""

    chances: Mapping[str, float] = field(default_factory=dict)
    """How likely each kind of fault hits a request; together at most 1."""
    slow_seconds: float = 35.0
    """Of the wall: longer than a client waits."""
    retry_after_seconds: float = 10.0
    """The most that a 429 asks for."""
    down_seconds: float = 20.0
    """How long the account is away after a crash."""
    lag_seconds: float = 0.0
    """The longest that a new record is not found by its external id; each has a lag of its own."""
    foreign_share: float = 0.0
    """Share of the rate limit that other clients use up."""
    latency_seconds: float = 0.0
    """How long, by the account's clock, a request takes to come and go."""

    def __post_init__(self) -> None:
        unknown = set(self.chances) - {*FAULTS}
        if unknown:
            raise ValueError(f"no fault is called {sorted(unknown)[0]!r}; there are {', '.join(FAULTS)}")


PROFILES = {
    "flaky": Profile({
        "http_500_before": 0.04, "http_500_after_commit": 0.04, "reset_before": 0.03, "reset_after_commit": 0.04,
        "truncated": 0.04,
    }),
    "throttled": Profile({"throttled": 0.08}, foreign_share=0.5),
    "lagging": Profile({"slow": 0.03}, lag_seconds=8.0, latency_seconds=2.0),
    "crashy": Profile({"crash_before": 0.01, "crash_after_commit": 0.02}),
}  # fmt: skip


class Weather:
    """Draws the faults of a profile."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self.profile = profile
        self.drawn: Counter[str] = Counter()
        """How often each kind was drawn."""
        self._random = Random(seed)

    def draw(self) -> Fault | None:
        """Return what hits the next request, if anything does."""
        left = self._random.random()
        for kind, chance in self.profile.chances.items():
            left -= chance
            if left < 0:
                self.drawn[kind] += 1
                return Fault(kind, seconds=self._seconds(kind))
        return None

    def lag(self) -> float:
        """Return how long a record that was just written is not found, in seconds of the account's clock."""
        return self._random.uniform(0.0, self.profile.lag_seconds) if self.profile.lag_seconds else 0.0

    def _seconds(self, kind: str) -> float:
        if kind == "throttled":
            return 1.0 + self._random.random() * (self.profile.retry_after_seconds - 1.0)
        return self.profile.slow_seconds if kind == "slow" else self.profile.down_seconds
