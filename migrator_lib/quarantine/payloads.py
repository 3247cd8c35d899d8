"""What would be sent of a record in quarantine, as a file for the engineer who mends it.

The files are below ``state/quarantine/``, which is confidential: they hold what people wrote. A report names their path
and shows nothing of them. What is in quarantine no more has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from migrator_lib.ledger import Entry, Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.objects import OBJECTS
from migrator_lib.objects.base import MigrationObject, Quarantine, Record, Send
from migrator_lib.objects.conversation import Conversation
from migrator_lib.staging import Staged
from migrator_lib.storage import beside, refusals

FOLDER = "quarantine"
"""In the state folder."""
KEPT = 1000
"""Records of each object that have a file; of more, ``migrator quarantine show`` makes it."""


def place(state: Path, obj: str, key: str) -> Path:
    """Return the file of a record, whatever characters its key has."""
    return state / FOLDER / obj / f"{quote(key, safe='')}.json"


def keep(ledger: Ledger, target: str, staged: Staged, lookups: Lookups, state: Path) -> int:
    """Write the files of what is in quarantine now, and remove those of what is not any more; return their number.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    written: set[Path] = set()
    for obj in OBJECTS:
        held = {entry.source_key: entry for entry in islice(ledger.entries(target, obj.name, "quarantined"), KEPT)}
        for record in _records(obj, held, staged, lookups) if held else ():
            written.add(write(obj, held[record.key], record, lookups, state))
    with refusals(f"{state / FOLDER} could not be tidied"):
        for file in (state / FOLDER).glob("*/*.json"):
            if file not in written:
                file.unlink()
    return len(written)


def write_one(entry: Entry, staged: Staged, lookups: Lookups, state: Path) -> Path | None:
    """Write the file of one record; return None where its row is not staged, so that nothing can be told.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    obj = next((one for one in OBJECTS if one.name == entry.object), None)
    if obj is None:
        return None
    found = _records(obj, {entry.source_key: entry}, staged, lookups)
    return next((write(obj, entry, record, lookups, state) for record in found), None)


def write(obj: MigrationObject, entry: Entry, record: Record, lookups: Lookups, state: Path) -> Path:
    """Write the file of one record: its payload where the mapping makes one, else the source row that makes none."""
    outcome = obj.transform(record, lookups)
    told: dict[str, Any] = {"object": obj.name, "key": record.key, "reason": entry.reason}
    if isinstance(outcome, Send):
        told["payload"] = outcome.payload
    else:
        told |= {"now": outcome.reason if isinstance(outcome, Quarantine) else type(outcome).__name__.lower()}
        told["source"] = _row(record.data)
    file = place(state, obj.name, record.key)
    with beside(file) as temporary:
        text = json.dumps(told, indent=2, ensure_ascii=False, default=str)
        temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    return file


def _records(
    obj: MigrationObject, held: Iterable[str], staged: Staged, lookups: Lookups
) -> Iterator[Record]:  # fmt: skip
    keys = set(held)
    if isinstance(obj, Conversation):
        records = obj.records(staged, lookups, {int(key) for key in keys if key.isdigit()})
    else:
        records = obj.records(staged, lookups)
    return (record for record in records if record.key in keys)


def _row(data: Any) -> Any:
    return asdict(data) if is_dataclass(data) and not isinstance(data, type) else data
