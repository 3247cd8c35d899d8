"""Faults and deaths in simulated worlds, which one seed each decides: ``tests/world`` tells how.

``python -m benchmarks.simulated_faults`` lives through as many worlds as it takes for 100,000 of them, in a process for
each of two cores, and prints what it met. ``--seed N`` replays one world exactly, and prints all that happens in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.harness import benchmark

PROJECT = Path(__file__).resolve().parent.parent
FAULTS = 100_000
PROCESSES = 2


class WorldWrong(Exception):
    """A simulated world is not as the mapping says."""


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.world", *arguments]


def measured(faults: int = FAULTS) -> dict[str, Any]:
    """Live through worlds until so much went wrong in them; return the sums, and the longest ``seconds``.

    Raises:
        WorldWrong: one ended in another way than the mapping says.
    """
    each = -(-faults // PROCESSES)
    running = [
        subprocess.Popen(
            _command("--first", str(n), "--step", str(PROCESSES), "--faults", str(each)),
            cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        for n in range(PROCESSES)
    ]  # fmt: skip
    told = [process.communicate()[0] for process in running]
    if not all(told):
        raise WorldWrong("A process that lived through worlds ended without a word; its words stand above.")
    sums = [json.loads(text) for text in told]
    for one in sums:
        if one["failed"]:
            raise WorldWrong(
                f"{one['failed']['words']}\n"
                f"Replay it: python -m benchmarks.simulated_faults --seed {one['failed']['seed']}"
            )
    return {
        "faults": sum((Counter(one["faults"]) for one in sums), Counter[str]()),
        "deaths": sum((Counter(one["deaths"]) for one in sums), Counter[str]()),
        **{name: sum(one[name] for one in sums) for name in ("worlds", "runs", "hours", "away")},
        "seconds": max(one["seconds"] for one in sums),
    }


@benchmark(unit="faults", goal=FAULTS, more_is_better=True)
def simulated_faults() -> float:
    """Faults and deaths in simulated loads, deltas and roll-backs, each of which ended as the mapping says."""
    found = measured()
    return float(sum(found["faults"].values()) + sum(found["deaths"].values()))


def main() -> int:
    """Live through worlds, or replay one, and say what was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_faults")
    parser.add_argument("--seed", type=int, help="replay this world alone, and print all that happens in it")
    parser.add_argument("--faults", type=int, default=FAULTS, help="how much is to go wrong")
    asked = parser.parse_args()
    if asked.seed is not None:
        return subprocess.call(
            _command("--seed", str(asked.seed)), cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": "0"}
        )
    console = Console()
    try:
        found = measured(asked.faults)
    except WorldWrong as error:
        console.print(str(error), markup=False, highlight=False)
        return 1
    table = Table("what went wrong", "times", title="Simulated worlds", title_justify="left")
    for name, n in sorted((found["faults"] + found["deaths"]).items()):
        table.add_row(name, f"{n:,}")
    console.print(table)
    console.print(
        f"{found['worlds']:,} worlds, {found['runs']:,} runs, {found['hours']:,.0f} simulated hours in "
        f"{found['seconds']:,.0f} s: "
        f"{60 * found['hours'] / found['seconds']:,.0f} simulated hours a minute. All ended as the mapping says.",
        highlight=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
