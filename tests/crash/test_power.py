"""After a power cut there is what was flushed; nothing that the program relies on is missing.

``power.c`` plays the disk; CONTRIBUTING.md tells what it takes for granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.ledger import PENDING, Ledger
from tests.crash.nursery import Nursery, nursery

WRITING = "tests.crash.writing"


@pytest.fixture(scope="module")
def child(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Processes whose writes go to a disk whose power can be cut."""
    root = tmp_path_factory.mktemp("power") / "root"
    root.mkdir()
    with nursery(WRITING, shim=shim, root=root) as found:
        found.flush_all()
        yield found


def test_a_power_cut_takes_back_what_was_not_flushed(child: Nursery) -> None:
    assert child.root is not None
    assert child.run(f"{WRITING}:carelessly", str(child.root)) == 0
    assert {file.name for file in child.root.iterdir()} == {"written", "nameless"}
    child.cut_the_power()
    assert not list(child.root.iterdir())


def test_a_file_that_was_written_is_there_with_its_folders(child: Nursery) -> None:
    assert child.root is not None
    for text in ("first", "second"):
        assert child.run(f"{WRITING}:replaced", str(child.root), text) == 0
        child.cut_the_power()
        assert [p.relative_to(child.root).as_posix() for p in child.root.rglob("*.*")] == ["deep/er/report.html"]
        assert (child.root / "deep/er/report.html").read_text() == text


def test_what_the_ledger_acknowledged_is_there(child: Nursery) -> None:
    assert child.root is not None
    assert child.run(f"{WRITING}:settled", str(child.root), 30, 2) == 0
    child.cut_the_power()
    ledger = Ledger.in_folder(child.root / "reports" / "acme" / "state")
    assert ledger.counts("production") == {"ticket": {"created": 30, PENDING: 2}}
    assert ledger.verify() == 62
    ledger.close()


def test_a_full_disk_is_told_and_nothing_is_written_by_halves(child: Nursery) -> None:
    assert child.root is not None
    assert child.run(f"{WRITING}:settled_on_a_full_disk", str(child.root)) == 0
    ledger = Ledger.in_folder(child.root / "state")
    assert ledger.counts("production") == {"ticket": {"created": 2}}
    assert ledger.verify() == 2
    ledger.close()
