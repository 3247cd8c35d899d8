"""The HTML kit: everything is escaped, a page needs no network, the notebook look touches nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migrator_lib import display, errors, pages
from migrator_lib.errors import StorageError
from migrator_lib.evidence import overview, render
from tests import browser_support
from tests.browser_support import Chromium, chromium
from tests.evidence.test_render import failed, notebook
from tests.index_sample import ENGAGEMENTS

__all__ = ["chromium"]
EVIL = '<script>alert("x")</script>&'
BUILDERS: dict[str, Callable[[str], str]] = {
    "tag": lambda text: pages.tag("p", text, title=text),
    "heading": pages.heading,
    "paragraph": pages.paragraph,
    "note": pages.note,
    "bullets": lambda text: pages.bullets([text]),
    "link": lambda text: pages.link(text, text),
    "code": pages.code,
    "badge": lambda text: pages.badge(text, "good"),
    "status": lambda text: pages.status(text, "bad", detail=text),
    "tiles": lambda text: pages.tiles({text: text}),
    "folded": lambda text: pages.folded(text, text),
    "table": lambda text: pages.table([{text: text}], caption=text),
    "empty table": lambda text: pages.table([], caption=text, empty=text),
    "frame": lambda text: pages.table(pd.DataFrame({text: [text]})),
    "figure": lambda text: pages.figure("<svg></svg>", text),
    "page": lambda text: pages.page(text, text, subtitle=text, footer=text),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_whatever_goes_in_is_escaped(name: str) -> None:
    made = BUILDERS[name](EVIL)
    assert "alert(" in made
    assert "<script" not in made
    assert 'alert("' not in made


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12000, "12,000"),
        (1.5, "1.5"),
        (2.0, "2"),
        (10000.126, "10,000.13"),
        (True, "yes"),
        (False, "no"),
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        ("a<b", "a&lt;b"),
        (pages.Html("<b>"), "<b>"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, shown: str) -> None:
    assert pages.escaped(value) == shown


@pytest.mark.parametrize(("part", "told"), [(0.0, "0%"), (0.5, "50%"), (1_999_999 / 2_000_000, "99%"), (1.0, "100%")])
def test_nothing_but_the_whole_is_a_hundred_percent(part: float, told: str) -> None:
    assert pages.share(part).endswith(f"> {told}")


def test_numbers_stand_right_and_words_left() -> None:
    made = pages.table([{"Object": "Ticket", "Records": 3}, {"Object": "User", "Records": None}])
    assert '<th scope="col">Object</th><th scope="col" class="number">Records</th>' in made
    assert '<td class="number">3</td>' in made


def test_a_number_that_leads_somewhere_stands_right_too() -> None:
    made = pages.table([{"Object": pages.link("a", "Ticket"), "Created": pages.link("b", "1,200")}])
    assert '<th scope="col">Object</th><th scope="col" class="number">Created</th>' in made


def test_a_column_without_words_is_no_header() -> None:
    assert '<tr><td></td><th scope="col">State</th></tr>' in pages.table(
        [{"": "x", "State": "done"}], different="wrong"
    )


def test_a_marked_row_is_marked_and_its_column_not_shown() -> None:
    made = pages.table([{"Key": "1", "wrong": True}, {"Key": "2", "wrong": False}], different="wrong")
    assert re.findall(r"<tr( class=\"different\")?><td>(\d)", made) == [(' class="different"', "1"), ("", "2")]
    assert "wrong" not in made


def test_no_rows_says_so() -> None:
    assert pages.table([], empty="Nobody.") == '<p class="note">Nobody.</p>'


def test_a_page_forbids_the_network_and_says_its_language_and_title() -> None:
    made = pages.page("A & B")
    assert '<html lang="en">' in made
    assert "<title>A &amp; B</title>" in made
    assert "default-src 'none'" in made
    assert not re.search(r"(?:src|href)=|@import|<script", made)


def test_a_page_with_a_table_may_run_the_script_of_tables_and_no_other() -> None:
    made = pages.page("A", pages.table([{"a": 1}]))
    (ran,) = re.findall(r"<script>(.*?)</script>", made, flags=re.DOTALL)
    assert ran == pages.script()
    digest = base64.b64encode(hashlib.sha256(ran.encode()).digest()).decode()
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:;" in made
    assert re.findall(r"script-src ([^;\"]*)", made) == [f"'sha256-{digest}'"]


def test_a_file_is_written_beside_its_place_and_renamed(tmp_path: Path) -> None:
    file = pages.write(tmp_path / "new" / "a.html", "first")
    pages.write(file, "second")
    assert file.read_text() == "second"
    assert [path.name for path in file.parent.iterdir()] == ["a.html"]


def test_a_file_that_cannot_be_written_keeps_the_old_one_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file, no folder")
    with pytest.raises(StorageError, match=r"could not be written[\s\S]*\nNext: "):
        pages.write(tmp_path / "a" / "b.html", "x")


def shown_by(call: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    seen: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(display, "display", lambda html, metadata=None: seen.append((html.data, metadata or {})))
    call()
    assert len(seen) == 1
    return seen[0]


def test_the_style_of_a_notebook_is_marked_and_holds_for_shown_parts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    css, metadata = shown_by(display.style, monkeypatch)
    assert metadata == {display.STYLE_MARK: True}
    assert css.startswith(f"<style>.{display.WRAPPER} {{")
    assert css.count("{") == css.count("}")
    assert not re.search(r":root \{|body \{|prefers-color-scheme", css)
    shown, _ = shown_by(lambda: display.show(pages.note("a"), EVIL), monkeypatch)
    assert shown.startswith(f'<div class="{display.WRAPPER}"><p class="note">a</p>&lt;script')


def everything() -> str:
    """Return a page with one of each part, in each tone."""
    tones: tuple[pages.Tone, ...] = ("good", "warn", "bad", "plain")
    rows = [{"Object": f"Ticket {n}", "Records": n, "State": pages.badge(t, t), "wrong": n % 2 == 0}
            for n, t in enumerate(tones)]  # fmt: skip
    wide = [{f"A rather long column {n}": n * 1000 for n in range(14)}]
    return pages.page(
        "Everything",
        *(pages.status(f"State {tone}", tone, detail=pages.code("migrator run")) for tone in tones),
        pages.tiles({"tickets": 12_000, "mail sent": 0}),
        pages.heading("Tables"),
        pages.table(rows, caption="Rows", different="wrong"),
        pages.table(wide),
        pages.heading("More", 3),
        pages.note("A note with ", pages.link("#x", "a link"), " and ", pages.code("x" * 200)),
        pages.folded("Folded", pages.tag("pre", "wide " * 100)),
        pages.share(0.5),
        subtitle="Below the title",
    )  # fmt: skip


@pytest.mark.browser
def test_every_part_the_page_of_a_failure_and_the_overview_can_be_read_by_everybody_and_fit(
    chromium: Chromium, tmp_path: Path
) -> None:
    error = errors.TargetDenied("Refused: " + "x" * 300, next_step="mend it.")
    files = [
        pages.write(tmp_path / "everything.html", everything()),
        render.render(notebook(tmp_path, *failed(error))),
        pages.write(tmp_path / "overview.html", overview.page([*ENGAGEMENTS, overview.unreadable("broken")])),
    ]
    assert {file.name: problems for file in files if (problems := chromium.problems(file))} == {}


@pytest.mark.browser
def test_what_nobody_could_read_is_found(chromium: Chromium, tmp_path: Path) -> None:
    faint = pages.tag("p", "hardly seen", style="color: #bbb")
    wide = pages.tag("p", "wide", style="width: 2000px")
    file = pages.write(tmp_path / "bad.html", pages.page("Bad", faint, wide, pages.heading("Deep", 4)))
    found = chromium.problems(file)
    assert {re.sub(r"\d+ pixels", "pixels", words).split(": ")[1] for words in found} == {
        "color-contrast", "heading-order", "headings are not in order", "pixels wider than the window",
    }  # fmt: skip
    assert [words.split(": ")[0] for words in found if "pixels" in words] == ["light, 390"]


@pytest.mark.parametrize(("ci", "end"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_a_browser_its_tests_are_skipped_but_fail_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, end: type[BaseException]
) -> None:
    monkeypatch.setattr(browser_support, "executable", lambda: None)
    monkeypatch.setenv("MIGRATOR_CI", ci)
    with pytest.raises(end, match="no Chromium"):
        browser_support.needed_executable()


@pytest.mark.browser
def test_nothing_is_loaded_even_where_a_page_asks_for_it(chromium: Chromium, tmp_path: Path) -> None:
    asks = pages.Html('<img src="https://elsewhere.example/x.png" alt="x"><script>document.title = "ran"</script>')
    with chromium.open(pages.write(tmp_path / "asks.html", pages.page("Asks", asks))) as opened:
        assert opened.page.title() == "Asks"
        assert any("elsewhere.example" in text and "Content Security Policy" in text for text in opened.complaints)


LAB = """<!DOCTYPE html><body data-jp-theme-light="{light}" style="background: {paper}; color: {ink}">
<h2 id="labs">Lab's own</h2><table id="frame"><tr><td>1</td></tr></table>{style}{shown}</body>"""


