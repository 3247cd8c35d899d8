"""Registering benchmarks, running them, and writing down what they measured.

A benchmark is a function that measures one number and returns it. Its name is the line's name, and the first
paragraph of its docstring tells how it measures::

    @benchmark(unit="s", goal=1.5)
    def something_seconds() -> float:
        \"\"\"Wall time of something, least of five.\"\"\"
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import platform
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from migrator_lib.storage import beside

Measure = Callable[[], float]


@dataclass(frozen=True)
class Benchmark:
    """A number that can be measured, and what it should be."""

    name: str
    measure: Measure
    unit: str
    goal: float
    more_is_better: bool = False

    @property
    def method(self) -> str:
        """How it is measured, in one line."""
        return " ".join((inspect.getdoc(self.measure) or "").split("\n\n")[0].split())

    def holds(self, value: float) -> bool:
        """Return whether a value meets the goal."""
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True)
class Line:
    """One line of ``bench.json``; ``value`` is None where the benchmark failed."""

    name: str
    value: float | None
    unit: str
    goal: float
    holds: bool
    method: str


class UnknownBenchmark(Exception):
    """No benchmark has the name that was asked for."""


class Registry:
    """Benchmarks by name."""

    def __init__(self) -> None:
        self._benchmarks: dict[str, Benchmark] = {}

    def benchmark(self, *, unit: str, goal: float, more_is_better: bool = False) -> Callable[[Measure], Measure]:
        """Register the decorated function; ``goal`` is a ceiling, or a floor if ``more_is_better``.

        Raises:
            ValueError: the name is taken, or the docstring that tells the method is missing.
        """

        def register(measure: Measure) -> Measure:
            made = Benchmark(measure.__name__, measure, unit, goal, more_is_better)
            if made.name in self._benchmarks:
                raise ValueError(f"There are two benchmarks named {made.name}.")
            if not made.method:
                raise ValueError(f"The benchmark {made.name} needs a docstring that tells how it measures.")
            self._benchmarks[made.name] = made
            return measure

        return register

    def select(self, only: str | None = None) -> list[Benchmark]:
        """Return all benchmarks in order of name, or the one that is named.

        Raises:
            UnknownBenchmark: naming those that there are.
        """
        if only is None:
            return [self._benchmarks[name] for name in sorted(self._benchmarks)]
        if only not in self._benchmarks:
            known = ", ".join(sorted(self._benchmarks)) or "none"
            raise UnknownBenchmark(f"There is no benchmark named {only!r}. There are: {known}.")
        return [self._benchmarks[only]]


REGISTRY = Registry()
benchmark = REGISTRY.benchmark


def discover() -> Registry:
    """Import every module of this package, so that its benchmarks are registered, and return the registry."""
    folder = Path(__file__).parent
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name != "run":
            importlib.import_module(f"benchmarks.{module.name}")
    return REGISTRY


def run(benchmarks: Iterable[Benchmark], console: Console) -> list[Line]:
    """Run benchmarks one after the other; one that fails is told of and does not stop the others."""
    return [_run_one(each, console) for each in benchmarks]


def _run_one(each: Benchmark, console: Console) -> Line:
    console.print(f"measuring {each.name} ...", style="dim", highlight=False)
    try:
        value = float(each.measure())
    except Exception:
        console.print(f"{each.name} failed:", style="bold red", highlight=False)
        console.print(traceback.format_exc(), markup=False, highlight=False)
        return Line(each.name, None, each.unit, each.goal, False, each.method)
    return Line(each.name, value, each.unit, each.goal, each.holds(value), each.method)


def table(lines: Iterable[Line], by_name: dict[str, Benchmark]) -> Table:
    """Return the table that is printed: a line for each benchmark."""
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    made = Table(title="Benchmarks", caption=machine, show_lines=True, title_justify="left", caption_justify="left")
    made.add_column("name and method", overflow="fold")
    made.add_column("value", justify="right", no_wrap=True)
    made.add_column("goal", justify="right", no_wrap=True)
    made.add_column("unit", no_wrap=True)
    made.add_column("holds", no_wrap=True)
    for line in lines:
        value = "failed" if line.value is None else f"{line.value:,.4g}"
        bound = "≥" if by_name[line.name].more_is_better else "≤"
        holds = "[green]yes[/]" if line.holds else "[red]no[/]"
        name = Text.assemble((line.name, "bold"), "\n", (line.method, "dim"))
        made.add_row(name, value, f"{bound} {line.goal:,g}", line.unit, holds)
    return made


def write(lines: Iterable[Line], path: Path) -> None:
    """Write lines as a JSON list, complete or not at all."""
    with beside(path) as place:
        place.write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n", encoding="utf-8")
