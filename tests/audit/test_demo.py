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
from migrator_lib.membership import lists
from migrator_lib.membership.kinds import KINDS
from migrator_lib.objects import OBJECTS
from migrator_lib.parameters import Parameters
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.tables import FAMILIES
from migrator_lib.staging import Staged

pytestmark = pytest.mark.xdist_group("audit of the demo")  # what its tests share is made once

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


@pytest.fixture(scope="module")
def staged(source: SourceDatabase, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    folder = tmp_path_factory.mktemp("staged")
    progress, ledger = Progress(folder / "progress.json", "04_extract"), Ledger.in_folder(folder)
    extractor = Extractor(
        source=source, ledger=ledger, folder=folder, stage="full", page_rows=77, progress=progress
    )  # fmt: skip
    extractor.definitions()
    extractor.conversations()
    ledger.close()
    return Staged([folder / "full"])


def test_the_audit_counts_what_is_moved(source: SourceDatabase, staged: Staged) -> None:
    lookups = Lookups.of(staged, EngagementMapping(), PARAMETERS)
    moved = {obj.name: sum(1 for _ in obj.records(staged, lookups)) for obj in OBJECTS}

    live = Live(source, 50)
    audited = {row.name: row.number for row in counts.of_objects(live, live.lookups(PARAMETERS))}
    assert {name: audited[name] for name in moved} == moved


def test_members_of_organizations_are_the_same_in_the_source_and_in_what_is_staged(
    source: SourceDatabase, staged: Staged, tmp_path: Path
) -> None:
    live, progress = Live(source, 50), Progress(tmp_path / "progress.json", "01_audit")
    lists.write(tmp_path / "audit", live, live.lookups(PARAMETERS), progress)
    lists.write(tmp_path / "handoff", staged, Lookups.of(staged, EngagementMapping(), PARAMETERS), progress)
    audited, handed_over = (
        [(tmp_path / step / name).read_text() for name in lists.LISTS] for step in ("audit", "handoff")
    )
    assert audited == handed_over
    for kind in KINDS:
        assert f",{kind}," in audited[0]


@pytest.mark.parametrize("rows", [7, 1000])
def test_storage_is_the_same_whatever_the_page(source: SourceDatabase, tmp_path: Path, rows: int) -> None:
    root = Path(str(source.engine.url.database).removeprefix("file:").split("?")[0]).parent / "files"
    tree = read_tree(FilesRoot.at(root), Progress(tmp_path / "progress.json", "01_audit"))
    found = storage_facts(Live(source, rows), tree, 20_000_000)
    assert found.files
    assert found.missing
    assert found.orphans
    assert found.shared
    assert found.rows == sum(source.count(family.attachments) or 0 for family in FAMILIES)
