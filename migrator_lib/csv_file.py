"""Lists as CSV files, which people open in a spreadsheet: no text of the source may begin a formula there."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from migrator_lib.storage import beside

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the begin of a formula, or skips before one."""


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a list in constant memory, UTF-8; a text that would be a formula gets an apostrophe before it.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file) as place, place.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value
