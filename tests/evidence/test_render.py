"""Rendered notebooks: what a customer reads of a run, also of one that failed."""

from __future__ import annotations

import html
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors

from migrator_lib import charts, display, errors, pages
from migrator_lib.evidence import render

OPENING = """# Load into `Gorgias`

Writes what was extracted to the company's account.

**Reads** [the extract](04_extract.ipynb). Safe to run again: yes."""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="


def shown(markup: str, kind: str = "text/html", **metadata: Any) -> Any:
    return new_output("display_data", {"text/plain": "<object>", kind: markup}, metadata=metadata)


def code(source: str, *outputs: Any, tags: tuple[str, ...] = ()) -> Any:
    metadata = {"tags": list(tags), "papermill": {"exception": False}}
    return new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def cells() -> list[Any]:
    chart = pages.figure(charts.bars({"Support": 12, "Sales": 3}), "Tickets by department")
    return [
        new_markdown_cell(OPENING),
        code("import migrator_lib", shown(f"<style>{display.nested_style()}</style>", **{display.STYLE_MARK: True})),
        new_markdown_cell("## Outcomes\nAs in [the sample](03_sample.ipynb), see [Gorgias](https://gorgias.example)."),
        code("show(chart)", shown(chart), new_output("stream", name="stdout", text="\x1b[31mread <4> pages\x1b[0m\n")),
        code("frame", shown('<div><table border="1" class="dataframe"><tr><td>77</td></tr></table></div>')),
        code("picture", shown(PIXEL, "image/png"), shown("<plain>", "text/plain")),
        code("widget", shown("alert(1)", "application/javascript")),
        code("show(status)", shown(pages.status("All is accounted for.", "good")), tags=("status",)),
    ]


def notebook(folder: Path, *more: Any, name: str = "05_load", **run: Any) -> Path:
    """Write an executed notebook, as papermill leaves it."""
    made = new_notebook(cells=[*cells(), *more])
    made.metadata["papermill"] = {
        "start_time": "2026-11-20T09:00:00.1+00:00",
        "end_time": "2026-11-20T09:03:20.1+00:00",
        "duration": 200.0,
        "exception": None,
        "parameters": {"engagement_name": "fernhill", "execute": True},
        **run,
    }
    file = folder / f"{name}.ipynb"
    with suppress(PapermillExecutionError):
        raise_for_execution_errors(made, str(file))
    nbformat.write(made, file)
    return file


def failed(error: Exception) -> Any:
    """Return the cell that raised an error, and one behind it that was not run."""
    name = type(error).__name__
    traceback = ["\x1b[31m---------\x1b[0m", f"\x1b[32mFile load.py:12\x1b[0m {html.escape(name)}: {error}"]
    cell = code("load()", new_output("error", ename=name, evalue=str(error), traceback=traceback))
    cell.metadata["papermill"]["exception"] = True
    return cell, new_markdown_cell("## Behind it"), new_code_cell("never()")


def page_of(file: Path) -> str:
    text = render.render(file).read_text(encoding="utf-8")
    return text[text.index("<title>") : text.index("<style>")] + text[text.index("</head>") :]


def test_the_page_stands_beside_the_notebook_and_nothing_else_is_left(tmp_path: Path) -> None:
    assert render.render(notebook(tmp_path)) == tmp_path / "05_load.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["05_load.html", "05_load.ipynb"]


