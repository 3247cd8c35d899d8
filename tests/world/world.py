"""A world in which loads, deltas and roll-backs run under a virtual clock, and one seed decides all that happens.

Drawn from the seed: the help desk and what happens to it, the account's faults, what its agents do, when a process
dies, whether its last request arrives, whether another run takes the lease over, how long it takes until somebody runs
it again, and which worker goes on next. After every load the account is compared with what the mapping makes of the
source; the ledger is verified, the accounts must balance, and nobody may have been mailed.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import requests

from migrator_lib import rollback
from migrator_lib.delta.reach import reach
from migrator_lib.errors import AccountsError, HaltError
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.ledger.database import Database
from migrator_lib.ledger.migrations import prepare
from migrator_lib.ledger.writer import InlineWriter
from migrator_lib.load import Loader
from migrator_lib.load import tickets as ticket_loading
from migrator_lib.lookups import Lookups
from migrator_lib.objects.ticket import tags_beside
from migrator_lib.progress import Progress
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import InProcess, api_of
from migrator_lib.simulators.gorgias.limits.faults import Profile
from migrator_lib.simulators.gorgias.resources.messages import create_message
from migrator_lib.simulators.gorgias.resources.tickets import update_ticket
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.tables import FAMILIES, TICKET_FAMILY, Chosen
from migrator_lib.staging import Staged
from tests.delta.moving import TRACED, UNTRACED
from tests.simulated_account import SEED
from tests.world.desk import scratch, the_desk
from tests.world.fibers import FiberCrew, Fibers, Killed, Process
from tests.world.talks import TALKS
from tests.world.target import Held, Json, Wanted, address_of

TARGET = "production"
HOUR = 3600.0
TIMEOUT = 30.0
"""Seconds that the client waits for a reply."""
CALL_LIMIT = 2
"""Messages that one call takes here, so that a thread takes several."""
REST = (0.0, 5.0, 60.0, HOUR, 9 * HOUR)
"""Seconds until somebody runs again what died or stopped."""
LATENCY = 2.0
"""The most seconds that a request is on its way."""
DISTURBED, FAULTY, MOST_RUNS = 10, 20, 60
"""Runs of one load in which processes die; in which the account falters; until it must be done."""
FAILED_ON = "Gorgias fail"
"""In the reason of what a run could not finish, since Gorgias failed on it again and again; the next one goes on."""


class Wrong(AssertionError):
    """The world is not as it should be."""


@dataclass(frozen=True)
class Nature:
    """What a world is like."""

    workers: int
    profile: Profile
    late_seconds: float
    """How long after its sender's death a request may still arrive."""
    death: float
    """How likely a process dies at one of the moments at which it may."""
    take_over: float
    """How likely another run is started meanwhile, and takes the lease over."""
    cursor_seconds: float
    deltas: int
    order: str
    rolls_back: bool

    @property
    def patience_seconds(self) -> float:
        """How long a look-up is repeated, so that no request can still be on its way: ``lookup_lag_seconds``."""
        late = max(self.profile.slow_seconds - TIMEOUT, self.late_seconds)
        return late + self.profile.lag_seconds + LATENCY + 2.0

    @classmethod
    def drawn(cls, chance: Random) -> Nature:
        """Return one that a seed decides."""
        kinds = ("http_500_before", "http_500_after_commit", "reset_before", "reset_after_commit", "truncated",
                 "throttled", "slow", "crash_before", "crash_after_commit")  # fmt: skip
        chosen = chance.sample(kinds, chance.randint(3, len(kinds)))
        weights = [chance.random() for _ in chosen]
        share = chance.uniform(0.15, 0.5) / sum(weights)
        profile = Profile(
            {kind: weight * share for kind, weight in zip(chosen, weights, strict=True)},
            slow_seconds=chance.uniform(TIMEOUT + 1, TIMEOUT + 30), retry_after_seconds=chance.uniform(2, 30),
            down_seconds=chance.choice((1.0, 2.0, 5.0, 20.0, 120.0)), lag_seconds=chance.choice((0.0, 2.0, 8.0)),
            latency_seconds=chance.choice((0.0, 0.05, 1.0)), foreign_share=chance.choice((0.0, 0.0, 0.4)),
        )  # fmt: skip
        return cls(
            workers=chance.randint(1, 5), profile=profile, late_seconds=chance.choice((0.0, 1.0, 15.0)),
            death=chance.choice((0.003, 0.015, 0.04)), take_over=chance.choice((0.0, 0.001)),
            cursor_seconds=chance.choice((3.0, 600.0)), deltas=chance.randint(1, 3),
            order=chance.choice(("by_id", "open_first")), rolls_back=chance.random() < 0.3,
        )  # fmt: skip


