"""The extract of a large source: its speed beside the bare driver's, and its memory at two sizes.

The sources are built by the simulator, which takes some minutes and 3 GB; ``BENCH_SOURCE`` names a folder where they
are kept and found again, else they are removed at the end.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from benchmarks.harness import benchmark
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import source_table

MESSAGES = source_table("TicketMessages")
TICKETS = {100_000: 32_000, 1_000_000: 320_000}
"""Messages to the number of simulated tickets that have at least as many."""
PAGE_ROWS = 10_000
TRIES = 3
STATUS = Path("/proc/self/status")


@benchmark(unit="x", goal=0.5, more_is_better=True)
def extract_speed_ratio() -> float:
    """Rows a second of the extract of 1,000,000 ticket messages, over those of a bare sqlite3 loop of the same query.
    The extract is whole: Parquet with zstd, flushed, hashed, noted in the ledger. Both run in turn, three times, in
    this process, and the best time of each is taken.
    """
    source = simulated(1_000_000)
    times = [(bare_loop(source), extract_messages(source)) for _ in range(TRIES)]
    return min(bare for bare, _ in times) / min(extract for _, extract in times)


@benchmark(unit="x", goal=1.2)
def extract_memory_ratio_1m_to_100k() -> float:
    """Peak memory of a process that extracts 1,000,000 ticket messages, over that of one that extracts 100,000."""
    small, large = (peak_memory(simulated(messages)) for messages in (100_000, 1_000_000))
    return large / small


@cache
def simulated(messages: int) -> Path:
    """Return a simulated SmarterTrack database with so many ticket messages; it is built once."""
    kept = os.environ.get("BENCH_SOURCE")
    folder = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="migrator-bench-"))
    if not kept:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / f"smartertrack-{messages}.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"building a source with {messages:,} messages ...", flush=True)
        files = folder / f"files-{messages}"
        build(f"sqlite:///{file}", files, tickets=TICKETS[messages])
        shutil.rmtree(files)
    return file


def bare_loop(source: Path) -> float:
    """Return the seconds that the driver alone takes to give all messages, and see that there are enough."""
    columns = ", ".join(MESSAGES.columns)
    connection = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    began = time.perf_counter()
    cursor = connection.execute(f"SELECT {columns} FROM st_TicketMessages ORDER BY {', '.join(MESSAGES.key)}")
    rows = 0
    while batch := cursor.fetchmany(PAGE_ROWS):
        rows += len(batch)
    passed = time.perf_counter() - began
    connection.close()
    if rows < int(source.stem.rpartition("-")[2]):
        raise RuntimeError(f"{source} has only {rows:,} messages.")
    return passed


def extract_messages(source: Path) -> float:
    """Extract the messages of a source; return the seconds it took, reading the schema apart."""
    with tempfile.TemporaryDirectory(prefix="migrator-bench-", dir=source.parent) as name:
        folder = Path(name)
        database, ledger = SourceDatabase(f"sqlite:///{source}"), Ledger.in_folder(folder)
        database.preflight()
        reader = Extractor(
            source=database, ledger=ledger, folder=folder / "staged", stage="full", page_rows=PAGE_ROWS,
            progress=Progress(folder / "progress.json", "04_extract"),
        )  # fmt: skip
        began = time.perf_counter()
        reader.table(MESSAGES)
        passed = time.perf_counter() - began
        database.close()
        ledger.close()
    return passed


def peak_memory(source: Path) -> int:
    """Return the largest resident memory, in KB, of a process of its own that extracts the messages.

    Raises:
        RuntimeError: this is no Linux, whose /proc tells it. (``ru_maxrss`` would be that of the parent, if larger.)
    """
    if not STATUS.exists():
        raise RuntimeError(f"Memory is measured on Linux alone: there is no {STATUS}.")
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.extract", str(source)],
        cwd=Path(__file__).resolve().parent.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(finished.stdout.split()[-1])


if __name__ == "__main__":
    extract_messages(Path(sys.argv[1]))
    (peak,) = (line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    print(peak)
