"""Columns of facts: what of a record is checked, without the record.

A fact is a number: a whole number, a flag (1 or 0), a moment (seconds since 1970), the length of a text, whether there
is one, a keyed digest by which two texts are known to be the same; or a short word of a list of codes. No text of a
person's is ever one, so neither facts nor what Great Expectations says of them can hold any. A suite writes

::

    status: TicketStatusID             staged data: a number, flag or date as it is
    subject_length: length of Subject  staged data, or a path in what was read back: $.subject
    number: digest of TicketNumber     0 is never one; empty text has none
    has_address: filled CustomerEmailAddress
    public: flag of $.public           what was read back: flag, number, moment or code
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from migrator_lib.expectations.read_back import BESIDE, KINDS
from migrator_lib.smartertrack.tables import SourceTable, source_table

VALUE, LENGTH, DIGEST, FILLED = "value", "length", "digest", "filled"
FLAG, NUMBER, MOMENT, CODE = "flag", "number", "moment", "code"
WORDING = re.compile(r"(?:(?P<how>length|digest|flag|number|moment|code) of |(?P<filled>filled) )?(?P<of>\S+)")
JSON_PATH = re.compile(r"\$(\.[A-Za-z_]\w*)+")
NAME = re.compile(r"[a-z][a-z_0-9]*")
TEXT = ("string", "guid")
OF_TEXT = (LENGTH, DIGEST, FILLED)
CODES = frozenset(
    {"status", "channel", "via", "priority", "object_type", "data_type", "input_type", "name", "type", "language"}
)
"""Last parts of paths that hold codes; ``name`` is one of a role alone."""


class Problem(Exception):
    """What is wrong with a column of a suite: the path to it in the suite, and words."""

    def __init__(self, path: tuple[str, ...], words: str) -> None:
        self.path = path
        self.words = words
        super().__init__(words)


@dataclass(frozen=True)
class Column:
    """One column of a table of facts."""

    name: str
    how: str
    """One of the ways above."""
    of: str
    """Column of the source's table, JSON path, or the key's template."""
    type: str
    """In SQLite."""


def _asked(name: str, text: str) -> tuple[str, str]:
    """Return how a column is made, and of what."""
    found = WORDING.fullmatch(text.strip())
    if not found or not NAME.fullmatch(name):
        raise Problem(("columns", name), f"{name}: '{text}' is no way to make a fact")
    return found["how"] or found["filled"] or VALUE, found["of"]


# --- of staged data ------------------------------------------------------------------------------------


def staged_columns(source: str, key: str, columns: Mapping[str, str]) -> list[Column]:
    """Return the columns of the facts of a staged table, its key first.

    Raises:
        Problem: the table or a column is not staged, or a text would be taken as it is.
    """
    table = _staged(source)
    made = [_staged_key(table, key)]
    for name, text in columns.items():
        how, of = _asked(name, text)
        if of not in table.columns:
            raise Problem(("columns", name), f"{name}: {source} has no column '{of}' that is staged")
        kind = table.type_of(of)
        if how not in (VALUE, *OF_TEXT) or (how != VALUE) != (kind in TEXT):
            ways = "length of, digest of or filled" if kind in TEXT else "its name alone"
            raise Problem(("columns", name), f"{name}: {source}.{of} is a {kind}, of which a fact is made by {ways}")
        made.append(Column(name, how, of, "REAL" if kind == "double" else "INTEGER"))
    return made


def _staged(source: str) -> SourceTable:
    try:
        return source_table(source)
    except StopIteration:
        raise Problem(("from",), f"from: no table '{source}' is staged") from None


def _staged_key(table: SourceTable, key: str) -> Column:
    parts = key_parts(key)
    for column in parts:
        if column not in table.columns or (table.type_of(column) in TEXT and column not in table.key):
            raise Problem(("key",), f"key: {table.name} has no such number '{column}'")
    return Column("key", VALUE, key, "INTEGER" if key in parts else "TEXT")


def key_parts(key: str) -> list[str]:
    """Return the columns that a key is made of."""
    if "{" not in key:
        return [key]
    return [name for _, name, _, _ in Formatter().parse(key) if name]


# --- of what was read back -------------------------------------------------------------------------------


def target_columns(source: str, key: str, columns: Mapping[str, str]) -> list[Column]:
    """Return the columns of the facts of what was read back: key, Gorgias id and object come first.

    Raises:
        Problem: nothing of that name was read back, or a text would be taken as it is.
    """
    if source not in KINDS:
        raise Problem(("from",), f"from: nothing called '{source}' is read back: {', '.join(KINDS)}")
    if key != "key":
        raise Problem(("key",), "key: it is made of the external id; write 'key'")
    own = [Column("key", VALUE, "key", "TEXT"), Column("id", VALUE, "id", "INTEGER"),
           Column("object", VALUE, "object", "TEXT")]  # fmt: skip
    return [*own, *(_of_json(source, name, text) for name, text in columns.items())]


def _of_json(source: str, name: str, text: str) -> Column:
    how, of = _asked(name, text)
    if how == VALUE and of == BESIDE.get(source):
        return Column(name, VALUE, of, "INTEGER")
    if how == VALUE or not JSON_PATH.fullmatch(of):
        raise Problem(("columns", name), f"{name}: '{text}' names no path, or not how it becomes a fact")
    if how == CODE and not _is_code(of):
        raise Problem(("columns", name), f"{name}: {of} holds no code, so it is no fact as it is")
    return Column(name, how, of, "TEXT" if how == CODE else "INTEGER")


def _is_code(path: str) -> bool:
    *_, before, last = ["", *path.split(".")]
    return last in CODES and (last != "name" or before == "role")
