"""Each transition of the ledger times each kind of death: run again, it ends as if nothing had happened.

A world is one account, and the small migration of ``story.py``. In it every life dies at the next transition that no
life died at, and the one after goes on, until the story ends; what the account and the ledger hold then is compared
with a run that nothing disturbed. After each death the account holds nothing twice, and the next life checks the
ledger's chain.
"""

from __future__ import annotations

import inspect
import os
import re
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import pytest

from migrator_lib.chunks import is_intact
from migrator_lib.clock import ScaledClock
from migrator_lib.driver import LEASE_PATIENCE_SECONDS
from migrator_lib.ledger import GONE, PENDING, SETTLED, Ledger
from migrator_lib.ledger.schema import REMOVED
from migrator_lib.side_effects.switch import State
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.server import app_in_thread
from tests.crash import story
from tests.crash.nursery import STOPPED, Nursery, nursery
from tests.crash.story import AFTER, BEFORE, DISK_FULL, HALTED, LEASE_LOST, WITHIN, Spec
from tests.load.test_profiles import picture
from tests.loading import TARGET, everything
from tests.side_effects.acting import TWO, state
from tests.simulated_account import SPEED
from tests.smartertrack.proxy import Proxy, proxied

LIVE, DRIVE = "tests.crash.story:live", "tests.crash.story:drive"
KILLED = -signal.SIGKILL
PROJECT = Path(__file__).parents[2]
TRANSITIONS = (
    "lease: taken",
    "lease: renewed",
    "step: -> running",
    "effect: none -> recorded",
    "effect: recorded -> off",
    "step: -> done",
    "kept value: canary",
    "canary: none -> pending, intent to create",
    "canary: pending -> created",
    "canary: created -> removed",
    "chunk: complete -> none, of a stage",
    "chunk: complete -> none, of a table",
    "chunk: none -> complete",
    "kept value: loads",
    "setup: none -> merged",
    "setup: none -> skipped",
    "setup: none -> matched",
    "setup: none -> pending, intent to create",
    "setup: pending -> created",
    "person: none -> pending, intent to create",
    "person: pending -> created",
    "macro: none -> pending, intent to create",
    "macro: pending -> created",
    "attachment: none -> skipped",
    "ticket: none -> merged",
    "ticket: none -> skipped",
    "attachment: none -> pending, intent to create",
    "attachment: pending -> created",
    "ticket: none -> pending, intent to create",
    "attachment: none -> quarantined",
    "ticket: pending -> created",
    "ticket: pending -> created (updating)",
    "ticket: created (updating) -> created",
    "ticket: none -> quarantined",
    "talk: none -> pending, intent to create",
    "talk: pending -> created",
    "survey: none -> pending, intent to create",
    "survey: pending -> created",
    "inventory: none -> handed_over",
    "ticket: quarantined -> quarantined",
    "ticket: created -> created, intent to update",
    "ticket: created -> created (updating)",
    "ticket: created (updating) -> created (updating), intent to replace",
    "ticket: created -> created",
    "ticket: created -> created, intent to trash",
    "ticket: created -> gone",
    "talk: created -> created, intent to update",
    "talk: created -> created (updating)",
    "talk: created (updating) -> created",
    "person: created -> gone",
    "person: gone -> created",
    "ticket: gone -> created (updating)",
    "ticket: created (updating) -> created (updating), intent to restore",
    "ticket: created (updating) -> created (updating), intent to update",
    "ticket: created (updating) -> created (updating)",
    "ticket: merged -> gone",
    "inventory: handed_over -> gone",
    "effect: off -> restoring",
    "effect: restoring -> restored",
    "lease: released",
)
"""What an undisturbed run does to the ledger, in the order in which each comes first."""
MOMENTS = {
    "kill": (BEFORE, WITHIN, AFTER),
    "power cut": (AFTER,),
    "kill of the driver": (AFTER,),
    "kill of both": (BEFORE,),
    "disk full": (BEFORE,),
    "network gone": (AFTER,),
    "error after commit": (AFTER,),
    "taken over": (AFTER,),
    "second run": (AFTER,),
}
"""Kind of death to where it meets a transition."""


