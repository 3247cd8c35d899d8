"""The files of a record for the review page: pictures as small ``data:`` addresses, read from the source."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from migrator_lib.errors import MigratorError
from migrator_lib.load.files import read_file
from migrator_lib.lookups import Lookups, content_type
from migrator_lib.objects.attachment import upload_name
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Row

TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
LARGEST = 300_000
"""Bytes of a picture that the page still holds."""
BUDGET = 15_000_000
"""Bytes of all pictures of a page."""
REFERENCE = "st-attachment:"


class Pictures:
    """Reads pictures for a page, as long as they fit."""

    def __init__(self, root: FilesRoot | None, blobs: Path, lookups: Lookups) -> None:
        self.root = root
        self.blobs = blobs
        self.lookups = lookups
        self._left = BUDGET

    def of(self, rows: Iterable[Row]) -> dict[str, str]:
        """Return reference (``st-attachment:55``) to ``data:`` address, of those attachments that can be shown."""
        found = {f"{REFERENCE}{row['AttachmentKey']}": self._address(row) for row in rows if not row["IsDeleted"]}
        return {reference: address for reference, address in found.items() if address}

    def _address(self, row: Row) -> str:
        kind = content_type(upload_name(row))
        if kind not in TYPES:
            return ""
        match = self.lookups.files.match(row)
        if match.state != "matched" or match.size > min(LARGEST, self._left):
            return ""
        try:
            content = read_file(self.root, self.blobs, match)
        except MigratorError:  # whether a file can be read is what the load says; a page without it is a page
            return ""
        self._left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
