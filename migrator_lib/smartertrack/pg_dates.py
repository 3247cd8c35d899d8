"""PostgreSQL's dates that Python has none for: infinity, before year 1, behind year 9999."""

from __future__ import annotations

from typing import Any

from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.adapt import Loader

TYPES = ("date", "timestamp", "timestamptz")


def tolerate_any_date(connection: Any) -> None:
    """Let such a date of a psycopg connection come as text, which is no date to us, instead of ending the run."""
    for name in TYPES:
        oid = connection.adapters.types[name].oid
        usual = connection.adapters.get_loader(oid, Loader.format)
        connection.adapters.register_loader(oid, _or_text(usual))


def _or_text(usual: Any) -> type[Loader]:
    class OrText(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._load = usual(oid, context).load

        def load(self, data: Buffer) -> Any:
            try:
                return self._load(data)
            except DataError:
                return bytes(data).decode()

    return OrText
