"""What a hash tree holds of one record: a line with a digest of each of its fields, on both sides.

A digest is BLAKE2b of 64 bits, keyed (RFC 7693) by a secret of the engagement, over object, key, field and value:
without the secret nobody can try values (there are few states, and few addresses), and the same value of two records
looks different. Two hexadecimal digits more are its remainder by 255, so that a slip in the file names its field. ::

    key,sides,custom_fields.17,status
    4711,both,5d41402abc4b2a769f,7d793037a0760186c4>0cc175b9c0f1b6a831

Source keys that tell a person are other ones here: see :mod:`migrator_lib.hash_tree.keys`.

``sides`` tells whether the record is expected, was read back (``actual``), or both. A cell is empty where the field is
nothing on both sides, one digest where both are the same, and else what was expected, ``>`` and what was read. The leaf
of a side is the hash of object, key and its digests by field (:func:`leaf`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from json.encoder import encode_basestring_ascii
from typing import Any
from urllib.parse import quote, unquote

from migrator_lib.csv_file import FORMULA
from migrator_lib.hash_tree.tree import leaf_hash

DIGEST_BYTES = 8
CHECK = 255
"""What a digest's remainder is by: no change of one of its digits leaves it."""
EXPECTED, ACTUAL, BOTH = "expected", "actual", "both"
SIDES = (BOTH, EXPECTED, ACTUAL)
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .:;/@()<>=+-]*")
"""Texts that stand in a line as they are; in others every odd byte is written as ``%2C`` is."""
COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)
Digests = Mapping[str, str]
"""Field to digest, of the fields that are something."""


@dataclass(frozen=True)
class Line:
    """One record in a hash tree."""

    key: str
    expected: Digests | None
    """None where the record should not be in Gorgias."""
    actual: Digests | None
    """None where it is not."""

    @property
    def sides(self) -> str:
        """Of which sides the record is."""
        return EXPECTED if self.actual is None else ACTUAL if self.expected is None else BOTH

    @property
    def differs(self) -> bool:
        """Whether it is not in Gorgias as it should be."""
        return self.expected != self.actual


# --- values --------------------------------------------------------------------------------------------


