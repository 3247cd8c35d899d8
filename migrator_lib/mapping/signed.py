"""The mapping as it was signed: a copy beside the signatures, by which a later change can be shown."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.errors import ParameterError
from migrator_lib.mapping.difference import Difference, differences
from migrator_lib.mapping.file import load
from migrator_lib.mapping.model import EngagementMapping
from migrator_lib.storage import beside


def keep(mapping_file: Path, copy: Path) -> None:
    """Keep what is signed, comments and all.

    Raises:
        StorageError: the copy cannot be written.
    """
    text = mapping_file.read_bytes()
    with beside(copy, next_step="make room, or give this user the right to write there; then sign again.") as place:
        place.write_bytes(text)


def kept(copy: Path, signed: str) -> EngagementMapping | None:
    """Return the mapping of a signature's hash, or None where it was not kept, or somebody changed the copy."""
    if not copy.exists():
        return None
    try:
        found = load(copy)
    except ParameterError:
        return None
    return found if found.hash == signed else None


def changed_since(copy: Path, signed: str, now: EngagementMapping) -> list[Difference] | None:
    """Return what changed since a signature; None where that cannot be told."""
    before = kept(copy, signed)
    return None if before is None else differences(before, now)
