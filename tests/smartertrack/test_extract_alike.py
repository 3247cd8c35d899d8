"""The same help desk gives the same staged files, whatever server it is on."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from rich.console import Console

from benchmarks import engines
from benchmarks.engines import ReadObject, read_all
from migrator_lib.simulators.smartertrack import build
from migrator_lib.staging import Row
from tests.smartertrack.source_desk import scratch_database, sqlite_url

TICKETS = 60
PAGE = 13


def _read(server: str, folder: Path) -> dict[str, ReadObject]:
    with scratch_database(server, folder) as url:
        build(url, folder / "files", tickets=TICKETS, strict=True)
        return read_all(url, folder / "read", page_rows=PAGE)


def _records(folder: Path) -> dict[str, list[Row]]:
    return {
        table.name: ds.dataset(sorted(table.glob("*.parquet"))).to_table().to_pylist()
        for table in (folder / "full").iterdir()
    }


def test_the_page_size_makes_no_difference(tmp_path: Path) -> None:
    build(sqlite_url(tmp_path), tmp_path / "files", tickets=TICKETS)
    for rows in (7, 100_000):
        read_all(sqlite_url(tmp_path), tmp_path / str(rows), page_rows=rows)
    small, large = (_records(tmp_path / str(rows)) for rows in (7, 100_000))
    assert small == large
    assert len(small["Tickets"]) >= TICKETS


@cache
def _of_sqlite(folder: Path) -> dict[str, ReadObject]:
    folder.mkdir()
    return _read("sqlite", folder)


@pytest.mark.parametrize(
    "server", ["postgresql", "mariadb", pytest.param("sqlserver", marks=pytest.mark.sqlserver)], indirect=True
)
def test_every_server_gives_the_files_that_sqlite_gives(
    server: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = _read(server, tmp_path)
    here = _of_sqlite(tmp_path_factory.getbasetemp() / "alike-sqlite")
    assert here["TicketMessages"].rows > TICKETS
    different = [name for name in here if here[name] != there[name]]
    assert different == []
    assert there.keys() == here.keys()


def test_the_comparison_is_printed_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"Tickets": ReadObject(3, "a"), "Chats": ReadObject(1, "")}
    other = {"Tickets": ReadObject(3, "b"), "Chats": ReadObject(1, "")}

    def tried(server: str, _tickets: int, _folder: Path) -> tuple[str, dict[str, ReadObject]]:
        if server == "sqlserver":
            raise engines.ServerMissing("MIGRATOR_TEST_SQLSERVER_URL is not set")
        return server.upper(), other if server == "mariadb" else told

    monkeypatch.setattr(engines, "try_engine", tried)
    console = Console(file=(printed := io.StringIO()), width=120)
    assert engines.main(["--tickets", "3"], output=tmp_path / "reports" / "engines.json", console=console) == 1
    assert "Not tried: MIGRATOR_TEST_SQLSERVER_URL" in printed.getvalue()
    assert "3 equal" in printed.getvalue()
    assert "3 DIFFERS" in printed.getvalue()
    lines = json.loads((tmp_path / "reports" / "engines.json").read_text())["objects"]
    assert [line["equal"] for line in lines] == [True, True, True, True, False, True]
    assert lines[4] == {"engine": "MARIADB", "object": "Tickets", "rows": 3, "equal": False}
