"""What an article's HTML refers to: files of SmarterTrack's own, pictures inside the text, other articles.

How SmarterTrack writes the address of a file in an article is not published. A file is known by its name on disk, its
number (``fileid=7``) or, where just one has it, its own name, in an address of the company's own site.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

from migrator_lib.gorgias.help_center import html
from migrator_lib.knowledge.source import ARTICLES, BODY, PAGE, Knowledge
from migrator_lib.smartertrack.files import as_compared
from migrator_lib.smartertrack.matching import name_on_disk
from migrator_lib.staging import Row, Staged

_ARTICLE = re.compile(r"(?:^|/)kb/a(\d{1,9})(?:/|$)", re.IGNORECASE)
_DATA = re.compile(r"data:(image/[\w.+-]+)((?:;[^,;]*)*),", re.IGNORECASE)
_NUMBER = ("fileid", "file_id")


@dataclass(frozen=True)
class Picture:
    """A picture inside the text (``data:``)."""

    content_type: str
    content: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """What it is known by: the beginning of its SHA-256."""
        return "d" + hashlib.sha256(self.content).hexdigest()[:16]


@dataclass(frozen=True)
class Found:
    """What an article's HTML refers to; references as the HTML says them."""

    files: dict[str, int] = field(default_factory=dict)
    """Reference to FileID."""
    pictures: dict[str, Picture] = field(default_factory=dict)
    articles: dict[str, int] = field(default_factory=dict)
    """Reference to KbArticleID."""


class Names:
    """Files by what an address may call them."""

    def __init__(self, files: Mapping[int, Row]) -> None:
        self._numbers = files
        self._on_disk: dict[str, int] = {}
        self._own: dict[str, int | None] = {}
        for number, row in sorted(files.items()):
            if name_on_disk(row):
                self._on_disk.setdefault(name_on_disk(row), number)
            own = as_compared(row.get("FileNameOriginal") or "")
            self._own[own] = None if own in self._own else number

    def meant(self, reference: str) -> int | None:
        """Return the file that an address of our own means, or None."""
        try:
            parts = urlsplit(reference.replace("\\", "/"))
        except ValueError:
            return None
        options = [(name.lower(), value) for name, value in parse_qsl(parts.query)]
        for name, value in options:
            if name in _NUMBER and value.isdecimal() and int(value) in self._numbers:
                return int(value)
        names = [as_compared(value.replace("\\", "/").rpartition("/")[2]) for _, value in options]
        names.append(as_compared(unquote(parts.path).strip("<>").rpartition("/")[2]))
        if parts.scheme.lower() == "cid":
            names.append(names[-1].partition("@")[0])
        found = (self._on_disk.get(name) or self._own.get(name) for name in names if name)
        return next((number for number in found if number is not None), None)


def find(text: str, files: Names, hosts: Collection[str]) -> Found:
    """Return what an article's HTML refers to.

    Args:
        text: the HTML.
        files: those that SmarterTrack keeps.
        hosts: names of the company's own sites, lower case: an address of another one is none of ours.
    """
    found = Found()
    for attribute, reference in html.references(text):
        picture = _picture(reference) if attribute == "src" else None
        if picture is not None:
            found.pictures[reference] = picture
        elif is_own(reference, hosts):
            article = _article(reference)
            file = None if article is not None else files.meant(reference)
            if article is not None and attribute == "href":
                found.articles[reference] = article
            elif file is not None:
                found.files[reference] = file
    return found


def is_own(reference: str, hosts: Collection[str]) -> bool:
    """Whether a reference is of the company's own site: relative, ``cid:``, or with one of its hosts."""
    if reference[:4].lower() == "cid:":
        return True
    try:
        parts = urlsplit(reference)
    except ValueError:
        return False
    if parts.netloc:
        return parts.scheme.lower() in ("", "http", "https") and (parts.hostname or "") in hosts
    return not parts.scheme and not reference.startswith("#")


def fragment(reference: str) -> str:
    """Return the place within a page that a reference means, with its ``#``; maybe nothing."""
    _, mark, place = reference.partition("#")
    return mark + place


def _article(reference: str) -> int | None:
    found = _ARTICLE.search(urlsplit(reference).path)
    return int(found[1]) if found else None


def _picture(reference: str) -> Picture | None:
    found = _DATA.match(reference)
    if found is None:
        return None
    data = reference[found.end() :]
    try:
        if found[2].lower().endswith(";base64"):
            plain = "".join(unquote(data).split()).rstrip("=")  # browsers take it without its end, too
            return Picture(found[1].lower(), base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None
    return Picture(found[1].lower(), unquote_to_bytes(data))


def hosts_of(addresses: Iterator[str]) -> frozenset[str]:
    """Return the host names of addresses, lower case; each with or without ``https://`` before it."""
    found = set()
    for address in addresses:
        bare = address.strip()
        try:
            name = urlsplit(bare if "//" in bare else f"//{bare}").hostname
        except ValueError:
            name = None
        found |= {name} if name else set()
    return frozenset(found)


def named_by_articles(staged: Staged) -> Iterator[Row]:
    """Yield the files that articles show, wherever they lie, as rows of attachments name theirs."""
    knowledge = Knowledge.of(staged)
    names = Names(knowledge.files)
    seen: set[int] = set()
    for row in staged.stream(ARTICLES, ["KbArticleID", BODY], PAGE) if knowledge.files else ():
        for _, reference in html.references(row[BODY] or ""):
            file = None if _DATA.match(reference) else names.meant(reference)
            if file is not None and file not in seen:
                seen.add(file)
                yield {"FileNameOnDisk": knowledge.files[file]["FileNameOnDisk"], "IsDeleted": False}
