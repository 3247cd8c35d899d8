"""The numbers by which people know a record: of a ticket, chat or call log, and of what hangs on one.

They are gone through once, into a temporary database on disk, so that millions take no memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from migrator_lib.objects import ATTACHMENT, ON_TICKETS, TICKET
from migrator_lib.objects.survey import place_of
from migrator_lib.smartertrack.tables import FAMILIES
from migrator_lib.staging import Staged
from migrator_lib.storage import scratch

_TABLES = """
CREATE TABLE number (object TEXT, key TEXT, number TEXT, PRIMARY KEY (object, key)) WITHOUT ROWID;
CREATE TABLE home (key TEXT PRIMARY KEY, object TEXT, of TEXT) WITHOUT ROWID;
"""
_ASKED = "SELECT key, number FROM number WHERE object = ? AND key IN (SELECT value FROM json_each(?))"
_HOMES = "SELECT key, object, of FROM home WHERE key IN (SELECT value FROM json_each(?))"
HOLDS = frozenset(obj.name for obj in ON_TICKETS)


class Numbers:
    """Knows the numbers of what is staged."""

    def __init__(self, staged: Staged) -> None:
        self._database = scratch()
        self._database.executescript(_TABLES)
        self._database.executemany("INSERT OR IGNORE INTO number VALUES (?, ?, ?)", _numbers(staged))
        self._database.executemany("INSERT OR IGNORE INTO home VALUES (?, ?, ?)", _homes(staged))

    def of(self, obj: str, keys: Sequence[str]) -> dict[str, str]:
        """Return key to number of those of these records that have one, or are of a ticket (chat, call) that has."""
        if obj == TICKET.name:  # a number that was merged away is its own key
            merged = {key: key[1:] for key in keys if key.startswith("m")}
            return merged | self._own(obj, keys)
        homes = self.homes(obj, keys)
        if not homes:
            return self._own(obj, keys)
        known = {kind: self._own(kind, [of for name, of in homes.values() if name == kind]) for kind in _kinds(homes)}
        return {key: known[kind][of] for key, (kind, of) in homes.items() if of in known[kind]}

    def homes(self, obj: str, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return key to (object, key) of the ticket (chat, call log) that an attachment or a rating hangs on."""
        if obj in HOLDS:
            return {key: place for key in keys if (place := place_of(key))}
        if obj != ATTACHMENT.name:
            return {}
        return {key: (kind, of) for key, kind, of in self._database.execute(_HOMES, (json.dumps(keys),))}

    def close(self) -> None:
        """Close the database, and with it its file."""
        self._database.close()

    def _own(self, obj: str, keys: Sequence[str]) -> dict[str, str]:
        return dict(self._database.execute(_ASKED, (obj, json.dumps(keys))))


def _kinds(homes: dict[str, tuple[str, str]]) -> set[str]:
    return {kind for kind, _ in homes.values()}


def _numbers(staged: Staged) -> Iterator[tuple[str, str, str]]:
    for family in FAMILIES:
        for row in staged.columns(family.root.name, [family.number]):
            if row[family.number]:
                yield family.name, str(row[family.key]), str(row[family.number])


def _homes(staged: Staged) -> Iterator[tuple[str, str, str]]:
    for family in FAMILIES:
        for row in staged.columns(family.attachments, [family.attachment_id]):
            yield family.attachment_key(row), family.name, str(row[family.key])