@dataclass
class World:
    """An account, and a folder for what the migration writes."""

    account: Account
    child: Nursery
    spec: Spec
    moments: tuple[str, ...]
    broken: list[str] = field(default_factory=list)
    """What was wrong after a life, with the cells that were met in it."""

    def cells(self) -> list[str]:
        """Return the cells that were met so far."""
        log = Path(self.spec.log)
        return log.read_text().splitlines() if log.is_file() else []

    def start(self, death: str, function: str = LIVE, **more: Any) -> int:
        """Start a life."""
        return self.child.start(function, asdict(replace(self.spec, death=death, moments=self.moments, **more)))

    def ended(self, code: int | str, *expected: int | str, met: int = 0) -> None:
        """Look at the account when a life has ended, or was stopped; ``met`` is how many cells it knew before."""
        twice = [f"{n} times {key}" for key, n in self._held().items() if n > 1]
        wrong = [] if code in expected else [f"it ended with {code}"]
        self.broken += [f"{self.cells()[met:]}: {words}" for words in (*twice, *wrong)]

    def _held(self) -> Counter[tuple[Any, str]]:
        """Return how often everything is there; a message once in a ticket, since the parts of merged ones move."""
        store, found = self.account.store, Counter[tuple[Any, str]]()
        for kind, names in everything(store).items():
            if kind != "message":
                found.update({(kind, name): n for name, n in names.items()})
        found.update((m["ticket_id"], str(m["external_id"])) for m in store.by_kind("message"))
        return found

    def until_the_end(
        self, death: str, code: int, function: str = LIVE, mend: Callable[[], None] | None = None
    ) -> None:
        """Live and die until the story ends; ``mend`` is what is done before the next life."""
        for _ in range(500):
            met = len(self.cells())
            found = self.child.wait(self.start(death, function))
            self.ended(found, code, 0, met=met)
            if mend is not None:
                mend()
            if found != code:
                return
        raise AssertionError("the story has no end")

    @cached_property
    def end(self) -> dict[str, Any]:
        """What the account and the ledger hold."""
        ledger = Ledger.in_folder(Path(self.spec.folder, "state"))
        try:
            ledger.verify()
            folder = Path(self.spec.folder, "staged", "full", "Tickets")
            chunks = [(c["part"], c["rows"], is_intact(folder, c["part"], c["sha256"])) for c in ledger.chunks("full")]
            return {
                "account": picture(self.account), "acts": state(self.account), "chunks": chunks,
                "ledger": {place: ledger.counts(f"{TARGET}{place}") for place in ("", ":effects", ":canary")},
                "steps": {step["step"]: step["status"] for step in ledger.steps()}, "lease": ledger.lease(),
                "mail": self.account.store.outbox(), "calls out": self.account.store.fired(),
            }  # fmt: skip
        finally:
            ledger.close()


# --- deaths --------------------------------------------------------------------------------------------


def kill(world: World) -> None:
    world.until_the_end("kill", KILLED)


def power_cut(world: World) -> None:
    world.until_the_end("kill", KILLED, mend=world.child.cut_the_power)


def kill_of_the_driver(world: World) -> None:
    world.until_the_end("driver", KILLED, DRIVE)


def kill_of_both(world: World) -> None:
    world.until_the_end("both", KILLED, DRIVE)


def disk_full(world: World) -> None:
    world.until_the_end("full", DISK_FULL)


def network_gone(world: World) -> None:
    with proxied(world.spec.url) as proxy, _control(proxy) as port:
        world.spec = replace(world.spec, url=proxy.url, control=str(port))
        world.until_the_end("network", HALTED, mend=proxy.up)


