"""A load that is killed 500 times at random moments, under the profiles ``flaky`` and ``lagging`` together.

``python -m benchmarks.soak FOLDER [--kills 500] [--tickets 2100] [--seed N]`` prints how far it is, and writes
``FOLDER/soak.json``. What the account holds at the end is counted in its own store, beside an account into which the
same help desk was loaded once without any fault, and beside the payloads that the mapping makes of the source.

A seed gives the same help desk, the same faults and the same points of progress at which lives end; what exactly is
under way then depends on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.calls import DEMO, extracted
from benchmarks.harness import benchmark
from migrator_lib import mapping, parameters
from migrator_lib.clock import ScaledClock
from migrator_lib.errors import HaltError
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport
from migrator_lib.ledger import PENDING, Ledger
from migrator_lib.load import Loader
from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Send
from migrator_lib.objects.conversation import moment
from migrator_lib.parameters import Parameters
from migrator_lib.progress import Progress
from migrator_lib.side_effects import Switch, look
from migrator_lib.side_effects.switch import KINDS
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.gorgias.limits.faults import PROFILES, Profile
from migrator_lib.simulators.gorgias.store import Store
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged

PROJECT = Path(__file__).resolve().parent.parent
KILLS, TICKETS, SEED = 500, 2100, 20261127
TARGET, KEY = "production", "bench"
SPEED = 400.0
"""How fast the account's time runs, so that its waits are short ones."""
PATIENCE, SLOW = 0.4, 0.5
"""Seconds of the wall that a client waits for an answer, and that a slow one takes."""
LOOKS = 0.9
"""Seconds of the wall that a look-up is repeated: longer than what was sent can be on its way."""
MOST_DELAY = 0.06
"""Seconds of the wall between a point of progress and the kill, at most."""
UNTIL = 0.95
"""Share of the records behind which nobody is killed: the load could be over before."""
HALTED = 72
"""Exit code of a life that ended by itself, since the account failed for too long."""
TICKET_TIMES = (
    "created_datetime", "opened_datetime", "closed_datetime", "updated_datetime", "last_message_datetime",
    "last_received_message_datetime",
)  # fmt: skip
MESSAGE_TIMES = ("created_datetime", "sent_datetime")
Held = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Found:
    """What was counted at the end."""

    kills: int
    duplicates: int
    missing: int
    wrong_times: int
    mail: int
    halts: int
    """Lives that ended by themselves."""
    tickets: int
    messages: int
    seconds: float


@cache
def soaked() -> Found:
    """Soak once, however many of its numbers are asked for."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30
    with tempfile.TemporaryDirectory(prefix="migrator-soak-", dir=memory if roomy else None) as folder:
        subprocess.run([sys.executable, "-m", "benchmarks.soak", folder], cwd=PROJECT, check=True)
        return Found(**json.loads(Path(folder, "soak.json").read_text(encoding="utf-8")))


@benchmark(unit="kills", goal=500, more_is_better=True)
def soak_kills() -> float:
    """How often a load of more than 2,000 tickets was killed (kill -9) at random moments, on an account that loses
    requests and replies, answers with errors after it has carried out, and is slow to find what is new.
    """
    return soaked().kills


@benchmark(unit="things", goal=0)
def soak_duplicates() -> float:
    """Tickets, messages, files in them, customers, fields, teams and tags that the account holds too often after these
    kills, beside an undisturbed load.
    """
    return soaked().duplicates


@benchmark(unit="things", goal=0)
def soak_missing() -> float:
    """Tickets, messages, files in them, customers, fields, teams and tags that the account lacks after these kills,
    beside an undisturbed load.
    """
    return soaked().missing


@benchmark(unit="timestamps", goal=0)
def soak_wrong_times() -> float:
    """Timestamps of tickets and messages that are not what the source and the mapping say after these kills."""
    return soaked().wrong_times


@benchmark(unit="mails", goal=0)
def soak_mail() -> float:
    """Mails and calls to others that the account would have sent during these kills."""
    return soaked().mail


# --- the help desk -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """What is loaded, read once; every life is forked with it."""

    folder: Path
    staged: Staged
    lookups: Lookups
    settings: Parameters


def desk(folder: Path, tickets: int, seed: int) -> Desk:
    """Build a help desk and extract it."""
    settings = parameters.load(DEMO / "engagement.yaml")
    target = settings.target.model_copy(update={"lookup_lag_seconds": LOOKS * SPEED, "workers": 8})
    settings = settings.model_copy(update={"target": target})
    build(f"sqlite:///{folder / 'source.db'}", folder / "files", seed=seed, tickets=tickets)
    ledger = Ledger.in_folder(folder / "extract")
    staged = extracted(folder, ledger)
    ledger.close()
    return Desk(folder, staged, Lookups.of(staged, mapping.load(DEMO / "mapping.yaml"), settings), settings)


def both_profiles() -> Profile:
    """Return ``flaky`` and ``lagging`` in one."""
    flaky, lagging = PROFILES["flaky"], PROFILES["lagging"]
    return replace(lagging, chances={**flaky.chances, **lagging.chances}, slow_seconds=SLOW)


# --- processes -----------------------------------------------------------------------------------------


def forked(work: Callable[[], int]) -> int:
    """Do something in a process of its own; return its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@contextmanager
