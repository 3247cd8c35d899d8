"""Files that are whole or not there: what a disk's refusal, an error and an interruption leave behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from migrator_lib.errors import StorageError
from migrator_lib.storage import beside, refusals, scratch


def test_a_file_is_replaced_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "page.html"
    for text in ("first", "second"):
        with beside(file) as place:
            place.write_text(text)
            assert not file.exists() or file.read_text() != text
    assert file.read_text() == "second"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("error", [ValueError("no such thing"), KeyboardInterrupt(), OSError(28, os.strerror(28))])
def test_whatever_happens_while_it_is_written_the_old_file_stays(tmp_path: Path, error: BaseException) -> None:
    file = tmp_path / "page.html"
    file.write_text("old")

    def write() -> None:
        with beside(file) as place:
            place.write_text("half")
            raise error

    with pytest.raises(StorageError if isinstance(error, OSError) else type(error)):
        write()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_refusal_names_the_file_the_reason_and_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    file = tmp_path / "taken" / "page.html"
    with pytest.raises(StorageError, match=r"page\.html could not be written: .+ exists") as caught, beside(file):
        pass
    assert "make room" in caught.value.next_step


def test_a_refusal_of_sqlite_is_said_with_its_reason_and_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "no database").write_text("a text, and no database" * 100)
    with (
        pytest.raises(StorageError, match=r"^It could not be read: file is not a database\.") as caught,
        refusals("It could not be read"),
    ):
        sqlite3.connect(tmp_path / "no database").execute("SELECT * FROM thing")
    assert "make room" in caught.value.next_step


def test_a_refusal_is_said_in_the_words_that_were_given() -> None:
    with (
        pytest.raises(StorageError, match=r"^The stage could not be removed: Permission denied\.") as caught,
        refusals("The stage could not be removed", next_step="mend its rights."),
    ):
        raise PermissionError(13, os.strerror(13))
    assert caught.value.next_step == "mend its rights."


def test_a_full_disk_of_temporary_files_is_said_with_the_folder_to_change() -> None:
    with closing(scratch()) as database:
        database.execute("PRAGMA max_page_count = 4")
        database.execute("CREATE TABLE thing (content BLOB)")
        with pytest.raises(StorageError, match="temporary file could not be written: database or disk is full") as full:
            database.executemany("INSERT INTO thing VALUES (?)", ((bytes(4000),) for _ in range(9)))
    assert "TMPDIR" in full.value.next_step


def test_what_goes_wrong_with_what_is_put_in_is_no_fault_of_the_disk() -> None:
    def broken() -> Iterator[tuple[int]]:
        yield (1,)
        raise PermissionError(13, os.strerror(13))

    with closing(scratch()) as database:
        database.execute("CREATE TABLE thing (n INTEGER)")
        with pytest.raises(PermissionError):
            database.executemany("INSERT INTO thing VALUES (?)", broken())


FILLED = """
import os, signal, stat
from migrator_lib.storage import scratch
def is_file(n):
    try:
        return stat.S_ISREG(os.fstat(n).st_mode)
    except OSError:
        return False
database = scratch()
database.execute("CREATE TABLE thing (content BLOB)")
database.executemany("INSERT INTO thing VALUES (?)", ((bytes(100_000),) for _ in range(50)))
print(sum(os.fstat(n).st_size for n in range(3, 20) if is_file(n)), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_temporary_file_is_removed_also_when_the_process_is_killed(tmp_path: Path) -> None:
    place = {**os.environ, "SQLITE_TMPDIR": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", FILLED], capture_output=True, check=False, env=place, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert int(ended.stdout) > 1_000_000
    assert list(tmp_path.iterdir()) == []
