"""The workshop of the simulation: chance, rows, files and running numbers in one hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from random import Random

from migrator_lib.simulators.smartertrack import catalog
from migrator_lib.simulators.smartertrack.files import FileTree, Stored, pdf, png
from migrator_lib.simulators.smartertrack.people import FIRST_AGENT, World
from migrator_lib.simulators.smartertrack.schema import Writer

MAILBOXES = {1: "support", 2: "trade", 3: "hello", 4: "warehouse", 5: "orders"}
LIVE_SECONDS = 20_000
"""Seconds with events that are remembered before those behind the present ticket are forgotten."""


@dataclass(frozen=True)
class Agent:
    """Somebody who answers."""

    user_id: int
    name: str
    email: str
    active: bool
    groups: tuple[int, ...]


AGENTS = tuple(
    Agent(FIRST_AGENT + n, name, f"{mailbox}@fernhill.example", state == "active", groups)
    for n, (name, mailbox, state, _, groups) in enumerate(catalog.AGENTS)
)
DEPARTMENT_OF = {group: department for department, group, _, _ in catalog.GROUPS}
GROUP_NAME = {group: name for _, group, name, _ in catalog.GROUPS}
BRAND_OF = {department: brand for department, _, brand, _, _ in catalog.DEPARTMENTS}


def mailbox(department: int) -> tuple[str, str]:
    """Return (name, address) of a department's mailbox."""
    _, name, host = catalog.BRANDS[BRAND_OF[department] - 1]
    return name, f"{MAILBOXES[department]}@{host}"


@dataclass
class Shop:
    """What every part of the simulation writes with."""

    world: World
    write: Writer
    files: FileTree
    ids: dict[str, int] = field(default_factory=dict)
    length_limit: int | None = None
    """Characters that the engine takes in a custom field's value, where it enforces that."""
    _seconds: dict[datetime, int] = field(default_factory=dict)

    def next_id(self, table: str) -> int:
        """Return the next number of a table's key."""
        self.ids[table] = self.ids.get(table, 0) + 1
        return self.ids[table]

    def uniquifier(self, moment: datetime) -> int:
        """Return what tells this event from others of its second."""
        number = self._seconds.get(moment, 0)
        self._seconds[moment] = number + 1
        return number

    def forget_before(self, moment: datetime) -> None:
        """Forget seconds that no event can fall into any more, to keep memory constant."""
        if len(self._seconds) > LIVE_SECONDS:
            self._seconds = {second: n for second, n in self._seconds.items() if second >= moment}

    @cached_property
    def accounts(self) -> int:
        """Number of customers with an account; those without come behind them."""
        return sum(1 for customer in self.world.customers if customer.user_id is not None)

    @cached_property
    def leaflet(self) -> Stored:
        """One file that agents send to many customers; it is stored once."""
        return self._shared("leaflet", pdf)

    @cached_property
    def logo(self) -> Stored:
        """The picture in agents' signatures; stored once."""
        return self._shared("logo", png)

    def _shared(self, what: str, make: Callable[[Random], bytes]) -> Stored:
        rng = self.world.rng(what)
        stored = self.files.store(make(rng), rng, "TicketAttachments/shared")
        self.world.note("shared_file", stored.name_on_disk)
        return stored
