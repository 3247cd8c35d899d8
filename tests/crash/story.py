"""A small migration from the canaries to the last delta, which goes on where it stopped, and dies where it is told to.

Every transition of the ledger has a name, such as ``ticket: pending -> created``. A death meets the story ``before`` a
transition's transaction, ``within`` it (all is written, and not committed) or ``after`` its commit, before anything
else. The story notes each such cell in a file, and meets none twice.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import requests
import sqlalchemy as sa

from migrator_lib.canary import Canaries, Content
from migrator_lib.chunks import path_of, write_chunk
from migrator_lib.clock import ScaledClock
from migrator_lib.errors import HaltError, LeaseHeld, StorageError
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.ledger.writer import GroupWriter
from migrator_lib.load import Loader
from migrator_lib.load.crew import Alone
from migrator_lib.lookups import Lookups
from migrator_lib.objects import CONVERSATIONS, INVENTORIES, PEOPLE, SETUP, TICKET
from migrator_lib.progress import Progress
from migrator_lib.side_effects import Switch, look
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged, write_gone
from tests.crash.nursery import fill_the_disk
from tests.loading import TARGET, filled
from tests.shop import Shop, minutes
from tests.side_effects.acting import ALL
from tests.simulated_account import FALLBACK, SPEED, client
from tests.world.talks import CODES, rate

BEFORE, WITHIN, AFTER = "before", "within", "after"
LEASE_LOST, DISK_FULL, HALTED = 70, 71, 72
"""Exit codes of a life that ended by an error."""
PHASES = ("off", "canaries", "chunks", "load", "delta", "back", "restore")
CONTENT = Content("demo", "canary@demo.example", FALLBACK, "email")
CALL_LIMIT = 3
"""Messages that go with a ticket here, so that longer threads take several calls."""
SPARE = 4
"""Tickets, and chats with calls, that take one call. A death may find two of them sent (there are two workers), and
what was sent is made by another transition in the next life: three moments of death need a few more."""
LINE = {"TextSubmitted": "Hello", "ChatSenderType": 0}
LINGERS = 0.02
"""Seconds that a kernel lives when its driver is dead."""
KILLING = ("kill", "driver", "both")
"""Deaths that end the process that writes."""
KINDS = {obj.name: "setup" for obj in SETUP} | {obj.name: "person" for obj in PEOPLE}
KINDS |= {obj.name: "inventory" for obj in INVENTORIES} | dict.fromkeys(ALL, "effect")
KINDS |= {obj.name: "talk" for obj in CONVERSATIONS if obj is not TICKET} | {"macro": "macro"}


@dataclass(frozen=True)
class Spec:
    """What one life is told; it travels as JSON."""

    folder: str
    """What it writes to."""
    shop: str
    """The staged shop, which is made once."""
    url: str
    death: str = "none"
    moments: Sequence[str] = ()
    """Of a transition that it dies at."""
    log: str = ""
    """File with the cells that were met, one a line; outside of ``folder``."""
    take_over: bool = False
    patience: float = 0.0
    """Seconds that a driver waits for the lease."""
    control: str = ""
    """Port at which the network can be cut."""


# --- the shop ------------------------------------------------------------------------------------------


def stages(folder: Path) -> None:
    """Write what the three loads read: the first, a delta of a day, and what came back after it."""
    shop = _shop(folder)
    full = shop.write("full")
    rows = {table: list(kept) for table, kept in shop.tables.items()}
    shop.add("TicketMessages", {"TicketID": 2, "TicketMessageID": 290, "DateReceivedUTC": minutes(600)})
    shop.tables["Tickets"] = [
        {**row, "TicketStatusID": 3} for row in shop.tables["Tickets"] if row["TicketID"] in (2, 4)
    ]
    shop.add("TicketMerges", {"TicketID": 4, "TicketNumber": "100-00000005-0001"})
    parts = ("TicketMessages", "TicketComments")
    for table in parts:
        kept = (row for row in shop.tables[table] if row["TicketID"] in (2, 4, 5))
        shop.tables[table] = [{**row, "TicketID": 4 if row["TicketID"] == 5 else row["TicketID"]} for row in kept]
    shop.tables["Chats"] = [{"ChatID": 1}]
    shop.tables["ChatMessages"] = [{"ChatID": 1, "ChatMessageID": n, "DateSubmittedUTC": at, **LINE}
                                   for n, at in ((1, minutes(0)), (100, minutes(600)))]  # fmt: skip
    delta = shop.write("delta", ("Tickets", "TicketMerges", "Chats", "ChatMessages", *parts))
    write_gone(delta, {5})
    assert full.is_dir()
    shop.tables = {**rows, "Events": []}
    shop.write("back")


def _shop(folder: Path) -> Shop:
    shop = filled(folder, tickets=6)
    shop.target |= {"workers": 2}
    shop.add("Tickets", {"TicketID": 7, "IsDeleted": True})
    for number, sent in ((7, minutes(0)), (8, minutes(60 * 24 * 365 * 30))):
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number * 100, "DateReceivedUTC": sent})
    shop.add("Tickets", {"TicketID": 8})  # its message is of a time that has not come, so it is quarantined
    shop.add("TicketMerges", {"TicketID": 2, "TicketNumber": "100-00000099-0001"})
    shop.add("TicketAttachments", {"TicketID": 2, "TicketAttachmentID": 3, "FileNameOnDisk": "lost.att"})
    shop.add("TicketAttachments", {"TicketID": 7, "TicketAttachmentID": 4, "FileNameOnDisk": "5.att"})
    for number in range(9, 9 + SPARE):
        shop.add("Tickets", {"TicketID": number})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": number * 100})
    _talk(shop)
    return shop


def _talk(shop: Shop) -> None:
    """Add chats, calls, a canned reply, and what a ticket's and the chat's customers thought of it."""
    shop.mapped |= {**CODES, "survey_questions": {"1": {"name": "How satisfied?", "becomes": "score"}}}
    shop.add("CannedReplies", {"CannedReplyID": 1, "Subject": "Hello", "Body": "Hello", "IsForTickets": True})
    for n in range(1, 1 + SPARE // 2):
        shop.add("Chats", {"ChatID": n}).add("CallLogs", {"CallLogID": n})
        shop.add("ChatMessages", {"ChatID": n, "ChatMessageID": n, **LINE})
    for n, where in enumerate(({"TicketID": 1}, {"ChatID": 1}), 1):
        rate(shop, n, where)


@cache
def staged(folder: str, *names: str) -> tuple[Staged, Lookups, Path]:
    """Return a stage with its look-ups: made once, before anybody is forked."""
    shop = _shop(Path(folder))
    found = Staged([Path(folder, "staged", name) for name in names])
    return found, shop.lookups(found), shop.files


def prepare(folder: str) -> None:
    """Read what every life needs."""
    for names in (("full",), ("full", "delta"), ("back",)):
        staged(folder, *names)
    Ledger("sqlite://").engine.dispose()  # imports what only an open one needs


# --- a life --------------------------------------------------------------------------------------------


def live(given: Mapping[str, Any]) -> int:
    """Go on with the story until its end, or a death."""
    spec = Spec(**given)
    deaths = Deaths(spec)
    deaths.arm()
    ledger = None
    try:
        ledger = Ledger.in_folder(Path(spec.folder, "state"), run_id="run")
        ledger.take_lease(take_over=spec.take_over)
        ledger.verify()
        _tell(spec, ledger)
        ledger.close()
    except LeaseHeld:
        return LEASE_LOST
    except StorageError:
        return DISK_FULL
    except HaltError:
        return HALTED
    return 0


def drive(given: Mapping[str, Any]) -> int:
    """Stand for the driver: wait until nobody holds the lease, then let a kernel of its own live."""
    until = time.monotonic() + given["patience"]
    ledger = Ledger.in_folder(Path(given["folder"], "state"))
    while ledger.lease() is not None:
        assert time.monotonic() < until, "the kernel of a dead driver holds the lease for too long"
        time.sleep(0.005)
    ledger.close()
    kernel = os.fork()
    if kernel:
        return os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    return live(given)


def _tell(spec: Spec, ledger: Ledger) -> None:
    api = client(spec.url, ScaledClock(SPEED), may_write=ledger.check_lease)
    doing: dict[str, Callable[[], object]] = {
        "off": lambda: Switch(api, ledger, TARGET).off(look(api).effects, ALL),
        "canaries": lambda: _canaries(api, ledger).run(),
        "chunks": lambda: _chunks(spec, ledger),
        "load": lambda: _load(spec, api, ledger, "full"),
        "delta": lambda: _load(spec, api, ledger, "full", "delta"),
        "back": lambda: _load(spec, api, ledger, "back"),
        "restore": lambda: Switch(api, ledger, TARGET).restore(),
    }
    ledger.renew_lease()
    for phase in PHASES:
        if not ledger.step_is_done(phase):
            ledger.mark_step(phase, "running")
            doing[phase]()
            ledger.mark_step(phase, "done")


def _canaries(api: GorgiasApi, ledger: Ledger) -> Canaries:
    return Canaries(api, ledger, CONTENT, target=TARGET, wait_seconds=5.0, lag_seconds=0.0)


def _chunks(spec: Spec, ledger: Ledger) -> None:
    """Stage a table in chunks, as an extract does."""
    folder = Path("staged", "full", "Tickets")
    data, folder = pq.read_table(path_of(Path(spec.shop) / folder, 0)), Path(spec.folder) / folder
    complete = len(ledger.chunks("full"))
    if not complete:
        ledger.forget_stage("full")
    ledger.forget_chunks("full", "Tickets", complete)
    for part in range(complete, 2):
        digest = write_chunk(folder, part, data.slice(part * 4, 4))
        ledger.add_chunk("full", "Tickets", part, rows=4, last_key="[4]", sha256=digest, final=part == 1)


def _load(spec: Spec, api: GorgiasApi, ledger: Ledger, *names: str) -> None:
    import migrator_lib.load.tickets

    migrator_lib.load.tickets.CALL_LIMIT = CALL_LIMIT
    stage, lookups, files = staged(spec.shop, *names)
    # who is stopped at a transition is to have no other request on its way, and no lock on the ledger
    progress = Progress(Path(spec.folder, "progress.json"), "05_load", ledger.renew_lease)
    Loader(
        api=api, target=TARGET, ledger=ledger, staged=stage, lookups=lookups, files_root=FilesRoot.at(files),
        progress=progress, crew=Alone() if spec.death == "pause" else None,
    ).run()  # fmt: skip


# --- a death -------------------------------------------------------------------------------------------


class Deaths:
    """Lets this process die, or something happen to it, at transitions that no life has met yet."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._met = set(Path(spec.log).read_text().splitlines()) if Path(spec.log).is_file() else set()
        self._lock = threading.Lock()
        self._in_hand = threading.local()
        self._written: list[str] = []
        self._committed: list[str] = []
        """Transitions that are on disk, and behind which their thread has not come yet."""

    def arm(self) -> None:
        """Watch every transition of every ledger of this process."""
        for name, tell in NAMES.items():
            setattr(Ledger, name, self._watched(getattr(Ledger, name), tell))
        submit, written = GroupWriter.submit, self._written

        def watched(writer: GroupWriter, work: Callable[[sa.Connection], Any]) -> Any:
            names = getattr(self._in_hand, "names", ())

            def noted(connection: sa.Connection) -> Any:
                result = work(connection)
                written.extend(names)
                return result

            return submit(writer, noted)

        def commit(_: sa.Connection) -> None:
            names = [written.pop() for _ in list(written)]
            together.extend(names)
            self._at(WITHIN, names)

        def performed(ledger: Ledger, work: Callable[[sa.Connection], Any]) -> Any:
            together.clear()
            result = perform(ledger, work)
            with self._lock:
                self._committed += together
            return result

        together: list[str] = []
        perform = Ledger._perform
        GroupWriter.submit = watched  # type: ignore[method-assign]
        Ledger._perform = performed  # type: ignore[method-assign]
        sa.event.listen(sa.Engine, "commit", commit)

    def _watched(self, real: Callable[..., Any], tell: Callable[..., Iterable[str]]) -> Callable[..., Any]:
        def method(ledger: Ledger, *given: Any, **more: Any) -> Any:
            if getattr(self._in_hand, "names", ()):
                return real(ledger, *given, **more)  # one that another calls
            names = list(tell(ledger, *given, **more))
            self._at(BEFORE, names)
            self._in_hand.names = names
            try:
                result = real(ledger, *given, **more)
            finally:
                self._in_hand.names = ()
            self._at(AFTER, names)
            return result

        return method

    def _at(self, moment: str, names: Collection[str]) -> None:
        with self._lock:
            if moment == AFTER:
                self._committed = [name for name in self._committed if name not in names]
            cells = {f"{name} | {moment}" for name in names} - self._met
            if cells and moment in self.spec.moments:
                if AFTER in self.spec.moments and self.spec.death in KILLING:  # these have written, too
                    cells |= {f"{name} | {AFTER}" for name in self._committed} - self._met
                self._met |= cells
                with Path(self.spec.log).open("a") as log:
                    log.writelines(f"{cell}\n" for cell in sorted(cells))
                getattr(self, f"_{self.spec.death}")()

    def _note(self) -> None:
        """Note it, and live on."""

    def _kill(self) -> None:
        """``kill -9`` of the process that writes; with a power cut, the disk forgets what was not flushed."""
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    def _driver(self) -> None:
        """``kill -9`` of the driver: its kernel sees that a moment later, and ends; until then the lease is its own."""
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(LINGERS)
        os._exit(1)

    def _both(self) -> None:
        os.kill(os.getppid(), signal.SIGKILL)
        self._kill()

    def _full(self) -> None:
        """The disk is full from here on."""
        fill_the_disk(True)

    def _network(self) -> None:
        """The network is gone from here on, until somebody mends it."""
        with socket.create_connection(("127.0.0.1", int(self.spec.control))) as control:
            assert control.recv(1) == b"!"

    def _fault(self) -> None:
        """What is sent next is carried out, and answered with an error of the server's."""
        kinds = [{"kind": "http_500_after_commit", "method": method} for method in ("POST", "PUT", "DELETE")]
        faults = f"{self.spec.url}/_simulator/faults"
        with requests.Session() as session:
            session.trust_env = False
            session.delete(faults, timeout=30).raise_for_status()
            session.post(faults, json=kinds, timeout=30).raise_for_status()

    def _pause(self) -> None:
        """The process is stopped, as a machine that sleeps; somebody lets it go on later."""
        os.kill(os.getpid(), signal.SIGSTOP)


