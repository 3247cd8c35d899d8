"""Extract: chunks, going on after a death, full disks, values that are none, the index of files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy.pool import QueuePool

from migrator_lib import extract
from migrator_lib.chunks import BadValue, path_of, to_staged, write_chunk
from migrator_lib.errors import SourceUnreachable, StorageError
from migrator_lib.extract import Extractor
from migrator_lib.smartertrack import database, reading
from migrator_lib.smartertrack.tables import source_table
from tests.extracting import Desk, at_every_page
from tests.smartertrack.source_desk import (
    ENOUGH,
    add_ticket,
    create,
    execute,
    sqlite_url,
    statements_of,
    tables_of,
    writing,
)

TICKETS = 23
MESSAGES = TICKETS * 3


@pytest.fixture(scope="module")
def source_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source with 23 tickets of three messages each."""
    folder = tmp_path_factory.mktemp("source")
    url, tables = sqlite_url(folder), tables_of(ENOUGH)
    create(url, tables)
    with writing(url, tables) as write:
        for key in range(1, TICKETS + 1):
            add_ticket(write, key, messages=3)
    return folder / "smartertrack.sqlite3"


@pytest.fixture
def desk(tmp_path: Path, source_file: Path) -> Desk:
    shutil.copy(source_file, tmp_path)
    return Desk(sqlite_url(tmp_path), tmp_path / "state")


class Died(Exception):
    """The process ended here."""


def died(desk: Desk, page: int, stage: str = "full", ids: list[int] | None = None, page_rows: int = 10) -> Extractor:
    """Return an extractor whose process died when it was about to read its n-th page."""
    with desk.reader(stage, page_rows=page_rows) as reader:
        seen = iter(range(1, 10_000))

        def die(_table: str) -> None:
            if next(seen) == page:
                raise Died

        at_every_page(reader, die)
        with pytest.raises(Died):
            reader.tickets(ids)
    return reader


# --- chunks --------------------------------------------------------------------------------------------


def test_a_chunk_is_a_page_and_the_ledger_has_its_hash_and_rows(desk: Desk) -> None:
    with desk.reader() as reader:
        reader.tickets()
    chunks = desk.chunks("Tickets")
    assert [(chunk["part"], chunk["rows"], chunk["final"]) for chunk in chunks] == [(0, 10, False), (1, 10, False),
                                                                                    (2, 3, True)]  # fmt: skip
    for chunk in chunks:
        file = desk.folder / "staged" / "full" / "Tickets" / f"part-{chunk['part']:05d}.parquet"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == chunk["sha256"]
        assert pq.read_metadata(file).num_rows == chunk["rows"]
    assert [name for name in desk.bytes_of() if not name.endswith(".parquet")] == []


@pytest.mark.parametrize("page_rows", [MESSAGES, 23, 69 * 2])
def test_a_table_that_fills_its_last_page_is_final_too(desk: Desk, page_rows: int) -> None:
    with desk.reader(page_rows=page_rows) as reader:
        reader.tickets()
    assert desk.chunks("TicketMessages")[-1]["final"]
    assert sum(int(str(chunk["rows"])) for chunk in desk.chunks("TicketMessages")) == MESSAGES


def test_a_table_without_rows_is_one_empty_final_chunk_and_is_asked_once(desk: Desk) -> None:
    with desk.reader() as reader:
        reader.tickets()
    assert [(chunk["rows"], chunk["final"]) for chunk in desk.chunks("TicketMerges")] == [(0, True)]
    with desk.reader() as reader:
        sent = statements_of(reader.source)
        reader.tickets()
    assert sent == []


def test_a_chunk_is_renamed_before_the_ledger_knows_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.reader() as reader:
        real, seen = reader.ledger.add_chunk, []

        def add_chunk(stage: str, table: str, part: int, **more: Any) -> None:
            folder = desk.folder / "staged" / stage / table
            seen.append([file.name for file in folder.glob(f"part-{part:05d}.*")] == [f"part-{part:05d}.parquet"])
            real(stage, table, part, **more)

        monkeypatch.setattr(reader.ledger, "add_chunk", add_chunk)
        reader.tickets()
    assert len(seen) > 5
    assert all(seen)


