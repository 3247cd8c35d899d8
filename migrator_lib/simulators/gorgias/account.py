"""One simulated account: its store, clock, rate limit, faults and credentials."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from migrator_lib.clock import Clock, ScaledClock
from migrator_lib.simulators.gorgias.access.tokens import App
from migrator_lib.simulators.gorgias.knobs import Knobs
from migrator_lib.simulators.gorgias.limits.faults import PROFILES, Fault, Profile, Weather
from migrator_lib.simulators.gorgias.limits.rate_limit import RateLimit
from migrator_lib.simulators.gorgias.store import Document, Store

DEFAULT_SEED: Document = {
    "credentials": {"email": "migration@demo.example", "api_key": "demo-key"},
    "users": [{"email": "migration@demo.example", "name": "Migration", "role": "admin"}],
}


@dataclass
class Stats:
    """What was asked of the account since its process started."""

    calls: int = 0
    throttled: int = 0
    by_endpoint: dict[str, int] = field(default_factory=dict)


class Account:
    """A simulated account."""

    def __init__(
        self, name: str, path: Path | None, *, speed: float = 1.0, seed: Document | None = None, rate: str = "api-key",
        clock: Clock | None = None, fixed_window: bool = False, foreign_share: float = 0.0,
        latency_seconds: float = 0.0, profile: str | Profile | None = None, fault_seed: int = 0,
    ) -> None:  # fmt: skip
        """Open an account.

        Args:
            name: part of its address.
            path: file that holds its state; None keeps it in memory.
            speed: how many times as fast as the wall its clock runs, where no ``clock`` is given.
            seed: what it holds at first; None: the usual one, or, of an account that is kept, whatever it was.
            rate: size of its rate limit, one of ``rate_limit.SIZES``.
            clock: its clock.
            fixed_window: its rate limit counts in a fixed window, not in a leaky bucket.
            foreign_share: share of the limit, below 1, that other clients use up.
            latency_seconds: how long, by its clock, a request takes to come and go.
            profile: of what goes wrong, or the name of one of ``faults.PROFILES``; else the seed's, if it has one.
            fault_seed: of the generator that draws the profile's faults; else the seed's.
        """
        self.name = name
        self.store = Store(path)
        self.clock = clock or ScaledClock(speed)
        self.limit = RateLimit(self.clock, size=rate, fixed_window=fixed_window, foreign_share=foreign_share)
        self.latency_seconds = latency_seconds
        self._undisturbed = latency_seconds, foreign_share
        self._buckets: dict[str, RateLimit] = {}
        self.knobs = Knobs.model_validate((seed or {}).get("knobs", {}))
        self.stats = Stats()
        self.faults: list[Fault] = []
        self.weather: Weather | None = None
        """What draws the faults of a profile."""
        self.lives = 0
        """How often the account crashed."""
        self.turned_away = 0
        self._down_until = float("-inf")
        self.written: dict[str, tuple[float, float]] = {}
        """By uri: when a record was written, and how long it is not found by its external id; by the clock."""
        # ten minutes, and never under a minute of the wall: no client is faster than that
        self.cursor_seconds = max(600.0, 60.0 * speed)
        self.seeding = False
        """Whether what the account holds at first is put in: nothing acts by itself then."""
        self._lock = threading.Lock()
        kept = seed is None and bool(self.store.count("user"))
        self.seed = seed = seed or DEFAULT_SEED
        credentials = seed.get("credentials") or DEFAULT_SEED["credentials"]
        self.user_email: str = self._known_user(credentials["email"]) if kept else credentials["email"]
        variable = credentials.get("api_key_env", "")
        key = os.environ.get(variable, "") or credentials.get("api_key", "demo-key")
        self.key_hint = f"the key in {variable}" if os.environ.get(variable) else f"key {key}"
        """Where the key is; the key itself only where a seed file shows it anyhow."""
        pair = f"{self.user_email}:{key}"
        self._expected = "Basic " + base64.b64encode(pair.encode()).decode()
        self.app = App(self.clock, credentials["oauth"]) if credentials.get("oauth") else None
        self._ahead = self._time_to_catch_up()
        chosen = profile or seed.get("profile")
        if chosen:
            self.set_profile(chosen, fault_seed or int(seed.get("fault_seed", 0)))
        if not self.store.count("user"):
            self.reset()

    def _known_user(self, email: str) -> str:
        """Return this address if a user has it, else that of the first user, an admin if there is one."""
        if self.store.by("user", "name", email.lower()):
            return email
        users = sorted(self.store.by_kind("user"), key=lambda user: bool(user["role"]["name"] != "admin"))
        return str(users[0]["email"])

    def _time_to_catch_up(self) -> timedelta:
        stored = self.store.latest_time()
        if stored is None:
            return timedelta()
        last = datetime.fromtimestamp(int(stored) / 1e6, UTC)
        return max(timedelta(), last - self.clock.now())

    def now(self, *, ahead: float = 0.0) -> str:
        """Return the account's moment, or one some seconds ahead, as timestamps have it; it never runs backwards."""
        moment = self.clock.now() + self._ahead + timedelta(seconds=ahead)
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds")

    def remember(self, written: Any) -> None:
        """Note when something was written: look-ups may lag, and a restarted clock must not run behind."""
        moment = self.clock.now() + self._ahead
        self.store.remember_time(int(moment.timestamp() * 1e6))
        lag = self.weather.lag() if self.weather else 0.0
        if (lag or self.knobs.lookup_lag_seconds) and isinstance(written, dict) and "uri" in written:
            self.written[written["uri"]] = self.clock.monotonic(), lag

    def is_found(self, document: Document) -> bool:
        """Whether a look-up by external id finds a record yet."""
        when, lag = self.written.get(document["uri"], (float("-inf"), 0.0))
        return self.clock.monotonic() - when >= max(lag, self.knobs.lookup_lag_seconds)

    def save_ticket(self, ticket: Document) -> None:
        """Store a ticket, below its customer."""
        self.store.put("ticket", ticket, parent=(ticket["customer"] or {}).get("id"))

    def knows(self, authorization: str | None) -> bool:
        """Whether the credentials are right."""
        signed_by_app = self.app is not None and self.app.access.scopes(authorization) is not None
        return authorization == self._expected or signed_by_app

    @property
    def authorization(self) -> str:
        """The credentials of its key, as a request shows them."""
        return self._expected

    def me(self) -> Document:
        """Return the key's user."""
        return self.store.by("user", "name", self.user_email.lower())[0]

    def act_as(self, role: str) -> None:
        """Give the key's user a role."""
        with self.store.transaction():
            self.store.put("user", {**self.me(), "role": {"name": role}}, name=self.user_email.lower())

    def role(self) -> str:
        """Return the role of the key's user, which the key acts with."""
        return str(self.me()["role"]["name"])

    def bucket(self, authorization: str) -> RateLimit:
        """Return the rate limit that a request counts in: the account's, or that of its credentials (``Knobs``)."""
        if not self.knobs.two_keys_two_buckets:
            return self.limit
        if authorization not in self._buckets:
            of_an_app = authorization.startswith("Bearer ")
            size = self.limit.size.replace("api-key", "oauth") if of_an_app else self.limit.size
            self._buckets[authorization] = RateLimit(self.clock, size=size, fixed_window=self.limit.fixed_window)
        return self._buckets[authorization]

    def set_profile(self, profile: str | Profile | None, seed: int = 0) -> None:
        """Let go wrong what a profile says, from now on; None: nothing, as when the account was made.

        Raises:
            ValueError: there is no such profile.
        """
        if isinstance(profile, str) and profile not in PROFILES:
            raise ValueError(f"no profile is called {profile!r}; there are {', '.join(PROFILES)}")
        chosen = PROFILES[profile] if isinstance(profile, str) else profile
        self.weather = None if chosen is None else Weather(chosen, seed)
        latency, foreign_share = self._undisturbed
        self.latency_seconds = (chosen.latency_seconds if chosen else 0.0) or latency
        self.limit.foreign_share = (chosen.foreign_share if chosen else 0.0) or foreign_share

    def strike(self, method: str, path: str) -> Fault | None:
        """Return what hits a request: the first planned fault that matches it, which is used up, or a drawn one."""
        with self._lock:
            drawn = self.weather.draw() if self.weather else None
            for fault in self.faults:
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault
            return drawn

    def crash(self, seconds: float) -> None:
        """Be away for some seconds of the clock, as if the process died and were started again."""
        self.lives += 1
        self._down_until = self.clock.monotonic() + seconds

    def is_down(self) -> bool:
        """Whether the account is away after a crash."""
        return self.clock.monotonic() < self._down_until

    def count(self, endpoint: str, *, throttled: bool) -> None:
        """Count a request."""
        with self._lock:
            self.stats.calls += 1
            self.stats.throttled += throttled
            self.stats.by_endpoint[endpoint] = self.stats.by_endpoint.get(endpoint, 0) + 1

    def reset(self, seed: Document | None = None) -> None:
        """Forget everything, and hold what a seed says; by default the one that the account was made with.

        Raises:
            Refused: the seed holds what the API would refuse.
            ValueError: its users lack the one whom the key acts for.
        """
        from migrator_lib.simulators.gorgias.seeding import plant  # which knows of accounts itself

        with self.store.transaction():
            self.store.clear()
            self.seeding = True
            try:
                plant(self, seed or self.seed)
            finally:
                self.seeding = False
            self.store.clear_outbox()
            if not self.store.by("user", "name", self.user_email.lower()):
                raise ValueError(f"the seed has no user {self.user_email}, whom the API key acts for")


def active(documents: Iterable[Document]) -> list[Document]:
    """Return documents that are not deactivated."""
    return [d for d in documents if not d.get("deactivated_datetime")]


def reference_problem(field_name: str) -> dict[str, Any]:
    """Return the data of a refusal for a reference to nothing."""
    return {field_name: {"id": ["Does not exist."]}}
