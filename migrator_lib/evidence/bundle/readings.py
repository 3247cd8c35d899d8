"""What a member says: as it is written, line by line, and as people would read it.

Workbooks and archives are looked into, what is packed is unpacked. Pictures and PDF hold no text here: a PDF is printed
from a page that stands beside it. What is made of lines is read in blocks, so that lists of millions cost no memory.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote

BLOCK, OVERLAP = 1_000_000, 1_000
"""Letters of a list that are looked at together, and those of the block before that are looked at again."""
NO_TEXT = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".ico", ".woff", ".woff2"}
MARKED_UP = {".html", ".htm", ".svg", ".xml", ".rels"}
JSON = {".json", ".ipynb"}
IN_BLOCKS = {".csv", ".txt", ".js", ".conf", ".config"}
ARCHIVES = {".zip", ".xlsx"}
PICTURE = re.compile(r"data:(?:image/(?!svg)|font/|application/(?!json|xml))[\w+.;=-]*base64,[A-Za-z0-9+/=\s]*")
PACKED_TEXT = re.compile(r"data:(?:text/|image/svg|application/(?:json|xml))[\w+.;=-]*base64,([A-Za-z0-9+/=%]*)")
STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
MARK_UP = re.compile(r"<[^<>]*>")
_NUMBER = re.compile(r"[0-9A-Fa-f]*\d[0-9A-Fa-f]*")
REMEMBERED = 50_000
_ESCAPED = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrtbf])")
Opener = Callable[[], BinaryIO]


def kind(path: str) -> str:
    """Return the suffix that says how a member is read, lower case; ``.csv`` of ``records.csv.gz``."""
    name = PurePosixPath(path.lower())
    return PurePosixPath(name.stem).suffix if name.suffix == ".gz" else name.suffix


def written(path: str, opened: Opener) -> Iterator[str]:
    """Yield a member's lines as they are written; of a workbook its cells, of an archive all that it holds.

    Raises:
        OSError, zipfile.BadZipFile: it is damaged.
    """
    for _, stream in _streams(path, opened):
        for line in io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="\n"):
            yield from re.sub(r"(</(?:row|si|c)>)", r"\1\n", line).split("\n") if path.endswith(".xlsx") else (line,)


def readings(path: str, opened: Opener) -> Iterator[str]:
    """Yield a member's text as a reader would see it: unescaped, with and without its mark-up.

    Its name comes first, and what lies in an archive is named, too: a name may say as much as a text. The same text is
    yielded several times, each time as another program would show it.

    Raises:
        OSError, zipfile.BadZipFile: it is damaged.
    """
    yield path
    for name, stream in _streams(path, opened):
        for text in _texts(name, stream):
            yield from _readings(text)


def _streams(path: str, opened: Opener, depth: int = 0) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the members that hold text, each with its name: itself, or what is packed in it."""
    suffix = PurePosixPath(path.lower()).suffix
    if suffix in NO_TEXT:
        return
    with opened() as stream:
        if suffix == ".gz":
            with gzip.open(stream) as unpacked:
                yield path[: -len(suffix)], unpacked  # type: ignore[misc]  # a GzipFile reads like a file
        elif suffix in ARCHIVES and depth < 3:
            with zipfile.ZipFile(stream) as parts:
                named = "\n".join([*parts.namelist(), parts.comment.decode("utf-8", "replace")])
                yield "names.txt", io.BytesIO(named.encode("utf-8", "surrogatepass"))
                for part in parts.namelist():
                    yield from _streams(part, partial(_part, parts, part), depth + 1)
        else:
            yield path, stream


def _part(parts: zipfile.ZipFile, name: str) -> BinaryIO:
    return parts.open(name)  # type: ignore[return-value]  # it reads like a file


def _texts(path: str, stream: BinaryIO) -> Iterator[str]:
    """Yield a stream's text: in blocks that overlap, whole, or the texts of a JSON document."""
    reader = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="\n")
    suffix = kind(path)
    if suffix in IN_BLOCKS:
        before = ""
        while block := reader.read(BLOCK):
            yield before + block
            before = block[-OVERLAP:]
        return
    text = reader.read()
    if suffix in JSON:
        with suppress(ValueError, RecursionError):  # a damaged file is read as it is
            text = "\n".join(strings(json.loads(text)))
    yield text


def strings(node: Any) -> Iterator[str]:
    """Yield every text of a JSON document, and every number; lines that a notebook keeps apart are joined."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list) and node and all(isinstance(part, str) for part in node):
        yield "".join(node)
        yield from node
    elif isinstance(node, list | dict):
        yield from node if isinstance(node, dict) else ()
        for part in node.values() if isinstance(node, dict) else node:
            yield from strings(part)
    elif isinstance(node, int) and not isinstance(node, bool):
        yield str(node)


class Lines:
    """Remembers lines of lists by their words: of millions of records hardly any says another word than the others.

    Lines that differ in numbers and digests alone are the same line here.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def words(self, line: str) -> str:
        """Return a line without its numbers."""
        return _NUMBER.sub("0", line)

    def has(self, words: str) -> bool:
        """Whether such a line was added, as far as they are remembered."""
        return words in self._seen

    def add(self, words: str) -> None:
        """Remember a line."""
        if len(self._seen) > REMEMBERED:
            self._seen.clear()
        self._seen.add(words)

    def new(self, text: str) -> str:
        """Return the lines of a text that were not there before, and remember them."""
        found = []
        for line in text.splitlines(keepends=True):
            words = self.words(line)
            if words not in self._seen:
                self.add(words)
                found.append(line)
        return "".join(found)


def plain(text: str) -> str:
    """Return a text without mark-up, whether it has any."""
    return html.unescape(MARK_UP.sub(" ", STYLE.sub(" ", text))) if "<" in text or "&" in text else text


def _readings(text: str) -> Iterator[str]:
    # Where mark-up was, a line ends: numbers of two cells are not one.
    bare = PICTURE.sub(" ", STYLE.sub(" ", text))
    unescaped = html.unescape(bare)
    yield unescaped
    for packed in PACKED_TEXT.findall(text) if "base64," in text else ():
        with suppress(ValueError):
            yield from _readings(b64decode(unquote(packed) + "==").decode("utf-8", "replace"))
    if "<" in bare:
        yield html.unescape(MARK_UP.sub("\n", bare))
    if "<" in unescaped and unescaped != bare:  # mark-up that is shown as text
        yield html.unescape(MARK_UP.sub("\n", unescaped))
    if "\\" in unescaped:  # a JSON document within a text
        yield MARK_UP.sub("\n", html.unescape(_ESCAPED.sub(lambda one: chr(int(one[1], 16)) if one[1] else " ", bare)))
