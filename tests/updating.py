"""A shop that is loaded, changes, and is loaded again: in this process, by one pair of hands and its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.crew import Alone
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.loading import TARGET, filled, loader, ticket
from tests.shop import Shop
from tests.simulated_account import SEED

Document = dict[str, Any]


@dataclass
class Loaded:
    """A shop, its ledger, and the account that it is loaded into."""

    shop: Shop
    ledger: Ledger
    account: Account
    api: GorgiasApi
    _written: str = ""

    def staged(self) -> Staged:
        """Return the stage of what the shop holds now; it is written only if that is not what was written last."""
        files = sorted((str(file), file.read_bytes()) for file in self.shop.files.rglob("*") if file.is_file())
        held = repr((self.shop.tables, files))
        if held != self._written:
            self.shop.stage()
            self._written = held
        return Staged([self.shop.folder / "staged" / "full"])

    def load(self, **more: Any) -> LoadReport:
        """Load what the shop holds now."""
        staged = more.pop("staged", None) or self.staged()
        return loader(self.shop, self.api, self.ledger, staged, crew=Alone(), **more).run()

    def reconcile(self) -> Reconciliation:
        """Compare what the shop holds now with the account."""
        staged, read = self.staged(), ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        progress = Progress(self.shop.folder / "progress.json", "06_reconcile")
        read.read(self.api, progress)
        found = Reconciler(
            ledger=self.ledger, target=TARGET, staged=staged, lookups=self.shop.lookups(staged), read=read,
            progress=progress,
        ).run()  # fmt: skip
        read.close()
        return found

    def entry(self, obj: str, key: str | int) -> Entry:
        """Return what the ledger knows of a record."""
        found = self.ledger.entry(TARGET, obj, str(key))
        assert found is not None
        return found

    def thing(self, kind: str, name: str) -> Document:
        """Return the one thing of a kind with this name, label or external id."""
        (found,) = (
            d for d in self.account.store.by_kind(kind) if name in (d.get("name"), d.get("label"), d.get("external_id"))
        )
        return found

    def messages(self, key: int) -> list[Document]:
        """Return a ticket's messages in the order of their time."""
        found = self.account.store.by("message", "parent", ticket(self.account, key)["id"])
        return sorted(found, key=lambda message: (message["created_datetime"], message["id"]))

    def calls(self) -> dict[str, int]:
        """Return how often each endpoint was asked since the last look."""
        seen = {name: n for name, n in self.account.stats.by_endpoint.items() if n}
        self.account.stats.by_endpoint.clear()
        return seen


@contextmanager
def loaded(folder: Path, tickets: int = 3) -> Iterator[Loaded]:
    """Yield a shop with some of everything, not loaded yet."""
    account = Account("demo", None, seed=SEED, clock=ManualClock(datetime(2030, 1, 1, tzinfo=UTC)))
    ledger = Ledger.in_folder(folder / "state", inline=True)
    yield Loaded(filled(folder / "shop", tickets), ledger, account, api_of(account))
    ledger.close()
    account.store.close()
