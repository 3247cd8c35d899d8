"""Images inside a message's HTML: which attachment they show, and pointing them to its upload.

SmarterTrack keeps ``CidTagName`` beside an attachment; whether its HTML says ``cid:`` or a URL of its own site with the
name on disk is not documented, so both are known: ``cid:``, ``/App_Data/.../name``, ``Download.ashx?file=name``, and
the same with a host in front. What no attachment of the ticket is for stays as it is, and is counted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from migrator_lib.smartertrack.files import as_compared
from migrator_lib.smartertrack.matching import name_on_disk

Row = Mapping[str, Any]
LONG = 16
"""Letters of a name on disk that no other site's file has by chance."""
_URL = r"""(?:"(?P<double>[^"<>]{0,2000})"|'(?P<single>[^'<>]{0,2000})'|(?P<bare>[^\s"'<>]{1,2000}))"""
_REFERENCE = re.compile(
    r"\b(?:(?P<attribute>src|background|poster|href|data)\s*=\s*"
    + _URL
    + r"""|url\(\s*(?:["']|&quot;|&\#39;)?(?P<style>[^"'()<>\s]{1,2000}?)(?=["'()\s]|&quot;|&\#39;))""",
    re.IGNORECASE,
)
_PLAIN_RUN = re.compile("[A-Za-z0-9]+(?![\u0300-\u036f])")
"""Letters and digits that no accent of their own follows: it may be written as one with its letter."""
_FORMS = ("double", "single", "bare", "style")


def _form(found: re.Match[str]) -> str:
    return next(form for form in _FORMS if found[form] is not None)


def _plain(found: re.Match[str]) -> str:
    return html.unescape(found[_form(found)]).strip()


def _cid(url: str) -> str | None:
    """Return what a ``cid:`` URL names, or None for any other."""
    return unquote(url[4:]).strip("<>").lower() if url[:4].lower() == "cid:" else None


def _names(url: str) -> set[str]:
    """Return the file names that a URL may mean: any part of its path, and the end of every option's value."""
    try:
        parts = urlsplit(url.replace("\\", "/"))
    except ValueError:
        return set()
    options = (value.replace("\\", "/").rpartition("/")[2] for _, value in parse_qsl(parts.query))
    found = {as_compared(name) for name in (*map(unquote, parts.path.split("/")), *options)}
    if parts.scheme or parts.netloc:
        return {name for name in found if len(name) >= LONG}
    return found


def _shows(url: str, attribute: str | None, row: Row) -> bool:
    """Whether a reference means an attachment; a link to a file is no image, unless it is by ``cid:``."""
    cid = _cid(url)
    if cid is not None:
        return bool(cid) and cid == (row.get("CidTagName") or "").strip().strip("<>").lower()
    name = name_on_disk(row)
    return bool(name) and (attribute or "").lower() != "href" and name in _names(url)


def _may_show(body: str, row: Row) -> bool:
    """Return quickly whether a body may refer to it: no way of writing changes a run of letters and digits."""
    low = body.lower()
    return any(run in low for run in _runs(row.get("CidTagName") or "", row.get("FileNameOnDisk") or ""))


@lru_cache(maxsize=10_000)
def _runs(cid: str, on_disk: str) -> tuple[str, ...]:
    """Return the longest run of letters and digits of each name by which a body may refer to an attachment."""
    names = (cid, re.split(r"[\\/]", on_disk)[-1])
    return tuple(max(_PLAIN_RUN.findall(name), key=len, default="").lower() for name in names if name)


def _references(body: str) -> Iterator[tuple[str, str | None]]:
    for found in _REFERENCE.finditer(body):
        yield _plain(found), found["attribute"]


def is_embedded(body: str | None, row: Row) -> bool:
    """Whether a message's HTML shows this attachment."""
    return _may_show(body or "", row) and any(_shows(url, kind, row) for url, kind in _references(body or ""))


def embed(body: str, row: Row, target: str) -> str:
    """Return HTML whose references to this attachment say ``target`` instead."""

    def point(found: re.Match[str]) -> str:
        if not _shows(_plain(found), found["attribute"], row):
            return found[0]
        begin, end = (place - found.start() for place in found.span(_form(found)))
        return found[0][:begin] + target + found[0][end:]

    return _REFERENCE.sub(point, body) if _may_show(body, row) else body


def unresolved(body: str | None, rows: Iterable[Row]) -> int:
    """Return how many images of a message's HTML are its sender's own, and no attachment: they will not be seen.

    Those are ``cid:`` references and URLs without a host; a picture of another site is none of them.
    """
    known = list(rows)
    return sum(
        1
        for url, attribute in _references(body or "")
        if _is_local(url, attribute) and not any(_shows(url, attribute, row) for row in known)
    )


def _is_local(url: str, attribute: str | None) -> bool:
    if _cid(url) is not None:
        return True
    if not url or (attribute or "").lower() in ("href", "data") or url.startswith(("#", "//")):
        return False
    return not re.match(r"[a-z][a-z0-9+.-]*:", url, re.IGNORECASE)
