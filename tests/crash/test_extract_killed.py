"""An extract that is killed at any moment, and run again, ends as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.smartertrack import file_index
from migrator_lib.smartertrack.files import FilesRoot
from tests.extracting import Desk
from tests.smartertrack.source_desk import add_ticket, create, sqlite_url, tables_of, writing

PROJECT = Path(__file__).parents[2]
TICKETS = 33


def _run(desk: Desk, moment: str, times: int) -> int:
    command = [sys.executable, "-m", "tests.crash.extract_until", desk.url, str(desk.folder), moment, str(times)]
    return subprocess.run(command, cwd=PROJECT, check=False, timeout=300).returncode


def _chunks(desk: Desk) -> list[dict[str, Any]]:
    ledger = Ledger.in_folder(desk.folder)
    chunks = ledger.chunks("full")
    ledger.close()
    return chunks


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A source, with what an extract that nothing disturbed made of it."""
    folder = tmp_path_factory.mktemp("extract")
    tables = tables_of()
    create(sqlite_url(folder), tables)
    with writing(sqlite_url(folder), tables) as write:
        for key in range(1, TICKETS + 1):
            add_ticket(write, key, messages=key % 4)
            write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=1, DataContent=f"value {key}")
    for n in range(11):
        file = folder / "files" / f"{n % 3}" / f"{n}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(n))
    desk = Desk(sqlite_url(folder), folder / "undisturbed")
    assert _run(desk, "never", 0) == 0
    return desk


MOMENTS = {
    "before a page is read": (0, 30),
    "after a page is read": (29,),
    "in the middle of a file": (27, 41),
    "before the file is renamed": (28,),
    "before the ledger knows": (1, 32, 42),
    "when the ledger knows": (0, 31, 42),
}


def _go_on(desk: Desk) -> int:
    """Run to the end in this process; return how many pages were read of the source."""
    asked = 0
    with desk.reader() as reader:
        real = reader.source.page

        def page(*args: Any, **more: Any) -> Any:
            nonlocal asked
            asked += 1
            return real(*args, **more)

        reader.source.page = page  # type: ignore[method-assign]
        reader.definitions()
        reader.tickets()
        reader.files(FilesRoot.at(desk.folder.parent / "files"))
    return asked


@pytest.mark.parametrize(("moment", "times"), [(moment, n) for moment, times in MOMENTS.items() for n in times])
def test_a_killed_extract_ends_byte_for_byte_like_an_undisturbed_one(
    undisturbed: Desk, monkeypatch: pytest.MonkeyPatch, moment: str, times: int
) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 4)
    desk = Desk(undisturbed.url, undisturbed.folder.with_name(f"{moment.replace(' ', '-')}-{times}"))
    assert _run(desk, moment, times) == -signal.SIGKILL, "it was over before the moment came"
    complete = _chunks(desk)
    assert len(complete) < len(_chunks(undisturbed))
    rows = [chunk for chunk in _chunks(undisturbed) if chunk["table"] != file_index.FILES]
    assert _go_on(desk) == len(rows) - sum(chunk["table"] != file_index.FILES for chunk in complete)
    assert desk.bytes_of() == undisturbed.bytes_of()
    assert _chunks(desk) == _chunks(undisturbed)


def test_a_run_killed_again_and_again_ends_too(undisturbed: Desk) -> None:
    desk = Desk(undisturbed.url, undisturbed.folder.with_name("again-and-again"))
    killed = 0
    while _run(desk, "before the ledger knows", 9) == -signal.SIGKILL:
        killed += 1
        assert killed < 30
    assert killed >= 4
    assert desk.bytes_of() == undisturbed.bytes_of()
    assert _chunks(desk) == _chunks(undisturbed)