def test_a_chunk_is_on_disk_before_its_name_and_its_name_before_anybody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[object] = []
    fsync, replace = os.fsync, Path.replace

    def flushed(handle: int) -> None:
        happened.append(os.fstat(handle).st_ino)
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        happened.append("renamed")
        return replace(self, target)

    monkeypatch.setattr("migrator_lib.storage.os.fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    write_chunk(tmp_path / "full" / "Tickets", 0, to_staged(source_table("Tickets"), []))
    folders = [tmp_path / "full" / "Tickets", tmp_path / "full", tmp_path]
    file = path_of(folders[0], 0)
    renaming = happened.index("renamed")
    assert happened[renaming - 1] == file.stat().st_ino
    assert happened[renaming + 1 : renaming + 4] == [folder.stat().st_ino for folder in folders]


def late(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """Let the first chunk of tickets be written, or fail, when the second one is."""
    second = threading.Event()

    def write(folder: Path, part: int, data: Any) -> str:
        if part == 0:
            assert second.wait(30)
            if fails:
                raise StorageError("No room.", next_step="make some.")
        digest = write_chunk(folder, part, data)
        second.set()
        return digest

    monkeypatch.setattr(extract, "write_chunk", write)


def test_chunks_are_noted_in_their_order_though_a_later_one_is_written_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(monkeypatch, fails=False)
    with desk.reader() as reader:
        noted, add_chunk = [], reader.ledger.add_chunk

        def note(stage: str, table: str, part: int, **more: Any) -> None:
            noted.append(part)
            add_chunk(stage, table, part, **more)

        monkeypatch.setattr(reader.ledger, "add_chunk", note)
        reader.table(source_table("Tickets"))
    assert noted == [0, 1, 2]


def test_a_chunk_is_not_noted_where_the_one_before_it_was_not_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(monkeypatch, fails=True)
    with desk.reader() as reader, pytest.raises(StorageError):
        reader.table(source_table("Tickets"))
    assert desk.chunks("Tickets") == []


def test_no_page_is_larger_than_asked_whatever_the_size_of_the_table(desk: Desk) -> None:
    with desk.reader(page_rows=10) as reader:
        reader.tickets()
    sizes = [int(str(chunk["rows"])) for table in reader.report.rows for chunk in desk.chunks(table)]
    assert max(sizes) == 10
    assert sum(sizes) == TICKETS + MESSAGES


def test_the_report_counts_all_rows_and_those_read_now(desk: Desk) -> None:
    died(desk, page=6)
    with desk.reader() as reader:
        reader.tickets()
    assert reader.report.rows["Tickets"] == TICKETS
    assert reader.report.rows["TicketMessages"] == MESSAGES
    assert "Tickets" not in reader.report.read_now
    assert reader.report.read_now["TicketMessages"] == MESSAGES - 20


# --- going on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", range(1, 16))
def test_an_extract_that_died_goes_on_behind_its_last_chunk(desk: Desk, page: int) -> None:
    undisturbed = Desk(desk.url, desk.folder.with_name("undisturbed"))
    with undisturbed.reader() as reader:
        reader.tickets()
        all_pages = sum(len(reader.ledger.chunks("full", table)) for table in reader.report.rows)
    died(desk, page)
    with desk.reader() as reader:
        asked: list[str] = []
        at_every_page(reader, asked.append)
        reader.tickets()
    assert len(asked) == all_pages - (page - 1), "a chunk that was complete was read again"
    assert desk.bytes_of() == undisturbed.bytes_of()


@pytest.mark.parametrize("page", range(2, 9))
def test_some_tickets_are_taken_up_in_the_slice_where_it_died(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    ids = [n for n in range(1, TICKETS + 1) if n % 5] + [1, 2, 999]
    monkeypatch.setattr(reading, "IDS", 4)
    died(desk, page, "sample", ids, page_rows=3)
    with desk.reader("sample", page_rows=3) as reader:
        reader.tickets(ids)
    staged = desk.staged("sample")
    expected = sorted({n for n in ids if n <= TICKETS})
    assert [row["TicketID"] for row in staged.columns("Tickets", [])] == expected
    messages = [row["TicketMessageID"] for row in staged.columns("TicketMessages", ["TicketMessageID"])]
    assert messages == [key * 100 + n for key in expected for n in range(3)]


def test_tickets_that_are_behind_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "IDS", 3)
    assert extract._behind(None, [4, 0]) == [None]
    assert extract._behind([5, 1, 4, 2, 9, 4, 7], None) == [[1, 2, 4], [5, 7, 9]]
    assert extract._behind([5, 1, 4, 2, 9, 4, 7], [4, 0]) == [[4, 5, 7], [9]]
    assert extract._behind([1, 2], [4, 0]) == [[]]


def test_no_tickets_at_all_are_final_too(desk: Desk) -> None:
    with desk.reader("delta") as reader:
        reader.tickets([])
    assert [(chunk["rows"], chunk["final"]) for chunk in desk.chunks("Tickets", "delta")] == [(0, True)]
    assert desk.staged("delta").count("TicketMessages") == 0


def test_another_page_size_goes_on_as_well(desk: Desk) -> None:
    died(desk, page=8, page_rows=7)
    with desk.reader(page_rows=5) as reader:
        reader.tickets()
    keys = [row["TicketMessageID"] for row in desk.staged("full").columns("TicketMessages", ["TicketMessageID"])]
    assert keys == [key * 100 + n for key in range(1, TICKETS + 1) for n in range(3)]


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-9] + b"xxxxxPAR1")])
def test_a_chunk_that_was_lost_or_changed_is_read_again_with_all_behind_it(desk: Desk, harm: Any) -> None:
    with desk.reader() as reader:
        reader.tickets()
    before = desk.bytes_of()
    harm(desk.folder / "staged" / "full" / "TicketMessages" / "part-00003.parquet")
    with desk.reader() as reader:
        reader.tickets()
    assert desk.bytes_of() == before
    assert reader.report.read_now == {"TicketMessages": MESSAGES - 30}


