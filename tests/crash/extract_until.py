"""Extracts until a moment, and there kills itself as ``kill -9`` would: run as a process by its test.

Arguments: URL of the source, folder, moment, number of times that the moment passes before it is deadly.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from migrator_lib import chunks
from migrator_lib.ledger import Ledger
from migrator_lib.smartertrack import file_index
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from tests.extracting import Desk


def deadly(real: Callable[..., Any], times: int, *, after: bool) -> Callable[..., Any]:
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


def arm(moment: str, times: int) -> None:
    match moment:
        case "before a page is read":
            SourceDatabase.page = deadly(SourceDatabase.page, times, after=False)  # type: ignore[method-assign]
        case "after a page is read":
            SourceDatabase.page = deadly(SourceDatabase.page, times, after=True)  # type: ignore[method-assign]
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


if __name__ == "__main__":
    url, folder, moment, times = sys.argv[1:]
    file_index.PAGE_FILES = 4
    with Desk(url, Path(folder)).reader(page_rows=10) as reader:
        arm(moment, int(times))
        reader.definitions()
        reader.tickets()
        reader.files(FilesRoot.at(Path(folder).parent / "files"))
