"""Files that are whole or not there at all, and a disk's refusal in our words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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

    Whatever happens, the file is as it was before or whole, and nothing is left beside it but by a kill.

    Raises:
        StorageError: the disk is full, or does not let us; ``what`` replaces "... could not be written".
    """
    temporary = file.with_name(file.name + ".tmp")
    try:
        with refusals(what or f"{file} could not be written", next_step=next_step):
            file.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            flush(temporary)
            temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def flush(place: Path) -> None:
    """Put a file, or the names in a folder, on disk: a power cut takes back what was not flushed."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
