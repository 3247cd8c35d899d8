"""The mutation test of the verification as figures: ``tests/mutations`` holds the catalogue, and judges.

``python -m benchmarks.mutations`` prints every mutation, and as what it was found; the benchmark writes the same table
to ``reports/mutations.csv``.
"""

from __future__ import annotations

import tempfile
from dataclasses import astuple
from functools import cache
from pathlib import Path

from benchmarks.harness import benchmark
from migrator_lib.csv_file import write_csv
from tests.mutations.hidden import everything
from tests.mutations.judging import Judged, judged
from tests.mutations.knowledge import OfPackage, of_help_center
from tests.mutations.summary import told
from tests.mutations.world import migrated

OUTPUT = Path(__file__).resolve().parent.parent / "reports" / "mutations.csv"
COLUMNS = ("object", "field", "mutation", "found as", "found")


@cache
def measured() -> Judged:
    """Apply every mutation of the catalogue to a help desk that was loaded; both ways of a knowledge base."""
    with tempfile.TemporaryDirectory() as folder:
        with migrated(Path(folder, "package")) as world:
            package = OfPackage(world.packages)
            found = judged(world, everything(world), world.reconcile)
            found += judged(world, package.all(), world.compare_knowledge, restore=package.restore)
        with migrated(Path(folder, "api"), by_api=True) as world:
            found += judged(world, of_help_center(world), world.compare_knowledge)
    return found


def _write(found: Judged, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    write_csv(output, COLUMNS, [astuple(row) for row in found.rows])


@benchmark(unit="mutations", goal=570, more_is_better=True)
def mutations_tried() -> float:
    """Changes of a loaded account that look like faults: each field that a payload writes, dropped, added, doubled and
    moved records, swapped files, authors, customers and dates, what a body hides, threads and people exchanged.
    """
    found = measured()
    _write(found, OUTPUT)
    return float(len(found.rows))


@benchmark(unit="mutations", goal=570, more_is_better=True)
def mutations_found() -> float:
    """Those of them that the verification told of by record, state and just the fields that differ."""
    return float(sum(row.is_found for row in measured().rows))


if __name__ == "__main__":
    print("\n".join(told([astuple(row) for row in measured().rows], whole=True)))
