"""The last days once more: what changed on each is loaded as a delta, into an account that this process simulates.

The loader is the real one, and so are its gate, its mail guard and its ledger (one of its own, which is thrown away).
The account keeps Gorgias' rules, and its clock is virtual: waiting takes no time, and is measured. Nothing leaves this
process, and no file is read: in the place of each goes a byte.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from migrator_lib.clock import ManualClock
from migrator_lib.contacts import CALL_COLUMNS, CHAT_COLUMNS, of_call, of_chat
from migrator_lib.freeze.prediction import Day
from migrator_lib.freeze.rewind import DATED, Activity, Span, write_stages
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader
from migrator_lib.load.context import references
from migrator_lib.load.crew import Alone
from migrator_lib.lookups import Lookups, lowered, requester_key_of_address
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.parameters import Target
from migrator_lib.progress import Progress
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.matching import Files, IndexedFile, Match
from migrator_lib.smartertrack.tables import FAMILIES, Chosen, chosen_of
from migrator_lib.staging import Staged

TARGET = "production"
KEY_OWNER = "rehearsal@freeze.invalid"
LATENCY_SECONDS = 0.5
"""How long a call takes there and back, unless the caller knows it."""
DAY_SECONDS = 86_400.0
PREFIX = "freeze-"
"""What the name of the temporary folder begins with."""
STAND_IN = "stand-in"
"""The file that goes up in the place of every other."""


@dataclass(frozen=True)
class Course:
    """What a replay goes through."""

    staged: Staged
    span: Span
    activity: Activity
    lookups: Callable[[Staged], Lookups]
    """Makes the look-ups of staged data, under the engagement's mapping."""
    files: Files
    """The index of the files of all stages."""
    target: Target
    agents: Sequence[str]
    """Addresses of those who have a user in Gorgias."""
    progress: Progress
    latency_seconds: float = LATENCY_SECONDS


class StandIns(Files):
    """Says of every file that goes up that it is one byte long, so that no file is read."""

    def __init__(self, files: Files, limit: int) -> None:
        super().__init__()
        self._real = files
        self._limit = limit

    def match(self, row: Mapping[str, Any]) -> Match:
        """Return what the real index finds; of what goes up, the stand-in."""
        found = self._real.match(row)
        if found.file is None or found.state != "matched" or found.size > self._limit:
            return found
        return replace(found, file=IndexedFile(STAND_IN, 1), unpack=False, size=1, crc=None)


@contextmanager
def simulated(course: Course) -> Iterator[tuple[Account, GorgiasApi, ManualClock]]:
    """Give an account with the engagement's rate and agents, and a client of it, for the length of a block."""
    clock = ManualClock(datetime.now(UTC))
    people = [KEY_OWNER, *dict.fromkeys(map(lowered, course.agents))]
    users = [
        {"email": email, "name": f"Agent {n}", "role": "agent" if n else "admin"} for n, email in enumerate(people)
    ]
    account = Account("rehearsal", None, clock=clock, latency_seconds=_latency(course),
                      seed={"credentials": {"email": KEY_OWNER, "api_key": "rehearsal"}, "users": users})  # fmt: skip
    rate = course.target.rate
    account.limit.limit, account.limit.window = rate.requests, rate.window_seconds
    try:
        yield account, api_of(account, reserve=rate.reserve), clock
    finally:
        account.store.close()


def _latency(course: Course) -> float:
    """Return how long a call takes where one is made at a time: those that are under way together share the wait."""
    rate = course.target.rate
    abreast = min(course.target.workers, math.ceil(rate.requests / rate.window_seconds * course.latency_seconds))
    return course.latency_seconds / max(1, abreast)


@dataclass(frozen=True)
class Replayed:
    """What the days took."""

    days: Sequence[Day]
    idle_seconds: float
    """Of a load that had nothing to do, by the account's clock."""


