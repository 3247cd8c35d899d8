"""Files that are whole or not there at all, and a disk's refusal in our words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from migrator_lib.errors import StorageError

MEND = "make room on that disk, or mend its rights, and run again."


@contextmanager
def refusals(what: str, *, next_step: str = MEND) -> Iterator[None]:
    """Say a disk's refusal, or SQLite's, in our words: ``what`` begins the sentence, and its reason ends it.

    Raises:
        StorageError: the disk is full, or does not let us.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"{what}: {reason}.", next_step=next_step) from error


@contextmanager
def beside(file: Path, *, what: str = "", next_step: str = MEND) -> Iterator[Path]:
    """Give a place beside ``file`` to write to; what was written is flushed and takes the file's place at the end.

    Whatever happens, the file is as it was before or whole, and nothing is left beside it but by a kill. When the block
    has ended the file is on disk, and so is its name: a power cut takes nothing back.

    Raises:
        StorageError: the disk is full, or does not let us; ``what`` replaces "... could not be written".
    """
    temporary = file.with_name(file.name + ".tmp")
    try:
        with refusals(what or f"{file} could not be written", next_step=next_step):
            make_folder(file.parent)
            yield temporary
            flush(temporary)
            temporary.replace(file)
            flush(file.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


class _Scratch(sqlite3.Connection):
    def execute(self, *given: Any) -> sqlite3.Cursor:
        with _room():
            return super().execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        with _room():
            return super().executemany(*given)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StorageError(
            f"A temporary file could not be written: {error}.",
            next_step="make room in the folder of temporary files, or name one on a larger disk (TMPDIR, on Windows "
            "TEMP), and run again.",
        ) from error


def scratch(*, threads: bool = False) -> sqlite3.Connection:
    """Return an empty database in a temporary file; SQLite removes it when it is closed, or the process killed.

    What it does raises StorageError where that disk is full. ``threads`` lets any thread use it, one at a time.
    """
    return sqlite3.connect("", check_same_thread=not threads, factory=_Scratch)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that a power cut does not take them back.

    Raises:
        OSError: it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        flush(each.parent)


def flush(place: Path) -> None:
    """Put a file, or the names in a folder, on disk: a power cut takes back what was not flushed.

    A file system that cannot flush a folder (some network shares) says that the request is invalid; nothing more can be
    done there.
    """
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL or not place.is_dir():
            raise
    finally:
        os.close(handle)