@pytest.mark.browser
@pytest.mark.parametrize(("light", "paper", "ink"), [("true", "#fff", "#111"), ("false", "#111", "#eee")])
def test_in_jupyterlab_the_look_follows_its_theme_not_the_systems(
    chromium: Chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, light: str, paper: str, ink: str
) -> None:
    style, _ = shown_by(display.style, monkeypatch)
    parts = [pages.status("State", "bad"), pages.tiles({"tickets": 1}), pages.note("soft"), pages.table([{"a": 1}])]
    shown, _ = shown_by(lambda: display.show(*parts), monkeypatch)
    file = pages.write(tmp_path / "lab.html", LAB.format(light=light, paper=paper, ink=ink, style=style, shown=shown))
    with chromium.open(file) as opened:
        for system in ("light", "dark"):
            opened.page.emulate_media(color_scheme=system)
            assert opened.low_contrast() == []
            border = "() => getComputedStyle(document.querySelector('#labs')).borderTopWidth"
            assert opened.page.evaluate(border) == "0px"
            card = "() => getComputedStyle(document.querySelector('.tiles li')).backgroundColor"
            assert opened.page.evaluate(card) == ("rgb(246, 247, 249)" if light == "true" else "rgb(29, 35, 43)")


@pytest.mark.browser
def test_on_paper_folds_are_unfolded_and_asides_left_out(chromium: Chromium, tmp_path: Path) -> None:
    page = pages.page("Printed", pages.folded("Each", "kept"), pages.folded("Code", "aside", printed=False))
    with chromium.open(pages.write(tmp_path / "printed.html", page)) as opened:
        opened.page.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = false })")
        assert printed_words(opened.page, "screen") == ["Printed", "Each", "Code"]
        assert printed_words(opened.page, "print") == ["Printed", "Each", "kept"]


def printed_words(page: Any, media: str) -> list[str]:
    page.emulate_media(media=media)
    words: str = page.inner_text("main")
    return words.split()
