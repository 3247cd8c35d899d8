"""How close to the allowed rate the gate comes, and how often it is refused; beside it, the usual ways.

Every scenario is a simulated account of its own, served over HTTP, on a scaled clock: a leaky bucket or a fixed window,
the limit of an API key or of an OAuth2 app, alone or with others who use a quarter of it, and calls that take 50 ms or
1 s. ``python -m benchmarks.gate`` runs them all, by our gate and by the usual ways, and prints one table.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import requests
from pyrate_limiter import InMemoryBucket, Limiter, Rate
from rich.console import Console
from rich.table import Table

from benchmarks.harness import benchmark
from migrator_lib.clock import ScaledClock
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.account import DEFAULT_SEED
from migrator_lib.simulators.gorgias.limits.rate_limit import SIZES
from migrator_lib.simulators.gorgias.server import app_in_thread
from migrator_lib.storage import beside

OUTPUT = Path(__file__).resolve().parent.parent / "reports" / "gate.json"
HEADER = "X-Gorgias-Account-Api-Call-Limit"
SPEEDS = {"leaky": 25.0, "window": 10.0}
"""Of the accounts' clocks. A window that a machine's own delays blur by a second is none that could be kept to."""
USUAL_SPEED = 100.0
"""Of those for the usual ways, which don't look at the time that closely."""
WARM_WINDOWS, WINDOWS = 4, 8
"""Windows of the limit before it is counted, which hold the first burst and the getting to know; and those counted."""
WORKERS = 16
OTHERS = 0.25


@dataclass(frozen=True)
class Scenario:
    """What an account is like."""

    bucket: str
    """``leaky`` or ``window``."""
    auth: str
    """``api_key`` or ``oauth``."""
    traffic: str
    """``own``, or ``foreign``: a quarter of the limit is used by others."""
    latency: str
    """``50ms`` or ``1s``."""

    @property
    def name(self) -> str:
        """Part of the names of its lines."""
        return f"{self.bucket}_{self.auth}_{self.traffic}_{self.latency}"

    @property
    def others(self) -> float:
        """Share of the limit that others use."""
        return OTHERS if self.traffic == "foreign" else 0.0


SCENARIOS = tuple(
    itertools.starmap(
        Scenario,
        itertools.product(("leaky", "window"), ("api_key", "oauth"), ("own", "foreign"), ("50ms", "1s")),
    )
)


@dataclass(frozen=True)
class Outcome:
    """What a way made of a scenario."""

    share: float
    """Our calls that were let in, of what the limit allows in that time less the calls of others that were let in.
    What a bucket held more at the end than at the beginning is taken off: that much is borrowed."""
    throttled: float
    """429s in our calls, over the whole run."""
    others_throttled: int
    """Calls of others that were refused."""


class Way:
    """How calls are spaced. Each is used by many threads."""

    workers = WORKERS

    def before(self) -> None:
        """Wait until a call may be sent."""

    def after(self, reply: requests.Response) -> None:
        """Learn from its reply."""


class Gate(Way):
    """Ours; nothing is reserved, so that the whole limit is what is allowed."""

    def __init__(self, scenario: Scenario, clock: ScaledClock) -> None:
        requests_, window = SIZES[scenario.auth.replace("_", "-")]
        self._gate = RateGate(requests=requests_, window_seconds=window, reserve=0.0, clock=clock)

    def before(self) -> None:
        self._gate.acquire()

    def after(self, reply: requests.Response) -> None:
        self._gate.release(reply.headers.get(HEADER))
        if reply.status_code == 429:
            self._gate.hold(float(reply.headers["Retry-after"]))


class FixedSleep(Way):
    """One worker that sleeps a second after every call."""

    workers = 1

    def __init__(self, scenario: Scenario, clock: ScaledClock) -> None:
        self._clock = clock

    def after(self, reply: requests.Response) -> None:
        self._clock.sleep(1.0)


class Backoff(Way):
    """As fast as it goes; after a 429, exponential back-off of the worker that got it: 1, 2, 4 ... 60 s."""

    def __init__(self, scenario: Scenario, clock: ScaledClock) -> None:
        self._clock = clock
        self._local = threading.local()

    def after(self, reply: requests.Response) -> None:
        pause = getattr(self._local, "pause", 1.0)
        if reply.status_code == 429:
            self._clock.sleep(pause)
            self._local.pause = min(60.0, 2 * pause)
        else:
            self._local.pause = 1.0


class Library(Way):
    """A limiter of pyrate-limiter: so many calls in so many seconds, as documented; a 429 is sent again at once."""

    def __init__(self, scenario: Scenario, clock: ScaledClock) -> None:
        requests_, window = SIZES[scenario.auth.replace("_", "-")]
        self._limiter = Limiter(InMemoryBucket([Rate(requests_, int(window / clock.speed * 1000))]))

    def before(self) -> None:
        self._limiter.try_acquire("gorgias")


