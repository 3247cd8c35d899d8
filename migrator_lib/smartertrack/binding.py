"""Which tables and columns of the known schema a database really has, and what they are called there.

Names are matched without case and underscores, behind the prefix. What is optional and missing is listed; what is
required and missing is one error that names all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack.connection import translated
from migrator_lib.smartertrack.tables import ALL_TABLES, SourceTable, known_schema


def normalized(name: str) -> str:
    """Return a name as it is compared: lower case, without underscores."""
    return name.lower().replace("_", "")


@dataclass
class Binding:
    """Which real names the known names have in this database."""

    prefix: str
    tables: dict[str, sa.TableClause] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    missing_optional: list[str] = field(default_factory=list)
    missing_required: list[str] = field(default_factory=list)
    unknown_tables: list[str] = field(default_factory=list)
    foreign_tables: int = 0
    lengths: dict[str, int] = field(default_factory=dict)


def bind(engine: sa.Engine, prefix: str) -> Binding:
    """Bind the known names to what is there, without judging it: see :func:`require`."""
    with translated("listing tables"):
        inspector = sa.inspect(engine)
        names = inspector.get_table_names()
    binding = Binding(prefix)
    known = {normalized(prefix + name): name for name in known_schema()}
    present = _by_normalized(names, {prefix + name for name in known_schema()})
    others = [name for name in names if normalized(name) not in known]
    binding.unknown_tables = sorted(name for name in others if name.lower().startswith(prefix.lower()))
    binding.foreign_tables = len(others) - len(binding.unknown_tables)
    wanted = {table.name: table for table in ALL_TABLES}
    for key, name in known.items():
        if key in present:
            _bind_table(inspector, binding, name, present[key], wanted.get(name))
        elif name in wanted:
            table = wanted[name]
            (binding.missing_required if table.required else binding.missing_optional).append(prefix + name)
    return binding


def _bind_table(inspector: sa.Inspector, binding: Binding, name: str, real: str, wanted: SourceTable | None) -> None:
    columns: dict[str, str] = {}
    if wanted is not None:
        with translated(f"describing {real}"):
            described = {c["name"]: c for c in inspector.get_columns(real)}
        present = _by_normalized(described, wanted.columns)
        for column in wanted.columns:
            found = present.get(normalized(column))
            if found is not None:
                columns[column] = found
                length = getattr(described[found]["type"], "length", None)
                if isinstance(length, int):
                    binding.lengths[f"{name}.{column}"] = length
            elif column in wanted.required or (wanted.required and column in wanted.key):
                binding.missing_required.append(f"{real}.{column}")
            else:
                binding.missing_optional.append(f"{real}.{column}")
        if any(column not in columns for column in wanted.key):
            return  # nothing can be read of it without its key
    binding.columns[name] = columns
    binding.tables[name] = sa.table(real, *(sa.column(c) for c in columns.values()))


def _by_normalized(names: Iterable[str], expected: Collection[str]) -> dict[str, str]:
    """Return normalized name to name; where two differ in case or underscores alone, the expected one is taken."""
    return {normalized(name): name for name in sorted(names, key=lambda name: (name in expected, name))}


def require(binding: Binding) -> None:
    """Pass if what the migration needs is there.

    Raises:
        SchemaMismatch: naming every required table and column that is missing.
    """
    if not binding.tables:
        raise SchemaMismatch(
            f"No SmarterTrack table was found with the prefix '{binding.prefix}' "
            f"({binding.foreign_tables} other tables are there).",
            next_step="set source.prefix to what the tables begin with (the database's table list shows it).",
        )
    if binding.missing_required:
        raise SchemaMismatch(
            "The database lacks what the migration needs: " + ", ".join(binding.missing_required) + ".",
            next_step="check source.prefix and the SmarterTrack version; if the database is right, report these "
            "names so that the table list can be extended.",
        )
