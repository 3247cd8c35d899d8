"""Charts as SVG text: small, legible on light and dark paper, the same bytes for the same numbers.

Text and axes take the page's own colour (``currentColor``) and font; the fills are of middle lightness, so that they
stand out from both papers. Charts count things: nothing in them identifies a person.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
from matplotlib.ticker import FuncFormatter, MaxNLocator

from migrator_lib.charts import drawing
from migrator_lib.charts.drawing import SETTINGS, short, thousands

OUTCOMES = {
    "created": ("created", "#3b7dd8"),
    "matched": ("matched", "#1a9592"),
    "merged": ("merged", "#9a6bd0"),
    "skipped": ("skipped by rule", "#7f8a96"),
    "handed_over": ("handed over", "#b57a14"),
    "quarantined": ("quarantined", "#d9483f"),
}
"""Outcome to its words and its fill."""
FILL = OUTCOMES["created"][1]
LIMIT = OUTCOMES["quarantined"][1]


def bars(mapping: Mapping[str, float], *, label: str = "") -> str:
    """Return one horizontal bar for each name, its number beside it; ``label`` says what the numbers are."""
    with matplotlib.rc_context(SETTINGS):
        figure, axes = drawing.axes(height=(0.6 if label else 0.3) + 0.3 * max(1, len(mapping)))
        drawn = axes.barh(range(len(mapping)), list(mapping.values()), color=FILL)
        axes.set_yticks(range(len(mapping)), [short(name) for name in mapping])
        axes.bar_label(drawn, [thousands(value) for value in mapping.values()], padding=4)
        axes.set_xlim(0, 1.18 * max(mapping.values(), default=0) or 1)
        axes.set_xlabel(label)
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(thousands))
        return drawing.svg(figure)


def by_day(days: Mapping[str, Mapping[str, int]], *, label: str = "") -> str:
    """Return a group of bars for each day, one bar for each kind of difference, its number beside it.

    Args:
        days: day to kind to number; every day has the same kinds, the last of which is the one to fear.
        label: what the numbers are.
    """
    kinds = list(next(iter(days.values()), {}))
    fills = dict(zip(kinds, (FILL, OUTCOMES["handed_over"][1], LIMIT), strict=False))
    most = max((n for numbers in days.values() for n in numbers.values()), default=0)
    with matplotlib.rc_context(SETTINGS):
        figure, axes = drawing.axes(height=0.7 + 0.25 * (len(kinds) + 1) * max(1, len(days)))
        for place, kind in enumerate(kinds):
            rows = [row + (place - (len(kinds) - 1) / 2) / (len(kinds) + 1) for row in range(len(days))]
            values = [numbers[kind] for numbers in days.values()]
            drawn = axes.barh(rows, values, height=0.9 / (len(kinds) + 1), color=fills[kind], label=kind)
            axes.bar_label(drawn, [thousands(value) for value in values], padding=4)
        axes.set_yticks(range(len(days)), list(days))
        axes.set_xlim(0, 1.18 * most or 1)
        axes.set_xlabel(label)
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(thousands))
        if kinds:
            figure.legend(loc="outside lower left", ncols=len(kinds), borderaxespad=0.3)
        return drawing.svg(figure)