WAYS: dict[str, Callable[[Scenario, ScaledClock], Way]] = {
    "gate": Gate, "fixed sleep": FixedSleep, "back-off": Backoff, "pyrate-limiter": Library,
}  # fmt: skip


@cache
def outcome(scenario: Scenario, way: str = "gate") -> Outcome:
    """Run one scenario by one way; two lines take their numbers from one run."""
    clock = ScaledClock(SPEEDS[scenario.bucket] if way == "gate" else USUAL_SPEED)
    account = Account(
        "bench", None, seed=DEFAULT_SEED, clock=clock, rate=scenario.auth.replace("_", "-"),
        fixed_window=scenario.bucket == "window", foreign_share=scenario.others,
        latency_seconds={"50ms": 0.05, "1s": 1.0}[scenario.latency],
    )  # fmt: skip
    spacing = WAYS[way](scenario, clock)
    counted = _Counted(account, clock)
    with app_in_thread(create_app({"bench": account})) as url, ThreadPoolExecutor(spacing.workers) as pool:
        for _ in range(spacing.workers):
            pool.submit(counted.work, f"{url}/bench/api/account", spacing)
        counted.wait()
    account.store.close()
    return counted.outcome()


class _Counted:
    """Workers who call until the time is over, and what is counted from the end of the warming up to then."""

    def __init__(self, account: Account, clock: ScaledClock) -> None:
        self._limit = account.limit
        self._stats = account.stats
        self._clock = clock
        window = account.limit.window
        self._until = clock.monotonic() + (WARM_WINDOWS + WINDOWS) * window
        self._from = clock.monotonic() + WARM_WINDOWS * window
        self._credentials = tuple(DEFAULT_SEED["credentials"].values())

    def work(self, url: str, way: Way) -> None:
        """Call until the time is over."""
        with requests.Session() as session:
            session.trust_env = False
            session.auth = self._credentials
            while self._clock.monotonic() < self._until:
                way.before()
                way.after(session.get(url, timeout=60))

    def wait(self) -> None:
        """Look at the counts when the warming up ends, and at the end."""
        self._first = self._look(self._from)
        self._last = self._look(self._until)

    def _look(self, moment: float) -> tuple[float, int, int]:
        self._clock.sleep(moment - self._clock.monotonic())
        held = 0 if self._limit.fixed_window else self._limit.used()
        ours = self._stats.calls - self._stats.throttled - held
        return self._clock.monotonic(), ours, self._limit.foreign_calls

    def outcome(self) -> Outcome:
        """Return what it came to."""
        seconds, ours, others = (last - first for first, last in zip(self._first, self._last, strict=True))
        allowed = seconds * self._limit.limit / self._limit.window - others
        throttled = self._stats.throttled / max(1, self._stats.calls)
        return Outcome(ours / allowed, throttled, self._limit.foreign_throttled)


def _register(scenario: Scenario) -> None:
    def share() -> float:
        return outcome(scenario).share

    def throttled() -> float:
        return outcome(scenario).throttled

    what = f"on a {scenario.bucket} limit by {scenario.auth}, {scenario.traffic} traffic, calls of {scenario.latency}"
    share.__name__, throttled.__name__ = f"gate_share_{scenario.name}", f"gate_throttled_{scenario.name}"
    share.__doc__ = f"Calls let in, of those that the limit leaves to us after the first burst, {what}."
    throttled.__doc__ = f"429s in all our calls, {what}."
    benchmark(unit="share", goal=0.98 if scenario.bucket == "window" else 0.99, more_is_better=True)(share)
    benchmark(unit="share", goal=0.001 if scenario.others else 0.0)(throttled)


for _scenario in SCENARIOS:
    _register(_scenario)


def table(found: dict[tuple[Scenario, str], Outcome]) -> Table:
    """Return the comparison: a line a scenario, two columns a way."""
    made = Table(title="Share of the allowed rate, and 429s in 1,000 calls", title_justify="left")
    made.add_column("scenario", no_wrap=True)
    for way in WAYS:
        made.add_column(way, justify="right")
    for scenario in SCENARIOS:
        cells = (found[scenario, way] for way in WAYS)
        made.add_row(scenario.name, *(f"{one.share:6.1%}  {1000 * one.throttled:5.1f}" for one in cells))
    return made


def main(arguments: Sequence[str] | None = None, *, output: Path = OUTPUT, console: Console | None = None) -> int:
    """Run every scenario by every way, print the table, and write it."""
    console = console or Console()
    found = {}
    for scenario in SCENARIOS:
        for way in WAYS:
            found[scenario, way] = outcome(scenario, way)
            one = found[scenario, way]
            console.print(f"{scenario.name}, {way}: {one.share:.1%}, {1000 * one.throttled:.1f}", style="dim")
    lines = [{**asdict(scenario), "way": way, **asdict(one)} for (scenario, way), one in found.items()]
    output.parent.mkdir(exist_ok=True)
    with beside(output) as place:
        place.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    console.print(table(found))
    console.print(f"Written to {output}", highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