def test_chunks_that_the_ledger_does_not_know_are_removed(desk: Desk) -> None:
    folder = desk.folder / "staged" / "full" / "Tickets"
    folder.mkdir(parents=True)
    for name in ("part-00002.tmp", "part-00007.parquet"):
        (folder / name).write_bytes(b"left by a run that was killed")
    with desk.reader() as reader:
        reader.tickets()
    assert sorted(file.name for file in folder.iterdir()) == [f"part-0000{n}.parquet" for n in range(3)]


def test_to_start_again_forgets_all_and_reads_all(desk: Desk) -> None:
    with desk.reader() as reader:
        reader.tickets()
    before = desk.bytes_of()
    execute(desk.url, "DELETE FROM st_TicketMessages WHERE TicketID = 5")
    with desk.reader() as reader:
        reader.tickets()
        assert reader.report.read_now == {}
        reader.start_again()
        assert desk.bytes_of() == {}
        reader.tickets()
    assert reader.report.read_now["TicketMessages"] == MESSAGES - 3
    assert before != desk.bytes_of()


def test_a_source_that_goes_away_leaves_what_is_staged(desk: Desk) -> None:
    with desk.reader() as reader:

        def remove(table: str) -> None:
            if table == "TicketMessages":
                Path(desk.url.removeprefix("sqlite:///")).rename(desk.folder / "away.db")
                reader.source.engine.dispose()

        reader.source.patience.seconds = 0
        at_every_page(reader, remove)
        with pytest.raises(SourceUnreachable) as caught:
            reader.tickets()
    assert "what is staged stays staged" in caught.value.next_step
    assert desk.chunks("Tickets")[-1]["final"]
    assert desk.chunks("TicketMessages") == []


# --- the disk ------------------------------------------------------------------------------------------


