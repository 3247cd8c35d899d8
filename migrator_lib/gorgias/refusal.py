"""What a refusal says: the server's own words, by path, without what was sent.

Source: developers.gorgias.com, errors, ``{"error": {"msg": ..., "data": {"messages": {"0": {"sender": [...]}}}}}``.
``error`` was also seen as a string; a proxy on the way answers with a page. A server may quote what it was sent, a
person's words or address among it, so whatever stood in the request is taken out of the words again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from migrator_lib.masking import mask_text

LEAF, TOTAL = 200, 1000
"""Letters that one path's words, and all of them together, may have."""
QUOTED = 16
"""So many letters in a row, which stood in the request too, are a quotation."""
ENUMERATED = frozenset(
    ("channel", "via", "status", "priority", "type", "language", "locale", "timezone", "content_type", "data_type",
     "input_type", "object_type", "role", "visibility_status", "order_by", "limit", "cursor", "trashed")
)  # fmt: skip
"""Keys of words that the contract lists, so that quoting them tells nothing about anybody."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Refusal:
    """A refusal, as it may be told."""

    words: str
    """The server's message and ``path: words`` of everything it minds, in one line."""
    data: dict[str, list[str]] | None
    """Path (``messages.0.sender``) to the server's words about it."""
    ours: bool
    """Whether it has the shape of Gorgias' own errors; a proxy or a firewall on the way has another."""


def read(reply: requests.Response, sent: Any = None) -> Refusal:
    """Return what a refusal says.

    Args:
        reply: the answer.
        sent: body and query of the request, which must not be quoted.
    """
    fold = _Quotations(sent)
    try:
        document = reply.json()
    except ValueError:
        return Refusal(fold.out(_page_words(reply)), None, ours=False)
    error = document.get("error") if isinstance(document, Mapping) else None
    if not isinstance(error, Mapping):
        words = error if isinstance(error, str) else _json(document)
        return Refusal(fold.out(words) or _name(reply), None, ours=isinstance(error, str))
    message = fold.out(str(error.get("msg") or error.get("message") or _name(reply)))
    data = {path: [fold.out(word) for word in words] for path, words in by_path(error.get("data"))}
    told = "; ".join(f"{path}: {' '.join(words)}" if path else " ".join(words) for path, words in data.items())
    return Refusal(f"{message} ({_cut(told, TOTAL)})" if told else message, data or None, ours=True)


def by_path(data: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield (path, words) of nested error data: ``messages.0.sender`` and what is said about it."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from by_path(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list) and any(isinstance(one, Mapping | list) for one in data):
        for index, value in enumerate(data):
            yield from by_path(value, f"{path}.{index}" if path else str(index))
    elif isinstance(data, list):
        yield path, [str(one) for one in data]
    elif data is not None:
        yield path, [str(data)]


def _name(reply: requests.Response) -> str:
    return f"status {reply.status_code}"


def _page_words(reply: requests.Response) -> str:
    """Return a page's title, or a short text; a proxy's page is long and says little."""
    text = reply.text.strip()
    title = _TITLE.search(text)
    if title or "<" in text:
        return f"a page {title.group(1).strip()!r}" if title else "a page without a title"
    return text or _name(reply)


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


class _Quotations:
    """Takes what was sent out of what came back."""

    def __init__(self, sent: Any) -> None:
        texts = [text for text in _texts(sent) if len(text) >= 3]
        self._whole = sorted((text for text in texts if len(text) < 2 * QUOTED), key=len, reverse=True)
        self._long = "\0".join(text.lower() for text in texts if len(text) >= QUOTED)

    def out(self, words: str) -> str:
        """Return words in one line, cut, without quotations and addresses."""
        words = _cut(" ".join(words.split()), LEAF)
        for text in self._whole:
            if text in words:
                words = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "…", words)
        return mask_text(self._without_passages(words))

    def _without_passages(self, words: str) -> str:
        """Take out every passage of a long text, also one that is not quoted to its end."""
        lower = words.lower()
        kept, position = [], 0
        while position < len(words):
            end = position + QUOTED
            if end <= len(words) and lower[position:end] in self._long:
                while end < len(words) and lower[position : end + 1] in self._long:
                    end += 1
                kept.append("…")
                position = end
            else:
                kept.append(words[position])
                position += 1
        return "".join(kept)


def _texts(sent: Any, key: str = "") -> Iterator[str]:
    """Yield every text of a body or query that could be about somebody, in one line each."""
    if isinstance(sent, Mapping):
        for name, value in sent.items():
            yield from _texts(value, str(name))
    elif isinstance(sent, Sequence) and not isinstance(sent, str | bytes):
        for value in sent:
            yield from _texts(value, key)
    elif isinstance(sent, str) and key not in ENUMERATED and not key.endswith("_datetime"):
        yield " ".join(sent.split())
