"""Takes down both sides of every record while a verification goes on, and writes the hash trees of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from migrator_lib.gorgias.api import Json
from migrator_lib.hash_tree.files import LEAVES, RECORDS, ObjectRoots, heading, leaves_of, short
from migrator_lib.hash_tree.keys import untold
from migrator_lib.hash_tree.line import COMPACT, Digests, Line, line_of, order, render
from migrator_lib.hash_tree.tree import Tree
from migrator_lib.objects import kind_of
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile.differences import compare, ours
from migrator_lib.storage import beside, refusals, scratch

KEPT_IN = "hash_tree.key"
BATCH = 1000
SAME = ""
"""What is kept of the side that was read back, where it is the other once more."""
Told = Callable[[int], None]
"""Is told how many more records were written."""


def secret_of(state: Path) -> bytes:
    """Return the secret of an engagement's digests, 32 bytes; made with the first of them.

    It is kept in the confidential folder, also after a purge: with it, and the account, digests can be computed anew.

    Raises:
        StorageError: it cannot be read or kept there.
    """
    file = state / KEPT_IN
    if not file.exists():
        with beside(file) as place:
            place.touch(mode=0o600)
            place.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    with refusals(f"{file} cannot be read"):
        return bytes.fromhex(file.read_text(encoding="ascii").strip())


class _Of:
    """What is known of one object while its records come; they are on disk."""

    def __init__(self) -> None:
        self.columns = set[str]()
        self.by_account = 0
        self.count = 0
        self._rows: list[tuple[str, str, str | None, str | None]] = []
        self._spool = scratch()
        self._spool.execute("PRAGMA journal_mode=OFF")
        self._spool.execute("PRAGMA synchronous=OFF")
        self._spool.execute("CREATE TABLE record (place TEXT, key TEXT, expected TEXT, actual TEXT)")

    def add(self, line: Line) -> None:
        """Put a record behind the others."""
        actual = _text(line.actual) if line.differs else SAME
        self.columns.update(line.expected or (), (line.actual or ()) if line.differs else ())
        self._rows.append((order(line.key), line.key, _text(line.expected), actual))
        self.count += 1
        if len(self._rows) >= BATCH:
            self._put()

    def _put(self) -> None:
        self._spool.executemany("INSERT INTO record VALUES (?,?,?,?)", self._rows)
        self._rows.clear()

    def lines(self) -> Iterator[Line]:
        """Yield the records in the order of their keys; what was told twice of one has a number the second time."""
        self._put()
        before, times = "", 0
        for key, expected, actual in self._spool.execute(
            "SELECT key, expected, actual FROM record ORDER BY place, rowid"
        ):
            before, times = key, times + 1 if key == before else 1
            meant = None if expected is None else json.loads(expected)
            there = meant if actual == SAME else None if actual is None else json.loads(actual)
            yield Line(key if times == 1 else f"{key} ({times})", meant, there)

    def close(self) -> None:
        """Forget everything."""
        self._spool.close()


class Recorder:
    """A :class:`~migrator_lib.reconcile.witness.Witness`; its records are on disk, so that memory stays as it is.

    What is told twice of one key is there twice, the second time as ``KEY (2)``.
    """

    def __init__(self, secret: bytes, behaviour: Behaviour | None = None) -> None:
        self._secret = secret
        self._behaviour = behaviour or Behaviour()
        self._of: dict[str, _Of] = {}

    def close(self) -> None:
        """Forget everything."""
        for of in self._of.values():
            of.close()

    @property
    def count(self) -> int:
        """How many records were told."""
        return sum(of.count for of in self._of.values())

    def saw(self, obj: str, key: str, expected: Json | None, actual: Json | None) -> None:
        """Take down one record: the canonical forms of both sides, None where it is not on one."""
        of = self._of.get(obj)
        if of is None:
            of = self._of[obj] = _Of()
        line = line_of(self._secret, obj, untold(self._secret, key), expected, actual)
        of.by_account += line.differs and self._is_its_doing(obj, expected, actual)
        of.add(line)

    def _is_its_doing(self, obj: str, expected: Json | None, actual: Json | None) -> bool:
        """Whether a record differs only in what such an account does by itself, which is not compared."""
        if expected is None or actual is None:
            return False
        return not ours(compare(expected, actual), self._behaviour, kind_of(obj))

    def write(
        self, folder: Path, title: Callable[[str], str], states: Mapping[str, Mapping[str, int]],
        told: Told = lambda _: None,
    ) -> list[ObjectRoots]:  # fmt: skip
        """Write the records and leaves of every object, in the order in which objects came; return their roots.

        Args:
            folder: where to; it exists.
            title: tells an object's name for people.
            states: object to what the verification found, by state.
            told: of every thousand records.

        Raises:
            StorageError: the disk is full, or does not let us.
        """
        return [self._write(folder, obj, of, title(obj), states.get(obj, {}), told) for obj, of in self._of.items()]

    def _write(
        self, folder: Path, obj: str, of: _Of, title: str, states: Mapping[str, int], told: Told
    ) -> ObjectRoots:  # fmt: skip
        columns = sorted(of.columns, key=order)
        meant, there, differ = Tree(), Tree(), 0
        with (
            beside(folder / f"{obj}{RECORDS}") as one, beside(folder / f"{obj}{LEAVES}") as other,
            _text_file(one) as records, _text_file(other) as leaves,
        ):  # fmt: skip
            records.write(heading(columns) + "\n")
            for line in of.lines():
                expected, actual = leaves_of(obj, line)
                records.write(render(line, columns) + "\n")
                leaves.write(short(line.key, expected, actual) + "\n")
                meant.add(expected)
                there.add(actual)
                differ += expected != actual
                if meant.size % BATCH == 0:
                    told(BATCH)
        return ObjectRoots(
            obj, title, meant.size, meant.root.hex(), there.root.hex(), differ, of.by_account, dict(states), columns
        )


def _text(digests: Digests | None) -> str | None:
    return None if digests is None else COMPACT.encode(digests)


def _text_file(place: Path) -> TextIO:
    return place.open("w", encoding="ascii", newline="\n")
