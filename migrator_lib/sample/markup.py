"""A message's HTML as the review page shows it: what it looks like, and nothing that acts or loads.

Tags and attributes are taken from a list; scripts, forms, frames and links' targets are left out, and so is every
picture that is not among the record's own files: a tracking pixel of an old mail must not fire. The page shows the
result in a sandboxed frame, below a policy that forbids loading; each of the three would do alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

_TAGS = """
a abbr address b big blockquote br center cite code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins
li ol p pre q s small span strike strong sub sup table tbody td tfoot th thead tr tt u ul
"""
_ATTRIBUTES = """
align alt bgcolor border cellpadding cellspacing color colspan dir face height lang rowspan size start style title type
valign width
"""
_DROPPED = "iframe math noembed noframes noscript object script select style svg template textarea title"
TAGS, ATTRIBUTES, DROPPED = (frozenset(words.split()) for words in (_TAGS, _ATTRIBUTES, _DROPPED))
"""What is shown of tags and attributes; and what is left out with all that is in it."""
EMPTY = frozenset(("br", "col", "hr", "img"))
LOADING = re.compile(r"url\s*\(|@import|expression|\\", re.IGNORECASE)
BLOCKS = frozenset(["br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "h4", "table"])
Picture = Callable[[str], str | None]
"""Gives the ``data:`` address of a picture by what an ``src`` says, or None: it is not shown."""


class _Shown(HTMLParser):
    """Writes the allowed part of a body anew."""

    def __init__(self, picture: Picture) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._picture = picture
        self._dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._dropped.append(tag)
        if self._dropped or tag not in TAGS:
            return
        if tag == "img":
            self.found.append(self._image({name: value or "" for name, value in attrs}))
            return
        self.found.append(f"<{tag}{_kept(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropped:
            del self._dropped[self._dropped.index(tag) :]
        elif not self._dropped and tag in TAGS and tag not in EMPTY:
            self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.found.append(html.escape(data))

    def _image(self, attributes: dict[str, str]) -> str:
        address = self._picture(attributes.get("src", ""))
        if address is None:
            alt = html.escape(attributes.get("alt", "").strip())
            return f"<span class=unshown>[picture not shown{f': {alt}' if alt else ''}]</span>"
        kept = _kept([(name, value) for name, value in attributes.items() if name != "src"])
        return f'<img src="{html.escape(address)}"{kept}>'


def _kept(attrs: list[tuple[str, str | None]]) -> str:
    kept = ((name, value or "") for name, value in attrs if name in ATTRIBUTES)
    safe = ((name, value) for name, value in kept if not (name == "style" and LOADING.search(value)))
    return "".join(f' {name}="{html.escape(value)}"' for name, value in safe)


def shown(body: str, picture: Picture) -> str:
    """Return what is shown of a body."""
    reader = _Shown(picture)
    reader.feed(body)
    reader.close()
    return "".join(reader.found)


class _Text(HTMLParser):
    """Gathers the text of a body, with a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._dropped.append(tag)
        if tag in BLOCKS:
            self.found.append("\n")
        if tag == "img":
            self.found.append("[picture]")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._dropped:
            del self._dropped[self._dropped.index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.found.append(data)


def text(body: str) -> str:
    """Return what a reader sees of a body, as text."""
    reader = _Text()
    reader.feed(body)
    reader.close()
    lines = (line.strip() for line in "".join(reader.found).splitlines())
    return "\n".join(line for line in lines if line)
