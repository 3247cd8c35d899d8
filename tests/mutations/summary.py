"""The table of mutations behind a run of the tests: what was changed, and as what it was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

ROWS = "mutations"
"""Name of the property of a test's report in which its rows are: reports travel from xdist's workers."""
Line = Sequence[Any]
"""Object, field, mutation, found as, and whether it was found."""


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Print the table: a line for each object, what was not found, and with ``-v`` every mutation."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    rows = [row for report in reports for name, value in report.user_properties if name == ROWS for row in value]
    if rows:
        terminalreporter.section(f"mutations of an account: {len(rows)} tried, {sum(row[4] for row in rows)} found")
        for line in told(rows, whole=config.getoption("verbose") > 0):
            terminalreporter.write_line(line)


def told(rows: Sequence[Line], *, whole: bool) -> Iterable[str]:
    """Yield the lines of the table."""
    shown = [row for row in rows if whole or not row[4]]
    width = [max((len(str(row[n])) for row in shown), default=0) for n in range(3)]
    for row in shown:
        yield "  ".join([*(str(row[n]).ljust(width[n]) for n in range(3)), str(row[3])])
    if not whole:
        for name in dict.fromkeys(row[0] for row in rows):
            own = [row for row in rows if row[0] == name]
            states = ", ".join(dict.fromkeys(str(row[3]) for row in own if row[4]))
            yield f"{name:22} {len(own):4} tried  {sum(row[4] for row in own):4} found  as {states}"
