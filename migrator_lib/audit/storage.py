"""Attachment rows and the files root: one pass over the tree, one over the rows, in constant memory.

Names and sizes are kept in a temporary file, which SQLite removes; no file is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain

from migrator_lib.audit.facts import Storage
from migrator_lib.audit.live import Live
from migrator_lib.chunks import Row
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.files import FilesRoot, as_compared
from migrator_lib.smartertrack.matching import name_on_disk
from migrator_lib.smartertrack.reading import pages
from migrator_lib.smartertrack.tables import FAMILIES, SourceTable, narrow
from migrator_lib.storage import scratch

OTHER_OWNERS = ("ThreadPostAttachments", "Files")
"""Tables that own files in the same tree: what they name is no orphan."""
COLUMNS = ("FileNameOnDisk", "Length", "CreationDateUTC", "IsDeleted")
ATTACHMENTS = tuple(narrow(family.attachments, COLUMNS) for family in FAMILIES)


class Tree:
    """Names and sizes of files, as the extract will look for them, and of attachments' rows."""

    def __init__(self) -> None:
        self._database = scratch()
        self._database.execute("CREATE TABLE file (name TEXT, size INTEGER)")
        self._database.execute("CREATE TABLE named (name TEXT, length INTEGER, is_deleted INTEGER, moves INTEGER)")

    def add_files(self, files: Iterable[tuple[str, int]]) -> None:
        """Take in (name, size in bytes) of files."""
        self._database.executemany("INSERT INTO file VALUES (?, ?)", files)
        self._database.execute("CREATE INDEX of_name ON file (name)")

    def add_rows(self, rows: Iterable[Row], *, moves: bool) -> None:
        """Take in what rows say of files; those of tickets, chats, calls are looked for, others own what they name."""
        values = (
            (name_on_disk(row), row.get("Length") or 0, bool(row.get("IsDeleted")), moves)
            for row in rows
            if moves or row["FileNameOnDisk"]
        )
        self._database.executemany("INSERT INTO named VALUES (?, ?, ?, ?)", values)

    def ask(self, statement: str, *values: object) -> tuple[int, ...]:
        """Return the one row of a statement over ``file`` and ``named``, 0 for what is empty."""
        return tuple(n or 0 for n in self._database.execute(statement, values).fetchone())

    def close(self) -> None:
        """Remove the file."""
        self._database.close()


def read_tree(root: FilesRoot, progress: Progress) -> Tree:
    """Walk the files root.

    Raises:
        FilesMissing: it is not there, or a folder cannot be listed.
    """
    progress.begin("Looking at files", 0)
    tree = Tree()
    tree.add_files(_counted(root, progress))
    return tree


def _counted(root: FilesRoot, progress: Progress) -> Iterator[tuple[str, int]]:
    for file in root.walk():
        progress.advance()
        yield as_compared(file.name), file.size


def storage_facts(live: Live, tree: Tree | None, limit: int) -> Storage:
    """Return attachments and their files in numbers.

    Args:
        live: the source.
        tree: of the files root, or None where there is none to look at.
        limit: largest file that may go to Gorgias, bytes.
    """
    with closing(tree or Tree()) as known:
        years: Counter[str] = Counter()
        known.add_rows(_rows(live, years), moves=True)
        known.add_rows(_names_of_others(live), moves=False)
        return _facts(known, dict(sorted(years.items())), limit, looked=tree is not None)


def _rows(live: Live, years: Counter[str]) -> Iterator[Row]:
    there = [table for table in ATTACHMENTS if table.name in live.source.binding.tables]
    for page in chain.from_iterable(pages(live.source, table, live.page_rows) for table in there):
        for row in page:
            if not row["IsDeleted"]:
                created = row["CreationDateUTC"]
                years[str(created.year) if created else "unknown"] += row["Length"] or 0
            yield row


ROWS = (
    "SELECT count(*), sum(is_deleted), sum(length * (1 - is_deleted)), sum((length > ?) * (1 - is_deleted)) FROM named "
    "WHERE moves"
)
SHARED = (
    "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM named WHERE moves AND NOT is_deleted AND name <> '' "
    "GROUP BY name)"
)
TREE = "SELECT count(*), sum(size), count(DISTINCT name) FROM file"
ORPHANS = "SELECT count(*) FROM file WHERE name NOT IN (SELECT name FROM named)"
FOUND = (
    "SELECT sum(size IS NULL), sum(size = 0), sum(max(length, size) > ?), sum(size <> length) FROM named LEFT JOIN "
    "(SELECT name, max(size) AS size FROM file GROUP BY name) USING (name) WHERE moves AND NOT is_deleted"
)


def _facts(known: Tree, by_year: dict[str, int], limit: int, *, looked: bool) -> Storage:
    rows, deleted, row_bytes, large = known.ask(ROWS, limit)
    (shared,) = known.ask(SHARED)
    said = Storage(
        rows=rows, deleted_rows=deleted, row_bytes=row_bytes, by_year=by_year, files=None, file_bytes=None,
        missing=None, orphans=None, shared=shared, ambiguous=None, empty=None, oversized=large, limit=limit,
        different_size=None,
    )  # fmt: skip
    if not looked:
        return said
    files, file_bytes, names = known.ask(TREE)
    missing, empty, oversized, different = known.ask(FOUND, limit)
    return replace(
        said, files=files, file_bytes=file_bytes, missing=missing, orphans=known.ask(ORPHANS)[0],
        ambiguous=files - names, empty=empty, oversized=oversized, different_size=different,
    )  # fmt: skip


def _names_of_others(live: Live) -> Iterator[Row]:
    for table in OTHER_OWNERS:
        if live.source.column(table, "FileNameOnDisk") is not None:
            for page in pages(live.source, SourceTable(table, ("FileNameOnDisk",), ()), live.page_rows):
                yield from page
