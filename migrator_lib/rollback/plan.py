"""The plan of a roll-back: what goes and what stays, with reasons, in a file beside the ledger.

A person signs its digest, and a roll-back that was begun is finished by the same plan, whatever stops it. While it is
carried out it can only shrink: what somebody touches meanwhile is protected, never the other way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from migrator_lib.rollback.context import ORDER
from migrator_lib.rollback.table_file import TableFile

Decision = Literal["remove", "protect", "gone"]
Done = Literal["", "sent", "removed"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS item (
  kind TEXT, id INTEGER, object TEXT NOT NULL, source_key TEXT NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL,
  updated TEXT, done TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS item_open ON item (kind, decision, done, id);
CREATE TABLE IF NOT EXISTS key (
  kind TEXT, id INTEGER, object TEXT, source_key TEXT, PRIMARY KEY (kind, id, object, source_key));
CREATE TABLE IF NOT EXISTS used (kind TEXT, id INTEGER, PRIMARY KEY (kind, id));
"""


@dataclass(frozen=True)
class Planned:
    """One thing in Gorgias that the load made."""

    kind: str
    id: int
    object: str
    source_key: str
    """Of the record that it was made for."""
    decision: Decision
    """``gone``: it is not in the account any more."""
    reason: str = ""
    updated: str | None = None
    """When it was last changed, by the inventory; canonical."""
    done: Done = ""


class Plan(TableFile):
    """A plan in its file."""

    schema = SCHEMA
    keeps = "the plan of the roll-back"

    # --- making it ---------------------------------------------------------------------------------

    def forget(self) -> None:
        """Begin anew."""
        for statement in ("DELETE FROM item", "DELETE FROM key", "DELETE FROM used"):
            self._rows(statement)

    def add(self, items: Iterable[Planned]) -> None:
        """Add things, each with the record that it was made for."""
        rows = list(items)
        self._many(
            "INSERT OR REPLACE INTO item VALUES (?,?,?,?,?,?,?,?)",
            [(i.kind, i.id, i.object, i.source_key, i.decision, i.reason, i.updated, i.done) for i in rows],
        )
        self.add_keys((i.kind, i.id, i.object, i.source_key) for i in rows)

    def add_keys(self, keys: Iterable[tuple[str, int, str, str]]) -> None:
        """Add (kind, id, object, source key) of records that ended in a thing."""
        self._many("INSERT OR IGNORE INTO key VALUES (?,?,?,?)", keys)

    def use(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Note (kind, id) of what something that stays refers to."""
        self._many("INSERT OR IGNORE INTO used VALUES (?,?)", pairs)

    # --- what it says ------------------------------------------------------------------------------

    def get(self, kind: str, thing_id: int) -> Planned | None:
        """Return what is planned for one thing; None for what the load did not make."""
        return next(map(_planned, self._rows("SELECT * FROM item WHERE kind=? AND id=?", kind, thing_id)), None)

    def is_used(self, kind: str, thing_id: int) -> bool:
        """Whether something that stays refers to it."""
        return bool(self._rows("SELECT 1 FROM used WHERE kind=? AND id=?", kind, thing_id))

    def goes(self, kind: str, thing_id: int) -> bool:
        """Whether a thing is to be removed, or is already."""
        found = self.get(kind, thing_id)
        return found is not None and found.decision != "protect"

    def items(self, kind: str | None = None, decision: Decision | None = None) -> Iterator[Planned]:
        """Yield what is planned by kind and id, in constant memory."""
        for one in (kind,) if kind else ORDER:
            last = -1
            more = "" if decision is None else f" AND decision='{decision}'"
            statement = f"SELECT * FROM item WHERE kind=? AND id>?{more} ORDER BY id LIMIT 500"  # noqa: S608
            while rows := self._rows(statement, one, last):
                yield from map(_planned, rows)
                last = rows[-1][1]

    def waiting(self, kind: str, done: Done, most: int) -> list[Planned]:
        """Return up to ``most`` things that are to be removed, and of which so much is done."""
        statement = "SELECT * FROM item WHERE kind=? AND decision='remove' AND done=? ORDER BY id LIMIT ?"
        return [_planned(row) for row in self._rows(statement, kind, done, most)]

    def keys(self, item: Planned) -> list[tuple[str, str]]:
        """Return (object, source key) of all records that ended in a thing."""
        statement = "SELECT object, source_key FROM key WHERE kind=? AND id=? ORDER BY object, source_key"
        return [(row[0], row[1]) for row in self._rows(statement, item.kind, item.id)]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return kind to decision to number of things; ``removed`` is what is done of ``remove``."""
        found: dict[str, dict[str, int]] = {kind: {} for kind in ORDER}
        rows = self._rows("SELECT kind, decision, done='removed', count(*) FROM item GROUP BY 1, 2, 3")
        for kind, decision, removed, n in rows:
            one = found[kind]
            one[decision] = one.get(decision, 0) + n
            if removed and decision == "remove":
                one["removed"] = one.get("removed", 0) + n
        return found

    def reasons(self) -> list[tuple[str, str, int]]:
        """Return (kind, reason, number) of what is protected, in the order of removal, the most frequent first."""
        found = self._rows("SELECT kind, reason, count(*) FROM item WHERE decision='protect' GROUP BY 1, 2")
        return sorted(map(tuple, found), key=lambda row: (ORDER.index(row[0]), -row[2], row[1]))

    def digest(self, more: Sequence[str] = ()) -> str:
        """Return the hash of what goes and what stays, and of other lines: what a person signs."""
        made = hashlib.sha256()
        for item in self.items():
            made.update(f"{item.kind} {item.id} {item.decision == 'protect'}\n".encode())
        for line in more:
            made.update(f"{line}\n".encode())
        return "sha256:" + made.hexdigest()

    # --- carrying it out ---------------------------------------------------------------------------

    def protect(self, items: Iterable[Planned], reason: str) -> None:
        """Let things stay that were to go."""
        self._many("UPDATE item SET decision='protect', reason=? WHERE kind=? AND id=?",
                   [(reason, item.kind, item.id) for item in items])  # fmt: skip

    def mark(self, items: Iterable[Planned], done: Done) -> None:
        """Note how far the removal of things came."""
        self._many("UPDATE item SET done=? WHERE kind=? AND id=?", [(done, item.kind, item.id) for item in items])


def _planned(row: Sequence[Any]) -> Planned:
    return Planned(*row)
