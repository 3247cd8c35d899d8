"""Drawing: figures as SVG text in the page's own colours and font, the same bytes for the same numbers.

Text and axes take the page's own colour (``currentColor``) and font; the fills are of middle lightness, so that they
stand out from both papers.
"""

from __future__ import annotations

import io
import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH_INCHES = 5.4
"""The page scales it, so that text stays legible on a telephone."""
LABEL_LETTERS = 26
INK = "#010203"
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "migrator",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_UNSEEN = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<defs>\s*<style.*?</defs>", re.DOTALL),
    re.compile(r'<path d="[^"]*" style="fill: none"/>'),
    re.compile(r"(?<=[\n>]) +| +(?=\n)"),
)


def short(name: str) -> str:
    """Return a label of up to 26 letters."""
    return name if len(name) <= LABEL_LETTERS else name[: LABEL_LETTERS - 1].rstrip() + "…"


def thousands(value: float, _: object = None) -> str:
    """Return a number with thousands separators, as an axis or a label shows it."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}".rstrip("0")


def axes(*, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure, of this height in inches, with one pair of axes."""
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    return figure, figure.add_subplot()


def svg(figure: Figure) -> str:
    """Return the figure without a background, in the page's colours and font, and nothing in it that is not seen."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata=_NO_METADATA)
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace("<svg ", '<svg style="stroke-linejoin: round" ', 1)
    # matplotlib's style element would hold for the whole page, and its ids would meet those of the next chart
    for unseen in _UNSEEN:
        text = unseen.sub("", text)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
    return text.replace(INK, "currentColor")
