"""A built simulated help desk, to be asked in SQL."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.simulators.smartertrack import World, build
from migrator_lib.simulators.smartertrack.schema import NOW

NOW_TEXT = NOW.strftime("%Y-%m-%d %H:%M:%S.%f")


class Shop:
    """A built help desk, to be asked in SQL."""

    def __init__(self, folder: Path, *, tickets: int = 1000, seed: int = 7, prefix: str = "st_") -> None:
        self.prefix = prefix
        self.root = folder / "files"
        self.url = f"sqlite:///{folder / 'smartertrack.sqlite3'}"
        self.world: World = build(self.url, self.root, seed=seed, tickets=tickets, prefix=prefix)
        self.engine = sa.create_engine(self.url)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(sql), values).mappings())

    def column(self, sql: str, **values: Any) -> list[Any]:
        return [next(iter(row.values())) for row in self.rows(sql, **values)]

    def count(self, table: str, where: str = "1=1") -> int:
        return int(self.column(f"SELECT COUNT(*) FROM {self.prefix}{table} WHERE {where}")[0])

    def files(self) -> dict[str, Path]:
        return {path.name: path for path in self.root.rglob("*") if path.is_file()}

    def digest(self) -> str:
        """Hash all tables and files; the place of the files root is all that may differ."""
        found = hashlib.sha256()
        with self.engine.connect() as connection:
            for table in sorted(sa.inspect(self.engine).get_table_names()):
                found.update(table.encode())
                lines = (repr(tuple(row)) for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')))
                for line in sorted(lines):
                    found.update(line.replace(str(self.root), "ROOT").encode())
        for path in sorted(self.root.rglob("*")):
            if path.is_file():
                found.update(path.relative_to(self.root).as_posix().encode() + path.read_bytes())
        return found.hexdigest()

    def noted(self, oddity: str) -> Any:
        """Return the first record that shows an oddity."""
        return self.world.expected[oddity][0]


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made
