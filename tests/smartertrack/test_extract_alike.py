"""The same help desk gives the same staged records, whatever server it is on."""

from __future__ import annotations

from pathlib import Path

import pyarrow.dataset as ds
import pytest

from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.simulators.smartertrack.schema import CEILING
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.staging import Row
from tests.smartertrack.source_desk import scratch_database, sqlite_url

TICKETS = 40


def _extract(url: str, folder: Path, page_rows: int) -> dict[str, list[Row]]:
    folder.mkdir()
    source, ledger = SourceDatabase(url), Ledger.in_folder(folder / "state")
    source.preflight()
    progress = Progress(folder / "progress.json", "04_extract")
    reader = Extractor(
        source=source, ledger=ledger, folder=folder, stage="full", page_rows=page_rows, progress=progress
    )  # fmt: skip
    reader.definitions()
    reader.tickets()
    source.close()
    ledger.close()
    return {
        table.name: ds.dataset(sorted(table.glob("*.parquet"))).to_table().to_pylist()
        for table in (folder / "full").iterdir()
    }


def test_the_page_size_makes_no_difference(tmp_path: Path) -> None:
    build(sqlite_url(tmp_path), tmp_path / "files", tickets=TICKETS)
    small, large = (_extract(sqlite_url(tmp_path), tmp_path / str(rows), rows) for rows in (7, 100_000))
    assert small == large
    assert len(small["Tickets"]) >= TICKETS


@pytest.mark.sqlserver
def test_sql_server_gives_what_sqlite_gives_record_by_record(tmp_path: Path) -> None:
    with scratch_database() as url:
        build(url, tmp_path / "files-there", tickets=TICKETS)
        there = _extract(url, tmp_path / "there", 13)
    build(sqlite_url(tmp_path), tmp_path / "files", tickets=TICKETS)
    here = _extract(sqlite_url(tmp_path), tmp_path / "here", 13)
    assert there.keys() == here.keys()
    for table, rows in here.items():
        # text keys are ordered by the server's collation
        assert sorted(_as_declared(row) for row in rows) == sorted(_as_declared(row) for row in there[table]), table


def _as_declared(row: Row) -> str:
    """Return a row as a server holds it that insists on the declared length, as SQLite does not."""
    return repr({**row, "DataContent": (row["DataContent"] or "")[:CEILING]} if "DataContent" in row else row)
