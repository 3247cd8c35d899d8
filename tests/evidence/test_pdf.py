"""Pages on paper: printed by Chromium, the same bytes for the same page, nothing of this machine in them."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from migrator_lib import pages
from migrator_lib.errors import BrowserMissing, PrintingFailed, StorageError
from migrator_lib.evidence import browser, pdf
from tests.browser_support import needed_executable

ROWS = [{"Record": n, "Reason": "it was not there when it was looked for"} for n in range(120)]


@pytest.fixture
def two_pages(tmp_path: Path) -> list[Path]:
    beside = pages.link("runs/05_load.html", "the load")
    web = pages.link("https://gorgias.example/help", "Gorgias")
    long = pages.page("Quarantined", pages.note(beside, web), pages.folded("Each", pages.table(ROWS, caption="All")))
    short = pages.page("Short", pages.folded("Code", "x" * 9000, printed=False))
    return [pages.write(tmp_path / f"{name}.html", text) for name, text in (("long", long), ("short", short))]


def sheets(file: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", file))


@pytest.mark.browser
def test_pages_are_printed_unfolded_with_links_to_the_web_alone_and_the_same_bytes_again(
    two_pages: list[Path], tmp_path: Path
) -> None:
    needed_executable()
    made = pdf.make_pdfs(two_pages, tmp_path / "pdf")
    assert [file.name for file in made] == ["long.pdf", "short.pdf"]
    assert sorted(os.listdir(tmp_path / "pdf")) == ["long.pdf", "short.pdf"]
    long, short = (file.read_bytes() for file in made)
    assert long.startswith(b"%PDF-")
    assert sheets(long) >= 3, "what is folded on the screen is not on paper"
    assert sheets(short) == 1, "what is left out on paper is not"
    assert re.findall(rb"/URI \(([^)]*)\)", long) == [b"https://gorgias.example/help"]
    assert b"/StructTreeRoot" in long
    for secret in (b"file:", str(tmp_path).encode(), b"migrator-p"):
        assert secret not in long
    again = pdf.make_pdfs(two_pages[:1], tmp_path / "again")
    assert again[0].read_bytes() == long


class Printing:
    """A browser that prints the same page at another moment, with other numbers of its parts."""

    def __init__(self, moment: int, first: int) -> None:
        self._printed = (b"/ID (node%08d) /CreationDate (D:%014d+00'00') /Headers [(node%08d) (node%08d)]"
                         % (first + 4, moment, first, first + 4))  # fmt: skip

    def print(self, page: Path) -> bytes:
        return self._printed


def test_moments_and_numbers_that_differ_by_chance_are_the_same_afterwards(
    two_pages: list[Path], tmp_path: Path
) -> None:
    made = {
        pdf.Printer(Printing(moment, first), tmp_path)(two_pages[0], tmp_path / "x.pdf").read_bytes()  # type: ignore[arg-type]
        for moment, first in ((20261120090000, 31), (20270101000000, 99_997))
    }
    assert made == {
        b"/ID (node00000001) /CreationDate (D:20000101000000+00'00') /Headers [(node00000000) (node00000001)]"
    }


def test_a_page_that_is_not_there_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    printer = pdf.Printer(Printing(0, 0), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=r"gone\.html could not be read[\s\S]*\nNext: "):
        printer(tmp_path / "gone.html", tmp_path / "pdf" / "gone.pdf")
    assert not (tmp_path / "pdf").exists()


def test_without_a_browser_it_is_said_how_to_get_one(
    two_pages: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(browser.NAMED_BY, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "NAMES", ("chromium",))
    with pytest.raises(BrowserMissing, match=r"No Chromium or Chrome is there\.\nNext: install one"):
        pdf.make_pdfs(two_pages, tmp_path / "pdf")
    monkeypatch.setenv(browser.NAMED_BY, "no-such-browser")
    with pytest.raises(BrowserMissing, match=r"no-such-browser \(MIGRATOR_CHROMIUM\) is no program"):
        pdf.make_pdfs(two_pages, tmp_path / "pdf")


def test_a_browser_that_ends_or_says_nothing_is_told_and_its_folder_removed(
    two_pages: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv(browser.NAMED_BY, "false")
    with pytest.raises(PrintingFailed, match=r"The browser ended while it printed\.\nNext: "):
        pdf.make_pdfs(two_pages, tmp_path / "pdf")
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec cat >/dev/null <&3\n")
    silent.chmod(0o755)
    monkeypatch.setenv(browser.NAMED_BY, str(silent))
    monkeypatch.setattr(browser, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(PrintingFailed, match="said nothing for 0 s"):
        pdf.make_pdfs(two_pages, tmp_path / "pdf")
    assert os.listdir(tmp_path / "temporary") == []