def error_after_commit(world: World) -> None:
    world.ended(world.child.wait(world.start("fault")), 0)


def taken_over(world: World) -> None:
    """A run stops like a machine that sleeps, another takes its lease, and the first wakes up again."""
    first = world.start("pause")
    code = world.child.wait(first)
    while code == STOPPED:
        met = len(world.cells())
        second = world.start("pause", take_over=True)
        found = world.child.wait(second)
        world.ended(found, STOPPED, 0, met=met)
        while (woken := _woken(world, first)) == STOPPED:
            pass  # another of its workers was at a transition, too
        world.ended(woken, LEASE_LOST, *_when_it_was_released(world), met=met)
        first, code = second, found
    world.ended(code, 0)


def second_run(world: World) -> None:
    """While a run writes, another one asks for the lease, and is refused."""
    first = world.start("pause")
    code = world.child.wait(first)
    while code == STOPPED:
        met = len(world.cells())
        world.ended(world.child.wait(world.start("none")), LEASE_LOST, *_when_it_was_released(world), met=met)
        code = _woken(world, first)
    world.ended(code, 0)


def _woken(world: World, stopped: int) -> int | str:
    """Let a stopped process go on until it ends, or is stopped again."""
    os.kill(stopped, signal.SIGCONT)
    return world.child.wait(stopped)


def _when_it_was_released(world: World) -> list[int]:
    """Return the code of a life that came behind the end of another one, or of one that had only to leave."""
    return [0] if "lease: released | after" in world.cells() else []


ELSEWHERE = {
    "left": "tests/side_effects/test_switch.py",
    "remove": "tests/rollback",
}
"""States and actions of the ledger that are not part of this story, and whose tests kill them."""
DEATHS: dict[str, Callable[[World], None]] = {name: globals()[name.replace(" ", "_")] for name in MOMENTS}
ON_A_DISK = ("power cut", "disk full")
"""Deaths that need ``power.c``."""