def test_title_and_first_paragraph_come_from_the_opening_cell(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    assert "<title>Load into Gorgias</title>" in page
    assert page.count("<h1") == 1
    status, lead, rest = (page.index(words) for words in ("All is accounted for.", "<p>Writes what", "Outcomes</h2>"))
    assert status < lead < rest
    about = page[page.index("<summary>About this step") :]
    assert "Safe to run again: yes." in about


def test_a_notebook_without_a_heading_is_called_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "05_load.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("Some words")]), file)
    page = page_of(file)
    assert "<title>05_load</title>" in page
    assert "Some words" in page


def test_the_status_stands_before_everything_else(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    assert page.index("All is accounted for.") < page.index("Outcomes</h2>")
    assert page.count("All is accounted for.") == 1


def test_code_is_at_the_end_folded_and_what_it_printed_too(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    end = page.index("<summary>The code that was run</summary>")
    assert page.index("import migrator_lib") > end
    assert page.index("show(chart)") > end
    assert "<summary>Messages of this step</summary><pre>read &lt;4&gt; pages\n</pre>" in page


def test_charts_tables_pictures_and_text_are_inside_and_scripts_are_not(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    assert "<svg" in page
    assert re.search(r'class="scroll"[^>]*><div><table[^>]*dataframe', page)
    assert f'src="data:image/png;base64,{PIXEL}"' in page
    assert "<pre>&lt;plain&gt;</pre>" in page
    assert "alert(1)" not in page
    assert page.count("<script") == 1, "that of the tables"


def test_the_style_sheet_meant_for_jupyterlab_is_left_out(tmp_path: Path) -> None:
    text = render.render(notebook(tmp_path)).read_text()
    assert text.count("<style") == 1
    assert f".{display.WRAPPER} {{" not in text


def test_links_to_other_notebooks_are_words_and_links_to_the_web_stay(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    assert ".ipynb" not in page
    assert "As in the sample, see" in page
    assert 'href="https://gorgias.example"' in page


def test_the_footer_tells_what_was_run_with_what_and_when(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path))
    assert "05_load · engagement_name fernhill, execute yes · run 2026-11-20 09:00 UTC, took 3 min 20 s." in page


def test_a_failure_is_told_first_with_what_to_do_next(tmp_path: Path) -> None:
    error = errors.TargetDenied("Gorgias refused <the key>.", next_step="mend it, then run again.")
    page = page_of(notebook(tmp_path, *failed(error)))
    status = re.search(r'<div class="status (\w+)" role="status">(.*?)<small>(.*?)</small>', page)
    assert status is not None
    assert status.groups() == ("bad", "Gorgias refused &lt;the key&gt;.", "Next: mend it, then run again.")
    assert status.start() < page.index("Outcomes</h2>")


def test_the_traceback_is_folded_where_it_stopped_and_nothing_behind_it_is_shown(tmp_path: Path) -> None:
    error = errors.TargetDenied("Refused.", next_step="mend it.")
    page = page_of(notebook(tmp_path, *failed(error)))
    assert page.index("Outcomes</h2>") < page.index("The notebook stopped here.")
    folded = page[page.index("<summary>Where in the program: TargetDenied</summary>") :]
    assert "File load.py:12" in folded
    assert "\x1b" not in page
    assert "Behind it" not in page


def test_the_banner_of_papermill_is_not_shown(tmp_path: Path) -> None:
    file = notebook(tmp_path, *failed(ValueError("x")))
    assert "papermill-error-cell" in file.read_text()
    page = page_of(file)
    assert "An Exception was encountered" not in page
    assert "Execution using papermill" not in page
    assert "<title>Load into Gorgias</title>" in page


def test_a_closed_gate_is_a_wait_and_no_failure(tmp_path: Path) -> None:
    error = errors.GateClosed("05_load waits.", gate="sample", next_step="sign it.")
    page = page_of(notebook(tmp_path, *failed(error)))
    assert 'class="status warn"' in page
    assert 'class="status bad"' not in page


def test_an_unforeseen_error_is_told_in_one_line_with_addresses_masked(tmp_path: Path) -> None:
    error = KeyError("anna@shop.example")
    page = page_of(notebook(tmp_path, *failed(error)))
    assert "KeyError: 'a***@***.example'" in page
    assert "Next: mend its cause" in page
    assert "anna@" not in page


def test_a_run_that_was_ended_says_so(tmp_path: Path) -> None:
    page = page_of(notebook(tmp_path, end_time=None, duration=None))
    assert "The run was ended before this notebook was done." in page


@pytest.mark.parametrize("text", ["", '{"cells": [', "{}"])
def test_a_notebook_cut_short_is_told_and_leaves_no_page(tmp_path: Path, text: str) -> None:
    file = tmp_path / "05_load.ipynb"
    file.write_text(text)
    with pytest.raises(errors.StorageError, match=r"05_load\.ipynb is no notebook[\s\S]*\nNext: "):
        render.render(file)
    assert [path.name for path in tmp_path.iterdir()] == ["05_load.ipynb"]