@pytest.fixture(params=["write", "fsync", "replace", "mkdir"])
def full_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A disk that is full from the third chunk on, at each of the moments of writing one."""
    error = OSError(28, os.strerror(28))
    seen = iter(range(10_000))

    def full() -> None:
        if next(seen) >= 2:
            raise error

    def write(data: Any, file: Path, **more: Any) -> None:
        Path(file).write_bytes(b"PAR1 half of it")
        full()
        real(data, file, **more)

    match request.param:
        case "write":
            real = pq.write_table
            monkeypatch.setattr("migrator_lib.chunks.pq.write_table", write)
        case "fsync":
            monkeypatch.setattr("migrator_lib.storage.os.fsync", lambda handle: full())
        case "replace":
            replace = Path.replace

            def rename(self: Path, target: Path) -> Path:
                if target.suffix == ".parquet":
                    full()
                return replace(self, target)

            monkeypatch.setattr(Path, "replace", rename)
        case "mkdir":
            mkdir = Path.mkdir

            def make(self: Path, *args: Any, **more: Any) -> None:
                if self.name == "TicketMessages":
                    raise error
                mkdir(self, *args, **more)

            monkeypatch.setattr(Path, "mkdir", make)
    return monkeypatch


def test_a_full_disk_leaves_nothing_half_and_the_run_goes_on_when_there_is_room(
    desk: Desk, full_disk: pytest.MonkeyPatch
) -> None:
    with desk.reader() as reader, pytest.raises(StorageError, match="No space left") as caught:
        reader.tickets()
    assert "make room" in caught.value.next_step
    assert "complete chunks stay" in caught.value.next_step
    assert [name for name in desk.bytes_of() if not name.endswith(".parquet")] == []
    full_disk.undo()
    undisturbed = Desk(desk.url, desk.folder.with_name("undisturbed"))
    for one in (desk, undisturbed):
        with one.reader() as reader:
            reader.tickets()
    assert desk.bytes_of() == undisturbed.bytes_of()


def test_a_chunk_that_cannot_be_written_ends_the_statement_whose_rows_are_on_their_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, os.strerror(28))

    with desk.reader() as reader:
        monkeypatch.setattr("migrator_lib.chunks.pq.write_table", full)
        with reader.source.one_moment(), pytest.raises(StorageError) as caught:
            reader.tickets()
        assert caught.value.__traceback__ is not None
        pool = reader.source.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0


def test_a_stage_that_cannot_be_removed_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def rmtree(_folder: Path) -> None:
        raise PermissionError(13, os.strerror(13))

    with desk.reader() as reader:
        reader.tickets()
        monkeypatch.setattr(extract.shutil, "rmtree", rmtree)
        with pytest.raises(StorageError, match="Permission denied"):
            reader.start_again()


# --- what a page is ------------------------------------------------------------------------------------


def test_a_page_ends_where_its_text_is_too_much_also_when_it_is_taken_up_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(desk.url, "UPDATE st_TicketMessages SET BodyText = printf('%.*c', 5000, 'x') WHERE TicketID IN (3, 4, 9)")
    monkeypatch.setattr(database, "PAGE_BYTES", 10_000)
    monkeypatch.setattr(database, "BATCH", 1)
    undisturbed = Desk(desk.url, desk.folder.with_name("undisturbed"))
    with undisturbed.reader(page_rows=50) as reader:
        reader.tickets()
    sizes = [int(str(chunk["rows"])) for chunk in undisturbed.chunks("TicketMessages")]
    assert sizes == [8, 2, 2, 14, 43]
    died(desk, page=5, page_rows=50)
    with desk.reader(page_rows=50) as reader:
        reader.tickets()
    assert desk.bytes_of() == undisturbed.bytes_of()


def test_of_huge_rows_few_are_held_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(desk.url, "UPDATE st_TicketMessages SET BodyText = printf('%.*c', 5000, 'x')")
    monkeypatch.setattr(database, "PAGE_BYTES", 100_000)
    with desk.reader(page_rows=100) as reader:
        reader.tickets()
    assert [chunk["rows"] for chunk in desk.chunks("TicketMessages")] == [20, 20, 20, 9]


def test_a_body_of_50_mb_is_staged_whole(desk: Desk) -> None:
    execute(desk.url, "UPDATE st_TicketMessages SET BodyHTML = printf('%.*c', 5e7, 'x') WHERE TicketMessageID = 201")
    with desk.reader(page_rows=10_000) as reader:
        reader.tickets()
    rows = desk.staged("full").columns("TicketMessages", ["BodyHTML"])
    assert [len(row["BodyHTML"]) for row in rows if row["TicketID"] == 2][1] == 50_000_000
    assert sum(int(str(chunk["rows"])) for chunk in desk.chunks("TicketMessages")) == MESSAGES


def test_blocks_of_a_page_make_one_chunk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BLOCK", 7)
    monkeypatch.setattr(database, "BATCH", 3)
    with desk.reader(page_rows=20) as reader:
        reader.tickets()
    assert [chunk["rows"] for chunk in desk.chunks("TicketMessages")] == [20, 20, 20, 9]
    keys = [row["TicketMessageID"] for row in desk.staged("full").columns("TicketMessages", ["TicketMessageID"])]
    assert keys == [key * 100 + n for key in range(1, TICKETS + 1) for n in range(3)]


def test_two_extracts_of_an_unchanged_source_are_byte_for_byte_equal_whatever_the_hash_seed(desk: Desk) -> None:
    desk.folder.with_name("files").mkdir()
    made = []
    for seed in ("1", "4711"):
        other = Desk(desk.url, desk.folder.with_name(f"seed-{seed}"))
        code = "import sys; from pathlib import Path; from tests.crash.extract_until import extract; "
        code += "extract(sys.argv[1], Path(sys.argv[2]))"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code, other.url, str(other.folder)]
        subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, check=True, timeout=300)
        made.append(other.bytes_of())
    assert made[0] == made[1]
    assert len(made[0]) > 30


# --- values --------------------------------------------------------------------------------------------


def test_values_that_are_none_are_listed_also_when_their_chunk_was_read_by_an_earlier_run(desk: Desk) -> None:
    execute(desk.url, "UPDATE st_Tickets SET ReplyCountIn = 'many' WHERE TicketID = 3",
            "UPDATE st_Tickets SET DepartmentID = 'sales' WHERE TicketID = 5",
            "UPDATE st_TicketMessages SET UserID_From = 1e19 WHERE TicketMessageID = 2200")  # fmt: skip
    with desk.reader() as reader:
        reader.tickets()
    listed = [("Tickets", ("5",), "DepartmentID", False), ("Tickets", ("3",), "ReplyCountIn", True),
              ("TicketMessages", ("22", "2200"), "UserID_From", True)]  # fmt: skip
    assert reader.report.bad_values == [BadValue(*each) for each in listed]
    assert 5 not in desk.staged("full").ticket_ids()
    assert reader.report.rows["Tickets"] == TICKETS - 1
    with desk.reader() as reader:
        reader.tickets()
    assert reader.report.bad_values == [BadValue(*each) for each in listed]


def test_negative_ids_and_text_with_nul_are_staged_as_they_are(desk: Desk) -> None:
    execute(desk.url, "UPDATE st_Tickets SET TicketID = -TicketID, Subject = 'a' || char(0) || 'b' WHERE TicketID > 4",
            "UPDATE st_TicketMessages SET TicketID = -TicketID WHERE TicketID > 4")  # fmt: skip
    died(desk, page=7)
    with desk.reader() as reader:
        reader.tickets()
    rows = list(desk.staged("full").columns("Tickets", ["Subject"]))
    assert [row["TicketID"] for row in rows] == [*range(-TICKETS, -4), 1, 2, 3, 4]
    assert rows[0]["Subject"] == "a\0b"
    assert desk.staged("full").count("TicketMessages") == MESSAGES


def test_dates_that_are_none_are_counted_also_when_their_chunk_was_read_by_an_earlier_run(desk: Desk) -> None:
    execute(desk.url, "UPDATE st_Tickets SET DateOpenedUTC = 'soon' WHERE TicketID IN (2, 3, 22)",
            "UPDATE st_Tickets SET DateClosedUTC = '' WHERE TicketID = 4")  # fmt: skip
    reader = died(desk, page=3)
    assert reader.report.bad_dates == {"Tickets.DateOpenedUTC": 2}
    with desk.reader() as reader:
        reader.tickets()
    assert reader.report.bad_dates == {"Tickets.DateOpenedUTC": 3}
    dates = {row["TicketID"]: row["DateOpenedUTC"] for row in desk.staged("full").columns("Tickets", ["DateOpenedUTC"])}
    assert [key for key, date in dates.items() if date is None] == [2, 3, 22]


def test_definitions_and_tags_are_read_in_order(desk: Desk) -> None:
    with desk.reader() as reader:
        names: list[str] = []
        begin = reader.progress.begin
        reader.progress.begin = lambda what, *a, **k: names.append(what) or begin(what, *a, **k)  # type: ignore
        reader.definitions()
        reader.tickets()
    assert names[0] == "Reading Brands"
    assert names.index("Reading Users") < names.index("Reading TagsInTasks") < names.index("Reading Tickets")
