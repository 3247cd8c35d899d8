"""That one record is under a root, from the files of a hash tree alone: the hashes beside its way up to it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.hash_tree.check import UNREADABLE
from migrator_lib.hash_tree.files import FOLDER, RECORDS, ROOTS, ObjectRoots, Roots, leaves_of, lines
from migrator_lib.hash_tree.line import Line, parse
from migrator_lib.hash_tree.tree import path, root_by


@dataclass(frozen=True)
class Side:
    """One side of a record and its way up."""

    leaf: str
    path: list[str]
    """The hashes beside the way, from below; hexadecimal, as all here."""
    root: str
    """What ``roots.json`` says."""
    leads_to: str
    """Where leaf and path lead; empty where they lead nowhere."""

    @property
    def holds(self) -> bool:
        """Whether the record is under the root."""
        return self.leads_to == self.root


@dataclass(frozen=True)
class Proof:
    """The inclusion of one record on both sides."""

    object: str
    key: str
    index: int
    """Number of the record among those of its object, from 0."""
    size: int
    differing: list[str]
    """Fields that are not the same on both sides."""
    sides: str
    """``both``, or of which side alone the record is."""
    expected: Side
    actual: Side
    at: str

    @property
    def holds(self) -> bool:
        """Whether the record is under both roots."""
        return self.expected.holds and self.actual.holds

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return {**asdict(self), "holds": self.holds}


def opened(place: Path) -> Traversable:
    """Return the folder of a hash tree that a path names: that folder, one above it, or a bundle.

    Raises:
        OutOfTurn: there is none.
    """
    try:
        if place.is_file():
            with zipfile.ZipFile(place) as archive:
                names = [name for name in archive.namelist() if name.endswith(f"{FOLDER}/{ROOTS}")]
            if names:
                return zipfile.Path(place, names[0].removesuffix(ROOTS))
        for folder in (place, place / FOLDER):
            if (folder / ROOTS).is_file():
                return folder
    except UNREADABLE as error:
        raise OutOfTurn(f"{place} cannot be read: {error}.", next_step="take a whole copy of it.") from error
    raise OutOfTurn(
        f"{place} holds no hash tree: nothing was verified yet.",
        next_step="run 06_reconcile, which leaves one, or name an evidence bundle.",
    )


def prove(folder: Traversable, obj: str, key: str) -> Proof:
    """Return the proof of one record.

    Raises:
        ParameterError: it is not under the roots.
        OutOfTurn: the files cannot be read, or are none of a hash tree.
    """
    try:
        roots = Roots.from_json(json.loads((folder / ROOTS).read_text(encoding="utf-8")))
        one = next((one for one in roots.objects if one.object == obj), None)
        found = None if one is None else _place(folder, one, key)
        if one is None or found is None:
            raise _not_there(obj, key)
        index, line = found
        expected, actual = (_side(folder, one, index, line, side) for side in (0, 1))
    except (*UNREADABLE, TypeError) as error:
        raise OutOfTurn(
            f"The files of the hash tree cannot be read: {error}.",
            next_step="run 06_reconcile again, which writes them anew, or take a whole copy of the bundle.",
        ) from error
    return Proof(obj, key, index, one.records, _differing(line), line.sides, expected, actual, roots.at)


def _not_there(obj: str, key: str) -> ParameterError:
    return ParameterError(
        f"{obj} {key} is not under the roots: it was not compared.",
        next_step="what became of it tells 'migrator ledger show': matched, merged, skipped, handed over and "
        "quarantined records are in the accounts alone. Articles are named by key and language: kb_article:7/en.",
    )


def _place(folder: Traversable, one: ObjectRoots, key: str) -> tuple[int, Line] | None:
    for index, line in enumerate(_records(folder, one)):
        if line.key == key:
            return index, line
    return None


def _records(folder: Traversable, one: ObjectRoots) -> Iterator[Line]:
    texts = lines(folder / (one.object + RECORDS))
    next(texts, None)
    for text in texts:
        found = parse(text, one.columns)
        yield found.line or Line(found.key, None, None)


def _side(folder: Traversable, one: ObjectRoots, index: int, line: Line, side: int) -> Side:
    leaf = leaves_of(one.object, line)[side]
    others = (leaves_of(one.object, other)[side] for other in _records(folder, one))
    beside = path(others, index, one.records)
    found = root_by(leaf, index, one.records, beside)
    stated = (one.expected, one.actual)[side]
    return Side(leaf.hex(), [each.hex() for each in beside], stated, found.hex() if found else "")


def _differing(line: Line) -> list[str]:
    meant, there = line.expected or {}, line.actual or {}
    return [name for name in dict.fromkeys((*meant, *there)) if meant.get(name) != there.get(name)]