def account(file: Path, email: str, profile: Profile | None, seed: int) -> Iterator[str]:
    """Serve an account from a process of its own, which ends with this one; yield its address."""
    content = json.loads((DEMO / "gorgias.json").read_text(encoding="utf-8"))
    content["credentials"] = {"email": email, "api_key": KEY}
    (told, tell), (stay, leave) = os.pipe(), os.pipe()

    def serve() -> int:
        os.close(leave)
        made = Account(
            TARGET, file, seed=content, clock=ScaledClock(SPEED), rate="oauth", profile=profile, fault_seed=seed
        )
        with in_thread({TARGET: made}) as urls:
            os.write(tell, urls[TARGET].encode())
            os.read(stay, 1)  # until whoever started it leaves
        made.store.close()
        return 0

    pid = forked(serve)
    os.close(tell)
    try:
        yield os.read(told, 1000).decode()
    finally:
        os.close(leave)
        os.waitpid(pid, 0)
        os.close(told)
        os.close(stay)


def settled(ledger: Ledger) -> int:
    """Return how many records have an outcome."""
    states = ledger.counts(TARGET).values()
    return sum(n for of_object in states for state, n in of_object.items() if state != PENDING)


def live(what: Desk, name: str, url: str, reach: int, tell: int, patience: float) -> int:
    """Load until the end; write a byte to ``tell`` when so many records have an outcome."""
    ledger = Ledger.in_folder(what.folder / name, run_id="soak")
    ledger.take_lease()
    done, settle = settled(ledger), ledger.settle

    def counting(target: str, entries: Any, **more: Any) -> None:
        nonlocal done, reach
        batch = list(entries)
        settle(target, batch, **more)
        done += len(batch)
        if done >= reach:
            reach = sys.maxsize
            os.write(tell, b".")

    ledger.settle = counting  # type: ignore[method-assign]
    clock = ScaledClock(SPEED)
    gate = RateGate(requests=80, window_seconds=20.0, reserve=0.0, clock=clock)
    auth = api_key(what.settings.target.production.email, KEY)
    transport = Transport(
        url, auth=auth, gate=gate, clock=clock, timeout_seconds=patience, may_write=ledger.check_lease
    )
    try:
        if done >= reach:
            counting(TARGET, ())
        api = GorgiasApi(transport)
        Switch(api, ledger, TARGET).off(look(api).effects, KINDS)  # as a load of the runbook does first
        Loader(
            api=api, target=TARGET, ledger=ledger, staged=what.staged, lookups=what.lookups,
            files_root=FilesRoot.at(str(what.folder / "files")),
            progress=Progress(what.folder / f"{name}.json", "05_load", ledger.renew_lease),
        ).run()  # fmt: skip
    except HaltError as error:
        print(f"a life ended by itself: {error.message}", flush=True)
        return HALTED
    ledger.close()
    return 0


def life(
    what: Desk, name: str, url: str, reach: int = sys.maxsize, *, delay: float = 0.0, patience: float = PATIENCE
) -> int:
    """Let a process load, and kill it when so many records have an outcome, and a moment more; return how it ended."""
    told, tell = os.pipe()
    pid = forked(lambda: live(what, name, url, reach, tell, patience))
    os.close(tell)
    if os.read(told, 1):
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    os.close(told)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# --- the soak ------------------------------------------------------------------------------------------


