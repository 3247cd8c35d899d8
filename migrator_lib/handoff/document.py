"""One handed-over document: what it is for, and sheets of rows. A page and a workbook are made of the same one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_lib import pages
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html, Tone

Row = Mapping[str, object]
OPEN, DONE = "☐", "☑"
"""What stands in the column to tick."""


@dataclass(frozen=True)
class Audience:
    """Who reads it: what is done to addresses, and whether texts of the help desk itself may stand in it."""

    mask: Callable[[str], str]
    texts: bool = False


SHARED = Audience(mask_text)
ADMIN = Audience(str, texts=True)
"""The administrator of the Gorgias account, who cannot work without addresses."""


@dataclass(frozen=True)
class Sheet:
    """Rows under a heading; all have the same keys."""

    title: str
    rows: Sequence[Row]
    about: str = ""
    empty: str = "Nothing to do."
    ticked: bool = True
    """Whether somebody works through it, row by row."""


@dataclass(frozen=True)
class Document:
    """One document."""

    title: str
    purpose: str
    """What to do with it."""
    sheets: Sequence[Sheet]
    tiles: Mapping[str, object] = field(default_factory=dict)
    status: tuple[str, Tone] | None = None
    notes: Sequence[str] = ()


WIDE = """
main, footer { max-width: 92rem; }
table.data thead th, table.data thead th.number { white-space: normal; }
table.data td:not(.number) { min-width: 5rem; }
table.data td:first-child, table.data td.number { min-width: 3rem; }
@page { size: landscape; }
"""
"""A style for tables of many columns."""


DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _shown(row: Row) -> dict[str, object]:
    """Return a row whose dates stand on one line."""
    return {
        name: pages.tag("time", value) if isinstance(value, str) and DAY.fullmatch(value) else value
        for name, value in row.items()
    }


def _to_do(document: Document) -> tuple[str, Tone]:
    """Return the status line of a document that has none of its own: how much there is to do by hand."""
    if not any(sheet.ticked for sheet in document.sheets):
        return "To be looked up in: nothing here is to be done.", "plain"
    n = sum(len(sheet.rows) for sheet in document.sheets if sheet.ticked)
    return (f"To do by hand: {pages.counted(n, 'line')} to tick.", "warn") if n else ("Nothing to do.", "good")


def page_of(document: Document, subtitle: str) -> str:
    """Return the document as a page, with a box to tick before each row, for paper."""
    parts: list[Html] = [pages.status(*(document.status or _to_do(document)))]
    parts.append(pages.paragraph(document.purpose))
    if document.tiles:
        parts.append(pages.tiles(document.tiles))
    for sheet in document.sheets:
        parts.append(pages.heading(sheet.title))
        if sheet.about:
            parts.append(pages.paragraph(sheet.about))
        rows = [{**({"done": OPEN} if sheet.ticked else {}), **_shown(row)} for row in sheet.rows]
        parts.append(pages.table(rows, empty=sheet.empty))
    parts += [pages.note(words) for words in document.notes]
    head = pages.join([pages.heading(document.title, 1), pages.tag("p", subtitle, class_="subtitle")])
    return pages.document(document.title, pages.join([head, *parts]), extra_style=WIDE)
