"""``python -m benchmarks.run [--only NAME]``: measure, print one table, write ``reports/bench.json``.

Exit codes: 0 all were measured (whether or not a goal holds), 1 one of them failed, 2 there is none of that name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.harness import Registry, UnknownBenchmark, discover, run, table, write

OUTPUT = Path(__file__).resolve().parent.parent / "reports" / "bench.json"


def main(
    arguments: Sequence[str] | None = None,
    *,
    registry: Registry | None = None,
    output: Path = OUTPUT,
    console: Console | None = None,
) -> int:
    """Run the benchmarks that the arguments ask for, and return the exit code."""
    console = console or Console()
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, and write reports/bench.json.")
    parser.add_argument("--only", metavar="NAME", help="measure this one alone; bench.json then holds its line alone")
    only = parser.parse_args(arguments).only
    try:
        chosen = (registry or discover()).select(only)
    except UnknownBenchmark as error:
        print(error, file=sys.stderr)
        return 2
    lines = run(chosen, console)
    write(lines, output)
    console.print(table(lines, {each.name: each for each in chosen}))
    console.print(f"Written to {output}", highlight=False, soft_wrap=True)
    return 1 if any(line.value is None for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
