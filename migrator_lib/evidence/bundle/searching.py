"""The search of a bundle as it was made: every member, whatever it is packed in."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from migrator_lib.errors import PersonalDataFound, SecretFound
from migrator_lib.evidence.bundle import quotations
from migrator_lib.evidence.bundle.masked import OF_RECORDS
from migrator_lib.evidence.bundle.private import Private
from migrator_lib.evidence.bundle.quotations import Quoted
from migrator_lib.evidence.bundle.readings import Lines, plain, readings, written
from migrator_lib.evidence.scan import Finding, secrets_in
from migrator_lib.staging import Staged

MESSAGE = "the text of a message"
MOST_MESSAGES = 5_000_000
"""Texts of a table that are all gone through; of more, every second, third or nth is, so that no more are."""
TEXTS = {
    "TicketMessages": ("BodyText", "BodyHTML"), "TicketComments": ("CommentText",), "Tasks": ("Description",),
    "TimeLogs": ("Description",), "ChatMessages": ("TextSubmitted",), "ChatComments": ("CommentText",),
    "Chats": ("InitialQuestion",), "CallLogs": ("Description",),
}  # fmt: skip
"""Tables of what people wrote, and the columns that hold it: the first that is not empty is the text."""
TEMPLATES = (
    "CannedReplies", "AutoResponders", "KbArticles", "KbArticleTranslations", "NewsItems", "NewsItemTranslations",
)  # fmt: skip
"""Tables of what the company publishes or sends to everybody: no message of anyone."""
ALIVE = 10_000
Alive = Callable[[], object]


@dataclass
class Messages:
    """The staged messages, as they go by."""

    staged: Staged
    alive: Alive = lambda: None
    """Called every few thousand messages: it may take minutes."""
    most: int = MOST_MESSAGES

    @property
    def of(self) -> int:
        """How many there are."""
        return sum(self.staged.count(table) for table in TEXTS)

    @property
    def read(self) -> int:
        """How many of them go by."""
        return sum(-(-self.staged.count(table) // self._every(table)) for table in TEXTS)

    def _every(self, table: str) -> int:
        return -(-self.staged.count(table) // self.most) or 1

    def texts(self) -> Iterator[str]:
        """Yield the texts, without mark-up."""
        for table, columns in TEXTS.items():
            every = self._every(table)
            for n, row in enumerate(self.staged.columns(table, columns)):
                if n % every == 0:
                    yield plain(next((str(row[name]) for name in columns if row[name]), ""))
                if n % ALIVE == 0:
                    self.alive()

    def templates(self) -> Iterator[str]:
        """Yield what may be quoted."""
        for table in TEMPLATES:
            for row in self.staged.layers(table):
                for value in row.values():
                    if isinstance(value, str) and len(value) >= quotations.LENGTH:
                        yield plain(value)


def search(
    bundle: Path, secrets: Mapping[str, str], private: Private | None = None, messages: Messages | None = None,
    alive: Alive = lambda: None,
) -> list[Finding]:  # fmt: skip
    """Return what a bundle holds that it must not; the file of a finding is the path of a member.

    Args:
        bundle: the archive.
        secrets: reference to value.
        private: what knows people and places, where the bundle is to be shared.
        messages: what no report may quote, likewise; None where they are no longer staged.
        alive: called now and then, since it may take minutes.

    Raises:
        OSError, zipfile.BadZipFile: the bundle cannot be read.
    """
    with zipfile.ZipFile(bundle) as archive:
        members = {name: partial(_open, archive, name) for name in archive.namelist()}
        found: list[Finding] = []
        for name, opened in members.items():
            found += [Finding(Path(name), line, what) for line, what in secrets_in(written(name, opened), secrets)]
            if private is not None:
                found += [Finding(Path(name), 0, what) for what in sorted(_told(name, opened, private))]
            alive()
        if messages is not None:
            found += [Finding(Path(name), 0, MESSAGE) for name in _quoting(members, messages)]
    return found


def _open(archive: zipfile.ZipFile, name: str) -> BinaryIO:
    return archive.open(name)  # type: ignore[return-value]  # it reads like a file


def _told(name: str, opened: Callable[[], BinaryIO], private: Private) -> set[str]:
    ids = name.startswith(OF_RECORDS)
    return set[str]().union(*(private.find(text, ids=ids) for text in readings(name, opened)))


def _quoting(members: Mapping[str, Callable[[], BinaryIO]], messages: Messages) -> Iterator[str]:
    """Yield the members that quote messages, gone through in turns where they say very much."""
    turn: dict[str, Any] = {}
    quoted, lines = Quoted(), Lines()
    for name, opened in members.items():
        turn[name] = opened
        for text in readings(name, opened):
            quoted.add(lines.new(text) if name.startswith(OF_RECORDS) else text)
        if quoted.is_full:
            yield from _those(turn, quoted, messages)
            turn, quoted, lines = {}, Quoted(), Lines()
    yield from _those(turn, quoted, messages)


def _those(turn: Mapping[str, Any], quoted: Quoted, messages: Messages) -> Iterable[str]:
    found = quoted.found(messages.texts(), messages.templates())
    if not len(found):
        return []
    return [
        name
        for name, opened in turn.items()
        if any(quotations.is_among(text, found) for text in readings(name, opened))
    ]


def refuse(found: list[Finding]) -> None:
    """Pass if nothing was found.

    Raises:
        SecretFound, PersonalDataFound: naming the files and what each holds, never what was found.
    """
    if not found:
        return
    first = found[0]
    where = f"{first.file.as_posix()}{f', line {first.line},' if first.line else ''}"
    more = f", and {len(found) - 1:,} more finding{'s' * (len(found) > 2)}" if len(found) > 1 else ""
    if first.line:
        raise SecretFound(
            f"{where} holds {first.what}{more}. No bundle was made.",
            next_step="replace that secret where it is issued, delete the file, run the step again that wrote it, and "
            "make the bundle then.",
        )
    raise PersonalDataFound(
        f"{where} holds {first.what}{more}. No bundle was made.",
        next_step="look at that file of the engagement: take out of notes and names what is in your hands, run the "
        "step again that wrote it, and make the bundle then; what a report of this program shows by itself is a "
        "defect: report it.",
    )