@dataclass
class Tally:
    """What happened in one world."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    """Deaths of processes, by the moment, and take-overs of the lease."""
    away: int = 0
    """Requests that met nobody after the account's process had died."""
    runs: int = 0
    requests: int = 0
    hours: float = 0.0
    trace: str = ""

    @property
    def injected(self) -> int:
        """How many things went wrong; what met nobody, after the account's own death, is not counted again."""
        return self.faults.total() + self.deaths.total()

    def __add__(self, other: Tally) -> Tally:
        """Return the sums of this and another one."""
        return Tally(
            self.seed, self.faults + other.faults, self.deaths + other.deaths, self.away + other.away,
            self.runs + other.runs, self.requests + other.requests, self.hours + other.hours,
        )  # fmt: skip


class _Wire(InProcess):
    """The way to the account: whoever sends may die before, on the way, or before the reply is read."""

    def __init__(self, world: World) -> None:
        super().__init__(world.account)
        self._world = world

    def later(self, running: Any, seconds: float) -> None:
        """Let a request that nobody waits for go on when it is due, not with the next one."""

        def go_on() -> None:
            asked = self._step(running)
            if asked:
                self.later(running, asked.seconds)

        self._world.clock.later(seconds, go_on)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        world, what = self._world, f"{request.method} {request.path_url.partition('?')[0]}"
        world.moment(f"before {what}")
        late = world.nature.late_seconds
        if late and world.dies(f"while {what}"):
            self.later(self.start(request), world.chance.uniform(0.0, late))
            world.die(f"while {what} is on its way")
        try:
            reply = super().send(request, *args, **options)
        except requests.exceptions.RequestException as error:
            world.note(f"{what} {type(error).__name__}")
            raise
        world.note(f"{what} {reply.status_code}")
        world.tally.requests += 1
        world.moment(f"after {what}")
        return reply


class _Writer(InlineWriter):
    """Writes the ledger of a process that may die before and after."""

    def __init__(self, world: World, perform: Any) -> None:
        super().__init__(perform)
        self._world = world

    def submit(self, work: Any) -> Any:
        self._world.moment("before a ledger write")
        result = super().submit(work)
        self._world.note("ledger")
        self._world.moment("after a ledger write")
        return result


@cache
def _database() -> Database:
    """Return what the ledgers of this process's worlds are in; it is made once, as it takes longer than a run."""
    folder = scratch("world-ledger-")
    made = Database(f"sqlite:///{folder / 'ledger.sqlite3'}")
    prepare(made)
    made.engine.dispose()
    shutil.copy(folder / "ledger.sqlite3", folder / "empty.sqlite3")
    return made


def _empty_ledger() -> None:
    """Begin the ledger anew."""
    file = Path(str(_database().engine.url.database))
    _database().engine.dispose()
    for behind in ("-wal", "-shm"):
        Path(f"{file}{behind}").unlink(missing_ok=True)
    shutil.copy(file.with_name("empty.sqlite3"), file)


class _Ledger(Ledger):
    """The ledger as a process opens it: nothing of it but the file outlives the process."""

    def __init__(self, world: World | None, run_id: str = "") -> None:
        self.run_id, self.engagement, self._holder, self._refused = run_id, "demo", None, ""
        self.database = _database()
        self.engine = self.database.engine
        self._writer = _Writer(world, self._perform) if world else InlineWriter(self._perform)


