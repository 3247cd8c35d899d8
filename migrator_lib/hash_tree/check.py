"""Whether the files of a hash tree are what a verification wrote: told from the files alone, record by record."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from migrator_lib.hash_tree.files import (
    LEAVES,
    RECORDS,
    ROOTS,
    ObjectRoots,
    Roots,
    heading,
    leaves_of,
    lines,
    short,
)
from migrator_lib.hash_tree.line import Line, Parsed, order, parse, read, unsound
from migrator_lib.hash_tree.tree import Tree

NAMED = 100
"""Records that are named of one object and kind of problem; the last problem says how many more there are."""
MOVED = "is not in its place, or there twice"
UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError)
"""What reading a damaged file, or a damaged member of a zip, may raise."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as the verification wrote it."""

    file: str
    """Name of the file below the folder."""
    obj: str
    """Name of the object; empty where it is of none."""
    key: str
    """Source key of the record; empty where it is of none."""
    words: str

    def __str__(self) -> str:
        """For people: file, record, and what is wrong."""
        record = f"{self.obj} {self.key}: " if self.key else f"{self.obj}: " if self.obj else ""
        return f"{self.file}: {record}{self.words}"


def check(folder: Traversable) -> list[Problem]:
    """Compute every root anew from the files of a hash tree, and return what is not as it was written.

    Args:
        folder: with ``roots.json``: a ``pathlib.Path``, or a ``zipfile.Path`` within a bundle.

    Returns:
        Nothing where all is whole. That ``roots.json`` itself is the one that was written tells the ledger, and
        whoever was given the root.
    """
    try:
        text = (folder / ROOTS).read_text(encoding="utf-8")
    except UNREADABLE as error:
        return [Problem(ROOTS, "", "", f"cannot be read: {_reason(error)}")]
    try:
        roots = Roots.from_json(json.loads(text))
        whole = roots.text() == text
    except (*UNREADABLE, TypeError, AttributeError, RecursionError):
        return [Problem(ROOTS, "", "", "is damaged: it is not what was written")]
    found = [] if whole else [Problem(ROOTS, "", "", "was altered: its own hash is another")]
    for one in roots.objects:
        found += _problems(folder, one)
    return [*found, *_beside(folder, roots)]


