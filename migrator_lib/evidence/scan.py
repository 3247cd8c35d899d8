"""A scan for what must not be in a report: secrets, and the text of messages.

It is the last look at what a run leaves, after everything else that keeps secrets out. A finding names the file, the
line, and what it is, never the secret.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

from migrator_lib.errors import SecretFound
from migrator_lib.storage import refusals

SHORTEST_SECRET = 6
"""Letters; what is shorter cannot be told from a word of the text."""
SNIPPET = 40
"""Letters of a message that count as quoting it."""
BLOCK, OVERLAP = 1_000_000, 1_000
"""Letters of a table that are looked at together, and those of the block before that are looked at again."""

_QUOTE = r"(?:\\*[\"']|&quot;|&#x27;|&#39;)"
_NAMES = r"(?:password|passwd|pwd|api[_-]?key|(?:client|auth|access|api)?[_-]?(?:secret|token))"
# A value is looked at when it could be one: letters and digits, and no call, attribute or reference.
_VALUE = r"(?P<value>(?=[^\s\"'\\&<>]*\d)(?=[^\s\"'\\&<>]*[A-Za-z])[^\s\"'\\&<>]{8,})"
_BARE = r"(?P<value>(?=\S*\d)(?=\S*[A-Za-z])[\w+/=~-]{12,}+)(?![\w.(\[])"
SHAPES = {
    "an Authorization header": re.compile(
        rf"authorization{_QUOTE}?\s*[:=]\s*{_QUOTE}?(?:basic|bearer)\s+(?P<value>[\w+/=.~-]{{12,}})", re.IGNORECASE
    ),
    "a password in a URL": re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@\"'<>]*:(?P<value>[^\s/@\"'<>]+)@", re.IGNORECASE),
    "a password in a connection string": re.compile(r"\bpwd\s*=\s*(?P<value>[^;\s\"'<>]+)\s*;", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN (?P<value>[A-Z ]*PRIVATE KEY)-----"),
    "a password or key": re.compile(rf"{_NAMES}{_QUOTE}?\s*[:=]\s*{_QUOTE}{_VALUE}{_QUOTE}", re.IGNORECASE),
    "a password or key without quotes": re.compile(rf"{_NAMES}{_QUOTE}?\s*[:=]\s*{_BARE}", re.IGNORECASE),
}
_NEEDED = (
    ("authorization",), ("://", ":", "@"), ("pwd",), ("private key",), ("passw",), ("key",), ("secret",), ("token",),
)  # fmt: skip
"""Words of which all must be there before any of the shapes can be; ``key`` stands for ``api key`` and the like."""
LINES = 2_000
"""Lines that are looked at together."""
_PLACEHOLDER = re.compile(
    r"(?:env:|keyring:|sha256[:-]|\*|\$|\{|%|&lt;|\[)|(?:x+|\.+|…|[A-Z][A-Z_]*|password|pass|secret|redacted|hidden)$"
)


@dataclass(frozen=True)
class Finding:
    """Where something is that must not be there. ``line`` counts from 1; 0 where it cannot be told."""

    file: Path
    line: int
    what: str


def find_secrets(files: Iterable[Path], secrets: Mapping[str, str]) -> list[Finding]:
    """Return every line that holds a secret, or what looks like one.

    Args:
        files: text files.
        secrets: name (such as its reference, ``env:GORGIAS_KEY``) to value.
    """
    known = _known(secrets)
    return [
        Finding(file, number, what)
        for file in files
        for number, line in enumerate(_lines(file), start=1)
        for what in _in_line(line, known)
    ]


def secrets_in(lines: Iterable[str], secrets: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield (number, what) of every line that holds a secret, or what looks like one: see :func:`find_secrets`.

    Lines are first looked at many together, since lists have millions of them and hardly ever a word of a secret.
    """
    known = _known(secrets)
    forms = [form for those in known.values() for form in those]
    numbered = enumerate(lines, start=1)
    while together := list(islice(numbered, LINES)):
        text = "".join(line for _, line in together)
        lowered = text.lower()
        if any(all(word in lowered for word in words) for words in _NEEDED) or any(form in text for form in forms):
            yield from ((number, what) for number, line in together for what in _in_line(line, known))


