"""One handed-over document: what it is for, and sheets of rows. A page and a workbook are made of the same one."""

from __future__ import annotations

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


def page_of(document: Document, subtitle: str) -> str:
    """Return the document as a page, with a box to tick behind each row, for paper."""
    parts: list[Html] = [pages.status(*document.status)] if document.status else []
    parts.append(pages.paragraph(document.purpose))
    if document.tiles:
        parts.append(pages.tiles(document.tiles))
    for sheet in document.sheets:
        parts.append(pages.heading(sheet.title))
        if sheet.about:
            parts.append(pages.paragraph(sheet.about))
        rows = [{**row, "done": OPEN} for row in sheet.rows] if sheet.ticked else sheet.rows
        parts.append(pages.table(rows, empty=sheet.empty))
    parts += [pages.note(words) for words in document.notes]
    return pages.page(document.title, *parts, subtitle=subtitle)
