"""The audit of the simulated help desk counts what the extract then stages, row by row of the map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.audit import counts
from migrator_lib.audit.live import Live
from migrator_lib.audit.storage import read_tree, storage_facts
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import EngagementMapping
from migrator_lib.objects import COUNTED_ONLY, OBJECTS
from migrator_lib.parameters import Parameters
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged

ACCOUNT = {"email": "migration@demo.example", "api_key": "env:KEY"}
PARAMETERS = Parameters.model_validate(
    {
        "engagement": "demo",
        "company": "Demo",
        "source": {"simulator": {}},
        "target": {"production": ACCOUNT, "sandbox": ACCOUNT, "mailbox": "support@demo.example"},
        "agents": {"fallback": "support@demo.example"},
    }
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceDatabase]:
    folder = tmp_path_factory.mktemp("demo")
    build(f"sqlite:///{folder / 's.sqlite3'}", folder / "files", tickets=200)
    database = SourceDatabase(f"sqlite:///{folder / 's.sqlite3'}")
    yield database
    database.close()


def test_the_audit_counts_what_is_moved_later(source: SourceDatabase, tmp_path: Path) -> None:
    progress, ledger = Progress(tmp_path / "progress.json", "04_extract"), Ledger.in_folder(tmp_path)
    extractor = Extractor(
        source=source, ledger=ledger, folder=tmp_path, stage="full", page_rows=77, progress=progress
    )  # fmt: skip
    extractor.definitions()
    extractor.tickets()
    ledger.close()
    staged = Staged([tmp_path / "full"])
    lookups = Lookups.of(staged, EngagementMapping(), PARAMETERS)
    moved = {obj.name: sum(1 for _ in obj.records(staged, lookups)) for obj in OBJECTS}

    live = Live(source, 50)
    audited = {row.name: row.number for row in counts.of_objects(live, live.lookups(PARAMETERS))}
    assert {name: audited[name] for name in moved} == moved
    assert all(audited[name] for name in COUNTED_ONLY)


@pytest.mark.parametrize("rows", [7, 1000])
def test_storage_is_the_same_whatever_the_page(source: SourceDatabase, tmp_path: Path, rows: int) -> None:
    root = Path(str(source.engine.url.database).removeprefix("file:").split("?")[0]).parent / "files"
    tree = read_tree(FilesRoot.at(root), Progress(tmp_path / "progress.json", "01_audit"))
    found = storage_facts(Live(source, rows), tree, 20_000_000)
    assert found.files
    assert found.missing
    assert found.orphans
    assert found.shared
    assert found.rows == source.count("TicketAttachments")
