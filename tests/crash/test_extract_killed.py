"""An extract that is killed at any moment, and run again, ends as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.smartertrack import file_index
from tests.crash.extract_until import everything, extract
from tests.extracting import Desk, at_every_page
from tests.smartertrack.source_desk import ENOUGH, add_ticket, create, sqlite_url, tables_of, writing

TICKETS = 33
KILLS = 20


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes of their own that need not import everything anew."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.extract_until"])
    return context


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source, and beside it a tree of files."""
    folder = tmp_path_factory.mktemp("extract")
    tables = tables_of(ENOUGH)
    create(sqlite_url(folder), tables)
    with writing(sqlite_url(folder), tables) as write:
        for key in range(1, TICKETS + 1):
            add_ticket(write, key, messages=key % 4)
            write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=1, DataContent=f"value {key}")
            write.add("Chats", ChatID=key, ChatNumber=f"C-{key}")
            write.add("ChatMessages", ChatID=key, ChatMessageID=key, TextSubmitted=f"line {key}")
        write.add("CallLogs", CallLogID=1, Description="told")
    for n in range(11):
        file = folder / "files" / f"{n % 3}" / f"{n}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(n))
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path, processes: ForkServerContext) -> Desk:
    """What an extract made that nothing disturbed."""
    desk = Desk(sqlite_url(source), source / "undisturbed")
    assert _run(processes, desk) == 0
    return desk


@pytest.fixture
def desk(undisturbed: Desk, request: pytest.FixtureRequest) -> Desk:
    """The same source, and nothing extracted yet."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return Desk(undisturbed.url, undisturbed.folder.with_name(name))


def _run(processes: ForkServerContext, desk: Desk, *moment: Any) -> int | None:
    process = processes.Process(target=extract, args=(desk.url, desk.folder, *moment))
    process.start()
    process.join(300)
    return process.exitcode


def _chunks(desk: Desk) -> list[dict[str, Any]]:
    ledger = Ledger.in_folder(desk.folder)
    chunks = ledger.chunks("full")
    ledger.close()
    return chunks


def _go_on(desk: Desk) -> int:
    """Run to the end in this process; return how many pages were read of the source."""
    asked: list[str] = []
    with desk.reader() as reader:
        at_every_page(reader, asked.append)
        everything(reader, desk.folder)
    return len(asked)


@pytest.fixture(autouse=True)
def _index_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the size of the index's chunks back, which going on makes as small as the killed process did."""
    monkeypatch.setattr(file_index, "PAGE_FILES", file_index.PAGE_FILES)


MOMENTS = {
    "before a page is read": (0, 30),
    "in the middle of a file": (27, 41),
    "before the file is renamed": (28,),
    "before the ledger knows": (1, 32, 42),
    "when the ledger knows": (0, 31, 42),
}


@pytest.mark.parametrize(("moment", "times"), [(moment, n) for moment, times in MOMENTS.items() for n in times])
def test_a_killed_extract_ends_byte_for_byte_like_an_undisturbed_one(
    undisturbed: Desk, desk: Desk, processes: ForkServerContext, moment: str, times: int
) -> None:
    assert _run(processes, desk, moment, times) == -signal.SIGKILL, "it was over before the moment came"
    complete = _chunks(desk)
    assert len(complete) < len(_chunks(undisturbed))
    rows = [chunk for chunk in _chunks(undisturbed) if chunk["table"] != file_index.FILES]
    assert _go_on(desk) == len(rows) - sum(chunk["table"] != file_index.FILES for chunk in complete)
    assert desk.bytes_of() == undisturbed.bytes_of()
    assert _chunks(desk) == _chunks(undisturbed)


def test_an_extract_killed_at_20_random_moments_ends_like_an_undisturbed_one(
    undisturbed: Desk, source: Path, processes: ForkServerContext
) -> None:
    expected, noted = undisturbed.bytes_of(), _chunks(undisturbed)
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    lasted = _seconds(processes, Desk(undisturbed.url, source / f"timed-{seed}"))
    complete: list[int] = []
    while len(complete) < KILLS:
        desk = Desk(undisturbed.url, source / f"random-{seed}-{chance.random()}")
        process = processes.Process(target=extract, args=(desk.url, desk.folder))
        process.start()
        process.join(chance.random() * lasted)
        process.kill()
        process.join()
        if process.exitcode == 0:
            continue  # it was faster than the one that was timed
        assert process.exitcode == -signal.SIGKILL
        complete.append(len(_chunks(desk)))
        _go_on(desk)
        assert desk.bytes_of() == expected, f"seed {seed}, kill {len(complete)}"
        assert _chunks(desk) == noted, f"seed {seed}, kill {len(complete)}"
    assert len(set(complete)) > 3, "the moments were no different ones"


def _seconds(processes: ForkServerContext, desk: Desk) -> float:
    began = time.monotonic()
    assert _run(processes, desk) == 0
    return time.monotonic() - began


def test_a_run_killed_again_and_again_ends_too(undisturbed: Desk, desk: Desk, processes: ForkServerContext) -> None:
    killed = 0
    while _run(processes, desk, "before the ledger knows", 9) == -signal.SIGKILL:
        killed += 1
        assert killed < 30
    assert killed >= 4
    assert desk.bytes_of() == undisturbed.bytes_of()
    assert _chunks(desk) == _chunks(undisturbed)
