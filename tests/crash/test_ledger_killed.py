"""What the ledger has acknowledged is there after a ``kill -9``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from migrator_lib.ledger import PENDING, Ledger

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("lines", [1, 40, 151])
def test_everything_that_was_acknowledged_is_there(tmp_path: Path, lines: int) -> None:
    command = [sys.executable, "-m", "tests.crash.settle_forever", str(tmp_path)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    told += [line for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]

    ledger = Ledger.in_folder(tmp_path, run_id="next")
    ledger.take_lease()  # whoever held it is dead
    for line in told:
        word, key = line.split()
        known = ledger.entry("production", "ticket", key)
        assert known is not None, line
        assert known.state in (("created",) if word == "outcome" else ("created", PENDING))
    pending = list(ledger.entries("production", state=PENDING))
    assert len(pending) <= 4, "each of the four workers has at most one record in the air"
    for entry in pending:
        assert [event["event"] for event in ledger.journal("production", "ticket", entry.source_key)] == ["intent"]
    events = sum(len(ledger.journal("production", "ticket", e.source_key)) for e in ledger.entries("production"))
    assert ledger.verify() == events
    ledger.close()
