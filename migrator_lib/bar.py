"""The bar of a running step, below the cell that runs: one output that is updated in place.

In JupyterLab it is a bar with its numbers; a notebook that is executed elsewhere has the same as a line of text. A run
of the driver has neither: there the command line says how far it is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from migrator_lib import interactive, pages

if TYPE_CHECKING:
    from migrator_lib.progress import Snapshot


class Bar:
    """Shows snapshots one after the other, those of a cell in one output."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._cell = 0
        self._last: tuple[Snapshot, str, str] | None = None

    def show(self, snapshot: Snapshot, what: str, note: str = "") -> None:
        """Show how far a step is.

        Args:
            snapshot: the numbers.
            what: the stage that runs.
            note: why nothing is done now, where nothing is: a pause, a wait.
        """
        if os.environ.get("MIGRATOR_DRIVER") or interactive.shell() is None:
            return
        self._last = (snapshot, what, note)
        self._put(snapshot, what, note, "warn")

    def end(self, *, well: bool) -> None:
        """Say how the cell ended in which the bar stands."""
        if self._last is None or not interactive.is_interactive():
            return
        snapshot, what, _ = self._last
        self._last = None
        if well:
            self._put(snapshot, what, "done", "good")
        else:
            self._put(snapshot, what, "stopped here; run this cell again, and it goes on", "warn")

    def _put(self, snapshot: Snapshot, what: str, note: str, tone: pages.Tone) -> None:
        from IPython.display import display

        shown = {"text/plain": snapshot.line()}
        if interactive.is_interactive():
            shown["text/html"] = html(snapshot, what, note, tone)
        if self._handle is None or self._cell != interactive.cell():
            self._cell = interactive.cell()
            self._handle = display(shown, raw=True, display_id=True)
        elif hasattr(self._handle, "update"):
            self._handle.update(shown, raw=True)


def html(snapshot: Snapshot, what: str, note: str = "", tone: pages.Tone = "warn") -> pages.Html:
    """Return a bar with its numbers: how many of how many, how fast, how long it will take."""
    from migrator_lib.display import WRAPPER
    from migrator_lib.progress import duration

    of_all = f" of {snapshot.total:,}" if snapshot.total else ""
    numbers = [f"{snapshot.done:,}{of_all}"] if snapshot.done or of_all else []
    numbers += [f"{snapshot.rate:,.1f}/s"] if snapshot.rate else []
    left = snapshot.seconds_left
    numbers += [f"{duration(left)} left"] if left and tone != "good" else []
    share = min(1.0, snapshot.done / snapshot.total) if snapshot.total else 0.0
    bar = pages.tag("progress", "", value=f"{share:.4f}", max="1", aria_label=what) if snapshot.total else ""
    percent = f"{share:.0%}" if snapshot.total else ""
    line = [pages.tag("b", what), bar, percent, pages.tag("span", " · ".join(numbers), class_="note")]
    line += [pages.badge(note, tone)] if note else []
    return pages.tag("div", pages.tag("div", pages.join(line), class_="running"), class_=WRAPPER)
