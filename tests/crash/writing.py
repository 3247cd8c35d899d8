"""What a process writes to its disk before the power is cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator_lib.errors import StorageError
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.storage import beside
from tests.crash.nursery import fill_the_disk


def carelessly(folder: str) -> None:
    """Write a file without flushing it, one without its folder, and one as it should be."""
    Path(folder, "written").write_text("not flushed")
    with Path(folder, "nameless").open("w") as file:
        file.write("its folder was not flushed")
        file.flush()
        os.fsync(file.fileno())


def replaced(folder: str, text: str) -> None:
    """Write a file as reports, sign-offs and chunks are written."""
    with beside(Path(folder, "deep", "er", "report.html")) as place:
        place.write_text(text)


def settled(folder: str, records: int, left: int) -> None:
    """Settle records one by one, and leave intents."""
    ledger = Ledger.in_folder(Path(folder, "reports", "acme", "state"))
    ledger.take_lease()
    for n in range(records):
        ledger.intend("production", Entry("ticket", str(n), PENDING))
        ledger.settle("production", [Entry("ticket", str(n), "created", target_id=str(n), detail={"x": "y" * 3000})])
    for n in range(left):
        ledger.intend("production", Entry("ticket", f"left {n}", PENDING))
    os._exit(0)  # no last checkpoint


def settled_on_a_full_disk(folder: str) -> None:
    """Settle a record, one for which there is no room, and, when there is room again, that one."""
    ledger = Ledger.in_folder(Path(folder, "state"))
    ledger.take_lease()
    ledger.settle("production", [Entry("ticket", "1", "created", target_id="1")])
    fill_the_disk(True)
    with pytest.raises(StorageError, match="full"):
        ledger.settle("production", [Entry("ticket", "2", "created", target_id="2")])
    fill_the_disk(False)
    assert ledger.entry("production", "ticket", "2") is None
    ledger.settle("production", [Entry("ticket", "2", "created", target_id="2")])
    ledger.close()
