"""Which tables and columns of the known schema a database really has, and what they are called there.

Names are matched without case and underscores, behind the prefix, which is configured or found. Where two fit and
neither is spelled as known, none is taken. What is optional and missing is listed; what is required and missing is one
error that names all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind

from migrator_lib.errors import SchemaMismatch
from migrator_lib.smartertrack import prefixes
from migrator_lib.smartertrack.connection import translated
from migrator_lib.smartertrack.prefixes import AUTO, normalized
from migrator_lib.smartertrack.tables import ALL_TABLES, SourceTable, known_schema

WITH_SCHEMAS = ("postgresql", "mssql")
"""Engines whose databases have schemas; MySQL's schemas are databases of their own, and the URL names one."""
NO_INSTALLATION = ("information_schema", "sys")
WANTED = {table.name: table for table in ALL_TABLES}


@dataclass
class Binding:
    """Which real names the known names have in this database.

    Tables are keyed by their known name, without prefix; what is listed for people is in the database's own words.
    """

    prefix: str
    schema: str | None = None
    """The schema that the tables are in, None for the login's own."""
    tables: dict[str, sa.TableClause] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    """What is bound and is a view, as in a copy that somebody made for reading."""
    missing_optional: list[str] = field(default_factory=list)
    missing_required: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    """Known names that several names fit alike, with those."""
    unknown_tables: list[str] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    """Columns of tables that are read, which SmarterTrack did not have in March 2018."""
    foreign_tables: int = 0
    fitting: dict[str, int] = field(default_factory=dict)
    """Prefixes that SmarterTrack's tables are behind, with the number of known tables: filled where none is bound."""
    schemas: list[str] = field(default_factory=list)
    """Other schemas that hold SmarterTrack's tables: filled where none is bound."""
    unreadable: list[str] = field(default_factory=list)
    """Tables that the audit would count, but the login may not read: see :mod:`migrator_lib.smartertrack.access`."""
    lengths: dict[str, int] = field(default_factory=dict)
    """``Table.Column`` to declared length in characters; not there where the engine sets no limit."""

    @property
    def ticket_tag_tables(self) -> list[str]:
        """Unknown tables that may tag tickets: in March 2018, only tasks and time logs had tags."""
        return [name for name in self.unknown_tables if "tag" in name.lower() and "ticket" in name.lower()]


def bind(engine: sa.Engine, prefix: str, schema: str | None = None) -> Binding:
    """Bind the known names to what is there, without judging it: see :func:`require`.

    Args:
        engine: the database.
        prefix: what table names begin with; ``auto`` finds it.
        schema: where the tables are. None looks in the login's own schema and, if nothing is there, in all others.
    """
    with translated("listing tables"):
        inspector = sa.inspect(engine)
        place = _Names.of(inspector, schema)
        chosen, others = place.choose(prefix), []
        if not place.behind(chosen) and schema is None and engine.dialect.name in WITH_SCHEMAS:
            others = [names for names in _elsewhere(inspector) if names.behind(names.choose(prefix))]
        if len(others) == 1:
            place, chosen = others[0], others[0].choose(prefix)
    binding = Binding(prefix if chosen is None else chosen, place.schema)
    if chosen is None or not place.behind(chosen):
        binding.fitting = prefixes.fitting(place.all)
        binding.schemas = sorted(str(names.schema) for names in others)
    _bind_tables(inspector, binding, place)
    return binding


@dataclass(frozen=True)
class _Names:
    """The tables and views of one schema."""

    schema: str | None
    tables: list[str]
    views: list[str]

    @classmethod
    def of(cls, inspector: sa.Inspector, schema: str | None) -> _Names:
        tables, views = inspector.get_table_names(schema), inspector.get_view_names(schema)
        if inspector.dialect.name == "postgresql":
            views += inspector.get_materialized_view_names(schema)
        return cls(schema, tables, [view for view in views if view not in tables])

    @property
    def all(self) -> list[str]:
        return [*self.tables, *self.views]

    def choose(self, prefix: str) -> str | None:
        """Return the configured prefix, or the one that is found, or None where none is or several are."""
        return prefixes.detect(self.all) if prefix == AUTO else prefix

    def behind(self, prefix: str | None) -> bool:
        """Return whether any known table is behind a prefix."""
        known = set() if prefix is None else {normalized(prefix + name) for name in known_schema()}
        return any(normalized(name) in known for name in self.all)


def _elsewhere(inspector: sa.Inspector) -> Iterable[_Names]:
    own = inspector.default_schema_name
    for schema in inspector.get_schema_names():
        if schema != own and schema.lower() not in NO_INSTALLATION:
            yield _Names.of(inspector, schema)


def _bind_tables(inspector: sa.Inspector, binding: Binding, place: _Names) -> None:
    known = {normalized(binding.prefix + name): name for name in known_schema()}
    tables, views = _by_normalized(place.tables), _by_normalized(place.views)
    chosen: dict[str, str] = {}
    for key, name in known.items():
        fits = tables.get(key) or views.get(key) or []
        real = _the_one(fits, binding.prefix + name, binding.prefix)
        if real is not None:
            chosen[name] = real
        elif fits and name in WANTED:
            binding.ambiguous.append(f"{binding.prefix}{name}: {', '.join(sorted(fits))}")
        elif name in WANTED:
            missing = binding.missing_required if WANTED[name].required else binding.missing_optional
            missing.append(binding.prefix + name)
    others = [name for name in place.all if normalized(name) not in known]
    binding.unknown_tables = sorted(name for name in others if name.lower().startswith(binding.prefix.lower()))
    binding.foreign_tables = len(others) - len(binding.unknown_tables)
    binding.views = sorted(set(chosen.values()) & set(place.views))
    described = _described(inspector, binding.schema, [real for name, real in chosen.items() if name in WANTED])
    for name, real in chosen.items():
        _bind_table(binding, name, real, described.get(real, {}))