def _problems(folder: Traversable, one: ObjectRoots) -> Iterator[Problem]:
    walk = _Walk(folder, one)
    try:
        yield from walk.run()
    except UNREADABLE as error:
        where = f"behind {walk.last}" if walk.last else "from its first record on"
        yield Problem(walk.file, one.object, walk.last, f"cannot be read {where}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())


def _beside(folder: Traversable, roots: Roots) -> Iterator[Problem]:
    known = {ROOTS, *(one.object + suffix for one in roots.objects for suffix in (RECORDS, LEAVES))}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name not in known:
            yield Problem(file.name, "", "", "is no file of this hash tree")


class _Walk:
    """Walks the records of one object and their leaves, side by side."""

    def __init__(self, folder: Traversable, one: ObjectRoots) -> None:
        self.one = one
        self.folder = folder
        self.file = one.object + RECORDS
        """The file that is read."""
        self.last = ""
        """Key of the last record that was read."""
        self.expected, self.actual = Tree(), Tree()
        self.differ = 0
        self.damaged = _Noted()
        """Lines that cannot be what was written, whatever the leaves say."""
        self.other, self.more, self.gone, self.moved = _Noted(), _Noted(), _Noted(), _Noted()
        """Records whose leaf is another, that have none, whose leaf alone is there, that stand elsewhere."""

    def run(self) -> Iterator[Problem]:
        """Yield what is wrong; which of the two files is, the roots tell."""
        records = lines(self.folder / self.file)
        if next(records, "") != heading(self.one.columns):
            yield self._problem("", "the line of headings was altered")
        self._walk(map(self._parsed, records), _Leaves(lines(self.folder / (self.one.object + LEAVES))))
        yield from (self._problem(key, words) for key, words in self.damaged.named.items())
        is_right = (self.expected.size, self.expected.root.hex(), self.actual.root.hex()) == (
            self.one.records, self.one.expected, self.one.actual
        )  # fmt: skip
        found = list(self._differing(is_right))
        yield from found
        if not is_right and not found and not self.damaged.count:
            yield Problem(ROOTS, self.one.object, "", "its roots are not those of its records")
        if is_right and self.differ != self.one.differ:
            yield Problem(ROOTS, self.one.object, "", f"{self.differ:,} records differ, not {self.one.differ:,}")

    def _parsed(self, text: str) -> Parsed:
        found = parse(text, self.one.columns)
        self.last = found.key
        return found

    def _walk(self, records: Iterator[Parsed], leaves: _Leaves) -> None:
        """Take every record with the leaf of its key; both are in order, but for what was moved."""
        top, one = "", next(records, None)
        while one is not None:
            following, at = next(records, None), order(one.key)
            kept = self._add(one)
            is_early = at > leaves.at and following is not None and order(following.key) < at
            if at <= top or (is_early and leaves.text):
                self.moved.note(one.key, MOVED)
            else:
                top = at
                for key in leaves.before(at):
                    self.gone.note(key, "")
                if leaves.at != at or not leaves.text:
                    self.more.note(one.key, "")
                elif leaves.take() != kept and one.line is not None:
                    self.other.note(one.key, ", ".join(unsound(one.line)))
            one = following
        for key in leaves.before(None):
            self.gone.note(key, "")

    def _add(self, one: Parsed) -> str:
        """Add a record to both trees; return what the leaves should say of it."""
        if one.wrong:
            self.damaged.note(one.key, "; ".join(one.wrong))
        line = one.line or Line(one.key, None, None)
        expected, actual = leaves_of(self.one.object, line)
        self.expected.add(expected)
        self.actual.add(actual)
        self.differ += expected != actual
        return short(one.key, expected, actual)

    def _problem(self, key: str, words: str, suffix: str = RECORDS) -> Problem:
        return Problem(self.one.object + suffix, self.one.object, key, words)

    def _differing(self, records_are_right: bool) -> Iterator[Problem]:
        """Yield where lines and leaves differ: if the lines lead to the roots, it is the leaves that were altered."""
        suffix = LEAVES if records_are_right else RECORDS
        for key, fields in self.other.named.items():
            if key in self.damaged.named:
                continue
            yield self._problem(key, f"was altered, in the field {fields}" if fields else "was altered", suffix)
        dropped, added = (self.more, self.gone) if records_are_right else (self.gone, self.more)
        moved = {**self.moved.named, **dict.fromkeys(self.more.named.keys() & self.gone.named, MOVED)}
        for found, words in ((moved, ""), (dropped.named, "was dropped"), (added.named, "was added")):
            for key, own in found.items():
                if found is moved or key not in moved:
                    yield self._problem(key, words or own, suffix)
        more = sum(one.count - len(one.named) for one in (self.other, self.gone, self.more, self.moved, self.damaged))
        if more:
            yield self._problem("", f"and {more:,} more of this object", suffix)


class _Noted:
    """Records of which something is to be said: the first of them, and the number of all."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self.count = 0

    def note(self, key: str, words: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.named) < NAMED:
            self.named[key] = words


class _Leaves:
    """The lines of the leaves, one of them in sight."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self.text, self.key, self.at = "", "", ""
        self.take()

    def take(self) -> str:
        """Return the line in sight, and go on to the next; at the end it is empty."""
        text, self.text = self.text, next(self._texts, "")
        self.key = read(self.text.partition(",")[0])
        self.at = order(self.key)
        return text

    def before(self, at: str | None) -> Iterator[str]:
        """Yield the keys of lines that come before a place, or of all that are left, and pass them."""
        while self.text and (at is None or self.at < at):
            yield self.key
            self.take()
