"""A file of tables that a roll-back keeps: durable, and on a full disk an error that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

from migrator_lib.storage import refusals


class TableFile:
    """An SQLite file. Everything here raises StorageError where the disk is full or does not let us."""

    schema: ClassVar[str]
    """Statements that make its tables where they are not there yet."""
    keeps: ClassVar[str]
    """What it keeps, for an error: ``an inventory of the account``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._refusals():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(self.schema)

    def _refusals(self) -> AbstractContextManager[None]:
        return refusals(f"{self.file}, which keeps {self.keeps}, could not be written or read")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._refusals():
            return self._connection.execute(statement, values).fetchall()

    def _many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do all of it, or nothing."""
        with self._refusals():
            self._connection.execute("BEGIN")
            try:
                self._connection.executemany(statement, rows)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
