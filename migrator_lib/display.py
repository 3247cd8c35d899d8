"""What notebooks show: the pages' look inside a notebook, status first.

A rendered page has the look already, so what :func:`style` leaves is marked, and left out there.
"""

from __future__ import annotations

import os
from pathlib import Path

from IPython.display import HTML, display

from migrator_lib import interactive, pages

STYLE_MARK = "migrator_style"
"""Key in the metadata of the output that holds the style sheet."""
WRAPPER = "migrator-shown"
OF_NOTEBOOKS = """
& { background: transparent; }
tbody tr, tbody tr:nth-child(even) { background: transparent; }
.running { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; padding: .5rem 0; }
.running progress { flex: 1 1 12rem; max-width: 24rem; height: .9rem; }
.running .note { margin: 0; font-variant-numeric: tabular-nums; }
h4 { font-size: 1rem; margin: 1rem 0 .3rem; }
"""
"""Style of what no page has: the bar of a running step, the headings of forms."""
# JupyterLab has a theme of its own, which need not be the system's.
_DARK = ("@media (prefers-color-scheme: dark)", '[data-jp-theme-light="false"] &')


def nested_style() -> str:
    """Return the style sheet for what :func:`show` shows, and for nothing else on JupyterLab's page."""
    css = pages.style().replace("color-scheme: light dark;", "").replace(*_DARK)
    return f".{WRAPPER} {{\n{css.replace(':root {', '& {').replace('body {', '& {')}{OF_NOTEBOOKS}}}\n"


def style() -> None:
    """Give the outputs that follow the look of the pages and, where a person runs the cells, tables that filter.

    JupyterLab runs a script in what a cell shows that was run in this session, and in a notebook that it trusts.
    """
    script = pages.tag("script", pages.Html(pages.script())) if interactive.is_interactive() else ""
    display(HTML(f"<style>{nested_style()}</style>{script}"), metadata={STYLE_MARK: True})


def show(*parts: object) -> None:
    """Show parts made by :mod:`migrator_lib.pages`, one after the other."""
    display(HTML(pages.tag("div", pages.join(parts), class_=WRAPPER)))


def written(*files: Path) -> pages.Html:
    """Return links to documents, as they lead from an executed notebook's place in ``runs/<run>/``.

    Where a person runs the cells they lead from the notebook, as JupyterLab opens them.
    """
    return pages.bullets(pages.link(_way_to(file), file.stem.replace("_", " ")) for file in files)


def _way_to(document: Path) -> str:
    if interactive.is_interactive():
        return Path(os.path.relpath(document)).as_posix()
    return f"../../documents/{document.name}"
