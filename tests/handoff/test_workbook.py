"""Handoff workbooks: nothing of the source becomes a formula, rows can be ticked, the same content is the same file."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from migrator_lib.evidence import scan
from migrator_lib.handoff import workbook
from migrator_lib.handoff.document import DONE, OPEN, SHARED, Document, Sheet, page_of

FORMULAS = ("=1+1", "+49 30 1234", "-5", "@SUM(A1)", '=HYPERLINK("http://x.example","y")', "\t=1", "=cmd|' /C calc'!A0")
ROWS = [{"name": text, "number": n, "yes": n % 2 == 0} for n, text in enumerate(FORMULAS)]
SAMPLE = Document(
    "Sample",
    "Work through it.",
    (
        Sheet("To do: a/b [x]", ROWS, "All of it."),
        Sheet("To do: a/b [x]", [{"only": "looked at"}], ticked=False),
        Sheet("Nothing", [], empty="Nobody."),
    ),
    notes=("=also no formula",),
)


def opened(document: Document = SAMPLE) -> Workbook:
    return load_workbook(io.BytesIO(workbook.content(document, "Fernhill: handed over")))


def test_text_that_begins_like_a_formula_stays_text() -> None:
    page = opened().worksheets[1]
    cells = [page.cell(n, 2) for n in range(2, 2 + len(FORMULAS))]
    assert [cell.value for cell in cells] == list(FORMULAS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells if str(cell.value)[0] in "=+-@")


def test_the_only_formulas_of_a_workbook_count_what_is_done() -> None:
    book = opened()
    formulas = [cell.value for page in book for row in page for cell in row if cell.data_type == "f"]
    assert formulas == [f"=COUNTIF('{book.sheetnames[1]}'!A:A,\"{DONE}\")"]


def test_every_row_can_be_ticked_and_turns_green() -> None:
    page = opened().worksheets[1]
    assert [cell.value for cell in page[1]] == ["done", "name", "number", "yes", "remarks"]
    last = len(ROWS) + 1
    assert {page.cell(n, 1).value for n in range(2, last + 1)} == {OPEN}
    (choice,) = page.data_validations.dataValidation
    assert (str(choice.sqref), choice.formula1) == (f"A2:A{last}", f'"{OPEN},{DONE}"')
    ((area, rules),) = page.conditional_formatting._cf_rules.items()
    assert str(area.sqref) == f"A2:E{last}"
    assert rules[0].formula == [f'$A2="{DONE}"']


def test_the_header_stays_is_repeated_on_paper_and_can_be_filtered() -> None:
    page = opened().worksheets[1]
    assert (page.freeze_panes, page.auto_filter.ref, page.print_title_rows) == ("B2", f"A1:E{len(ROWS) + 1}", "$1:$1")
    assert (page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight) == ("landscape", 1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage


def test_what_is_only_looked_at_has_no_column_to_tick() -> None:
    page = opened().worksheets[2]
    assert [[cell.value for cell in row] for row in page] == [["only"], ["looked at"]]
    assert not page.data_validations.dataValidation


def test_names_of_sheets_are_such_that_excel_takes_them_and_each_is_there_once() -> None:
    titles = ["A" * 40, "A" * 40, "read me", "a/b", "a:b", "''", "O'Brien"]
    names = opened(Document("x", "y", [Sheet(title, [{"a": 1}]) for title in titles])).sheetnames
    assert len({name.lower() for name in names}) == len(titles) + 1
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_the_first_sheet_says_what_it_is_for_and_what_is_in_it() -> None:
    book = opened()
    assert book.sheetnames[0] == "Read me"
    said = [str(cell.value) for row in book.worksheets[0] for cell in row if cell.value is not None]
    assert {"Sample", "Work through it.", "All of it.", "Nobody.", "=also no formula"} <= set(said)
    assert str(len(ROWS)) in said


def test_rows_are_as_high_as_their_text_and_numbers_stand_apart() -> None:
    rows = [{"text": "one line", "n": 5, "more": "x"}, {"text": "a word " * 20, "n": 6, "more": "y"}]
    page = opened(Document("Sizes", "Look.", (Sheet("All", rows, ticked=False),))).worksheets[1]
    first, second = page.row_dimensions[2].height, page.row_dimensions[3].height
    assert first == workbook.LINE_HEIGHT + 3
    assert second == 4 * workbook.LINE_HEIGHT + 3  # 20 times two words, 48 characters wide
    assert (page["B2"].alignment.horizontal, page["B2"].alignment.indent) == ("right", 1)


def test_what_is_only_looked_at_is_not_called_work() -> None:
    (line,) = (row for row in opened().worksheets[0].iter_rows(values_only=True) if row[2] == 1)
    assert line[1] == "To know."


def test_the_same_document_is_the_same_file_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    first = workbook.content(SAMPLE, "s")
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert workbook.content(SAMPLE, "s") == first
    dates = {part.date_time[0] for part in zipfile.ZipFile(io.BytesIO(first)).infolist()}
    assert dates == {2020}


@pytest.mark.parametrize("odd", ["a\0b\x0bc", "x" * 40_000, "", "\ud83d", float("nan"), None, True, 12, "line\nline"])
def test_any_value_is_taken(odd: Any) -> None:
    page = opened(Document("x", "y", (Sheet("a", [{"value": odd}]),))).worksheets[1]
    value = page.cell(2, 2).value
    assert value is None or len(str(value)) < 32_767


def test_the_page_of_the_same_document_has_the_same_rows() -> None:
    text = page_of(SAMPLE, "s")
    assert text.count(OPEN) == len(ROWS)
    assert all(words in text for words in ("Work through it.", "All of it.", "looked at", "Nobody.", "=1+1"))
    assert SHARED.mask("anna@shop.example") == "a***@***.example"


def test_a_secret_and_a_message_in_a_workbook_are_found(tmp_path: Path) -> None:
    message = "Dear all, the parcel has not come & I wait since Monday"
    held = Document("x", "y", (Sheet("a", [{"value": "k3y-with-signs"}, {"value": message}]),))
    file = workbook.write(held, "s", tmp_path / "x.xlsx")
    assert [found.what for found in scan.find_secrets([file], {"env:KEY": "k3y-with-signs"})] == [
        "the value of env:KEY"
    ]
    assert [found.file for found in scan.find_bodies([file], [message])] == [file]
    (tmp_path / "~$x.xlsx").write_text("no workbook: another program's mark that it is open")
    assert scan.find_secrets([tmp_path / "~$x.xlsx"], {"env:KEY": "k3y-with-signs"}) == []


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_counts_what_is_done_and_takes_no_text_for_a_formula(tmp_path: Path) -> None:
    file = workbook.write(SAMPLE, "s", tmp_path / "given.xlsx")
    book = load_workbook(file)
    book.worksheets[1].cell(2, 1).value = DONE
    book.save(file)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "ods"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(file)], check=True, capture_output=True, timeout=120)
    back = [
        *command[:-1],
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(tmp_path / "back"),
        str(tmp_path / "given.ods"),
    ]
    subprocess.run(back, check=True, capture_output=True, timeout=120)
    again = load_workbook(tmp_path / "back" / "given.xlsx", data_only=True)
    texts = [again.worksheets[1].cell(n, 2).value for n in range(2, 2 + len(FORMULAS))]
    assert [str(text).strip() for text in texts] == [text.strip() for text in FORMULAS]
    counts = [row[3].value for row in again.worksheets[0] if row[0].value == again.sheetnames[1]]
    assert counts == [1]
