"""What is in quarantine, record by record: why, since when, how often it was tried, and what mends it.

Read from the lists behind the accounts (:mod:`migrator_lib.evidence.records`), which hold also what was refused inside
a ticket that is in Gorgias: its messages are counted with it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from migrator_lib.evidence.records import BATCH, list_name
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.objects import OBJECTS, PARTS
from migrator_lib.quarantine.mends import Mend

QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Held:
    """One record in quarantine, or what was refused inside one ticket (chat, call log)."""

    object: str
    key: str
    """In SmarterTrack; of what was refused inside a ticket, the ticket: ``ticket:4711``."""
    number: str
    records: int
    mend: Mend
    since: str
    """When it was quarantined and has not left since, ISO and UTC."""
    tries: int
    """How often it was tried since, the first time included."""
    entry: Entry
    """Its own entry in the ledger, or that of its ticket."""


def held(
    ledger: Ledger, target: str, folder: Path, mend: Callable[[Entry], Mend]
) -> Iterator[Held]:  # fmt: skip
    """Yield what is in quarantine, object by object, in constant memory.

    Args:
        ledger: of the engagement.
        target: the account.
        folder: of the lists behind the accounts, as they are written from this ledger.
        mend: tells what mends an entry.
    """
    for name in (*(obj.name for obj in OBJECTS), *PARTS):
        rows = _rows(folder / f"{list_name(name, QUARANTINED)}.csv")
        while batch := list(islice(rows, BATCH)):
            yield from _of(ledger, target, batch, mend)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if file.exists():
        with file.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)


def _of(
    ledger: Ledger, target: str, rows: Sequence[dict[str, str]], mend: Callable[[Entry], Mend]
) -> Iterator[Held]:  # fmt: skip
    for home, group in groupby(rows, key=_home_of):
        of_home = list(group)
        keys = list(dict.fromkeys(_key_of(row) for row in of_home))
        entries, outcomes = ledger.known(target, home, keys), ledger.outcomes(target, home, keys)
        for row in of_home:
            key = _key_of(row)
            entry = entries.get(key)
            if entry is None or (row["object"] != home and entry.state == QUARANTINED):
                continue  # what is inside a ticket in quarantine waits with it
            since, tries = _since(outcomes.get(key, []), inside=row["object"] != home)
            yield Held(
                row["object"], row["key"], row["number"], int(row["records"]), mend(entry), since, tries, entry
            )  # fmt: skip


def _home_of(row: dict[str, str]) -> str:
    """Return the object whose entry in the ledger tells of a row: of what is inside a ticket, the ticket's."""
    home, colon, _ = row["key"].partition(":")
    return home if colon and row["object"] in PARTS and home in _NAMES else row["object"]


def _key_of(row: dict[str, str]) -> str:
    return row["key"].partition(":")[2] if _home_of(row) != row["object"] else row["key"]


_NAMES = frozenset(obj.name for obj in OBJECTS)


def _since(outcomes: Sequence[tuple[str, dict[str, object]]], *, inside: bool) -> tuple[str, int]:
    """Return when a record came into quarantine to stay, and how many outcomes it had there."""
    since, tries = "", 0
    for at, detail in reversed(outcomes):
        if detail.get("reason") is None if inside else detail.get("state") != QUARANTINED:
            break
        since, tries = at, tries + 1
    return since, tries
