"""Files with what they tell of people masked: what is text in them, and nothing of their form."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from migrator_lib.evidence.bundle.readings import BLOCK, JSON, MARKED_UP, NO_TEXT, PICTURE, kind

OF_RECORDS = ("accounts/", "hash_tree/")
"""Folders of lists in which a number that stands alone is a key or an id."""
WHOLE = MARKED_UP | JSON | {".yaml", ".yml"}
"""Files that are read whole: a text may go over several lines."""
# What is no text of a page: comments, styles and scripts are the program's own.
_APART = re.compile(r"(<!--.*?-->|<style\b.*?</style\s*>|<script\b.*?</script\s*>|<[^<>]*>)", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(=\s*([\"']))(.*?)(\2)", re.DOTALL)
_TAG = re.compile(r"<(?:[!?]|/?[A-Za-z][\w:-]*[\s/>])")
_WHOLE = ("<!--", "<style", "<script", "<?", "<!")
Mask = Callable[[str], str]


def write(path: str, source: Path, place: Path, mask: Mask) -> bool:
    """Write a file anew with its text masked, in constant memory where it is a list; return whether that changed it.

    Args:
        path: in the bundle; its suffix says what kind of file it is.
        source: what is read.
        place: where it is written.
        mask: what masks a text.
    """
    suffix = kind(path)
    if suffix in NO_TEXT or path.endswith((".gz", ".zip")):
        shutil.copyfile(source, place)
        return False
    if suffix == ".xlsx":
        return _workbook(source, place, mask)
    if suffix in WHOLE:
        text = source.read_text(encoding="utf-8", errors="replace")
        done = marked_up(text, mask) if suffix in MARKED_UP else document(text, mask) if suffix in JSON else mask(text)
        place.write_text(done, encoding="utf-8", newline="")
        return done != text
    return _lines(source, place, mask)


def _lines(source: Path, place: Path, mask: Mask) -> bool:
    changed = False
    with (
        source.open(encoding="utf-8", errors="replace", newline="") as lines,
        place.open("w", encoding="utf-8", newline="") as stream,
    ):
        while some := lines.readlines(BLOCK):
            text = "".join(some)
            done = mask(text)
            changed |= done != text
            stream.write(done)
    return changed


def marked_up(text: str, mask: Mask) -> str:
    """Return a page with its texts and attributes masked; what is not masked stays as it is written."""
    parts = _APART.split(text)
    for n, part in enumerate(parts):
        if n % 2 == 0 or not _TAG.match(part):  # <ann@home.example> is no tag
            parts[n] = _unescaped(part, mask)
        elif not part.lower().startswith(_WHOLE):
            parts[n] = _ATTRIBUTE.sub(lambda one: f"{one[1]}{_unescaped(one[3], mask)}{one[4]}", part)
    return "".join(parts)


def _unescaped(text: str, mask: Mask) -> str:
    if PICTURE.fullmatch(text):
        return text
    plain = html.unescape(text)
    done = mask(plain)
    return text if done == plain else html.escape(done)


def document(text: str, mask: Mask) -> str:
    """Return a JSON document with its texts masked, and documents that are texts in it; a damaged one as text."""
    found = _parsed(text)
    if found is None:
        return mask(text)
    done = _node(found, mask)
    return text if done == found else json.dumps(done, indent=2, ensure_ascii=False) + "\n"


def _parsed(text: str) -> Any:
    """Return what a text says as a JSON object or list; None where it is none."""
    if text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return None


def _node(node: Any, mask: Mask) -> Any:
    if isinstance(node, str):
        within = _parsed(node)
        if within is not None:
            done = _node(within, mask)
            return node if done == within else json.dumps(done, ensure_ascii=False)
        return mask(marked_up(node, mask) if "<" in node else node)
    if isinstance(node, list):
        return [_node(part, mask) for part in node]
    if isinstance(node, dict):
        return {mask(name): _node(part, mask) for name, part in node.items()}
    return node


def _workbook(source: Path, place: Path, mask: Mask) -> bool:
    changed = False
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as made:
        for part in given.infolist():
            content = given.read(part)
            if part.filename.endswith((".xml", ".rels")):
                text = content.decode("utf-8", errors="replace")
                done = marked_up(text, mask)
                changed |= done != text
                content = done.encode()
            made.writestr(zipfile.ZipInfo(part.filename), content, zipfile.ZIP_DEFLATED)
    if not changed:
        shutil.copyfile(source, place)
    return changed


def opener(content: bytes) -> Callable[[], BinaryIO]:
    """Return how to open bytes that are in memory."""
    return lambda: io.BytesIO(content)