@contextmanager
def _control(proxy: Proxy) -> Iterator[int]:
    """Cut the network for whoever connects to the port, and say so when it is done."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                asking, _ = listener.accept()
            except OSError:
                return
            proxy.down()
            asking.sendall(b"!")
            asking.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


# --- worlds --------------------------------------------------------------------------------------------


class Worlds:
    """Every world, made when it is asked for."""

    def __init__(self, folder: Path, resources: ExitStack, request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._resources = resources
        self._request = request
        self._made: dict[str, World] = {}
        self._children: dict[bool, Nursery] = {}
        story.stages(folder / "shop")

    def _child(self, on_a_disk: bool) -> Nursery:
        if on_a_disk not in self._children:
            child: Nursery = self._of_a_disk() if on_a_disk else self._request.getfixturevalue("children")
            self._children[on_a_disk] = child
            self._children[on_a_disk].prepare("tests.crash.story:prepare", str(self._folder / "shop"))
        return self._children[on_a_disk]

    def _of_a_disk(self) -> Nursery:
        shim = self._request.getfixturevalue("shim")
        return self._resources.enter_context(nursery("tests.crash.story", shim=shim, root=self._folder / "disk"))

    def of(self, death: str) -> World:
        """Return the world of a kind of death, at its end."""
        if death not in self._made:
            self._made[death] = self._lived(death)
        return self._made[death]

    def undisturbed(self) -> World:
        """Return a world in which nobody dies."""
        return self.of("none")

    def _lived(self, death: str) -> World:
        """Return a world at its end.

        What several workers wrote together dies together, and nobody may be left to meet one of the transitions alone:
        then another world, of the same log, is for those that are left.
        """
        world = self._live(death, death)
        for again in range(2, 5):
            if death == "none" or set(cells_of(death)) <= set(world.cells()):
                break
            before, world = world, self._live(death, f"{death} {again}")
            same = before.end == self.undisturbed().end
            world.broken = [*before.broken, *([] if same else ["an earlier world did not end as an undisturbed one"]),
                            *world.broken]  # fmt: skip
        return world

    def _live(self, death: str, title: str) -> World:
        clock, name = ScaledClock(SPEED), title.replace(" ", "-")
        child = self._child(death in ON_A_DISK)
        folder = (child.root or self._folder) / name
        if child.root is not None and not child.root.exists():
            child.root.mkdir()
            child.flush_all()
        account = Account(name, None, seed=TWO, clock=clock)
        account.cursor_seconds = 3600 * SPEED
        with app_in_thread(create_app({name: account})) as url:
            spec = Spec(
                str(folder), str(self._folder / "shop"), f"{url}/{name}",
                log=str(self._folder / f"{death.replace(' ', '-')}.log"), patience=LEASE_PATIENCE_SECONDS,
            )  # fmt: skip
            world = World(account, child, spec, MOMENTS.get(death, (BEFORE, WITHIN, AFTER)))
            if death == "none":
                world.ended(child.wait(world.start("note")), 0)
            else:
                DEATHS[death](world)
        return world


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Worlds]:
    """Every world; each is made once."""
    with ExitStack() as resources:
        yield Worlds(tmp_path_factory.mktemp("matrix"), resources, request)


# --- the matrix ----------------------------------------------------------------------------------------


def cells_of(death: str) -> list[str]:
    """Return the transitions and moments at which this death is to be died."""
    return [f"{name} | {moment}" for name in TRANSITIONS for moment in MOMENTS[death]]


def _grouped(*, cells: bool) -> list[Any]:
    found = []
    for death in MOMENTS:
        group = pytest.mark.xdist_group(f"matrix of {death}")
        if cells:
            found += [pytest.param(death, cell, marks=group, id=f"{death}-{cell}") for cell in cells_of(death)]
        else:
            found.append(pytest.param(death, marks=group))
    return found


def test_an_undisturbed_run_makes_every_transition_of_the_table(worlds: Worlds) -> None:
    assert worlds.undisturbed().broken == []
    assert {cell.rpartition(" | ")[0] for cell in worlds.undisturbed().cells()} == set(TRANSITIONS)


def test_the_table_names_every_state_and_action_of_the_ledger_and_the_story_watches_every_way_to_write() -> None:
    actions = {
        action
        for file in (PROJECT / "migrator_lib").rglob("*.py")
        for call in re.findall(r"\.intend\((?:[^()]|\([^()]*\))*\)", file.read_text())
        for action in re.findall(r'action="(\w+)"', call)
    }
    assert actions >= {"update", "trash", "restore"}, "the search finds none"
    told = " ".join(TRANSITIONS)
    states = {PENDING, GONE, REMOVED, *SETTLED, *get_args(State)}
    assert {word for word in states | actions if not re.search(rf"\b{word}\b", told)} == set(ELSEWHERE)
    assert all((PROJECT / place).exists() for place in ELSEWHERE.values())
    writing = {
        name for name, method in inspect.getmembers(Ledger, inspect.isfunction)
        if "_writer.submit(" in inspect.getsource(method)
    }  # fmt: skip
    assert writing == set(story.NAMES)


@pytest.mark.parametrize(("death", "cell"), _grouped(cells=True))
def test_at_this_transition_somebody_died_and_nothing_was_twice(worlds: Worlds, death: str, cell: str) -> None:
    world = worlds.of(death)
    assert cell in world.cells()
    assert not [words for words in world.broken if f"'{cell}'" in words]


@pytest.mark.parametrize("death", _grouped(cells=False))
def test_after_all_these_deaths_all_is_as_if_nothing_had_happened(worlds: Worlds, death: str) -> None:
    world = worlds.of(death)
    assert world.broken == []
    assert world.end == worlds.undisturbed().end
    assert (world.end["mail"], world.end["calls out"], world.end["lease"]) == ([], [], None)
