"""What is behind the address of every uploaded file: what was sent there, and what downloads found since.

The ledger holds both, so that each verification goes on where the last one came to: files that never were seen come
first, then those that were seen longest ago. It is kept in a temporary database, so memory does not grow with files.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from migrator_lib.errors import RecordRejected, RecordUnusable, TargetDenied, TargetUnreachable
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.ledger.sent_files import FILE, NOT_THERE, place, seen
from migrator_lib.objects import ATTACHMENT
from migrator_lib.progress import Progress
from migrator_lib.storage import scratch

MORE = 1 << 20
"""Bytes beyond its size that are read of a file: what is still not over then is another one."""
IN_A_ROW = 3
"""Times in a row that nobody answers, before the other files are left for another time. (What is refused of one file
tells nothing of the next.)"""
WRITTEN_AT_ONCE = 100
GONE = (404, 410)
_TABLES = """
CREATE TABLE file (
  url TEXT PRIMARY KEY, key TEXT, sha256 TEXT, size INTEGER, lot INTEGER, seen TEXT, seen_sha256 TEXT,
  seen_size INTEGER, at TEXT) WITHOUT ROWID;
CREATE TABLE turn (n INTEGER PRIMARY KEY, url TEXT, key TEXT, size INTEGER);
"""
_SEEN = "UPDATE file SET seen=?, seen_sha256=?, seen_size=?, at=? WHERE url=?"
_TAKE_TURNS = f"""\
INSERT INTO turn (url, key, size) SELECT url, key, size FROM file ORDER BY
  CASE WHEN seen = '{NOT_THERE}' OR (sha256 IS NOT NULL AND seen IS NOT NULL AND seen_sha256 IS NOT sha256) THEN 0
       WHEN seen IS NULL THEN 1 ELSE 2 END, at, lot, url
LIMIT ?
"""  # noqa: S608
"""What was wrong the last time comes before all others: it may be mended, and else it is told again."""


@dataclass(frozen=True)
class Behind:
    """What is behind an address, as far as it is known."""

    is_there: bool
    """False where the last download was answered with 404."""
    sha256: str | None
    """By the last download; before the first, of what was sent; None where neither tells."""
    size: int | None
    """Bytes; the same holds."""


@dataclass(frozen=True)
class Looked:
    """How many contents of files were seen in Gorgias."""

    files: int = 0
    """Files that were sent."""
    ever: int = 0
    """Those that were downloaded at some time since."""
    now: int = 0
    """Those that were downloaded in this verification."""
    unanswered: int = 0
    """Those that were to be, and could not be asked for: nothing is known of them, and nothing is wrong."""
    why: str = ""
    """Why, in words, of the first of these."""


class Contents:
    """What one account's files hold."""

    def __init__(self, ledger: Ledger, target: str) -> None:
        self._ledger = ledger
        self._target = target
        self._now = self._unanswered = 0
        self._why = ""
        self._files = scratch()
        self._files.executescript(_TABLES)
        sent = ledger.entries(target, ATTACHMENT.name, "created")
        rows = (_row(entry) for entry in sent if entry.target_id)
        self._files.executemany("INSERT OR IGNORE INTO file (url, key, sha256, size, lot) VALUES (?,?,?,?,?)", rows)
        found = ledger.entries(place(target), ATTACHMENT.name)
        self._files.executemany(_SEEN, (_found(entry) for entry in found))

    def close(self) -> None:
        """Remove the temporary database."""
        self._files.close()

    def __len__(self) -> int:
        return int(self._files.execute("SELECT count(*) FROM file").fetchone()[0])

    def of(self, url: str) -> Behind | None:
        """Return what is behind an address; None for one that no upload was answered with."""
        asked = "SELECT sha256, size, seen, seen_sha256, seen_size FROM file WHERE url=?"
        row = self._files.execute(asked, (url,)).fetchone()
        if row is None:
            return None
        sha256, size, state, seen_sha256, seen_size = row
        return Behind(True, sha256, size) if state is None else Behind(state != NOT_THERE, seen_sha256, seen_size)

    def looked(self) -> Looked:
        """Return how many were seen."""
        files, ever = self._files.execute("SELECT count(*), count(seen) FROM file").fetchone()
        return Looked(files, ever, self._now, self._unanswered, self._why)

    def look(
        self, api: GorgiasApi, share: float, calls: int, *, most_bytes: int, hosts: Collection[str], progress: Progress
    ) -> None:
        """Download as many files as the share allows, a call each, and keep in the ledger what they hold.

        Args:
            api: the account.
            share: of ``calls`` that may be used, 0 to 1; 1 stands for every file, whatever the calls.
            calls: of the load.
            most_bytes: size of the largest file that was sent, for what has no size in the ledger.
            hosts: other hosts that files may be on.
            progress: of the step.
        """
        limit = -1 if share >= 1 else -int(-share * calls // 1)
        self._files.execute("DELETE FROM turn")
        self._files.execute(_TAKE_TURNS, (limit,))
        (number,) = self._files.execute("SELECT count(*) FROM turn").fetchone()
        if not number:
            return
        progress.begin("Reading files back", number)
        waiting: list[Entry] = []
        in_a_row = 0
        for url, key, size in self._turns():
            try:
                entry = self._asked(api, Entry(ATTACHMENT.name, key, "", target_id=url), size or most_bytes, hosts)
                in_a_row = 0
            except (TargetDenied, TargetUnreachable) as error:
                self._why = self._why or error.message
                entry, in_a_row = None, in_a_row + 1
            waiting += [entry] if entry else []
            progress.advance()
            if len(waiting) == WRITTEN_AT_ONCE:
                self._keep(waiting)
                waiting = []
            if in_a_row == IN_A_ROW:
                break
        self._keep(waiting)
        self._unanswered = number - self._now
        progress.end()

    def _turns(self) -> Iterator[tuple[str, str, int | None]]:
        after, page = 0, "SELECT n, url, key, size FROM turn WHERE n > ? ORDER BY n LIMIT 500"
        while rows := self._files.execute(page, (after,)).fetchall():
            yield from (row[1:] for row in rows)
            after = rows[-1][0]

    def _asked(self, api: GorgiasApi, entry: Entry, size: int, hosts: Collection[str]) -> Entry | None:
        """Return what a download found; None where this file cannot be asked for.

        Raises:
            TargetDenied, TargetUnreachable: nobody answers.
        """
        try:
            there = api.uploads.content(str(entry.target_id), most_bytes=size + MORE, hosts=hosts)
        except RecordRejected as error:
            if error.status in GONE:
                return seen(entry, sha256=None, size=None)
            self._why = self._why or error.message
            return None
        except RecordUnusable as error:
            self._why = self._why or error.message
            return None
        return seen(entry, sha256=there.sha256, size=there.size)

    def _keep(self, entries: list[Entry]) -> None:
        self._ledger.settle(place(self._target), entries)
        self._files.executemany(_SEEN, (_found(entry) for entry in entries))
        self._now += len(entries)


def _row(entry: Entry) -> tuple[str | None, str, str | None, int | None, int]:
    """Return a row of what was sent; ``lot`` mixes the order, so that the first to be seen are of everywhere."""
    file = entry.detail.get(FILE, {})
    lot = zlib.crc32(entry.source_key.encode())
    return entry.target_id, entry.source_key, file.get("sha256"), file.get("size"), lot


def _found(entry: Entry) -> tuple[str, str | None, int | None, str, str | None]:
    return entry.state, entry.payload_hash, entry.detail.get("size"), entry.at, entry.target_id
