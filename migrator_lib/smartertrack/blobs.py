"""Attachments that the database itself holds, where it does.

The schema of March 2018 has no bytes in any table (UNVERIFIED for other versions and engines), so everything about it
is here: a binary column of TicketAttachments, or of Files, is found by its type, or named by ``source.blob_column``.
It is in no page and no Parquet file: each is read alone, in pieces, into a file named by its SHA-256.
"""

from __future__ import annotations

from pathlib import Path

BLOB = "blob:"
"""Begins the path in the index of what the database itself holds; its SHA-256 follows."""


def content_file(folder: Path, path: str) -> Path:
    """Return where a blob's content lies below ``folder``."""
    digest = path.removeprefix(BLOB)
    return folder / digest[:2] / digest
