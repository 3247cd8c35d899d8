"""HTML in one form: what two spellings have in common that every browser shows alike.

Alike are: the order, quoting and case of attributes' names, the case of elements' names, entities and the characters
that they stand for, ``<br>`` and ``<br/>``, and white space where a browser shows none, or one blank. Letters, links,
sources, styles, comments, and the order of elements stay: another one of these is another text.

Gorgias may take out what a mail reader does not show (scripts, style sheets, comments, handlers); whether it does is
UNVERIFIED. :func:`sanitised` has both sides without these, for an account that does
(``target.sanitises_html`` in engagement.yaml).

Nothing here refuses anything: what is no tag is text.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from migrator_lib.canonical import composed, text

_TAGS = r"""<![^>]*>|<\?[^>]*>|</?[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>"""
TAG, COMMENT_OR_TAG = re.compile(f"({_TAGS})"), re.compile(f"(<!--.*?-->|{_TAGS})", re.DOTALL)
ATTRIBUTE = re.compile(r"""([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?""")
BLANKS = re.compile(r"[ \t\r\n\f]+")
_BLOCKS = (
    "address article aside blockquote body br caption center col colgroup dd div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html legend li link main meta nav ol optgroup option p script "
    "section style table tbody td tfoot th thead title tr ul"
)
BLOCKS = frozenset(_BLOCKS.split())
"""Elements beside whose tags a browser shows no blank."""
AS_WRITTEN = frozenset({"pre", "textarea", "listing", "xmp", "script", "style"})
"""Elements within which blanks are shown, or mean something."""
UNSEEN = frozenset({"script", "style"})
LONGEST_TAG_KEPT = 200
"""Characters: longer tags, with links and sources, seldom come twice."""
RECENT = 16
"""Texts whose form is at hand: the other side of a comparison, and the lines that are quoted, come next."""
_Tag = tuple[str, str]
"""Name of its element (``/p`` where it ends one; empty where it is none), and the tag in its one form."""


@lru_cache(maxsize=RECENT)
def normal(given: str) -> str:
    """Return HTML in its one form."""
    return _written(given, sanitise=False)


def sanitised(given: str) -> str:
    """Return HTML in its one form, without what a mail reader does not show: comments, scripts, styles, handlers."""
    return _written(given, sanitise=True)


def says(given: str) -> str:
    """Return the words of HTML as a reader has them, in single spaces."""
    pieces = _pieces(sanitised(given))
    pieces[1::2] = [" " if _of(tag)[0].lstrip("/") in BLOCKS else "" for tag in pieces[1::2]]
    return " ".join(html.unescape("".join(pieces)).split())


def says_the_same(markup: str, plain: str) -> bool:
    """Whether HTML has the words of a plain text: Gorgias may make the one of the other where only one is given."""
    return says(markup) == " ".join(text(plain).split())


def _written(given: str, *, sanitise: bool) -> str:
    if "<" not in given:
        return _text(given, keep=False).strip(" ")
    keep_all = "white-space" in given.lower()  # a style may show blanks that are usually not seen
    pieces, parts = _pieces(given), list[str]()
    inside, hidden, at_edge = 0, "", True
    for n, piece in enumerate(pieces):
        if n % 2 == 0:
            if piece and not hidden:
                shown = _text(piece, keep=keep_all or inside > 0)
                parts.append(shown.removeprefix(" ") if at_edge and not inside and not keep_all else shown)
                at_edge = at_edge and not parts[-1]
            continue
        name, tag = _of(piece)
        element = name.removeprefix("/")
        if sanitise and (not name or element in UNSEEN):
            hidden = element if element in UNSEEN and not name.startswith("/") else ""
            continue
        if hidden:
            continue
        if element in AS_WRITTEN:
            inside = max(0, inside - 1) if name.startswith("/") else inside + 1
        if element in BLOCKS:
            if parts and not inside and not keep_all:
                parts[-1] = parts[-1].removesuffix(" ") if not parts[-1].endswith(">") else parts[-1]
            at_edge = True
        parts.append(_without_handlers(tag) if sanitise else tag)
    whole = "".join(parts)
    return whole if keep_all else whole.strip(" ")


def _pieces(given: str) -> list[str]:
    """Return text, tag, text and so on. Behind the last end of a comment, or tag, none is looked for: it took long."""
    at = given.rfind("-->") + 3 if "<!--" in given and "-->" in given else 0
    end = given.rfind(">") + 1
    first, rest = COMMENT_OR_TAG.split(given[:at]), TAG.split(given[at:end])
    pieces = [*first[:-1], first[-1] + rest[0], *rest[1:]]
    pieces[-1] += given[end:]
    return pieces


def _text(piece: str, *, keep: bool) -> str:
    """Return text between tags, with the few entities that HTML cannot do without."""
    found = html.unescape(piece) if "&" in piece else piece
    if not keep:
        found = BLANKS.sub(" ", found)
    elif "\r" in found:
        found = found.replace("\r\n", "\n").replace("\r", "\n")
    return html.escape(composed(found), quote=False)


def _of(tag: str) -> _Tag:
    return _short(tag) if len(tag) <= LONGEST_TAG_KEPT else _parsed(tag)


@lru_cache(maxsize=4096)
def _short(tag: str) -> _Tag:
    return _parsed(tag)


def _parsed(tag: str) -> _Tag:
    if tag[1] in "!?":
        return "", tag
    closes = "/" if tag[1] == "/" else ""
    inner = tag[1 + len(closes) : -1]
    name = re.split(r"[\s/]", inner, maxsplit=1)[0]
    element = name.lower()
    if closes:
        return f"/{element}", f"</{element}>"
    attributes: dict[str, str] = {}
    for key, double, single, bare in ATTRIBUTE.findall(inner[len(name) :]):
        attributes.setdefault(key.lower(), html.unescape(double or single or bare))
    written = "".join(f' {key}="{html.escape(composed(attributes[key]))}"' for key in sorted(attributes))
    return element, f"<{element}{written}>"


def _without_handlers(tag: str) -> str:
    return re.sub(r' on[a-z]+="[^"]*"', "", tag)
