"""Types of columns that keep any text of Python as it is, in every database.

PostgreSQL takes no NUL character, and no database half of a surrogate pair, but a source and Gorgias' own words may
hold either. They are written as an escape and read back as they were, so that a key, a hash and a look-up stay equal.
"""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa

ESCAPE = "␛"
_UNSTORABLE = re.compile(f"[\0{ESCAPE}\ud800-\udfff]")
_STORED = re.compile(f"{ESCAPE}([0-9a-f]{{4}})")


class Words(sa.types.TypeDecorator[str]):
    """Text of any length, ordered by its code points whatever the database's language is."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Ask PostgreSQL for the order of bytes, which SQLite has by itself."""
        return dialect.type_descriptor(sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Return the text as it is stored."""
        return None if value is None else _UNSTORABLE.sub(lambda found: f"{ESCAPE}{ord(found[0]):04x}", value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return the text as it was given."""
        if isinstance(value, str) and ESCAPE in value:
            return _STORED.sub(lambda found: chr(int(found[1], 16)), value)
        return value


class Json(sa.types.TypeDecorator[Any]):
    """JSON as ASCII text: PostgreSQL's own types of JSON refuse what Python's strings may hold."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Return the value as text."""
        return None if value is None else json.dumps(value, ensure_ascii=True)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return the value that the text tells."""
        return None if value is None else json.loads(value)
