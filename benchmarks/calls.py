"""How many calls a ticket takes, as the account counts them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from benchmarks.harness import benchmark
from migrator_lib import mapping, parameters
from migrator_lib.clock import ScaledClock
from migrator_lib.extract import Extractor
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader
from migrator_lib.lookups import Lookups
from migrator_lib.progress import Progress
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged

DEMO = Path(__file__).resolve().parent.parent / "parameters" / "demo"
TARGET = "production"
SPEED = 2000.0
SET_UP = ("users", "teams", "tags", "custom-fields", "macros")
"""What a load looks at once, whatever the number of its tickets."""
ACTING = ("rules", "integrations", "settings")
"""What acts in the demo's account by itself."""
RATINGS = "POST satisfaction-surveys"
"""What goes with some of the tickets, and is a record of its own."""


@benchmark(unit="calls", goal=1.05)
def calls_per_plain_ticket() -> float:
    """Calls that the simulated account counts while the demo's tickets without attachments are loaded, over their
    number. Their customers are there already; the lists that a load begins with are left out, and so are ratings.
    """
    with tempfile.TemporaryDirectory(prefix="migrator-bench-") as folder:
        return measure(Path(folder))


def measure(folder: Path, *, tickets: int | None = None) -> float:
    """Load the demo's people, then its plain tickets; return the calls of these, divided by their number.

    Args:
        folder: an empty one, for everything that is made.
        tickets: size of the source, if not the demo's own.

    Raises:
        RuntimeError: there is no such ticket.
    """
    settings = parameters.load(DEMO / "engagement.yaml")
    assert settings.source.simulator is not None
    size = tickets or settings.source.simulator.tickets
    build(f"sqlite:///{folder / 'source.db'}", folder / "files", seed=settings.source.simulator.seed, tickets=size)
    ledger = Ledger.in_folder(folder / "state")
    ledger.take_lease()
    try:
        return _measure(folder, ledger, settings)
    finally:
        ledger.close()


def _measure(folder: Path, ledger: Ledger, settings: parameters.Parameters) -> float:
    staged = extracted(folder, ledger)
    with_files = {row["TicketID"] for row in staged.columns("TicketAttachments", ["TicketID"])}
    plain = {row["TicketID"] for row in staged.columns("Tickets", ["TicketID"])} - with_files
    account = Account(TARGET, None, seed=seed_of(settings), clock=ScaledClock(SPEED))
    lookups = Lookups.of(staged, mapping.load(DEMO / "mapping.yaml"), settings)
    with in_thread({TARGET: account}) as urls:

        def load(chosen: Collection[int]) -> None:
            Loader(
                api=client(urls[TARGET], account, settings), target=TARGET, ledger=ledger, staged=staged,
                lookups=lookups, files_root=FilesRoot.at(str(folder / "files")),
                progress=Progress(folder / "progress.json", "05_load"),
            ).run(tickets=chosen)  # fmt: skip

        load(set())
        before = counted(account)
        load(plain)
        calls = counted(account) - before
    account.store.close()
    made = sum(int(entry.source_key) in plain for entry in ledger.entries(TARGET, "ticket", state="created"))
    if not made:
        raise RuntimeError("No ticket without attachments was loaded.")
    return calls / made


def seed_of(settings: parameters.Parameters) -> dict[str, object]:
    """Return the demo's account without what acts by itself, which a load switches off first."""
    seed = json.loads((DEMO / "gorgias.json").read_text(encoding="utf-8"))
    seed = {name: value for name, value in seed.items() if name not in ACTING}
    return {**seed, "credentials": {"email": settings.target.production.email, "api_key": "bench"}}


def extracted(folder: Path, ledger: Ledger, read: Callable[[Extractor], object] = Extractor.tickets) -> Staged:
    """Read the source into a stage: what defines things, tickets (or what ``read`` reads), and the files."""
    with closing(SourceDatabase(f"sqlite:///{folder / 'source.db'}")) as source:
        source.preflight()
        reader = Extractor(
            source=source, ledger=ledger, folder=folder / "staged", stage="full", page_rows=10_000,
            progress=Progress(folder / "progress.json", "04_extract"),
        )  # fmt: skip
        reader.definitions()
        read(reader)
        reader.files(FilesRoot.at(str(folder / "files")))
    return Staged([folder / "staged" / "full"])


def client(url: str, account: Account, settings: parameters.Parameters) -> GorgiasApi:
    """Return a client of the account."""
    rate = settings.target.rate
    gate = RateGate(
        requests=rate.requests, window_seconds=rate.window_seconds, reserve=rate.reserve, clock=account.clock
    )
    auth = api_key(settings.target.production.email, "bench")
    return GorgiasApi(Transport(url, auth=auth, gate=gate, clock=account.clock))


def counted(account: Account) -> int:
    """Return how many calls the account has counted, but for the lists of what is set up, and for ratings."""
    listed = {f"GET {path}" for path in SET_UP} | {RATINGS}
    return sum(calls for endpoint, calls in account.stats.by_endpoint.items() if endpoint not in listed)
