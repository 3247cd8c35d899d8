"""References inside an article's HTML: which files it shows, and pointing them elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

_REFERENCE = re.compile(
    r"""(?P<before><(?P<tag>img|a|source|video|audio)\b(?:[^<>"']|"[^"]{0,2000}"|'[^']{0,2000}'){0,4000}?\s(?P<attribute>src|href)\s*=\s*)"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>]+))""",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"(https?:)?//", re.IGNORECASE)


def _plain(found: re.Match[str]) -> str:
    value = next(found[form] for form in ("double", "single", "bare") if found[form] is not None)
    return html.unescape(value).strip()


def shown(text: str) -> list[str]:
    """Return what an article's images are called, each once, as they come; pictures inside the text are left out."""
    found = (_plain(one) for one in _REFERENCE.finditer(text) if one["attribute"].lower() == "src")
    return list(dict.fromkeys(name for name in found if name and not name.lower().startswith("data:")))


def references(text: str) -> Iterator[tuple[str, str]]:
    """Yield every reference with its attribute (``src`` or ``href``), pictures inside the text too, as they come."""
    for found in _REFERENCE.finditer(text):
        yield found["attribute"].lower(), _plain(found)


def is_elsewhere(reference: str) -> bool:
    """Whether a reference leads to another site, and so says nothing about a file of ours."""
    return bool(_ELSEWHERE.match(reference))


def rewritten(text: str, targets: Mapping[str, str]) -> str:
    """Return HTML in which every reference that is a key of ``targets`` says its value; the rest is as it was."""

    def point(found: re.Match[str]) -> str:
        target = targets.get(_plain(found))
        return found[0] if target is None else f'{found["before"]}"{html.escape(target)}"'

    return _REFERENCE.sub(point, text)


def without_references(text: str) -> str:
    """Return HTML whose references say nothing: to compare two whose files lie in different places."""
    return _REFERENCE.sub(lambda found: found["before"] + '""', text)
