"""What a reconciliation found of every record that is not validated, kept whole: a report lists only the first of them.

An SQLite file in the state folder, written beside its place while the comparison goes on, so in constant memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from migrator_lib.ledger.chain import now
from migrator_lib.reconcile.result import Finding
from migrator_lib.storage import beside, refusals

FILE = "verdicts.sqlite3"
"""Its name in the state folder."""
_TABLES = """
CREATE TABLE verdict (object TEXT, key TEXT, state TEXT, fields TEXT, PRIMARY KEY (object, key)) WITHOUT ROWID;
CREATE TABLE began (at TEXT);
"""


@contextmanager
def writing(file: Path) -> Iterator[Callable[[Finding], None]]:
    """Give what notes a finding; at the end of the block the file holds these findings, and no earlier ones.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file) as place, refusals(f"{file} could not be written"):
        place.unlink(missing_ok=True)  # of a run that was killed
        with closing(sqlite3.connect(place)) as database:
            database.executescript(_TABLES)
            database.execute("INSERT INTO began VALUES (?)", (now(),))

            def note(finding: Finding) -> None:
                fields = ", ".join(difference.field for difference in finding.differences)
                row = (finding.object, finding.source_key, finding.state, fields)
                database.execute("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)", row)

            yield note
            database.commit()


class Verdicts:
    """Reads what the last reconciliation found."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(f"file:{file.as_posix()}?mode=ro", uri=True) if file.exists() else None

    @property
    def began(self) -> str:
        """When the reconciliation began, ISO and UTC, as the ledger writes it; empty where there was none."""
        if self._database is None:
            return ""
        return str(self._database.execute("SELECT at FROM began").fetchone()[0])

    def states(self, obj: str, keys: Sequence[str]) -> dict[str, str]:
        """Return key to state of those of these records that are not validated."""
        if self._database is None:
            return {}
        asked = "SELECT key, state FROM verdict WHERE object = ? AND key IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(asked, (obj, json.dumps(keys))))

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield object, key, state and the fields that differ, in constant memory."""
        if self._database is not None:
            yield from self._database.execute("SELECT object, key, state, fields FROM verdict")

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
