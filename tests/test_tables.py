"""Tables in a browser: sorted by what their values mean, filtered as one types, complete without the script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import display, pages
from tests.browser_support import Chromium, chromium

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
TOOK = ("42 s", "3 min 20 s", "about 5 h 12 min", "9 s", "", "1 h 0 min", "59 min 59 s", "10 s", "2 min 0 s")
SIZES = ("1.2 GB", "900.0 MB", "12 bytes", "9.5 kB", "1,000.0 kB", "", "3 bytes", "20.0 MB", "1.0 kB")
ROWS = [
    {
        "Key": f"T-{n}",
        "Records": n * 37 % 100 * 100,
        "Share": pages.share(n * 7 % 9 / 10),
        "On": f"2026-0{n % 3 + 1}-{20 - n:02d} 09:00 UTC",
        "Took": took,
        "Size": size,
        "Late": "not known" if n == 4 else f"{(n * 7 % 9) ** 5:,}",
        "State": pages.badge("done" if n % 2 else "open", "good"),
    }
    for n, (took, size) in enumerate(zip(TOOK, SIZES, strict=True), start=2)
]
SHOWN = "column => [...document.querySelectorAll('#a tbody tr')].filter(row => row.checkVisibility())" \
        ".map(row => row.cells[column].textContent.trim())"  # fmt: skip
COLUMNS = list(ROWS[0])
MORE = "page => document.querySelector('main').insertAdjacentHTML('beforeend', page)"


def section(name: str, rows: list[dict[str, Any]]) -> pages.Html:
    return pages.tag("section", pages.table(rows, caption=f"Rows of {name}"), id=name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = pages.page("Tables", section("a", ROWS), section("b", ROWS[:8]))
    return pages.write(tmp_path_factory.mktemp("tables") / "tables.html", page)


@pytest.fixture
def page(chromium: Chromium, made: Path) -> Iterator[Any]:
    with chromium.open(made) as opened:
        yield opened.page
        assert opened.asked() == []


def column(page: Any, name: str) -> list[str]:
    found: list[str] = page.evaluate(SHOWN, COLUMNS.index(name))
    return found


def test_each_kind_of_value_sorts_by_what_it_means_and_what_is_empty_stays_last(page: Any) -> None:
    def sorted_by(name: str) -> list[str]:
        page.locator("#a").get_by_role("button", name=name, exact=True).click()
        return column(page, name)

    as_it_was = column(page, "Key")
    assert sorted_by("Key") == [f"T-{n}" for n in range(2, 11)]
    numbers = [int(text.replace(",", "")) for text in sorted_by("Records")]
    assert numbers == sorted(numbers)
    shares = [int(text.rstrip("%")) for text in sorted_by("Share")]
    assert shares == sorted(shares)
    assert sorted_by("On") == sorted(str(row["On"]) for row in ROWS)
    took = ["9 s", "10 s", "42 s", "2 min 0 s", "3 min 20 s", "59 min 59 s", "1 h 0 min", "about 5 h 12 min", ""]
    assert sorted_by("Took") == took
    assert sorted_by("Took") == [*reversed(took[:-1]), ""]
    sizes = ["3 bytes", "12 bytes", "1.0 kB", "9.5 kB", "1,000.0 kB", "20.0 MB", "900.0 MB", "1.2 GB", ""]
    assert sorted_by("Size") == sizes
    assert sorted_by("Late")[0] == "0"
    assert column(page, "Late")[-3:] == ["16,807", "32,768", "not known"], "words stand behind numbers"
    sorted_by("Size")
    sorted_by("Size")
    assert sorted_by("Size") == [str(row["Size"]) for row in ROWS], "the third time it is as it was"
    assert column(page, "Key") == as_it_was


def test_a_header_tells_how_it_is_sorted_and_is_pressed_by_a_key(page: Any) -> None:
    head = page.locator("#a thead th", has_text="Records")
    states = "() => [...document.querySelectorAll('#a th')].map(head => head.getAttribute('aria-sort'))"
    assert page.evaluate(states) == [None] * len(COLUMNS)
    head.get_by_role("button").focus()
    for state in ("ascending", "descending", None):
        page.keyboard.press("Enter")
        assert page.evaluate(states) == [state if name == "Records" else None for name in COLUMNS]


def test_rows_are_filtered_as_one_types_every_word_counts_and_paper_shows_all(page: Any) -> None:
    field, count = page.get_by_role("searchbox", name="Filter: Rows of a"), page.locator("#a").get_by_role("status")
    assert count.inner_text() == "9 rows"
    field.fill("OPEN 2026-03")
    assert column(page, "Key") == ["T-2", "T-8"]
    assert count.inner_text() == "2 of 9 rows"
    page.locator("#a").get_by_role("button", name="Key", exact=True).click()
    assert column(page, "Key") == ["T-2", "T-8"]
    field.fill("nothing of this")
    assert count.inner_text() == "0 of 9 rows"
    page.emulate_media(media="print")
    assert len(column(page, "Key")) == 9
    assert not field.is_visible()
    assert page.locator("#a thead").inner_text().split() == COLUMNS
    page.emulate_media(media="screen")
    field.fill("")
    assert (len(column(page, "Key")), count.inner_text()) == (9, "9 rows")


def test_a_short_table_stays_as_it_is_and_five_thousand_rows_can_be_sorted_and_filtered(page: Any) -> None:
    assert page.locator("#b button, #b input").count() == 0
    many = [{"Key": n * 7919 % 5000, "Word": f"word {n}"} for n in range(5000)]
    page.evaluate(MORE, section("many", many))
    page.locator("#many input").wait_for()
    page.locator("#many").get_by_role("button", name="Key", exact=True).click()
    first = "() => [...document.querySelectorAll('#many tbody tr')].slice(0, 3).map(row => row.cells[0].textContent)"
    assert page.evaluate(first) == ["0", "1", "2"]
    page.locator("#many input").fill("word 4990")
    assert page.locator("#many").get_by_role("status").inner_text() == "1 of 5,000 rows"


def test_in_jupyterlab_it_comes_with_every_notebook_and_works_once(chromium: Chromium, tmp_path: Path) -> None:
    shown = pages.tag("div", pages.table(ROWS), class_=display.WRAPPER)
    other = pages.table(ROWS)
    script = f"<script>{pages.script()}</script>"
    file = pages.write(tmp_path / "lab.html", f"<!DOCTYPE html><body>{script}{shown}{other}{script}</body>")
    with chromium.open(file) as opened:
        opened.page.locator("input").first.wait_for()
        assert opened.page.locator("input").count() == 1, "once, and not in tables of others"
        opened.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", shown)
        opened.page.locator("input").nth(1).wait_for()
        assert opened.complaints == []


def test_without_the_script_a_table_is_complete(chromium: Chromium, made: Path, tmp_path: Path) -> None:
    text = made.read_text(encoding="utf-8").replace(pages.script(), "")
    with chromium.open(pages.write(tmp_path / "plain.html", text)) as opened:
        assert len(column(opened.page, "Key")) == 9
        assert opened.page.locator("button, input").count() == 0
