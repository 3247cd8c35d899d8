"""Reconciliation as a step of the runbook."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from migrator_lib import runbook
from migrator_lib.errors import LedgerBroken
from migrator_lib.ledger import Entry
from tests.desk import desk


def test_a_ledger_that_was_changed_outside_stops_the_step_with_what_to_do_next(tmp_path: Path) -> None:
    with desk(tmp_path) as made:
        engagement = made.open("06_reconcile")
        engagement.ledger.settle(runbook.PRODUCTION, [Entry("ticket", "1", "quarantined", reason="no date")])
        with sqlite3.connect(engagement.paths.state / "ledger.sqlite3") as connection:
            connection.execute("UPDATE record SET state='skipped' WHERE source_key='1'")
        with pytest.raises(LedgerBroken, match="record of ticket 1 is not what the journal says") as caught:
            runbook.reconcile(engagement)
        assert "restore reports/<engagement>/state/" in caught.value.next_step
        assert "from a copy" in caught.value.next_step
        assert "reconcile" not in caught.value.next_step  # it would stop here again
        engagement.close()
