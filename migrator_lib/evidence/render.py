"""Rendered notebooks: an executed notebook as one page that a customer can read, and that needs no network.

What the notebook says about itself to an engineer, and its code, is folded at the end. The outputs of a cell tagged
``status`` stand first, wherever the cell is. A notebook that failed says so first, and what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from operator import not_
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters import strip_ansi
from traitlets.config import Config

from migrator_lib import pages
from migrator_lib.display import STYLE_MARK
from migrator_lib.errors import ExitCode, StorageError, exit_code_for
from migrator_lib.masking import mask_text
from migrator_lib.progress import duration

TEMPLATES = Path(__file__).parent.parent / "assets"
STATUS_TAG = "status"
BANNER_TAG = "papermill-error-cell-tag"
SHOWN_TYPES = ["text/html", "image/svg+xml", "text/markdown", "image/png", "image/jpeg", "text/plain"]
"""What an output may be; scripts and widgets are not shown, since they would need the network."""
# A link to another notebook, or to any file beside this one, leads nowhere from where reports are.
_LOCAL_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)[^)\s]*\)")
# Markdown has no table without a header; one that says nothing is none for whoever listens to the page.
_EMPTY_HEAD = re.compile(r"<thead>\s*<tr>\s*(<th[^>]*>\s*</th>\s*)+</tr>\s*</thead>")
Cells = Sequence[Any]


@dataclass(frozen=True)
class Report:
    """What the template shows beside the cells."""

    title: str
    state: pages.Html
    tone: pages.Tone
    appendix: pages.Html


def render(notebook: Path) -> Path:
    """Write the page of an executed notebook beside it, and return the page.

    Raises:
        StorageError: the notebook cannot be read, or the page not be written.
    """
    document = _read(notebook)
    cells = [cell for cell in document.cells if BANNER_TAG not in cell.metadata.get("tags", [])]
    run = document.metadata.get("papermill", {})
    title, lead, about = _opening(cells, notebook.stem)
    failure = next((output for cell in cells for output in _outputs(cell) if output.output_type == "error"), None)
    tone: pages.Tone = "bad" if failure is None or exit_code_for(failure.ename) is not ExitCode.GATE else "warn"
    appendix = pages.join([_about(about), _code(cells)])
    report = Report(title, _state(failure, run, tone), tone, appendix)
    document.cells = _shown(cells, lead)
    body, _ = _exporter().from_notebook_node(document, resources={"report": report})
    page = pages.document(title, pages.Html(body), footer=_footer(notebook.stem, run))
    return pages.write(notebook.with_suffix(".html"), page)


def _read(notebook: Path) -> Any:
    try:
        return nbformat.read(notebook, as_version=4)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise StorageError(
            f"{notebook} is no notebook that can be read: {type(error).__name__}.",
            next_step="run its step again; the run that wrote it was ended while writing.",
        ) from error


def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": SHOWN_TYPES}}),
    )


def _outputs(cell: Any) -> Cells:
    return [output for output in cell.get("outputs", []) if STYLE_MARK not in output.get("metadata", {})]


def _opening(cells: Cells, name: str) -> tuple[str, str, str]:
    """Return title, first paragraph and the rest of the opening cell."""
    first = next((cell for cell in cells if cell.cell_type == "markdown"), None)
    heading, _, rest = (first.source if first else "").strip().partition("\n")
    if not heading.startswith("# "):
        return name, "", ""
    lead, _, about = rest.strip().partition("\n\n")
    return re.sub(r"[`*]", "", heading[2:]).strip(), lead, about.strip()


def _shown(cells: Cells, lead: str) -> list[Any]:
    """Return what the page shows: the status first, then what the step is for; nothing behind a failure."""
    told = [nbformat.v4.new_markdown_cell(_LOCAL_LINK.sub(r"\1", lead))] if lead else []
    opening = next((cell for cell in cells if cell.cell_type == "markdown" and cell.source.startswith("# ")), None)
    kept = []
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = _LOCAL_LINK.sub(r"\1", cell.source)
        if cell.cell_type == "code":
            cell.outputs = _outputs(cell)
        if cell is not opening:
            kept.append(cell)
        if any(output.output_type == "error" for output in _outputs(cell)):
            _mask(cell)
            return [*told, *kept]
    first = [STATUS_TAG in cell.metadata.get("tags", []) for cell in kept]
    return [*compress(kept, first), *told, *compress(kept, map(not_, first))]


def _mask(cell: Any) -> None:
    """Mask addresses in tracebacks: an error of a library may quote the row that it failed on."""
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [mask_text(strip_ansi(line)) for line in output.traceback]


def _state(failure: Any, run: dict[str, Any], tone: pages.Tone) -> pages.Html:
    """Return the status line of a notebook that did not come to its end."""
    if failure is not None:
        sentence, found, next_step = mask_text(strip_ansi(failure.evalue)).partition("\nNext: ")
        if found:
            return pages.status(sentence, tone, detail=f"Next: {next_step}")
        first_line = f"{failure.ename}: {sentence}".partition("\n")[0][:300]
        return pages.status(first_line, tone, detail="Next: mend its cause, which is shown below, and run again.")
    if run and not run.get("end_time"):
        return pages.status("The run was ended before this notebook was done.", "warn", detail="Next: run it again.")
    return pages.Html("")


def _about(markdown: str) -> pages.Html:
    if not markdown:
        return pages.Html("")
    html = _EMPTY_HEAD.sub("", _exporter().markdown2html({}, _LOCAL_LINK.sub(r"\1", markdown)))
    return pages.folded("About this step", pages.Html(html), printed=False)


def _code(cells: Cells) -> pages.Html:
    sources = [cell.source for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    blocks = (pages.tag("pre", pages.code(source)) for source in sources)
    return pages.folded("The code that was run", *blocks, printed=False) if sources else pages.Html("")


def _footer(name: str, run: dict[str, Any]) -> str:
    """Return the name of the notebook, with what and when it was run."""
    given = ", ".join(f"{key} {pages.escaped(value)}" for key, value in run.get("parameters", {}).items())
    words = [name, given]
    if run.get("end_time") and run.get("start_time"):
        began = datetime.fromisoformat(run["start_time"])
        words.append(f"run {began:%Y-%m-%d %H:%M} UTC, took {duration(run.get('duration') or 0)}")
    return " · ".join(word for word in words if word) + "."
