"""Extracts until a moment, and there kills itself as ``kill -9`` would: run as a process of its own by its test."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from migrator_lib import chunks
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.smartertrack import file_index
from migrator_lib.smartertrack.files import FilesRoot
from tests.extracting import Desk, at_every_page


def deadly(real: Callable[..., Any], times: int, *, after: bool) -> Callable[..., Any]:
    """Return a function that kills this process when it is called once more than ``times`` times."""
    left = iter(range(times))

    def call(*args: Any, **more: Any) -> Any:
        last = next(left, None) is None
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **more)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


def half_written(data: Any, file: Path, **_: Any) -> None:
    Path(file).write_bytes(b"PAR1 and then nothing")
    os.kill(os.getpid(), signal.SIGKILL)


def arm(reader: Extractor, moment: str, times: int) -> None:
    match moment:
        case "before a page is read":
            at_every_page(reader, deadly(lambda _table: None, times, after=False))
        case "in the middle of a file":
            write, left = pq.write_table, iter(range(times))
            chunks.pq.write_table = lambda *a, **k: (half_written if next(left, None) is None else write)(*a, **k)
        case "before the file is renamed":
            Path.replace = deadly(Path.replace, times * 2, after=False)  # type: ignore[method-assign]
        case "before the ledger knows":
            Ledger.add_chunk = deadly(Ledger.add_chunk, times, after=False)  # type: ignore[method-assign]
        case "when the ledger knows":
            Ledger.add_chunk = deadly(Ledger.add_chunk, times, after=True)  # type: ignore[method-assign]
        case "never":
            pass


def everything(reader: Extractor, folder: Path) -> None:
    """Extract a desk as 04_extract does, with small chunks of the index of files too."""
    file_index.PAGE_FILES = 4
    reader.definitions()
    reader.conversations()
    reader.files(FilesRoot.at(folder.parent / "files"))


def extract(url: str, folder: Path, moment: str = "never", times: int = 0) -> None:
    """Extract a desk until the moment has passed ``times`` times."""
    with Desk(url, folder).reader(page_rows=10) as reader:
        arm(reader, moment, times)
        everything(reader, folder)
