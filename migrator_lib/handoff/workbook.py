"""A handed-over document as an Excel workbook: a column to tick, a frozen header, filters, ready to print.

Text of the source is never taken for a formula, and the same document gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from migrator_lib.handoff.document import DONE, OPEN, Document, Sheet
from migrator_lib.storage import beside

EPOCH = datetime(2020, 1, 1)
"""The date that a workbook says it was made on, so that the same content is the same file."""
TITLE_LIMIT, CELL_LIMIT = 31, 32_000
"""Characters of a sheet's name, and of a cell, that Excel takes (32,767, less what we add)."""
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold."""
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
WIDEST, NARROWEST, TOGETHER = 48, 9, 190
"""Width of columns, characters, and of all together: more cannot be read on a page of paper."""
LINE_HEIGHT, MOST_LINES = 15, 26
"""Points; Excel takes rows of at most 409."""
FONT = "Calibri"
TICK, REMARKS = "done", "remarks"
README = "Read me"
HEAD, DONE_FILL = PatternFill("solid", fgColor="FF1F5FA8"), PatternFill("solid", bgColor="FFD9EFDF")
LINE = Border(bottom=Side(style="thin", color="FFD5DAE0"))
LEGEND = (
    (f"{TICK}", f"Choose {DONE} from the list when a row is finished: it turns green, and is counted here."),
    (f"{REMARKS}", "For you: who did it, when, what was decided otherwise."),
    ("filters", "The arrows in the header show, for example, only what is still open."),
)


def write(document: Document, subtitle: str, file: Path) -> Path:
    """Write the workbook beside its place and rename it.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file) as place:
        place.write_bytes(content(document, subtitle))
    return file


