"""Images inside a message's HTML: which attachment they show, and pointing them to its upload.

SmarterTrack keeps ``CidTagName`` beside an attachment; whether its HTML says ``cid:`` or a site-relative URL with the
name on disk is not documented, so both are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

Row = Mapping[str, Any]


def _patterns(row: Row) -> Iterator[tuple[str, str]]:
    """Yield (text that must be there, pattern of the reference) of an attachment; the pattern keeps group 1."""
    cid = (row.get("CidTagName") or "").strip().strip("<>")
    for form in dict.fromkeys((cid, quote(cid))):
        if form:
            yield form, rf"()cid:{re.escape(form)}(?=[\"'\s>)])"
    on_disk = row.get("FileNameOnDisk") or ""
    if on_disk:
        yield on_disk, rf"(src\s*=\s*[\"'])[^\"']*{re.escape(on_disk)}[^\"']*"


def is_embedded(body: str | None, row: Row) -> bool:
    """Whether a message's HTML shows this attachment."""
    return any(
        text in (body or "") and re.search(pattern, body or "", re.IGNORECASE) for text, pattern in _patterns(row)
    )


def embed(body: str, row: Row, target: str) -> str:
    """Return HTML whose references to this attachment say ``target`` instead."""
    for text, pattern in _patterns(row):
        if text in body:
            body = re.sub(pattern, lambda found: found[1] + target, body, flags=re.IGNORECASE)
    return body
