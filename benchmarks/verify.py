"""What a full verification costs, in calls as the account counts them."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.calls import DEMO, TARGET, extracted, seed_of
from benchmarks.harness import benchmark
from migrator_lib import mapping, parameters
from migrator_lib.clock import ManualClock
from migrator_lib.extract import Extractor
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader
from migrator_lib.load.crew import Alone
from migrator_lib.lookups import Lookups
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.since import AskedEvents
from migrator_lib.runbook import loaded_records
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged


@dataclass(frozen=True)
class Cost:
    """Calls of a load and of the verification of all of it."""

    loaded: int
    verified: int
    by_endpoint: dict[str, int]
    """Of the verification."""
    found: Reconciliation

    @property
    def share(self) -> float:
        """Calls of the verification by calls of the load."""
        return self.verified / self.loaded


@benchmark(unit="", goal=0.03)
def verify_call_share() -> float:
    """Calls that the simulated account counts while everything that the demo loaded is read back and compared, with as
    many files downloaded as by default, over those of the load.
    """
    with tempfile.TemporaryDirectory(prefix="migrator-bench-") as folder:
        return measure(Path(folder)).share


def measure(folder: Path, *, tickets: int | None = None) -> Cost:
    """Load the demo and verify it.

    Args:
        folder: an empty one, for everything that is made.
        tickets: size of the source, if not the demo's own.

    Raises:
        RuntimeError: something is not as it should be, so that it was no verification of the whole.
    """
    settings = parameters.load(DEMO / "engagement.yaml")
    assert settings.source.simulator is not None
    size = tickets or settings.source.simulator.tickets
    build(f"sqlite:///{folder / 'source.db'}", folder / "files", seed=settings.source.simulator.seed, tickets=size)
    account = Account(TARGET, None, seed=seed_of(settings), clock=ManualClock())
    with closing(account.store), closing(Ledger.in_folder(folder / "state", inline=True)) as ledger:
        staged, api = extracted(folder, ledger, Extractor.conversations), api_of(account)
        lookups = Lookups.of(staged, mapping.load(DEMO / "mapping.yaml"), settings)
        loaded = _load(folder, ledger, staged, lookups, api, account)
        before = dict(account.stats.by_endpoint)
        found = _verify(folder, ledger, staged, lookups, api)
        after = account.stats.by_endpoint
        calls = {name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)}
    if found.wrong:
        raise RuntimeError(f"{found.wrong} records are not as they should be: {found.findings[:3]}")
    return Cost(loaded, sum(calls.values()), calls, found)


def _load(folder: Path, ledger: Ledger, staged: Staged, lookups: Lookups, api: GorgiasApi, account: Account) -> int:
    """Load everything but the knowledge base, which takes no call; return the calls."""
    before = account.stats.calls
    Loader(
        api=api, target=TARGET, ledger=ledger, staged=staged, lookups=lookups,
        files_root=FilesRoot.at(str(folder / "files")), progress=Progress(folder / "progress.json", "05_load"),
        crew=Alone(),
    ).run()  # fmt: skip
    return account.stats.calls - before


def _verify(folder: Path, ledger: Ledger, staged: Staged, lookups: Lookups, api: GorgiasApi) -> Reconciliation:
    progress, settings = Progress(folder / "progress.json", "06_reconcile"), lookups.parameters
    read = ReadBack(folder / "readback.sqlite3", settings.engagement)
    with closing(read), closing(Contents(ledger, TARGET)) as contents:
        read.read(api, progress, lookups.behaviour)
        contents.look(
            api, settings.reconcile.share, loaded_records(ledger, TARGET), hosts=settings.reconcile.file_hosts,
            most_bytes=settings.target.upload_limit_bytes, progress=progress,
        )  # fmt: skip
        return Reconciler(
            ledger=ledger, target=TARGET, staged=staged, lookups=lookups, read=read, progress=progress,
            history=AskedEvents(api), contents=contents,
        ).run()  # fmt: skip