def content(document: Document, subtitle: str) -> bytes:
    """Return the workbook's bytes."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = README
    names = _names(document)
    for name, sheet in zip(names, document.sheets, strict=True):
        _fill(book.create_sheet(name), sheet)
    _read_me(first, document, subtitle, names)
    book.properties.creator, book.properties.title = subtitle.partition(":")[0], document.title
    book.properties.created = EPOCH
    made = io.BytesIO()
    book.save(made)
    return _steady(made.getvalue())


def _names(document: Document) -> list[str]:
    """Return a name for each sheet that Excel takes: short, without its own signs, and each once."""
    found: list[str] = []
    for sheet in document.sheets:
        plain = " ".join(sheet.title.translate(FORBIDDEN).split()).strip("'") or "Sheet"
        taken = {README.lower(), *(name.lower() for name in found)}
        endings = ("", *(f" {n}" for n in range(2, 1000)))
        found.append(next(n for e in endings if (n := plain[: TITLE_LIMIT - len(e)] + e).lower() not in taken))
    return found


# --- a sheet of rows -----------------------------------------------------------------------------------


def _fill(page: Worksheet, sheet: Sheet) -> None:
    columns = list(sheet.rows[0]) if sheet.rows else []
    shown = [TICK, *columns, REMARKS] if sheet.ticked and columns else columns
    if not shown:
        _put(page.cell(1, 1), sheet.empty)
        page.column_dimensions["A"].width = WIDEST
        return
    for at, name in enumerate(shown, 1):
        cell = page.cell(1, at)
        _put(cell, name)
        cell.font, cell.fill = Font(FONT, bold=True, color="FFFFFFFF"), HEAD
        cell.alignment = Alignment(vertical="center", wrap_text=True)
    for n, row in enumerate(sheet.rows, 2):
        values = {**row, TICK: OPEN, REMARKS: ""} if sheet.ticked else row
        for at, name in enumerate(shown, 1):
            cell = page.cell(n, at)
            _put(cell, values.get(name))
            if isinstance(cell.value, int | float):
                cell.alignment = Alignment(vertical="top", horizontal="right", indent=1)  # no text stands close to it
            else:
                side = "center" if name == TICK else "left"
                cell.alignment = Alignment(vertical="top", horizontal=side, wrap_text=True)
            cell.border, cell.font = LINE, Font(FONT, size=14 if name == TICK else 11)
    _sizes(page, shown, sheet)
    _frame(page, len(sheet.rows) + 1, len(shown))
    if sheet.ticked:
        _tickable(page, len(sheet.rows) + 1, len(shown))


def _put(cell: Any, value: object) -> None:
    """Put a value into a cell; text stays text, whatever it begins with."""
    assert isinstance(cell, Cell)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        cell.value = value if value == value else None  # NaN is no number for Excel
        return
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    text = UNWRITABLE.sub("", text)
    cell.value = text[:CELL_LIMIT] + (" ..." if len(text) > CELL_LIMIT else "")
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))  # so that it stays text when somebody edits it


def _sizes(page: Worksheet, shown: list[str], sheet: Sheet) -> None:
    """Set the widths of columns, and the heights of rows by them: not every program finds these by itself."""
    widths = _widths(shown, sheet)
    for at, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(at)].width = width
    page.row_dimensions[1].height = _height(shown, widths)
    for n, row in enumerate(sheet.rows, 2):
        page.row_dimensions[n].height = _height([str(row.get(name) or "") for name in shown], widths)


def _widths(shown: list[str], sheet: Sheet) -> list[int]:
    """Return a width for each column; the widest give way until all together can be printed."""
    found: list[int] = []
    for name in shown:
        texts = (line for row in sheet.rows for line in str(row.get(name) or "").split("\n"))
        longest = max((len(text) for text in texts), default=0)
        words = max((len(word) for word in name.split()), default=0) + 3  # room for the arrow of the filter
        wanted = {TICK: NARROWEST, REMARKS: 24}.get(name, longest + 2)
        found.append(min(max(wanted, words, NARROWEST), WIDEST))
    while sum(found) > TOGETHER and max(found) > 2 * NARROWEST:
        widest = found.index(max(found))
        found[widest] -= 1
    return found


def _height(texts: list[str], widths: list[int]) -> int:
    lines = (
        sum(len(wrap(line, max(1, width - 1))) or 1 for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=True)
    )
    return LINE_HEIGHT * min(max(lines, default=1), MOST_LINES) + 3


def _frame(page: Worksheet, rows: int, columns: int) -> None:
    """Freeze and repeat the header, let columns be filtered, and fit the width of a page on paper."""
    last = get_column_letter(columns)
    page.freeze_panes = "B2"
    page.auto_filter.ref = f"A1:{last}{rows}"
    page.print_title_rows = "1:1"
    page.print_area = f"A1:{last}{rows}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.oddFooter.left.text, page.oddFooter.right.text = "&A", "&P / &N"


def _tickable(page: Worksheet, rows: int, columns: int) -> None:
    choice = DataValidation(type="list", formula1=f'"{OPEN},{DONE}"', allow_blank=True, showErrorMessage=True)
    choice.errorTitle, choice.error = "Done or not", f"Choose {OPEN} or {DONE}."
    choice.add(f"A2:A{rows}")
    page.add_data_validation(choice)
    rule = FormulaRule(formula=[f'$A2="{DONE}"'], fill=DONE_FILL)
    page.conditional_formatting.add(f"A2:{get_column_letter(columns)}{rows}", rule)


# --- the first sheet -----------------------------------------------------------------------------------


def _read_me(page: Worksheet, document: Document, subtitle: str, names: list[str]) -> None:
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 30, 84
    page.column_dimensions["C"].width = page.column_dimensions["D"].width = 10
    page.sheet_view.showGridLines = False
    for n, cells in enumerate(_lines(document, subtitle, names), 1):
        if n > 1:
            page.row_dimensions[n].height = _height([str(value) for value, _ in cells[:2]], [30, 84][: len(cells)])
        for at, (value, bold) in enumerate(cells, 1):
            cell = page.cell(n, at)
            if isinstance(value, _Formula):
                cell.value = str(value)
            else:
                _put(cell, value)
            cell.alignment = Alignment(vertical="top", wrap_text=at < 3)
            cell.font = Font(FONT, bold=bold, size=16 if n == 1 else 11)
    page.cell(1, 1).alignment = Alignment(wrap_text=False)
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


class _Formula(str):
    """A formula of ours."""


def _lines(document: Document, subtitle: str, names: list[str]) -> Iterator[list[tuple[object, bool]]]:
    yield [(document.title, True)]
    yield [("Made for", True), (subtitle, False)]
    yield [("What to do", True), (document.purpose, False)]
    if document.status:
        yield [("Where it stands", True), (document.status[0], False)]
    yield []
    yield [("Sheet", True), ("What is in it", True), ("rows", True), ("done", True)]
    for name, sheet in zip(names, document.sheets, strict=True):
        done = _Formula(f"=COUNTIF('{name.replace(chr(39), chr(39) * 2)}'!A:A,\"{DONE}\")")
        ticked = sheet.ticked and bool(sheet.rows)
        words = (sheet.about or ("To work through." if sheet.ticked else "To know.")) if sheet.rows else sheet.empty
        yield [(name, False), (words, False), (len(sheet.rows), False), (done if ticked else "", False)]
    yield []
    yield [("How to use it", True)]
    for what, words in LEGEND:
        yield [(what, False), (words, False)]
    for words in document.notes:
        yield [("Note", True), (words, False)]


def _steady(made: bytes) -> bytes:
    """Return a workbook with the dates of its parts and its own date of change taken out."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as given, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as steady:
        for name in sorted(given.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            data = given.read(name)
            if name == "docProps/core.xml":
                data = _undated(data)
            part = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            steady.writestr(part, data)
    return result.getvalue()


def _undated(core: bytes) -> bytes:
    start, tag, rest = core.partition(b"<dcterms:modified")
    attributes, close, value = rest.partition(b">")
    _, end, after = value.partition(b"</dcterms:modified>")
    return start + tag + attributes + close + EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + end + after
