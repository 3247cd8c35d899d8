"""Pages for people: small self-contained HTML, the same look for documents, reports and notebooks.

Everything that goes in is escaped, unless it is :class:`Html`, which only this module's functions make.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from migrator_lib.storage import beside

if TYPE_CHECKING:
    import pandas as pd

Tone = Literal["good", "warn", "bad", "plain"]
ASSETS = Path(__file__).parent / "assets"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""A browser that obeys this loads nothing, from no network, and runs nothing, whatever a page holds."""

_TAGS, _NUMBER = re.compile(r"<[^>]*>"), re.compile(r"-?[\d,]+(\.\d+)?|")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


class LinkedNumber(int):
    """A number that leads somewhere; in a table it stands right, as numbers do."""

    href: str

    @classmethod
    def to(cls, href: str, number: int) -> LinkedNumber:
        """Return a number with where it leads."""
        made = cls(number)
        made.href = href
        return made


@cache
def style() -> str:
    """Return the style sheet."""
    return (ASSETS / "page.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """Return the script that lets tables be sorted and filtered; it can be given to a page more than once."""
    return (ASSETS / "tables.js").read_text(encoding="utf-8")


def allowing(script: str) -> str:
    """Return what a browser may load and run for a page: nothing, but for this one script of the page's own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"{POLICY}; script-src 'sha256-{digest}'"


def escaped(value: object) -> Html:
    """Return a value as HTML text; numbers get thousands separators, None is an empty cell."""
    if isinstance(value, Html):
        return value
    if isinstance(value, LinkedNumber):
        return link(value.href, f"{value:,}")
    if value is None or value != value:  # NaN and NaT are the values that differ from themselves
        return Html("")
    if isinstance(value, bool):
        return Html("yes" if value else "no")
    if isinstance(value, int):
        return Html(f"{value:,}")
    if isinstance(value, float):
        return Html(f"{value:,.2f}".rstrip("0").rstrip("."))
    return Html(html.escape(str(value)))


def join(parts: Iterable[object]) -> Html:
    """Return parts, each escaped unless it is HTML, one after the other."""
    return Html("".join(escaped(part) for part in parts))


def tag(name: str, content: object = "", **attributes: str) -> Html:
    """Return one element; ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``."""
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    given = "".join(f' {names[key]}="{html.escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{given}>{escaped(content)}</{name}>")


def heading(text: str, level: int = 2) -> Html:
    """Return a heading."""
    return tag(f"h{level}", text)


def paragraph(*parts: object) -> Html:
    """Return a paragraph."""
    return tag("p", join(parts))


def note(*parts: object) -> Html:
    """Return a paragraph in a softer tone."""
    return tag("p", join(parts), class_="note")


def named(name: str) -> str:
    """Return a name of the program's, such as that of a rule, as people write it."""
    words = name.replace("_", " ").replace("smartertrack", "SmarterTrack")
    return words.replace("gorgias", "Gorgias")


def counted(n: int, one: str, more: str = "") -> str:
    """Return a number with its word: ``1 record``, ``2,000 records``."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def bullets(items: Iterable[object]) -> Html:
    """Return a list."""
    return tag("ul", join(tag("li", item) for item in items))


def link(target: str, text: object) -> Html:
    """Return a link."""
    return tag("a", text, href=target)


def code(text: str) -> Html:
    """Return text as code."""
    return tag("code", text)


def badge(text: str, tone: Tone) -> Html:
    """Return a short state in a colour."""
    return tag("span", text, class_=f"badge {tone}")


def status(text: object, tone: Tone, *, detail: object = "") -> Html:
    """Return the status line that a page begins with, and a second sentence below it."""
    below = tag("small", detail) if detail else ""
    return tag("div", join([text, below]), class_=f"status {tone}", role="status")


def tiles(values: Mapping[str, object]) -> Html:
    """Return a row of big numbers: what to number."""
    items = (tag("li", join([tag("b", value), tag("span", what)])) for what, value in values.items())
    return tag("ul", join(items), class_="tiles")


def share(part: float) -> Html:
    """Return a share (0 to 1) as a bar with its percentage; nothing but the whole is 100%."""
    words = percent(part)
    return join([tag("progress", "", value=f"{part:.3f}", max="1", aria_label=words), f" {words}"])


def percent(part: float) -> str:
    """Return a share (0 to 1) in words: of two million records, one that is missing leaves 99%."""
    return f"{part:.0%}" if part >= 1 else f"{min(0.99, part):.0%}"


def folded(title: str, *parts: object, printed: bool = True) -> Html:
    """Return details that are folded away; on paper they are unfolded, or left out."""
    return tag("details", join([tag("summary", title), *parts]), **({} if printed else {"class_": "aside"}))


def table(
    rows: Sequence[Mapping[str, object]] | pd.DataFrame,
    *,
    caption: str = "",
    different: str = "",
    empty: str = "Nothing to show.",
) -> Html:
    """Return a table; numbers stand right. On a page, one of more than eight rows can be sorted and filtered.

    Args:
        rows: mappings with the same keys, or a data frame (its index is not shown).
        caption: a line above it.
        different: name of a column of booleans that is not shown, and marks rows.
        empty: what stands there when there are no rows.
    """
    given: list[Mapping[str, object]] = (
        [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
        if hasattr(rows, "to_dict")
        else list(rows)
    )
    if not given:
        return note(f"{caption}: {empty}" if caption else empty)
    columns = [column for column in given[0] if column != different]
    numeric = {c for c in columns if all(_is_number(row.get(c)) for row in given)}
    sides = {c: {"class_": "number"} if c in numeric else {} for c in columns}
    heads = (tag("th", column, scope="col", **sides[column]) if column else tag("td") for column in columns)
    head = tag("tr", join(heads))
    body = [
        tag(
            "tr",
            join(tag("td", row.get(column), **sides[column]) for column in columns),
            **({"class_": "different"} if different and row.get(different) else {}),
        )
        for row in given
    ]
    title = [tag("caption", caption)] if caption else []
    inner = tag("table", join([*title, tag("thead", head), tag("tbody", join(body))]), class_="data")
    return tag("div", inner, class_="scroll", tabindex="0", role="group", aria_label=caption or "Table")


def _is_number(value: object) -> bool:
    if isinstance(value, Html):  # a number may be a link to what it counts
        return bool(_NUMBER.fullmatch(_TAGS.sub("", value)))
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def figure(svg: str, caption: str) -> Html:
    """Return a chart with its caption, which is also its text for those who cannot see it."""
    return tag("figure", join([tag("div", Html(svg), role="img", aria_label=caption), tag("figcaption", caption)]))


def page(title: str, *parts: object, subtitle: str = "", footer: str = "") -> str:
    """Return a whole document that needs no network."""
    body = join([heading(title, 1), tag("p", subtitle, class_="subtitle") if subtitle else "", *parts])
    return document(title, body, footer=footer)


def document(
    title: str, body: Html, *, footer: str = "", extra_style: str = "", policy: str | None = ""
) -> str:  # fmt: skip
    """Return a whole document whose heading is in the body already.

    Args:
        title: of the window.
        body: what is between header and footer.
        footer: a line below; when it was made, where it is empty.
        extra_style: a style sheet behind the one of all pages.
        policy: what a browser may load and run; None where a server says it in a header. Where it is not given, tables
            can be sorted and filtered, and nothing else is run.
    """
    made = footer or f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    runs = script() if policy == "" and "<table" in body else ""
    policy = (allowing(runs) if runs else POLICY) if policy == "" else policy
    obeyed = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n' if policy else ""
    run = f"<script>{runs}</script>\n" if runs else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"{obeyed}"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style()}{extra_style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n<footer>{html.escape(made)}</footer>\n{run}</body>\n</html>\n"
    )


def write(file: Path, text: str) -> Path:
    """Write a file beside its place and rename it.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file) as place:
        place.write_text(text, encoding="utf-8")
    return file