def _described(inspector: sa.Inspector, schema: str | None, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return table to column to type, in one statement where the engine can."""
    if not names:
        return {}
    if inspector.dialect.name in ("mysql", "mariadb"):
        return _described_by_mysql(inspector, schema, names)
    with translated("describing tables"):
        found = inspector.get_multi_columns(schema, filter_names=sorted(names), kind=ObjectKind.ANY)
    return {table: {column["name"]: column["type"] for column in columns} for (_, table), columns in found.items()}


def _described_by_mysql(
    inspector: sa.Inspector, schema: str | None, names: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return the same for MySQL, whose SHOW CREATE TABLE is refused to a login that may read some columns only."""
    about = sa.table(
        "columns",
        *map(sa.column, ("table_schema", "table_name", "column_name", "data_type")),
        schema="information_schema",
    )
    length = sa.literal_column("character_maximum_length", sa.Integer)
    statement = sa.select(about.c.table_name, about.c.column_name, about.c.data_type, length).where(
        about.c.table_schema == (schema or sa.func.database()), about.c.table_name.in_(sorted(names))
    )
    found: dict[str, dict[str, Any]] = {}
    with translated("describing tables"), inspector.engine.connect() as connection:
        for table, column, kind, limit in connection.execute(statement):
            found.setdefault(table, {})[column] = sa.String(limit if kind in ("char", "varchar") else None)
    return found


def _bind_table(binding: Binding, name: str, real: str, described: Mapping[str, Any]) -> None:
    columns: dict[str, str] = {}
    wanted = WANTED.get(name)
    if wanted is not None:
        columns = _columns(binding, wanted, real, described)
        known = {normalized(column) for column in known_schema()[name]}
        binding.unknown_columns += sorted(f"{real}.{c}" for c in described if normalized(c) not in known)
        if any(column not in columns for column in wanted.key):
            return  # nothing can be read of it without its key
    binding.columns[name] = columns
    binding.tables[name] = sa.table(real, *(sa.column(c) for c in columns.values()), schema=binding.schema)


def _columns(binding: Binding, table: SourceTable, real: str, described: Mapping[str, Any]) -> dict[str, str]:
    """Return known column to real column, and note what is missing."""
    present, columns = _by_normalized(described), {}
    for column in table.columns:
        fits = present.get(normalized(column), [])
        found = _the_one(fits, column, "")
        if found is not None:
            columns[column] = found
            length = getattr(described[found], "length", None)
            if isinstance(length, int):
                binding.lengths[f"{table.name}.{column}"] = length
        elif fits:
            binding.ambiguous.append(f"{real}.{column}: {', '.join(sorted(fits))}")
        elif column in table.required or (table.required and column in table.key):
            binding.missing_required.append(f"{real}.{column}")
        else:
            binding.missing_optional.append(f"{real}.{column}")
    return columns


def _by_normalized(names: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name in names:
        grouped.setdefault(normalized(name), []).append(name)
    return grouped


def _the_one(fits: Collection[str], expected: str, prefix: str) -> str | None:
    """Return the name that is meant, or None where it cannot be told.

    Names may differ in case or underscores alone, on engines that tell these apart: then the known spelling counts, or
    the spelling of the prefix.
    """
    if expected in fits:
        return expected
    if len(fits) > 1 and prefix:
        fits = [name for name in fits if name.startswith(prefix)]
    return next(iter(fits)) if len(fits) == 1 else None


def require(binding: Binding) -> None:
    """Pass if what the migration needs is there.

    Raises:
        SchemaMismatch: naming every required table and column that is missing, or that several names fit; or the
            prefixes that would fit better.
    """
    if not binding.tables:
        raise _nothing_found(binding)
    if binding.ambiguous:
        raise SchemaMismatch(
            "Several names of the database fit one known name: " + "; ".join(binding.ambiguous) + ".",
            next_step="rename those that are not SmarterTrack's in the restored copy, or give this login the right "
            "ones alone to read.",
        )
    if binding.missing_required:
        raise SchemaMismatch(
            "The database lacks what the migration needs: " + ", ".join(binding.missing_required) + ".",
            next_step="check source.prefix and the SmarterTrack version. Databases hide what a login may not read: if "
            "these names are there, let an administrator run what 'migrator grants' prints. If the database is right, "
            "report these names so that the table list can be extended.",
        )


def _nothing_found(binding: Binding) -> SchemaMismatch:
    if binding.schemas:
        return SchemaMismatch(
            "SmarterTrack's tables are in several schemas: " + ", ".join(binding.schemas) + ".",
            next_step="set source.table_schema to the one that is meant.",
        )
    fitting = ", ".join(
        f"'{prefix}' ({count} of {len(known_schema())} known tables)" for prefix, count in binding.fitting.items()
    )
    if binding.prefix == AUTO and fitting:
        return SchemaMismatch(
            f"SmarterTrack's tables are behind several prefixes: {fitting}.",
            next_step="set source.prefix to the one that is meant.",
        )
    words = "" if binding.prefix == AUTO else f" with the prefix '{binding.prefix}'"
    step = (
        f"set source.prefix to {fitting}" if fitting else "check that source.url names SmarterTrack's database"
    ) + "; the database's table list shows what table names begin with."
    return SchemaMismatch(
        f"No SmarterTrack table was found{words} ({binding.foreign_tables} other tables are there).", next_step=step
    )