class World:
    """One help desk, one account, and what happens to them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(f"world {seed}")
        self.nature = Nature.drawn(self.chance)
        self.fibers = Fibers(self.chance)
        self.clock = self.fibers.clock
        self.desk = the_desk()
        _empty_ledger()
        shop = self.desk.shop
        target = shop.parameters().target.model_copy(
            update={"workers": self.nature.workers, "lookup_lag_seconds": self.nature.patience_seconds}
        )
        load = shop.parameters().load.model_copy(update={"order": self.nature.order})
        self.parameters = shop.parameters().model_copy(update={"target": target, "load": load})
        self.account = Account(
            "demo", None, seed=AT_FIRST, clock=self.clock, profile=self.nature.profile, fault_seed=seed + 1,
            fixed_window=self.chance.random() < 0.3,
        )  # fmt: skip
        self.account.cursor_seconds = self.nature.cursor_seconds
        self.wire = _Wire(self)
        self.tally = Tally(seed)
        self._trace = hashlib.blake2b(digest_size=12)
        self.log: list[str] = []
        """The last things that happened."""
        self.death = self.nature.death
        self.touched: dict[str, Json] = {}
        """What a ticket was (``ticket:7``) to what an agent made of it in Gorgias."""
        self.purged: set[str] = set()
        """Tickets that the source forgot: what became of them in Gorgias stays."""
        self.folder = self.desk.folder / "state"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.before = _documents(self.account)
        self.sent: set[str] = set()
        """External ids of messages that were once to be there: what the source removes later stays."""

    def close(self) -> None:
        """Forget it."""
        self.account.store.close()

    # --- what happens to processes -----------------------------------------------------------------

    def note(self, what: str) -> None:
        """Take down what happened."""
        line = f"{self.clock.monotonic():.6f} {what}"
        self._trace.update(line.encode())
        self.log.append(line)
        del self.log[:-20000]

    def dies(self, where: str) -> bool:
        """Whether the process that is at work dies now: ``before POST /demo/api/teams``."""
        return self.fibers.process is not None and self.chance.random() < self.death

    def die(self, where: str) -> None:
        """Let the process that is at work die."""
        process = self.fibers.process
        assert process is not None
        process.is_dead = True
        self.tally.deaths[f"death {where.split()[0]} a deed"] += 1
        self.note(f"{process.name} dies {where}")
        raise Killed

    def moment(self, where: str) -> None:
        """Let others go on, and perhaps die: what a process may meet before and after each of its deeds."""
        process = self.fibers.process
        if process is None:
            return
        self.fibers.switch()
        if self.dies(where):
            self.die(where)
        if self.chance.random() < self.nature.take_over and self._second is None and self.death:
            self._second = Process(f"{process.name}, second")
            self.tally.deaths["take-over"] += 1
            self.note(f"{self._second.name} takes over {where}")
            self.fibers.start(partial(self._main, self._second), self._second)

    def _main(self, process: Process) -> None:
        """One run, from its start to its end or its death."""
        ledger = _Ledger(self, process.name)
        try:
            ledger.take_lease(take_over=True)
            api = api_of(self.account, adapter=self.wire, timeout_seconds=TIMEOUT, reserve=0.0)
            self._work(process, ledger, api)
            left = [entry for entry in ledger.entries(TARGET) if FAILED_ON in (entry.reason or "")]
            self._is_done = not left
            self.note(f"{process.name} ends, {len(left)} left")
        except AccountsError:
            raise
        except (Killed, HaltError) as error:
            self.note(f"{process.name} ends: {type(error).__name__}")

    def run_until_done(self, work: Any) -> None:
        """Run something as a person would, who runs it again when it died or stopped."""
        self._work, self._is_done, runs = work, False, 0
        while not self._is_done:
            runs += 1
            self.tally.runs += 1
            if runs > MOST_RUNS:
                raise Wrong(f"not done after {MOST_RUNS} runs")
            self.death = self.nature.death if runs <= DISTURBED else 0.0
            if runs > FAULTY:
                self.account.set_profile(None)
            process, self._second = Process(f"run {self.tally.runs}"), None
            first = self.fibers.start(partial(self._main, process), process)
            self.fibers.run()
            if first.error is not None:
                raise first.error
            _database().engine.dispose()
            if not self._is_done:
                self.clock.advance(self.chance.choice(REST))
        self._calm()

    def _calm(self) -> None:
        """Let everything that is still on its way arrive; the account falters again with the next load."""
        self.death = 0.0
        while self.clock.due:
            self.clock.advance(60.0)
        if self.account.weather is not None:
            self.tally.faults += self.account.weather.drawn
            self.tally.away += self.account.turned_away
            self.account.turned_away = 0
        self.account.set_profile(self.nature.profile, self.chance.randrange(1 << 30))

    # --- what a run does ---------------------------------------------------------------------------

    def load(
        self, staged: Staged, lookups: Lookups, tickets: Chosen | None,
        process: Process, ledger: Ledger, api: GorgiasApi,
    ) -> None:  # fmt: skip
        """Load as notebook 05 does. What is staged does not change, so each process need not read it anew."""
        rollback.take(self._context(staged, lookups, ledger, api), now=self.clock.now())
        loader = Loader(
            api=api, target=TARGET, ledger=ledger, staged=staged, lookups=lookups,
            files_root=FilesRoot.at(self.desk.shop.files),
            progress=_Unseen(self.folder / "progress.json", "05_load"),
            crew=FiberCrew(self.fibers, process, lambda: api.gate.turns.wanted),
        )  # fmt: skip
        self.report = loader.run(tickets=tickets)
        settle_strays(ledger, TARGET, staged)
        require_balanced(accounts(ledger, TARGET, staged, lookups))

    def roll_back(
        self, staged: Staged, lookups: Lookups, process: Process, ledger: Ledger, api: GorgiasApi
    ) -> None:  # fmt: skip
        """Roll back as notebook 90 does, once it is signed."""
        rolling = rollback.RollBack(self._context(staged, lookups, ledger, api), now=self.clock.now())
        try:
            rolling.look(fresh=False)
            rolling.remove()
            self.proof = rolling.prove()
        finally:
            rolling.close()

    def _context(self, staged: Staged, lookups: Lookups, ledger: Ledger, api: GorgiasApi) -> rollback.Context:
        return rollback.Context(
            api, TARGET, ledger, "demo", self.folder, _Unseen(self.folder / "progress.json", "90_rollback"),
            lookups.behaviour, staged, frozenset(tags_beside(lookups)),
        )  # fmt: skip

    # --- the whole ---------------------------------------------------------------------------------

    def run(self) -> Tally:
        """Live through everything.

        Raises:
            Wrong: the account is not what the mapping makes of the source.
        """
        with patched(self.seed):
            self.begin()
            for day in range(self.nature.deltas):
                self.let_pass(self.chance.uniform(6 * HOUR, 40 * HOUR))
                for _ in range(self.chance.randint(1, 8)):
                    self.let_happen(self.chance.choice(EDITS), self.chance.randrange(1000))
                for _ in range(self.chance.randint(0, 2)):
                    self.let_an_agent(self.chance.choice(tuple(AGENTS_DO)), self.chance.randrange(1000))
                self.delta()
                if self.nature.rolls_back and day == 0:
                    self.roll_back_and_check()
                    self.load_and_check(None)
            self.load_and_check(None)
        return self.told()

    def told(self) -> Tally:
        """Return what happened."""
        self.tally.hours = self.clock.monotonic() / HOUR
        self.tally.trace = self._trace.hexdigest()
        return self.tally

    def begin(self) -> None:
        """Read the help desk, and load it."""
        self.desk.fill()
        self.mark = self.desk.extract()
        self.load_and_check(None)

    def become(self, nature: Nature) -> None:
        """Be of another nature from now on; look-ups are as patient as they were."""
        self.nature = nature
        self.account.set_profile(nature.profile, self.chance.randrange(1 << 30))

    def check_again(self) -> None:
        """Compare the account with what was loaded last: nothing that happened since may have changed it."""
        self.check(*self._loaded)

    def let_pass(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def delta(self) -> None:
        """Stage what changed in the source, and load it."""
        self.mark, found = self.desk.read_delta(self.mark)
        progress = _Unseen(self.folder / "progress.json", "07_cutover")
        reached = reach([self._loaded[0], self.desk.staged], self.parameters, progress)
        self.load_and_check({one.name: {*found.ids(one), *reached.ids(one)} for one in FAMILIES})

    def roll_back_and_check(self) -> None:
        """Roll the load back."""
        staged = self.desk.staged
        lookups = self.desk.lookups(staged, self.parameters)
        self.run_until_done(partial(self.roll_back, staged, lookups))
        self.check_rolled_back()

    def load_and_check(self, tickets: Chosen | None) -> None:
        staged = self.desk.staged
        lookups = self.desk.lookups(staged, self.parameters)
        self.run_until_done(partial(self.load, staged, lookups, tickets))
        self._loaded = staged, lookups
        self.check(staged, lookups)

    def let_happen(self, name: str, which: int) -> None:
        """Let something happen to a ticket, a chat or a call in the source, if there is any."""
        family = TALKS.get(name, TICKET_FAMILY)
        for key in self.desk.ids(family)[which % max(1, len(self.desk.ids(family))) :][:1]:
            self.note(f"source: {name} {key}")
            getattr(self.desk, name)(key)
            if name.startswith("purge"):
                self.purged.add(f"{family.name}:{key}")

    def let_an_agent(self, what: str, which: int) -> None:
        """Let an agent do something to a migrated ticket in Gorgias, while no run is at work."""
        store = self.account.store
        keys = [_key(one) for one in store.by_kind("ticket") if one["external_id"] and not one["trashed_datetime"]]
        if not keys:
            return
        key = keys[which % len(keys)]
        self.note(f"agent: {what} {key}")
        with store.transaction():
            (found,) = store.by("ticket", "external_id", f"st:demo:{key}")
            if what == "note":
                create_message(self.account, found, NOTE)
            else:
                update_ticket(self.account, found, AGENTS_DO[what])
        there = Held(self.account).ticket(found)
        self.touched.setdefault(key, {}).update({name: there[name] for name in AGENTS_DO[what]})

    # --- what must be so ---------------------------------------------------------------------------

    def check(self, staged: Staged, lookups: Lookups) -> None:
        """Compare the account with what the mapping makes of what is staged.

        Args:
            staged: all stages.
            lookups: as of them.

        Raises:
            Wrong: telling what differs.
        """
        held = Held(self.account)
        users = {user["email"] for user in self.account.store.by_kind("user")}
        wanted = Wanted(staged, lookups, users)
        problems = [*self._doubled(held), *self._differing(held, wanted), *self._mailed()]
        ledger = _Ledger(None)
        ledger.verify()
        problems += [
            f"ledger: {entry.object} {entry.source_key} is pending" for entry in ledger.entries(TARGET, state="pending")
        ]
        _database().engine.dispose()
        if problems:
            raise Wrong("\n".join(problems[:20]))

    def check_rolled_back(self) -> None:
        """Compare the account with what it was before the load.

        Raises:
            Wrong: telling what differs.
        """
        now = _documents(self.account)
        problems = [
            f"{kind} {n} is not as it was" for (kind, n), one in self.before.items() if now.get((kind, n)) != one
        ]
        for key in (_key(json.loads(one)) for (kind, _), one in now.items() if kind == "ticket"):
            if key and key not in self.touched:
                problems.append(f"{key} is there still")
        if not self.touched:
            new = now.keys() - self.before.keys()
            problems += [f"{kind} {n} is there still" for kind, n in sorted(new) if kind != "custom_field"]
        problems += [f"proof: {kind} {n}: {why}" for kind, n, why in self.proof.listed]
        ledger = _Ledger(None)
        ledger.verify()
        _database().engine.dispose()
        if problems or self.proof.wrong:
            raise Wrong("\n".join(problems[:20]))

    def _mailed(self) -> Iterator[str]:
        for mail in self.account.store.outbox():
            yield f"mail: {mail}"

    def _doubled(self, held: Held) -> Iterator[str]:
        """Tell what is there more than once; a ticket in the trash keeps the messages that its survivor has too."""
        alive = [one for one in held.tickets if not one["trashed_datetime"] and _key(one) not in self.touched]
        found = {
            "ticket": [one["external_id"] for one in held.tickets],
            "customer": [one["external_id"] for one in held.customers],
            "message": [name for one in alive for name in held.thread(one)],
        }
        for kind, names in found.items():
            for name, n in Counter(name for name in names if name).items():
                if n > 1:
                    yield f"{kind} {name} is there {n} times"
        yield from (f"{name} is there {n} times" for name, n in held.names.items() if n > 1)

    def _differing(self, held: Held, wanted: Wanted) -> Iterator[str]:
        there = {_key(one): one for one in held.tickets}
        for name in wanted.customers - {address_of(one) for one in held.customers}:
            yield f"customer {name} is missing"
        yield from (f"{name} is missing" for name in wanted.macros - held.names.keys())
        yield from self._ratings(held, wanted, there)
        for key, right in wanted.tickets.items():
            if key not in there:
                yield f"{key} is missing"
                continue
            found = held.ticket(there[key])
            yield from self._messages(key, right["messages"], found["messages"])
            if key in self.touched:
                right = {**found, **self.touched[key]}
            yield from (
                f"{key}: {name} is {found[name]!r}, not {right[name]!r}"
                for name in right if name != "messages" and found[name] != right[name]
            )  # fmt: skip
        for key in there.keys() - wanted.tickets.keys():
            if key not in self.touched and key not in self.purged and not there[key]["trashed_datetime"]:
                yield f"{key} is there, and should not: {wanted.left_out.get(key, 'gone from the source')}"

    def _ratings(self, held: Held, wanted: Wanted, there: Mapping[str, Json]) -> Iterator[str]:
        """Tell which ratings are not on their tickets: one that was there stays, whatever becomes of its ticket."""
        for key, score in wanted.scores.items():
            scores = [one for ticket, one in held.scores if key in there and ticket == there[key]["id"]]
            if scores != [score]:
                yield f"the ratings of {key} are {scores}, not {score}"

    def _messages(self, key: str, right: Mapping[str, Json], found: Mapping[str, Json]) -> Iterator[str]:
        for name, message in right.items():
            self.sent.add(name)
            if name == "None" and found:
                continue  # the note that stands for a thread without messages: what the source removed stays
            if name not in found:
                yield f"{key}: {name} is missing"
                continue
            yield from (
                f"{key}: {name}: {part} is {found[name][part]!r}, not {message[part]!r}"
                for part in message if found[name][part] != message[part]
            )  # fmt: skip
        for name in found.keys() - right.keys():
            if name not in self.sent and not (name == "None" and key in self.touched):
                yield f"{key}: {name} is there, and never should"


def _key(ticket: Json) -> str:
    """Return what a ticket was: ``ticket:7``, ``live_chat:3``; empty of one that is not ours."""
    return (ticket["external_id"] or "").removeprefix("st:demo:")


class _Unseen(Progress):
    """Progress that nobody looks at."""

    def _write(self) -> None:
        pass


def _documents(account: Account) -> dict[tuple[str, int], str]:
    """Return everything that an account holds, as text, but for the counts that follow from the rest."""
    kinds = ("user", "team", "tag", "custom_field", "macro", "customer", "ticket", "message", "survey")
    with account.store.lock:
        return {
            (kind, one["id"]): json.dumps({name: one[name] for name in sorted(one) if name != "usage"})
            for kind in kinds for one in account.store.by_kind(kind)
        }  # fmt: skip


NOTE = {"channel": "internal-note", "via": "internal-note", "from_agent": True, "public": False,
        "sender": {"id": 3}, "body_text": "an agent's note"}  # fmt: skip
AGENTS_DO: dict[str, Json] = {
    "note": {}, "prioritize": {"priority": "low"}, "name": {"subject": "as an agent has it"},
    "close": {"status": "closed"}, "tag": {"tags": [{"name": "an agent's"}]}, "take": {"assignee_user": {"id": 3}},
}  # fmt: skip
"""What agents do, and which fields are theirs from then on."""
AT_FIRST = {
    **SEED, "tags": [{"name": "tag 1"}], "customers": [{"email": "bob@home.example", "name": "Bob, long known"}],
}  # fmt: skip
"""What the account holds before anything is loaded."""
EDITS = (*TRACED, *UNTRACED, *TALKS)


@contextmanager
def patched(seed: int) -> Iterator[None]:
    """Let the seed decide what the library draws by itself, and a call take few messages."""
    state, limit = random.getstate(), ticket_loading.CALL_LIMIT
    random.seed(seed)
    ticket_loading.CALL_LIMIT = CALL_LIMIT
    try:
        yield
    finally:
        ticket_loading.CALL_LIMIT = limit
        random.setstate(state)


def live(seed: int) -> Tally:
    """Live through the world of a seed.

    Raises:
        Wrong: it is not as it should be.
    """
    world = World(seed)
    try:
        return world.run()
    finally:
        world.close()
