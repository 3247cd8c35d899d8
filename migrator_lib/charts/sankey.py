"""A Sankey chart: where the records of a source went, kind by kind, as bands between two columns of bars.

A band is as wide as the square root of its number, and never too narrow to be seen: one record in quarantine is there
beside two million messages. So widths compare, and the numbers at the bars count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from migrator_lib.charts import OUTCOMES, drawing
from migrator_lib.charts.drawing import INK, SETTINGS, WIDTH_INCHES, short, thousands

Flows = Mapping[str, Mapping[str, int]]
"""Kind of records to outcome to number."""
FEARED = "quarantined"
"""The outcome that is shown even where no record has it."""
BODY_INCHES = 2.6
"""Height of all bands together."""
NARROWEST = 0.02
SLOT, GAP, MARGIN = 0.4, 0.05, 0.1
"""Inches: what a label needs, between two bars, above and below."""
LETTERS = 11.5
"""Points: the page makes the chart narrow on a telephone, where they are as small as letters may be."""
BAR = 0.09
OPACITY = 0.7
"""Of bands, so that those that cross are told apart; what is feared is drawn over them."""
LEFT, RIGHT = 1.75, 4.1
"""Inches from the left, where the bars of the source end and those of the outcomes begin."""
CENTRE = (LEFT + RIGHT) / 2


@dataclass(frozen=True)
class Band:
    """One flow."""

    kind: str
    outcome: str
    number: int
    inches: float


def sankey(flows: Flows) -> str:
    """Return the chart; a kind without records is left out.

    Args:
        flows: in the order in which kinds stand, from above; outcomes stand in the order of :data:`OUTCOMES`.
    """
    bands = _bands(flows)
    kinds: dict[str, float] = {}
    for band in bands:
        kinds[band.kind] = kinds.get(band.kind, 0.0) + band.inches
    ends = {
        outcome: sum(band.inches for band in bands if band.outcome == outcome)
        for outcome in OUTCOMES
        if outcome == FEARED or any(band.outcome == outcome for band in bands)
    }
    height = max(_total(kinds), _total(ends)) + 2 * MARGIN
    with matplotlib.rc_context({**SETTINGS, "font.size": LETTERS}):
        figure = Figure(figsize=(WIDTH_INCHES, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH_INCHES), ylim=(height, 0))
        axes.axis("off")
        begins, arrives = _placed(kinds, height), _placed(ends, height)
        _draw(axes, bands, dict(begins), dict(arrives))
        for kind, inches in kinds.items():
            number = sum(band.number for band in bands if band.kind == kind)
            _bar(axes, LEFT - BAR, begins[kind], inches, INK)
            _label(axes, LEFT - BAR - 0.07, begins[kind] + inches / 2, short(kind), number, "right")
        for outcome, inches in ends.items():
            number = sum(band.number for band in bands if band.outcome == outcome)
            _bar(axes, RIGHT, arrives[outcome], inches, OUTCOMES[outcome][1])
            words = outcome.replace("_", " ")
            _label(axes, RIGHT + BAR + 0.07, arrives[outcome] + inches / 2, words, number, "left")
        return drawing.svg(figure)


def _bands(flows: Flows) -> list[Band]:
    numbers = [
        (kind, outcome, outcomes[outcome])
        for kind, outcomes in flows.items()
        for outcome in OUTCOMES
        if outcomes.get(outcome)
    ]
    whole = sum(sqrt(n) for _, _, n in numbers) or 1.0
    return [
        Band(kind, outcome, n, max(NARROWEST, BODY_INCHES * sqrt(n) / whole)) for kind, outcome, n in numbers
    ]  # fmt: skip


def _total(sides: Mapping[str, float]) -> float:
    return sum(max(SLOT, inches) + GAP for inches in sides.values()) - GAP if sides else SLOT


def _placed(sides: Mapping[str, float], height: float) -> dict[str, float]:
    """Return where each bar begins, in inches from above; the shorter side stands in the middle."""
    at, places = (height - _total(sides)) / 2, {}
    for name, inches in sides.items():
        slot = max(SLOT, inches)
        places[name] = at + (slot - inches) / 2
        at += slot + GAP
    return places


def _draw(axes: Axes, bands: list[Band], begins: dict[str, float], arrives: dict[str, float]) -> None:
    """Draw the bands, the wide ones below; ``begins`` and ``arrives`` grow by what is drawn at each bar."""
    shapes = []
    for band in bands:
        above = begins[band.kind], arrives[band.outcome]
        begins[band.kind] += band.inches
        arrives[band.outcome] += band.inches
        shapes.append((band.inches, _shape(*above, band.inches), band.outcome))
    for _, path, outcome in sorted(shapes, key=lambda shape: (shape[2] == FEARED, -shape[0])):
        opacity = 1.0 if outcome == FEARED else OPACITY
        axes.add_patch(PathPatch(path, facecolor=OUTCOMES[outcome][1], edgecolor="none", alpha=opacity))


def _shape(left: float, right: float, inches: float) -> Path:
    """Return a band that leaves one bar level and meets the other level."""
    above = [(LEFT, left), (CENTRE, left), (CENTRE, right), (RIGHT, right)]
    below = [(x, y + inches) for x, y in reversed(above)]
    curve = [Path.CURVE4] * 3
    return Path([*above, *below, above[0]], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _bar(axes: Axes, at: float, above: float, inches: float, colour: str) -> None:
    axes.add_patch(Rectangle((at, above), BAR, max(inches, NARROWEST), facecolor=colour, edgecolor="none"))


def _label(axes: Axes, at: float, middle: float, words: str, number: int, side: str) -> None:
    """Write a name, and its number below it: beside each other, large ones would not fit into the chart."""
    axes.text(at, middle - 0.01, words, va="bottom", ha=side)
    axes.text(at, middle + 0.01, thousands(number), va="top", ha=side)
