"""What papermill adds to a notebook before the notebook does anything."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import nbformat
import papermill

from benchmarks.harness import benchmark
from migrator_lib.driver import QUIET

REPEATS = 5


@benchmark(unit="s", goal=1.5)
def papermill_overhead_seconds_per_notebook() -> float:
    """Wall time of papermill, in process, on a notebook of one trivial cell, kernel start included; least of 5."""
    with tempfile.TemporaryDirectory(prefix="migrator-bench-") as folder:
        given = Path(folder, "trivial.ipynb")
        nbformat.write(trivial_notebook(), given)
        return min(_seconds(given) for _ in range(REPEATS))


def trivial_notebook() -> nbformat.NotebookNode:
    """Return a notebook whose one cell does nothing worth measuring."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def _seconds(given: Path) -> float:
    began = time.perf_counter()
    papermill.execute_notebook(
        str(given), str(given.with_suffix(".out.ipynb")), progress_bar=False, extra_arguments=QUIET
    )
    return time.perf_counter() - began
