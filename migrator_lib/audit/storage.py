"""Attachment rows and the files root: one pass over the tree, one over the rows; only names and sizes are in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from migrator_lib.audit.facts import Storage
from migrator_lib.audit.live import Live
from migrator_lib.chunks import Row
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import walk
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import narrow

OTHER_OWNERS = ("ChatAttachments", "CallLogAttachments", "ThreadPostAttachments", "Files")
"""Tables that own files in the same tree: what they name is no orphan."""
ATTACHMENTS = narrow("TicketAttachments", ("FileNameOnDisk", "Length", "CreationDateUTC", "IsDeleted"))


@dataclass
class Tree:
    """Names of files (lower case) to sizes, as the extract will look for them."""

    sizes: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def read_tree(root: Path, progress: Progress) -> Tree:
    """Walk the files root.

    Raises:
        FilesMissing: it is not there, or a folder cannot be listed.
    """
    progress.begin("Looking at files", 0)
    tree = Tree()
    for file in walk(root):
        tree.sizes[file.name.lower()] = file.size
        tree.files += 1
        tree.bytes += file.size
        progress.advance()
    return tree


@dataclass
class _Rows:
    """What is added up over attachment rows."""

    limit: int
    tree: Tree | None
    totals: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        """Take one row in; a deleted one only names its file."""
        name, length = (row["FileNameOnDisk"] or "").lower(), row["Length"] or 0
        again = name in self.named
        self.named.add(name)
        self.totals["rows"] += 1
        if row["IsDeleted"]:
            self.totals["deleted"] += 1
            return
        created = row["CreationDateUTC"]
        self.years[str(created.year) if created else "unknown"] += length
        self.totals["bytes"] += length
        self.totals["shared"] += again
        size = self.tree.sizes.get(name) if self.tree else None
        self.totals["oversized"] += max(length, size or 0) > self.limit and (size is not None or self.tree is None)
        self.totals["missing"] += size is None
        self.totals["empty"] += size == 0
        self.totals["different"] += size is not None and size != length


def storage_facts(live: Live, tree: Tree | None, limit: int) -> Storage:
    """Return attachments and their files in numbers.

    Args:
        live: the source.
        tree: of the files root, or None where there is none to look at.
        limit: largest file that may go to Gorgias, bytes.
    """
    rows = _Rows(limit, tree)
    for page in pages(live.source, ATTACHMENTS, live.page_rows):
        for row in page:
            rows.add(row)
    totals = rows.totals
    owned = rows.named | _names_of_others(live.source) if tree else set()
    return Storage(
        rows=totals["rows"],
        deleted_rows=totals["deleted"],
        row_bytes=totals["bytes"],
        by_year=dict(sorted(rows.years.items())),
        files=tree.files if tree else None,
        file_bytes=tree.bytes if tree else None,
        missing=totals["missing"] if tree else None,
        orphans=sum(1 for name in tree.sizes if name not in owned) if tree else None,
        shared=totals["shared"],
        ambiguous=tree.files - len(tree.sizes) if tree else None,
        empty=totals["empty"] if tree else None,
        oversized=totals["oversized"],
        limit=limit,
        different_size=totals["different"] if tree else None,
    )


def _names_of_others(source: SourceDatabase) -> set[str]:
    found: set[str] = set()
    for table in OTHER_OWNERS:
        column = source.column(table, "FileNameOnDisk")
        if column is not None:
            rows = source.select(sa.select(column.label("name")).distinct(), table)
            found.update(str(row["name"]).lower() for row in rows if row["name"])
    return found