def _kind(target: str, obj: str) -> str:
    return "canary" if target.endswith(":canary") else KINDS.get(obj, obj)


def _state(entry: Entry | None) -> str:
    if entry is None:
        return "none"
    return f"{entry.state} (updating)" if "updating" in entry.detail else entry.state


def _intent(ledger: Ledger, target: str, entry: Entry, *, action: str = "create") -> Iterable[str]:
    state = _state(ledger.entry(target, entry.object, entry.source_key))
    after = "pending" if action == "create" else state
    yield f"{_kind(target, entry.object)}: {state} -> {after}, intent to {action}"


def _outcomes(ledger: Ledger, target: str, entries: Iterable[Entry], **_: Any) -> Iterable[str]:
    for entry in entries:
        state = _state(ledger.entry(target, entry.object, entry.source_key))
        yield f"{_kind(target, entry.object)}: {state} -> {_state(entry)}"


NAMES: dict[str, Callable[..., Iterable[str]]] = {
    "intend": _intent,
    "settle": _outcomes,
    "note": lambda _ledger, obj, _key, event, *_, **__: [f"note: of a {obj.replace('_', ' ')}, {event}"],
    "set_meta": lambda _ledger, name, _value: [f"kept value: {name.partition(':')[0]}"],
    "add_chunk": lambda *_, **__: ["chunk: none -> complete"],
    "forget_stage": lambda *_: ["chunk: complete -> none, of a stage"],
    "forget_chunks": lambda *_: ["chunk: complete -> none, of a table"],
    "mark_step": lambda _ledger, _step, status, *_: [f"step: -> {status}"],
    "take_lease": lambda *_, take_over=False: ["lease: taken over" if take_over else "lease: taken"],
    "renew_lease": lambda *_: ["lease: renewed"],
    "release_lease": lambda *_: ["lease: released"],
}
"""Methods of a ledger that write, and the transitions that a call of each makes."""