def flat(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a canonical form by the paths that a comparison names (``meta.department``), without what is nothing.

    What :func:`migrator_lib.reconcile.differences.compare` takes for the same is the same here.
    """
    found: dict[str, Any] = {}
    for name, value in form.items():
        if isinstance(value, dict | list):
            _flatten(name, value, found)
        elif value is not None:
            found[name] = value
    return found


def _flatten(path: str, value: dict[Any, Any] | list[Any], found: dict[str, Any]) -> None:
    parts = value if isinstance(value, dict) else _pairs(value)
    if parts is None:
        found[path] = value
        return
    before = len(found)
    for name, part in parts.items():
        if isinstance(part, dict | list):
            _flatten(f"{path}.{name}", part, found)
        elif part is not None:
            found[f"{path}.{name}"] = part
    if len(found) == before:
        found[path] = []


def _pairs(value: list[Any]) -> dict[Any, Any] | None:
    """Return ``[id, value]`` pairs as a mapping; None for any other list, and where an id comes twice."""
    if not all(isinstance(item, list) and len(item) == 2 and isinstance(item[0], int) for item in value):
        return None
    found = dict(value)
    return found if len(found) == len(value) else None


def _plain(value: Any) -> Any:
    """Return a value in which numbers that are the same are written alike."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def text_of(value: Any) -> str:
    """Return a field's value as the text that is hashed: JSON in ASCII, names sorted, no spaces."""
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if kind is bool or kind is int:
        return str(value).lower()
    return COMPACT.encode(_plain(value))


def digest(secret: bytes, obj: str, key: str, name: str, value: Any) -> str:
    """Return the digest of a field: 16 hexadecimal digits, and 2 that check them.

    Args:
        secret: of the engagement, up to 64 bytes.
        obj: name of the record's object.
        key: its source key.
        name: path of the field.
        value: of the canonical form; hashed is its :func:`text_of`.
    """
    return _digest(_of_record(secret, obj, key), name, value)


def _of_record(secret: bytes, obj: str, key: str) -> blake2b:
    """Return what has taken up a record, and is to take up a field."""
    begun = blake2b(key=secret, digest_size=DIGEST_BYTES)
    begun.update(f"{obj}\x1f{key}\x1f".encode("utf-8", "surrogatepass"))
    return begun


def _digest(record: blake2b, name: str, value: Any) -> str:
    one = record.copy()
    one.update(f"{name}\x1f{text_of(value)}".encode("utf-8", "surrogatepass"))
    cut = one.digest()
    return f"{cut.hex()}{int.from_bytes(cut) % CHECK:02x}"


def is_sound(text: str) -> bool:
    """Whether a digest is one: its last two digits are those of the others."""
    try:
        whole = bytes.fromhex(text)
    except ValueError:
        return False
    return len(whole) == DIGEST_BYTES + 1 and int.from_bytes(whole[:-1]) % CHECK == whole[-1] and text == whole.hex()


def line_of(
    secret: bytes, obj: str, key: str, expected: Mapping[str, Any] | None, actual: Mapping[str, Any] | None
) -> Line:
    """Return the line of a record, of the canonical forms of both sides."""
    record = _of_record(secret, obj, key)
    meant = None if expected is None else flat(expected)
    one = None if meant is None else {name: _digest(record, name, value) for name, value in meant.items()}
    if actual is None:
        return Line(key, one, None)
    if repr(expected) == repr(actual):  # as of nearly all: the same, and of the same kinds
        return Line(key, one, one)
    there = flat(actual)
    wanted, known = meant or {}, one or {}
    other = {
        name: known[name] if name in known and _same(wanted[name], value) else _digest(record, name, value)
        for name, value in there.items()
    }
    return Line(key, one, other)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same for sure, so that their digest need not be computed twice."""
    return type(one) is type(other) and bool(one == other) and not (one and isinstance(one, dict | list))


def leaf(obj: str, key: str, digests: Digests | None) -> bytes:
    """Return the hash of one side's leaf: 32 bytes; of a side without the record, of that."""
    return leaf_hash(COMPACT.encode([obj, key, digests]).encode("ascii"))


# --- lines ---------------------------------------------------------------------------------------------


def order(key: str) -> str:
    """Return what source keys are sorted by, so that 9 comes before 10."""
    return re.sub("[0-9]+", lambda found: f"{len(found[0]):03d}{found[0]}", key)


def written(text: str) -> str:
    """Return a key, or the name of a field, as it stands in a line: no comma, quote, or begin of a formula in it."""
    if PLAIN.fullmatch(text):
        return text
    safe = quote(text, safe=" :;/@()<>=+-", errors="surrogatepass")
    return f"%{ord(safe[0]):02X}{safe[1:]}" if safe.startswith(FORMULA) else safe


def read(text: str) -> str:
    """Return what :func:`written` made a text of."""
    return unquote(text, errors="replace") if "%" in text else text


def render(line: Line, names: Sequence[str]) -> str:
    """Return a line without its end; ``names`` are the fields of the columns."""
    one, other = line.expected, line.actual
    if one is None or other is None:
        only = one or other or {}
        cells = [only.get(name, "") for name in names]
    else:
        cells = [_cell(one.get(name, ""), other.get(name, "")) for name in names]
    return ",".join((written(line.key), line.sides, *cells))


def _cell(one: str, other: str) -> str:
    return one if one == other else f"{one}>{other}"


@dataclass
class Parsed:
    """What a line of a file holds, and what is wrong with it."""

    key: str
    line: Line | None
    """None where its parts cannot be told apart."""
    wrong: list[str] = field(default_factory=list)
    """In words, the field first where it is a field's."""


def parse(text: str, names: Sequence[str]) -> Parsed:
    """Return what a line without its end holds; never fails, however it was damaged."""
    key, *rest = text.split(",")
    found = Parsed(read(key), None)
    if len(rest) != len(names) + 1 or rest[0] not in SIDES:
        found.wrong.append("the line is damaged: not as many cells as there are columns, or of no side")
        return found
    sides, cells = rest[0], rest[1:]
    one, other = dict[str, str](), dict[str, str]()
    for name, cell in zip(names, cells, strict=True):
        if not cell:
            continue
        left, two, right = cell.partition(">")
        if two and (left == right or sides != BOTH):
            found.wrong.append(f"field {name}: the cell is damaged")
        if left:
            one[name] = left
        if right or not two:
            other[name] = right if two else left
    found.line = Line(found.key, None if sides == ACTUAL else one, None if sides == EXPECTED else other)
    if written(found.key) != key:
        found.wrong.append("the key is damaged")
    return found


def unsound(line: Line) -> list[str]:
    """Return the fields whose digests do not bear their checksum."""
    both = [*(line.expected or {}).items(), *(line.actual or {}).items()]
    return list(dict.fromkeys(name for name, text in both if not is_sound(text)))