def soak(folder: Path, kills: int, tickets: int, seed: int) -> Found:
    """Load and kill, load to the end, and count.

    Raises:
        RuntimeError: a life ended as none should, or the help desk and the undisturbed account do not agree.
    """
    began, chance = time.monotonic(), random.Random(seed)
    what = desk(folder, tickets, seed)
    email = what.settings.target.production.email
    with account(folder / "calm.sqlite3", email, None, seed) as url:
        if (code := life(what, "calm", url, patience=60.0)) != 0:
            raise RuntimeError(f"The undisturbed load ended with {code}.")
    ledger = Ledger.in_folder(folder / "calm")
    total = settled(ledger)
    ledger.close()
    print(
        f"seed {seed}: {tickets} tickets, {total} records, loaded once after {time.monotonic() - began:.0f} s",
        flush=True,
    )
    done = halts = 0
    with account(folder / "soaked.sqlite3", email, both_profiles(), seed) as url:
        points = sorted(chance.randrange(int(total * UNTIL)) for _ in range(kills))
        while done < len(points):
            code = life(what, "soaked", url, points[done], delay=chance.random() * MOST_DELAY)
            if code == 0:
                raise RuntimeError(f"The load was over after {done} kills.")
            if code not in (-signal.SIGKILL, HALTED):
                raise RuntimeError(f"A life ended with {code} after {done} kills (seed {seed}).")
            halts += code == HALTED
            done += code != HALTED
            if done % 25 == 0 and code != HALTED:
                print(
                    f"{done} kills, {points[done - 1]} of {total} records, {time.monotonic() - began:.0f} s", flush=True
                )
        while (code := life(what, "soaked", url)) == HALTED:
            halts += 1
        if code != 0:
            raise RuntimeError(f"The last life ended with {code} (seed {seed}).")
    return _counted(what, done, halts, began)


def _counted(what: Desk, kills: int, halts: int, began: float) -> Found:
    ledger = Ledger.in_folder(what.folder / "soaked")
    ledger.verify()
    pending = [entry.source_key for entry in ledger.entries(TARGET, state=PENDING)]
    ledger.close()
    if pending:
        raise RuntimeError(f"{len(pending)} records have no outcome.")
    calm, soaked_one = Store(what.folder / "calm.sqlite3"), Store(what.folder / "soaked.sqlite3")
    wanted, there = held(calm), held(soaked_one)
    payloads = _payloads(what)
    if {key[1] for key in wanted if key[0] == "ticket"} != payloads.keys():
        raise RuntimeError("The undisturbed account does not hold the tickets that the mapping makes.")
    for key in there - wanted:
        print("too often:", *key)
    for key in wanted - there:
        print("missing:", *key)
    found = Found(
        kills=kills, duplicates=(there - wanted).total(), missing=(wanted - there).total(),
        wrong_times=wrong_times(soaked_one, payloads), mail=len(soaked_one.outbox()) + len(soaked_one.fired()),
        halts=halts, tickets=soaked_one.count("ticket"), messages=soaked_one.count("message"),
        seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip
    calm.close()
    soaked_one.close()
    return found


def held(store: Store) -> Held:
    """Return how often an account holds each thing: tickets, their messages and files, and what they refer to."""
    found: Held = Counter()
    tickets = {ticket["id"]: str(ticket["external_id"]) for ticket in store.by_kind("ticket")}
    found.update(("ticket", name) for name in tickets.values())
    for message in store.by_kind("message"):
        place = tickets.get(message["ticket_id"], "?"), str(message["external_id"])
        found["message", *place] += 1
        found.update(("file", *place, file["name"], str(file["size"])) for file in message["attachments"])
    for customer in store.by_kind("customer"):
        found["customer", str(customer["external_id"] or customer["email"])] += 1
    for kind in ("team", "tag", "custom_field"):
        found.update(
            (kind, str(one.get("external_id") or one.get("name") or one.get("label"))) for one in store.by_kind(kind)
        )
    return found


def _payloads(what: Desk) -> dict[str, dict[str, Any]]:
    """Return what the mapping makes of each ticket that moves, by its external id."""
    outcomes = (TICKET.transform(record, what.lookups) for record in TICKET.records(what.staged, what.lookups, None))
    return {outcome.payload["external_id"]: dict(outcome.payload) for outcome in outcomes if isinstance(outcome, Send)}


def wrong_times(store: Store, payloads: dict[str, dict[str, Any]]) -> int:
    """Return how many timestamps of tickets and messages are not those of their payloads, or are there without one."""
    wrong = 0
    for ticket in store.by_kind("ticket"):
        payload = payloads[ticket["external_id"]]
        pairs: list[tuple[Any, Any, tuple[str, ...]]] = [(ticket, payload, TICKET_TIMES)]
        messages = {message.get("external_id"): message for message in payload["messages"]}
        pairs += [
            (message, messages[message["external_id"]], MESSAGE_TIMES)
            for message in store.by("message", "parent", ticket["id"])
            if message["external_id"] in messages  # what is none of ours is counted as too often
        ]
        for there, given, names in pairs:
            for name in names:
                if moment(there[name]) != moment(given.get(name)):
                    wrong += 1
                    found = there[name], given.get(name)
                    print("wrong time:", ticket["external_id"], there.get("external_id"), name, *found)
    return wrong


def main() -> None:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Kill a load again and again.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    os.environ["MIGRATOR_DRIVER"] = "1"  # no notebook watches
    given.folder.mkdir(parents=True, exist_ok=True)
    found = soak(given.folder.resolve(), given.kills, given.tickets, given.seed)
    print(found, flush=True)
    (given.folder / "soak.json").write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
