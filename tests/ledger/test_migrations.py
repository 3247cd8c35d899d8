"""A ledger that an older version wrote is brought forward, all or nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrator_lib.errors import LeaseHeld
from migrator_lib.ledger import Ledger, migrations
from migrator_lib.ledger.schema import SCHEMA_VERSION, metadata
from tests.ledger.ledgers import PRODUCTION, created, raw

PROJECT = Path(__file__).parents[2]
VERSION_1 = Path(__file__).with_name("version_1.sql")
KILLED = """
import os, signal, sys
from pathlib import Path
from migrator_lib.ledger import Ledger, migrations
statements = list(migrations.TO[2])
at = int(sys.argv[2])

class Deadly:
    def __iter__(self):
        for n, statement in enumerate(statements):
            if n == at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield statement

migrations.TO[2] = Deadly()
Ledger.in_folder(Path(sys.argv[1]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a ledger of version 1 is."""
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    connection.close()
    return tmp_path


def version(folder: Path) -> str:
    with sqlite3.connect(folder / "ledger.sqlite3") as connection:
        found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0]
    connection.close()
    return str(found)


def test_a_ledger_of_the_first_version_is_brought_to_this_one_with_all_that_it_holds(folder: Path) -> None:
    ledger = Ledger.in_folder(folder, run_id="next")
    assert version(folder) == str(SCHEMA_VERSION)
    found = ledger.entry(PRODUCTION, "ticket", "7")
    assert found is not None
    assert (found.state, found.target_id, found.detail) == ("created", "900", {"updated": "2026-01-01T00:00:00"})
    assert ledger.verify() == 2
    assert ledger.steps()[0]["summary"] == {"rows": 5}
    assert ledger.chunks("full")[0]["final"] is True
    assert ledger.meta("watermark") == {"at": "2026-01-01"}
    ledger.take_lease()
    ledger.settle(PRODUCTION, [created("8")])
    assert ledger.verify() == 3
    ledger.close()


def test_what_a_migration_makes_is_what_a_new_ledger_has(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    new, old = Ledger.in_folder(tmp_path_factory.mktemp("new")), Ledger.in_folder(folder)
    for table in metadata.tables:
        columns = [{column["name"] for column in sa.inspect(one.engine).get_columns(table)} for one in (new, old)]
        assert columns[0] == columns[1], table
    indexes = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name"
    assert raw(old, indexes) == raw(new, indexes)
    assert sorted(migrations.TO) == list(range(2, SCHEMA_VERSION + 1))
    new.close()
    old.close()


def test_a_migration_that_is_killed_in_the_middle_left_all_as_it_was(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), "5"], cwd=PROJECT, check=False)
    assert done.returncode == -9
    assert version(folder) == "1"
    ledger = Ledger.in_folder(folder)
    assert version(folder) == str(SCHEMA_VERSION)
    assert ledger.verify() == 2
    ledger.close()


def test_a_ledger_that_a_run_of_the_older_version_writes_to_is_left_alone(folder: Path) -> None:
    seen = datetime.now(UTC).isoformat()
    with sqlite3.connect(folder / "ledger.sqlite3") as connection:
        connection.execute("INSERT INTO lease VALUES (1, 'h', 'vm process 1', ?, ?)", (seen, seen))
    with pytest.raises(LeaseHeld, match="vm process 1") as caught:
        Ledger.in_folder(folder)
    assert "let it end" in caught.value.next_step
    assert version(folder) == "1"
    connection.execute("UPDATE lease SET seen_at = '2026-01-01T00:00:00+00:00'")
    connection.commit()
    connection.close()
    Ledger.in_folder(folder).close()
    assert version(folder) == str(SCHEMA_VERSION)
