"""What an attachment's entry keeps of the file that was sent, and what was seen of it in Gorgias afterwards."""

from __future__ import annotations

import hashlib
from typing import Any

from migrator_lib.ledger.schema import Entry

FILE = "file"
"""In the detail of an attachment's entry: ``sha256`` and ``size`` (bytes) of what was sent under its URL."""
SEEN, NOT_THERE = "seen", "not there"
"""States of the entry that says what the last download of a file found: its digest is the entry's hash."""


def digest_of(content: bytes) -> dict[str, Any]:
    """Return what is kept under :data:`FILE`."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def place(target: str) -> str:
    """Return where in the ledger stands what downloads found, apart from the records of the source.

    A verification writes nothing into the entry of a record: that says what the load did.
    """
    return f"{target}:files"


def seen(entry: Entry, *, sha256: str | None, size: int | None) -> Entry:
    """Return the entry that says what a download of an attachment's file found.

    Args:
        entry: the attachment's own.
        sha256: of what is there; None where nothing is, or what is there is far larger than it should be.
        size: in bytes; None where nothing is there.
    """
    state = NOT_THERE if size is None else SEEN
    return Entry(
        entry.object, entry.source_key, state, payload_hash=sha256, target_id=entry.target_id, detail={"size": size}
    )