def replay(course: Course, folder: Path) -> Replayed:
    """Load what changed on each day, one after the other; return what that took.

    Args:
        course: the days and the tickets.
        folder: the engagement's, where a temporary folder may be made; it holds people's data, and is removed.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    for left in folder.glob(f"{PREFIX}*"):  # by a process that died
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=PREFIX) as temporary, simulated(course) as served:
        place = Path(temporary)
        (place / STAND_IN).write_bytes(b"0")
        stages = write_stages(course.staged, course.activity, course.span, place / "staged", _open_status(course))
        ledger = Ledger.in_folder(place / "state", inline=True)
        try:
            *days, idle = _days(course, stages, ledger, served, FilesRoot.at(place))
            return Replayed(days, idle.seconds)
        finally:
            ledger.close()


def _days(
    course: Course, stages: Sequence[Path], ledger: Ledger, served: tuple[Account, GorgiasApi, ManualClock],
    files_root: FilesRoot,
) -> Iterator[Day]:  # fmt: skip
    """Yield what each day took, and at last what a load takes that has nothing to do."""
    account, api, clock = served
    people = People.of(course)
    everybody = _needed(Staged(stages), _lookups(Staged(stages), course))
    for number in range(len(stages) + 1):
        staged = Staged(stages[: number + 1])
        lookups = _lookups(staged, course)
        chosen = _of_stage(stages, number)
        needed = _needed(staged, lookups, chosen) | people.until(number, everybody)
        calls, began = account.stats.calls, clock.monotonic()
        Loader(
            api=api, target=TARGET, ledger=ledger, staged=staged, lookups=lookups, files_root=files_root,
            progress=course.progress, crew=Alone(),
        ).run(only=needed, tickets=chosen)  # fmt: skip
        if number:
            yield replace(
                _described(course, number - 1), calls=account.stats.calls - calls, seconds=clock.monotonic() - began
            )
        clock.sleep(DAY_SECONDS)


def _of_stage(stages: Sequence[Path], number: int) -> Chosen | None:
    """Return what a load takes: None, all, before the first day; nothing when the days are over."""
    if number == 0:
        return None
    own = Staged(stages[number : number + 1])
    return {family.name: own.ids(family) for family in FAMILIES}


def _described(course: Course, day: int) -> Day:
    """Return what a day brought; nothing, when they are over."""
    if day >= course.span.days:
        return Day("")
    return Day(
        day=str(course.span.moments[day + 1].date()),
        tickets=sum(len(course.activity.on(day, family)) for family in FAMILIES),
        messages=_count(course, day), file_bytes=_file_bytes(course, day),
    )  # fmt: skip


def _lookups(staged: Staged, course: Course) -> Lookups:
    lookups = course.lookups(staged)
    lookups.files = StandIns(course.files, course.target.upload_limit_bytes)
    return lookups


def _open_status(course: Course) -> int:
    """Return the code of the first open status: an active one, if there is any."""
    rows = sorted(course.staged.rows("TicketStatuses"), key=lambda row: (not row["IsActive"], row["TicketStatusID"]))
    return next((int(row["TicketStatusID"]) for row in rows if row["IsOpen"]), 1)


def _needed(staged: Staged, lookups: Lookups, chosen: Chosen | None = None) -> set[str]:
    """Return the people whom these staged tickets (chats, call logs) need, or all."""
    outcomes = (
        obj.transform(record, lookups)
        for obj in CONVERSATIONS
        for record in obj.records(staged, lookups, None if chosen is None else chosen_of(chosen, obj.family))
    )
    return {reference for reference in references(outcomes) if reference.startswith(("requester:", "organization:"))}


def _count(course: Course, day: int) -> int:
    """Return the messages and comments that came on a day; a call log is one."""
    return sum(
        course.span.day_of(row[DATED[table][0]]) == day
        for family in FAMILIES
        for table in (family.messages or family.root.name, family.comments)
        if table
        for row in course.staged.columns_of(course.activity.on(day, family), table, DATED[table])
    )


def _file_bytes(course: Course, day: int) -> int:
    """Return the size of the files that came on a day, as their rows have it."""
    return sum(
        row["Length"] or 0
        for family in FAMILIES
        for row in course.staged.columns_of(
            course.activity.on(day, family), family.attachments, ["CreationDateUTC", "Length"]
        )
        if course.span.day_of(row["CreationDateUTC"]) == day
    )


@dataclass(frozen=True)
class People:
    """Who was there when: customers who were not yet are made by the delta of their day."""

    came: Mapping[str, int]
    """Reference of a requester to the number of the stage that brings it; whoever is not in it was always there."""
    accounts: frozenset[str]
    """Those of them with an account: a delta makes them, whether they wrote or not."""

    @classmethod
    def of(cls, course: Course) -> People:
        """Return who came on which day: accounts by their date, all others by their first ticket, chat or call."""
        span, came = course.span, dict[str, int]()
        for row in course.staged.rows("Users"):
            day = span.day_of(row.get("DateCreatedUTC"))
            if day is not None:
                came[f"requester:u{row['UserID']}"] = day + 1
        accounts = frozenset(came)
        first: dict[str, datetime] = {}
        for key, moment in _appearances(course.staged):
            first[key] = min(moment, first.get(key, moment))
        for key, moment in first.items():
            day = span.day_of(moment)
            if day is not None:
                came[f"requester:{key}"] = day + 1
        return cls(came, accounts)

    def until(self, number: int, everybody: Collection[str]) -> set[str]:
        """Return whom the load of a stage finds beside those whom its own tickets need.

        Args:
            number: of the stage: 0 is the time before the first day.
            everybody: those whom the tickets of all stages need.
        """
        here = {reference for reference in everybody if reference not in self.came}
        return here | {reference for reference in self.accounts if self.came[reference] <= number}


def _appearances(staged: Staged) -> Iterator[tuple[str, datetime]]:
    """Yield whoever has no account, by the key as a requester, with when they wrote, chatted or called."""
    for row in staged.columns("Tickets", ["CustomerEmailAddress", "DateOpenedUTC"]):
        if lowered(row["CustomerEmailAddress"]) and row["DateOpenedUTC"] is not None:
            yield requester_key_of_address(lowered(row["CustomerEmailAddress"])), row["DateOpenedUTC"]
    chats = staged.columns("Chats", [*CHAT_COLUMNS, "DateStartedUTC"])
    calls = staged.columns("CallLogs", [*CALL_COLUMNS, "DateCreatedUTC"])
    talks = ((of_chat(row), row["DateStartedUTC"]) for row in chats)
    for who, moment in chain(talks, ((of_call(row), row["DateCreatedUTC"]) for row in calls)):
        if moment is not None:
            yield who.own_key, moment
            if lowered(who.address):
                yield requester_key_of_address(lowered(who.address)), moment
