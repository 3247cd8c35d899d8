"""E-mail bodies as mail programs make them: text and HTML, with signatures and quoted history."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from migrator_lib.simulators.smartertrack.stories import ATTRIBUTION, RIGHT_TO_LEFT

PROGRAMS = ("gmail", "outlook", "apple", "text")
"""Mail programs of customers; agents write in the help desk's own editor (``desk``)."""
OUTLOOK_STYLE = (
    "<!-- @font-face {font-family:Calibri;} p.MsoNormal {margin:0cm; font-size:11.0pt; "
    'font-family:"Calibri",sans-serif;} -->'
)


@dataclass(frozen=True)
class Letter:
    """What somebody wrote, before a mail program makes a body of it."""

    paragraphs: Sequence[str]
    sender: str
    address: str
    moment: datetime
    subject: str
    language: str = "en"
    signature: Sequence[str] = field(default=())
    answers: Letter | None = None
    """The letter that is quoted below."""
    image: str = ""
    """Address of a picture in the text (``cid:...`` or a path), or nothing."""


def text_of(letter: Letter, depth: int = 0) -> str:
    """Return the plain text body; two levels of history are quoted."""
    lines = [*"\n\n".join(letter.paragraphs).split("\n")]
    if letter.signature:
        lines += ["", *letter.signature]
    if letter.answers is not None and depth < 2:
        quoted = text_of(letter.answers, depth + 1).split("\n")
        lines += ["", _attribution(letter.answers, letter.language), *(f"> {line}".rstrip() for line in quoted)]
    return "\n".join(lines)


def html_of(letter: Letter, program: str) -> str:
    """Return the HTML body as ``program`` makes it; nothing for ``text``."""
    make = {"gmail": _gmail, "outlook": _outlook, "apple": _apple, "desk": _desk}.get(program)
    return make(letter) if make else ""


def _attribution(letter: Letter, language: str) -> str:
    who = letter.address if letter.sender == letter.address else f"{letter.sender} <{letter.address}>"
    return ATTRIBUTION[language].format(date=letter.moment, who=who)


def _direction(letter: Letter) -> str:
    return "rtl" if letter.language in RIGHT_TO_LEFT else "ltr"


def _blocks(letter: Letter, element: str, attributes: str = "", end: str = "") -> str:
    parts = [*letter.paragraphs, "\n".join(letter.signature)] if letter.signature else letter.paragraphs
    marked = [html.escape(part, quote=False).replace("\n", "<br>\n") for part in parts]
    joined = "\n".join(f"<{element}{attributes}>{part}{end}</{element}>" for part in marked)
    if letter.image:
        joined += f'\n<{element}{attributes}><img src="{letter.image}" alt="" width="320"></{element}>'
    return joined


def _quote(letter: Letter, attributes: str, depth: int = 1) -> str:
    """Return the quoted letter with what it quotes itself."""
    if letter.answers is None or depth > 2:
        return ""
    inner = _blocks(letter.answers, "div")
    line = html.escape(_attribution(letter.answers, letter.language), quote=False)
    deeper = _quote(letter.answers, attributes, depth + 1)
    return f"<div>{line}</div>\n<blockquote{attributes}>\n{inner}\n{deeper}</blockquote>\n"


def _gmail(letter: Letter) -> str:
    style = (
        ' class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"'
    )
    quote = _quote(letter, style)
    tail = f'<br><div class="gmail_quote gmail_quote_container">\n{quote}</div>' if quote else ""
    return f'<div dir="{_direction(letter)}">\n{_blocks(letter, "div")}\n</div>{tail}\n'


def _outlook(letter: Letter) -> str:
    tail = ""
    if letter.answers is not None:
        before = letter.answers
        head = "".join(
            f"<b>{name}:</b> {html.escape(value, quote=False)}<br>"
            for name, value in (
                ("From", f"{before.sender} <{before.address}>"),
                ("Sent", f"{before.moment:%A, %d %B %Y %H:%M}"),
                ("To", f"{letter.sender} <{letter.address}>"),
                ("Subject", before.subject),
            )
        )
        tail = (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
            f'<p class="MsoNormal">{head}</p></div>\n{_blocks(before, "p", _MSO, _OP)}\n{_quote(before, "")}'
        )
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        f"<style>{OUTLOOK_STYLE}</style></head>"
        f'<body lang="EN-GB" dir="{_direction(letter)}" link="#0563C1"><div class="WordSection1">\n'
        f'{_blocks(letter, "p", _MSO, _OP)}\n<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n{tail}</div></body></html>\n'
    )


_MSO = ' class="MsoNormal"'
_OP = "<o:p></o:p>"


def _apple(letter: Letter) -> str:
    quote = _quote(letter, ' type="cite"')
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body dir="{_direction(letter)}" style="overflow-wrap: break-word; line-break: after-white-space;">\n'
        f'{_blocks(letter, "div")}\n<br class="Apple-interchange-newline">\n{quote}</body></html>\n'
    )


def _desk(letter: Letter) -> str:
    quote = _quote(letter, ' style="border-left:2px solid #ccc;margin-left:4px;padding-left:8px"')
    tail = f"<br>\n{quote}" if quote else ""
    style = "font-family:Arial,Helvetica,sans-serif;font-size:13px"
    return f'<div dir="{_direction(letter)}" style="{style}">\n{_blocks(letter, "p")}\n</div>\n{tail}'
