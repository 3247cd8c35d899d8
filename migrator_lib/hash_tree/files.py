"""The files of a hash tree, in ``reports/<engagement>/hash_tree/``: plain text that anybody can read and recompute.

``<object>.csv``
    a line for each record, in the order of source keys (see :mod:`migrator_lib.hash_tree.line`).
``<object>.leaves``
    the first 16 hexadecimal digits of each record's leaf once more, ``key,expected`` or ``key,expected,actual`` where
    they differ: so a line that was changed, digests and all, is still found, and named.
``roots.json``
    the roots of each object and of all, and what they were made of (:class:`Roots`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.resources.abc import Traversable
from typing import Any

from migrator_lib.hash_tree.line import Line, leaf, written
from migrator_lib.hash_tree.tree import leaf_hash, root_of

FOLDER = "hash_tree"
ROOTS = "roots.json"
RECORDS, LEAVES = ".csv", ".leaves"
SHORT = 16
"""Hexadecimal digits of a leaf that are kept a second time."""
FIRST = ("key", "sides")
"""The first columns of the records."""
VERSION = 1
LONGEST = 1 << 20
"""Bytes that a line is read up to: a damaged file may have no ends of lines at all."""


@dataclass(frozen=True)
class ObjectRoots:
    """The roots of one object."""

    object: str
    title: str
    records: int
    expected: str
    """Root over what should be in Gorgias, by source and mapping; hexadecimal."""
    actual: str
    """Root over what was read back."""
    differ: int = 0
    """Records of which the sides are not the same."""
    by_account: int = 0
    """Of these, records that differ only in what the account does by itself, and which nobody compares."""
    states: Mapping[str, int] = field(default_factory=dict)
    """What the verification found, by state: ``changed`` are other people's work."""
    columns: Sequence[str] = ()
    """Paths of the fields, in the order of the columns."""

    @property
    def same(self) -> bool:
        """Whether everything is as it should be."""
        return self.expected == self.actual


@dataclass(frozen=True)
class Roots:
    """What ``roots.json`` holds."""

    engagement: str
    step: str
    run_id: str
    at: str
    """When everything was read back, UTC."""
    ledger_rows: int
    ledger_head: str
    """The ledger's journal at that moment: its number of rows, and the hash of the last."""
    secret_id: str
    """Tells which secret the digests were made with, and nothing about it."""
    objects: Sequence[ObjectRoots]

    @property
    def expected(self) -> str:
        """Root over the objects' roots of what should be there."""
        return whole_root((one.object, one.records, one.expected) for one in self.objects)

    @property
    def actual(self) -> str:
        """Root over the objects' roots of what was read back."""
        return whole_root((one.object, one.records, one.actual) for one in self.objects)

    @property
    def records(self) -> int:
        """Records of all objects."""
        return sum(one.records for one in self.objects)

    @property
    def differ(self) -> int:
        """Records that are not the same on both sides."""
        return sum(one.differ for one in self.objects)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept; ``root_expected`` and ``root_actual`` are those over all objects."""
        return {"version": VERSION, "root_expected": self.expected, "root_actual": self.actual, **asdict(self)}

    def summary(self) -> dict[str, Any]:
        """Return the same without the columns, for what is read beside the files."""
        return {**self.as_json(), "objects": [{**asdict(one), "columns": ()} for one in self.objects]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Roots:
        """Return what :meth:`as_json` made.

        Raises:
            KeyError, TypeError: it is nothing of the kind.
        """
        names = [one.name for one in fields(cls) if one.name != "objects"]
        return cls(**{name: kept[name] for name in names}, objects=[ObjectRoots(**one) for one in kept["objects"]])

    def text(self) -> str:
        """Return the text of ``roots.json``; ``sha256`` is over all that stands beside it."""
        document = self.as_json()
        return json.dumps({**document, "sha256": _seal(document)}, indent=1, sort_keys=True) + "\n"


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def whole_root(objects: Iterator[tuple[str, int, str]]) -> str:
    """Return the root over the roots of objects: (name, number of records, root), in their order."""
    return root_of(leaf_hash(json.dumps(one, separators=(",", ":")).encode()) for one in objects).hex()


def heading(columns: Sequence[str]) -> str:
    """Return the first line of an object's records."""
    return ",".join((*FIRST, *(written(name) for name in columns)))


def leaves_of(obj: str, line: Line) -> tuple[bytes, bytes]:
    """Return the leaves of both sides of a record."""
    expected = leaf(obj, line.key, line.expected)
    return expected, leaf(obj, line.key, line.actual) if line.differs else expected


def short(key: str, expected: bytes, actual: bytes) -> str:
    """Return a record's line of the leaves."""
    parts = [written(key), expected.hex()[:SHORT], *([actual.hex()[:SHORT]] if actual != expected else [])]
    return ",".join(parts)


def lines(file: Traversable) -> Iterator[str]:
    """Yield the lines of a file without their ends, read in constant memory.

    A last line without an end keeps a mark at its end, and bytes that are no text become marks: both are in no line
    that was written.
    """
    with file.open("rb") as stream:
        while line := stream.readline(LONGEST):
            text = line.decode("utf-8", "replace")
            yield text[:-1] if text.endswith("\n") else f"{text}\ufffd"