def _known(secrets: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return name to the forms of every secret that is long enough to be told from a word."""
    return {name: _forms(value) for name, value in secrets.items() if len(value) >= SHORTEST_SECRET}


def refuse(found: Sequence[Finding]) -> None:
    """Pass if nothing was found.

    Raises:
        SecretFound: naming the first file, and the line of a secret.
    """
    if not found:
        return
    if not found[0].line:
        raise SecretFound(
            f"{found[0].file.name} holds {found[0].what}.",
            next_step="this is a defect of the notebook or of this program: report it; the report was withheld.",
        )
    first, more = found[0], f", and {len(found) - 1} more" if len(found) > 1 else ""
    raise SecretFound(
        f"{first.file}, line {first.line}, holds {first.what}{more}.",
        next_step="share nothing of this folder; replace that secret where it is issued, delete the file, and report "
        "which step wrote it. The ledger holds all that is needed to run again.",
    )


def find_bodies(files: Iterable[Path], snippets: Iterable[str]) -> list[Finding]:
    """Return the files that quote a message: its first 40 letters, whatever the white space, mark-up or escaping.

    Args:
        files: text files.
        snippets: texts of messages, from where quoting would begin; what is shorter than 40 letters is passed over.
    """
    beginnings = {plain[:SNIPPET] for text in snippets if len(plain := _plain(text)) >= SNIPPET}
    return [
        Finding(file, 0, "the text of a message")
        for file in files
        if beginnings and any(_quotes(text, beginnings) for text in _readings(file))
    ]


def _read(file: Path) -> str:
    with opened(file) as stream:
        return stream.read()


def _lines(file: Path) -> Iterator[str]:
    with opened(file) as stream:
        yield from stream


def _blocks(file: Path) -> Iterator[str]:
    """Yield a file's text in blocks that overlap, in constant memory: lists may have millions of lines."""
    before = ""
    with opened(file) as stream:
        while block := stream.read(BLOCK):
            yield before + block
            before = block[-OVERLAP:]


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """Open a report as text, a workbook too.

    Raises:
        StorageError: it cannot be read.
    """
    with (
        refusals(f"{file} could not be read", next_step="mend its rights, and run again."),
        _stream(file) as stream,
    ):
        yield stream


def _stream(file: Path) -> TextIO:
    """Open a file as text; of a workbook its cells, a row a line."""
    if file.suffix != ".xlsx" or not zipfile.is_zipfile(file):
        return file.open(encoding="utf-8", errors="replace", newline="\n")
    with zipfile.ZipFile(file) as parts:
        texts = [parts.read(name).decode("utf-8", errors="replace") for name in parts.namelist()]
    return io.StringIO(re.sub(r"(</(?:row|si|c)>)", r"\1\n", "\n".join(texts)))


def _in_line(line: str, known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    named = [f"the value of {name}" for name, forms in known.items() if any(form in line for form in forms)]
    yield from named
    if not named:
        yield from (
            what
            for what, shape in SHAPES.items()
            if any(not _PLACEHOLDER.match(found["value"]) for found in shape.finditer(line))
        )


def _forms(secret: str) -> frozenset[str]:
    """Return a secret as it may be written: plain, in a URL, in HTML, in JSON, in base64 behind a user's name."""
    written = {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
    written |= {html.escape(secret), html.escape(secret, quote=False), repr(secret)[1:-1]}
    for _ in range(2):  # a page inside a notebook: JSON around it once, and once more for what is shown as text
        written |= {json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in written for ascii_only in (True, False)}
    return frozenset(written | _base64_forms(secret.encode()))


def _base64_forms(secret: bytes) -> set[str]:
    """Return the part of its base64 that is the same whatever stands before and behind it (``user:secret``)."""
    forms = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret).decode()
        unsure = {0: 0, 1: 3, 2: 2}[(shift + len(secret)) % 3]
        core = encoded[{0: 0, 1: 2, 2: 3}[shift] : len(encoded) - unsure]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def _plain(text: str) -> str:
    return " ".join(text.split())


def _quotes(text: str, beginnings: set[str]) -> bool:
    return any(text[i : i + SNIPPET] in beginnings for i in range(len(text) - SNIPPET + 1))


def _readings(file: Path) -> Iterator[str]:
    """Yield a file's text as a reader would see it: unescaped, with and without its mark-up."""
    for text in _blocks(file) if file.suffix == ".csv" else [_text(file)]:
        yield _plain(html.unescape(text))
        yield _plain(html.unescape(re.sub(r"<[^<>]*>", " ", text)))


def _text(file: Path) -> str:
    text = _read(file)
    if file.suffix in (".json", ".ipynb"):
        with suppress(ValueError):  # a damaged file is read as it is
            return "\n".join(_strings(json.loads(text)))
    return text


def _strings(node: Any) -> Iterator[str]:
    """Yield every text of a JSON document; lines that a notebook keeps apart are joined."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list) and node and all(isinstance(part, str) for part in node):
        yield "".join(node)
    elif isinstance(node, list | dict):
        yield from node if isinstance(node, dict) else ()
        for part in node.values() if isinstance(node, dict) else node:
            yield from _strings(part)
