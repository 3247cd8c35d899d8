"""Chromium for tests of pages: import the fixture `chromium`, and mark the test `browser`.

Without a browser such a test is skipped; where MIGRATOR_CI is set it fails instead.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

PHONE, DESKTOP = 390, 1280
AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
# Of a long table the first rows: the others are made by the same lines, and axe looks at each element for long.
SHORTENED = """
rows => document.querySelectorAll('tbody').forEach(body => [...body.rows].slice(rows).forEach(row => row.remove()))
"""
VIOLATIONS = """
async rules => (await axe.run({resultTypes: ['violations'], ...(rules && {runOnly: rules})})).violations.map(
  found => `${found.id}: ${found.nodes.length} times, first ${found.nodes[0].html.slice(0, 160)}`)
"""
# Text whose contrast with what is painted behind it is below WCAG AA: 4.5, or 3 where it is large.
LOW_CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [luminance(rgba(ink)), luminance(paper(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 600);
    if (ratio < (large ? 3 : 4.5)) low.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return low;
}
"""
LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""Rules of axe that depend on colours and widths; what the others find is the same in every look of a page."""
HEADINGS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Opened:
    """A page in the browser, what it asked for besides itself, and what it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    """Requests that left, or would have if there were a network; not what the page's own policy blocked."""
    complaints: list[str] = field(default_factory=list)

    def headings_in_order(self) -> bool:
        """Whether there is one h1, first, and no level is left out on the way down."""
        levels = self.page.evaluate(HEADINGS)
        steps = pairwise(levels)
        return levels[:1] == [1] and levels.count(1) == 1 and all(below - above <= 1 for above, below in steps)

    def asked(self) -> list[str]:
        """Return what the page asked for besides itself, and what it complained of."""
        return [*(f"asked for {address}" for address in self.requests), *self.complaints]

    def looked_at(
        self, width: int, scheme: Literal["light", "dark"], rules: Sequence[str] | None = None
    ) -> list[str]:  # fmt: skip
        """Return what axe finds, once it was given this page, and whether the page is too wide or badly ordered."""
        self.page.set_viewport_size({"width": width, "height": 844})
        self.page.emulate_media(color_scheme=scheme)
        found: list[str] = self.page.evaluate(VIOLATIONS, rules)
        wide = self.overflow()
        return [
            *found,
            *([f"{wide} pixels wider than the window"] if wide > 0 else []),
            *([] if self.headings_in_order() else ["headings are not in order"]),
        ]

    def overflow(self) -> int:
        """Return how many pixels the page is wider than the window."""
        return int(self.page.evaluate(OVERFLOW))

    def low_contrast(self) -> list[str]:
        """Return the texts that are hard to read, with their contrast."""
        found: list[str] = self.page.evaluate(LOW_CONTRAST)
        return found


class Chromium:
    """Opens pages: from disk, with no network, or from a server on loopback."""

    def problems(self, file: Path, *, rows: int = 12) -> list[str]:
        """Return what is wrong with a page, on a telephone by day and on a desk by night, every fold unfolded.

        That is what axe-core finds (WCAG 2.2 AA and its best practices), a page wider than its window, headings out of
        order, and whatever the page asks for or complains of. Of a table only the first ``rows`` are looked at.
        """
        with self.open(file) as opened:
            opened.page.evaluate(SHORTENED, rows)
            opened.page.evaluate(AXE.read_text(encoding="utf-8"))
            by_day = [f"light, {PHONE}: {words}" for words in opened.looked_at(PHONE, "light")]
            by_night = [f"dark, {DESKTOP}: {words}" for words in opened.looked_at(DESKTOP, "dark", LOOKS)]
            return [*opened.asked(), *by_day, *by_night]

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    @contextmanager
    def open(self, file: Path, *, width: int = DESKTOP, scheme: Literal["light", "dark"] = "light") -> Iterator[Opened]:
        """Open a file, with every fold unfolded and no network."""
        with self._opened(file.as_uri(), width, scheme, offline=True) as opened:
            yield opened

    @contextmanager
    def visit(
        self, address: str, *, width: int = DESKTOP, scheme: Literal["light", "dark"] = "light"
    ) -> Iterator[Opened]:
        """Open a page that is served on loopback, with every fold unfolded."""
        with self._opened(address, width, scheme, offline=False) as opened:
            yield opened

    @contextmanager
    def _opened(
        self, address: str, width: int, scheme: Literal["light", "dark"], *, offline: bool
    ) -> Iterator[Opened]:  # fmt: skip
        context = self._browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, offline=offline, java_script_enabled=True
        )
        page = context.new_page()
        opened = Opened(page)
        page.on("request", lambda request: None if request.url == address else opened.requests.append(request.url))
        page.on("requestfailed", lambda request: _take_back(opened, request))
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        yield opened
        context.close()


def _take_back(opened: Opened, request: Any) -> None:
    """Forget a request that the page's policy blocked before it left: some times the browser tells of it, some not."""
    if "csp" in (request.failure or "").lower() and request.url in opened.requests:
        opened.requests.remove(request.url)


def executable() -> str | None:
    """Return the installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def needed_executable() -> str:
    """Return the installed browser; without one, end the test as skipped, or as failed where MIGRATOR_CI is set."""
    path = executable()
    if path is None:
        absent = "no Chromium: install chromium, chromium-browser or google-chrome"
        pytest.fail(absent) if os.environ.get("MIGRATOR_CI") else pytest.skip(absent)
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    path = needed_executable()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield Chromium(browser)
        browser.close()
