"""The course of a step: its calls over time, beside what was allowed."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
from matplotlib.ticker import FuncFormatter, MaxNLocator

from migrator_lib.charts import drawing
from migrator_lib.charts.drawing import SETTINGS, thousands

CALLS, ALLOWED = "#3b7dd8", "#d9483f"
UNITS = (("hours", 3600.0, 3 * 3600.0), ("minutes", 60.0, 180.0), ("seconds", 1.0, 0.0))
"""Unit of time, its seconds, and from how many seconds on it is used."""


def calls_over_time(seconds: float, calls: Sequence[int], allowed: Sequence[float]) -> str:
    """Return calls a minute as an area, and what was allowed as a line above it, over the time since the first call.

    Args:
        seconds: length of a span.
        calls: calls in each span.
        allowed: calls a second that might have been ours, in each span.
    """
    unit, size, _ = next(one for one in UNITS if seconds * len(calls) >= one[2])
    edges = [n * seconds / size for n in range(len(calls) + 1)]
    reached = [60 * n / seconds for n in calls]
    limits = [60 * rate for rate in allowed]
    with matplotlib.rc_context(SETTINGS):
        figure, axes = drawing.axes(height=2.6)
        axes.stairs(reached, edges, fill=True, color=CALLS, label="made")
        axes.stairs(limits, edges, baseline=None, color=ALLOWED, linewidth=1.8, linestyle="--", label="allowed")
        axes.set_xlim(0, edges[-1] or 1)
        axes.set_ylim(0, 1.12 * max([*reached, *limits], default=0) or 1)
        axes.set_ylabel("calls a minute")
        axes.set_xlabel(f"{unit} since the first call")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(thousands))
        figure.legend(loc="outside lower left", ncols=2, borderaxespad=0.3)
        return drawing.svg(figure)
