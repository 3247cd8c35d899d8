"""What of a payload is not read back, and why: everything else that is written is compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotReadBack:
    """One field that is written, or made, and not compared as a field of its record."""

    object: str
    path: str
    why: str


NOT_READ_BACK: tuple[NotReadBack, ...] = (
    NotReadBack("attachment", "file", "where the file lies below the files root: nothing of it reaches Gorgias"),
    NotReadBack("attachment", "name", "compared on the message that has the file, as attachments.name"),
    NotReadBack("attachment", "content_type", "compared on the message that has the file, as attachments.content_type"),
    NotReadBack("attachment", "public", "compared on the message that has the file, as attachments.public"),
    NotReadBack("attachment", "crc", "compared with the file on disk, before it goes up"),
    NotReadBack("attachment", "length", "compared with the file on disk, before it goes up; then as attachments.size"),
)
"""A test walks what payloads hold, and asks for each field to be compared or to stand here."""
