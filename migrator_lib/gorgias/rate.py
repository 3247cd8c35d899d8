"""One gate for all workers: never over Gorgias' rate limit, and close to it.

Gorgias counts in a leaky bucket and tells its level with every reply
(``X-Gorgias-Account-Api-Call-Limit: used/limit``; developers.gorgias.com, limitations). The gate keeps two levels:
its own calls, paced to the share that is ours, and the server's, which also holds the company's own traffic. Neither
may fill more than that share of the bucket, so the rest is always free for the company's integrations.
"""

from __future__ import annotations

import threading

from migrator_lib.clock import Clock


class RateGate:
    """Let calls pass at the allowed rate; shared by every worker of one account."""

    def __init__(self, *, requests: int, window_seconds: float, reserve: float, clock: Clock) -> None:
        self.limit = requests
        self.window = window_seconds
        self.share = 1.0 - reserve
        self.calls = 0
        self.throttled = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._own = 0.0
        self._server = 0.0
        self._in_flight = 0
        self._at = clock.monotonic()
        self._blocked_until = 0.0
        self._first: float | None = None
        self._last = 0.0

    @property
    def leak(self) -> float:
        """Calls per second that Gorgias allows the account in the long run."""
        return self.limit / self.window

    @property
    def room(self) -> float:
        """Calls that we may have in the bucket; at least one, or nothing would ever pass."""
        return max(1.0, self.limit * self.share)

    @property
    def allowed_rate(self) -> float:
        """Calls per second that this gate lets pass in the long run."""
        return self.leak * self.share

    @property
    def busy_seconds(self) -> float:
        """Seconds of the clock between the first and the last call."""
        return max(0.0, self._last - (self._first or 0.0))

    def _drain(self, now: float) -> None:
        passed = now - self._at
        self._at = now
        self._own = max(0.0, self._own - passed * self.allowed_rate)
        self._server = max(0.0, self._server - passed * self.leak)

    def _wait_needed(self, now: float) -> float:
        """Return seconds until the next call may pass; 0 when it may now."""
        waits = [self._blocked_until - now]
        waits.append((self._own + 1 - self.room) / self.allowed_rate)
        waits.append((self._server + self._in_flight + 1 - max(1.0, min(self.room, self.limit - 1))) / self.leak)
        return max(0.0, *waits)

    def acquire(self) -> None:
        """Wait until one call may be sent, and count it."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                self._drain(now)
                wait = self._wait_needed(now)
                if wait <= 0:
                    self._own += 1
                    self._in_flight += 1
                    self.calls += 1
                    self._first = now if self._first is None else self._first
                    self._last = now
                    return
            self._clock.sleep(max(wait, 0.005))

    def release(self, header: str | None) -> None:
        """Take the level from a reply's header (None when there was no reply)."""
        with self._lock:
            self._in_flight = max(0, self._in_flight - 1)
            self._drain(self._clock.monotonic())
            self._server += 1
            used, _, limit = (header or "").partition("/")
            if used.strip().isdigit() and limit.strip().isdigit():
                self._server = float(used)
                self.limit = int(limit) or self.limit

    def hold(self, retry_after: float) -> None:
        """Let nobody pass for ``retry_after`` seconds: the server answered 429."""
        with self._lock:
            self.throttled += 1
            self._blocked_until = max(self._blocked_until, self._clock.monotonic() + retry_after)
