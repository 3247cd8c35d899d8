"""Extracts of small sources, for the tests of extract, staging and crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.database import Block, SourceDatabase
from migrator_lib.smartertrack.tables import SourceTable
from migrator_lib.staging import Staged


def at_every_page(reader: Extractor, tell: Callable[[str], None]) -> None:
    """Let ``tell`` be called with a table's name whenever a page of it (no larger than a block) is about to be read."""
    real = reader.source.stream

    def stream(table: SourceTable, **more: Any) -> Iterator[Block]:
        blocks, last = real(table, **more), False
        while not last:
            tell(table.name)
            block = next(blocks)
            last = block.last
            yield block

    reader.source.stream = stream  # type: ignore[method-assign]


@dataclass
class Desk:
    """A source database and the folder that its stages go to."""

    url: str
    folder: Path

    @contextmanager
    def reader(self, stage: str = "full", *, page_rows: int = 10) -> Iterator[Extractor]:
        """An extractor as a run makes one, closed at the end."""
        self.folder.mkdir(exist_ok=True)
        source, ledger = SourceDatabase(self.url), Ledger.in_folder(self.folder)
        source.preflight()
        ledger.take_lease()
        progress = Progress(self.folder / "progress.json", "04_extract", lambda: ledger.renew_lease())
        try:
            yield Extractor(
                source=source, ledger=ledger, folder=self.folder / "staged", stage=stage, page_rows=page_rows,
                progress=progress,
            )  # fmt: skip
        finally:
            source.close()
            ledger.close()

    def staged(self, *stages: str) -> Staged:
        return Staged([self.folder / "staged" / stage for stage in stages])

    def bytes_of(self, stage: str = "full") -> dict[str, bytes]:
        """Return every file of a stage with what is in it."""
        root = self.folder / "staged" / stage
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}

    def chunks(self, table: str, stage: str = "full") -> list[dict[str, object]]:
        ledger = Ledger.in_folder(self.folder)
        try:
            return ledger.chunks(stage, table)
        finally:
            ledger.close()
