"""Pages as PDF: what a customer files, and an auditor reads on paper.

The same page gives the same bytes: the moment of printing, and the numbers that parts happened to have, are taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn
from migrator_lib.evidence.browser import Browser
from migrator_lib.evidence.standing import step_rows
from migrator_lib.storage import beside, refusals

# On paper a link to a file beside the page leads nowhere, and would tell where on this machine the page was.
_LOCAL = re.compile(rb'(<a\b[^>]*?) href="(?!https?:|mailto:|#)[^"]*"')
# Of the same length, since a PDF names its parts by their places.
_NODE = re.compile(rb"\(node(\d{8})\)")
_MOMENT, _NO_MOMENT = re.compile(rb"\(D:\d{14}\+00'00'\)"), b"(D:20000101000000+00'00')"


class Printer:
    """Prints pages one after the other: ``printer(page, file)``."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def __call__(self, page: Path, to: Path) -> Path:
        """Print a page to a file, and return the file.

        Raises:
            PrintingFailed: the browser ended, or cannot print it.
            StorageError: the page cannot be read, or the file not be written.
        """
        copy = self._folder / "page.html"
        with refusals(f"{page} could not be read"):
            copy.write_bytes(_LOCAL.sub(rb"\1", page.read_bytes()))
        printed = self._browser.print(copy)
        with beside(to) as place:
            place.write_bytes(_settled(printed))
        return to


def _settled(printed: bytes) -> bytes:
    """Return a PDF without the moment of its making, its parts numbered anew in the order that they have."""
    ranks = {node: n for n, node in enumerate(sorted(set(_NODE.findall(printed))))}
    return _MOMENT.sub(_NO_MOMENT, _NODE.sub(lambda found: b"(node%08d)" % ranks[found[1]], printed))


@contextmanager
def printer() -> Iterator[Printer]:
    """Give a printer; its browser is started once, and ended behind the block.

    Raises:
        BrowserMissing: there is none.
        PrintingFailed: it cannot be started.
    """
    with Browser() as browser, TemporaryDirectory(prefix="migrator-pages-") as folder:
        yield Printer(browser, Path(folder))


def make_pdfs(pages: Sequence[Path], to: Path) -> list[Path]:
    """Print pages into a folder, each under its own name, and return the files in the same order.

    Raises:
        BrowserMissing: there is no Chromium.
        PrintingFailed: it ended, or cannot print one.
        StorageError: a page cannot be read, or a file not be written.
    """
    with printer() as prints:
        return [prints(page, to / f"{page.stem}.pdf") for page in pages]


def of_engagement(engagement: Engagement, to: Path, *, documents: bool = False) -> list[Path]:
    """Print an engagement's page, the latest page of each step and, if asked for, the documents; return the files.

    Raises:
        OutOfTurn: nothing was run yet.
        BrowserMissing: there is no Chromium.
        PrintingFailed: it ended, or cannot print one.
        StorageError: a page cannot be read, or a file not be written.
    """
    reports = engagement.paths.reports
    steps = [reports / row["html"] for row in step_rows(engagement) if row["html"]]
    if not steps:
        raise OutOfTurn(f"No step of {engagement.name} has left a page.", next_step=f"migrator run {engagement.name}.")
    written = sorted(engagement.paths.documents.glob("*.html")) if documents else []
    return make_pdfs([reports / "index.html", *steps, *written], to)
