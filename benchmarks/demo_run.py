"""The whole runbook on the embedded demo engagement."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import benchmark

PROJECT = Path(__file__).resolve().parent.parent
COMPLETE = {0, 4}
"""Exit codes of a run that came to its end: 0 done, 4 done with records that need a look."""


@benchmark(unit="s", goal=90)
def demo_run_seconds_per_1000_tickets() -> float:
    """Wall time of `migrator run demo --execute` on a fresh copy, from nothing to the last report, per 1,000 tickets.

    Building the simulated help desk and starting the simulated account are part of it.
    """
    with tempfile.TemporaryDirectory(prefix="migrator-bench-") as folder:
        home = Path(folder)
        copy_project(home)
        began = time.perf_counter()
        run_demo(home)
        return (time.perf_counter() - began) / tickets(home) * 1000


def copy_project(home: Path) -> None:
    """Copy what a run reads into an empty home; its reports will be written there too."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(PROJECT / name, home / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (home / "reports").mkdir()


def run_demo(home: Path) -> None:
    """Run the demo engagement in a home of its own.

    Raises:
        RuntimeError: it did not come to its end; the message ends with its last words.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MIGRATOR_")}
    finished = subprocess.run(
        [sys.executable, "-m", "migrator_lib.cli", "run", "demo", "--execute"],
        cwd=home,
        env={**inherited, "MIGRATOR_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode not in COMPLETE:
        last_words = "\n".join(finished.stdout.splitlines()[-20:])
        raise RuntimeError(f"The run ended with exit code {finished.returncode}. Its last words:\n{last_words}")


def tickets(home: Path) -> int:
    """Return how many tickets the finished run accounts for.

    Raises:
        RuntimeError: none, so that there is nothing to divide by.
    """
    summary = json.loads((home / "reports" / "demo" / "summary.json").read_text(encoding="utf-8"))
    count = int(summary["objects"]["ticket"]["source"])
    if count < 1:
        raise RuntimeError("The run ended well and migrated no ticket.")
    return count
