"""A whole simulated help desk, with every oddity it has: read, mapped as proposed, loaded, and accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader
from migrator_lib.lookups import Lookups
from migrator_lib.plan import profiles
from migrator_lib.plan.proposal import propose
from migrator_lib.progress import Progress
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.extracting import Desk
from tests.loading import TARGET, everything, writes
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias
from tests.simulated_shop import Shop as HelpDesk

TICKETS = 60


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> HelpDesk:
    return HelpDesk(tmp_path_factory.mktemp("desk"), tickets=TICKETS)


@pytest.fixture
def staged(desk: HelpDesk, tmp_path: Path) -> Staged:
    """Return the help desk, read into a stage."""
    with Desk(desk.url, tmp_path / "extract").reader(page_rows=200) as reader:
        reader.definitions()
        reader.tickets()
        reader.files(FilesRoot.at(desk.root))
    return Staged([tmp_path / "extract" / "staged" / "full"])


@pytest.fixture
def lookups(desk: HelpDesk, staged: Staged, tmp_path: Path) -> Lookups:
    """Return the look-ups under the proposed mapping."""
    source, progress = SourceDatabase(desk.url), Progress(tmp_path / "progress.json", "02")
    proposed = propose(
        staged.rows, profiles.ticket_profiles(source, progress),
        profiles.profiled(staged.rows("CustomDataFieldsForUsers")),
    )  # fmt: skip
    source.close()
    return Lookups.of(staged, proposed, Shop(tmp_path).parameters())


def test_every_record_has_an_outcome_nothing_is_doubled_and_nobody_is_mailed(
    gorgias: SimulatedGorgias, desk: HelpDesk, ledger: Ledger, staged: Staged, lookups: Lookups, tmp_path: Path
) -> None:
    def load() -> Loader:
        made = Loader(
            api=gorgias.api, target=TARGET, ledger=ledger, staged=staged, lookups=lookups,
            files_root=FilesRoot.at(desk.root), progress=Progress(tmp_path / "progress.json", "05_load"),
            packages=tmp_path / "packages",
        )  # fmt: skip
        made.run()
        return made

    load()
    settle_strays(ledger, TARGET, staged)
    found = accounts(ledger, TARGET, staged, lookups)
    require_balanced(found)
    tickets = next(account for account in found if account.object == "ticket")
    aside = {entry.reason for entry in ledger.entries(TARGET, "ticket", "quarantined")}
    assert aside == {"priority 9 is not in mapping.yaml"}  # the source has a code that it does not define
    assert tickets.outcomes["created"] > TICKETS / 2
    things = everything(gorgias.account.store)
    assert set(things["ticket"].values()) == {1}
    assert {name: n for name, n in things["message"].items() if name.startswith("st:") and n > 1} == {}
    assert gorgias.account.store.outbox() == []
    before = writes(gorgias.account)
    assert {what for _, what in load().report.counts} <= {"unchanged", "quarantined"}
    assert writes(gorgias.account) == before
