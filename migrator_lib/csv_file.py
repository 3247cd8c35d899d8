"""Lists as CSV files, which people open in a spreadsheet: no text of the source may begin a formula there."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from migrator_lib.storage import beside

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the begin of a formula, or skips before one."""


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a list in constant memory, UTF-8; a text that would be a formula gets an apostrophe before it.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with csv_lines(file, columns) as write:
        for row in rows:
            write(row)


@contextmanager
def csv_lines(file: Path, columns: Sequence[str]) -> Iterator[Callable[[Sequence[object]], None]]:
    """Give what writes a line of such a list, for whoever fills several of them at once.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file) as place, place.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        yield lambda row: writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value
