"""A simulated SmarterTrack: a shop's help desk of four years, as a database and a tree of files.

The same seed and size give the same rows and files, on every engine. Texts, people and numbers are made up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.errors import ParameterError
from migrator_lib.simulators.smartertrack import (
    automation,
    chats,
    oddities,
    people,
    publishing,
    rows,
    surveys,
    tickets,
    work,
)
from migrator_lib.simulators.smartertrack.day_after import advance
from migrator_lib.simulators.smartertrack.files import FileTree
from migrator_lib.simulators.smartertrack.people import World
from migrator_lib.simulators.smartertrack.schema import CEILING, Writer, metadata
from migrator_lib.simulators.smartertrack.shop import Shop

__all__ = ["World", "advance", "build"]


def build(
    url: str, files_root: Path, *, seed: int = 7, tickets: int = 1000, prefix: str = "st_", strict: bool = False
) -> World:
    """Create all 166 tables, fill them in one transaction, and write the files.

    Files, and an SQLite database, are built beside their place and renamed, so a build that is killed leaves nothing
    half; the next one begins anew.

    Args:
        url: any SQLAlchemy URL, of a database without tables of this prefix.
        files_root: folder of the files; made here.
        seed: start of all chance.
        tickets: size; everything else follows from it (about 4.5 messages each).
        prefix: what table names begin with.
        strict: cut texts at the declared length, as servers insist on and SQLite does not.

    Returns:
        The world, whose ``expected`` names every oddity with the keys of the records that show it.

    Raises:
        ParameterError: there is a database, or a tree of files, already.
    """
    world = World(seed, tickets)
    with _beside(url, files_root, prefix) as (engine, tree):
        tables = metadata(prefix)
        with engine.begin() as connection:
            tables.create_all(connection, checkfirst=False)
            shop = Shop(world, Writer(connection, tables, prefix), tree)
            shop.length_limit = CEILING if strict or engine.dialect.name != "sqlite" else None
            _fill(shop, files_root)
            shop.write.close()
    return world


def _fill(shop: Shop, files_root: Path) -> None:
    write, world = shop.write, shop.world
    people.settings(write, str(files_root))
    people.structure(write)
    people.agents(write, world)
    people.customers(write, world)
    people.organizations(write, world)
    people.custom_fields(write)
    people.tags(write)
    work.codes(write)
    surveys.definition(write)
    _tickets(shop)
    chats.chats(shop)
    chats.calls(shop)
    surveys.of_others(shop, chat=1)
    work.oddities(shop)
    publishing.knowledge(shop)
    publishing.news(shop)
    publishing.community(shop)
    automation.events(shop)
    automation.canned_replies(shop)


def _tickets(shop: Shop) -> None:
    size = shop.world.tickets
    long_ones = long_threads(size)
    odd = oddities.place(size, frozenset(long_ones))
    for n in range(1, size + 1):
        opened = tickets.opened_at(shop, n)
        if n in long_ones:
            ticket = tickets.long_thread(shop, n, opened, long_ones[n])
            ticket.notes.append("long_thread")
        elif n in odd:
            ticket = oddities.ordinary(shop, n, opened)
            oddities.apply(shop, ticket, odd[n])
        else:
            ticket = tickets.think_up(shop, n, opened)
        rows.write(shop, ticket)
        shop.forget_before(opened)


def long_threads(size: int) -> dict[int, int]:
    """Return the tickets with more messages than one call of Gorgias takes, and how many they have."""
    if size >= 200:
        return {size * 3 // 10 // 5 * 5 + 1: 600, size * 9 // 20 // 5 * 5 + 1: 600}
    return {size * 3 // 10 // 5 * 5 + 1: 520} if size >= 60 else {}


@contextmanager
def _beside(url: str, files_root: Path, prefix: str) -> Iterator[tuple[sa.Engine, FileTree]]:
    """Give an engine and a tree to build with, and put what was built in its place at the end."""
    parsed = sa.make_url(url)
    file = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    partial = None if file is None else file.with_name(file.name + ".partial")
    staged = files_root.with_name(files_root.name + ".partial")
    if file is not None and file.exists():
        raise _taken(str(file))
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    if partial is not None:
        partial.unlink(missing_ok=True)
        parsed = parsed.set(database=str(partial))
    engine = sa.create_engine(parsed)
    if partial is not None:
        sa.event.listen(engine, "connect", _unsafe)
    try:
        if sa.inspect(engine).has_table(f"{prefix}Tickets"):
            raise _taken(f"{parsed.render_as_string()} with tables '{prefix}...'")
        yield engine, FileTree(staged)
    finally:
        engine.dispose()
    _put(staged, files_root)
    if partial is not None and file is not None:
        with partial.open("rb+") as built:
            os.fsync(built.fileno())
        partial.replace(file)


def _unsafe(connection: Any, _: object) -> None:
    """Let SQLite not wait for the disk: what is not complete is thrown away anyhow."""
    connection.execute("PRAGMA synchronous = OFF")


def _put(staged: Path, files_root: Path) -> None:
    """Rename the tree. One that is there already is kept if it is the same: a build was killed just behind this."""
    if files_root.exists() and any(files_root.iterdir()):
        if _names(staged) != _names(files_root):
            shutil.rmtree(staged)
            raise _taken(str(files_root))
        shutil.rmtree(staged)
        return
    if files_root.exists():
        files_root.rmdir()
    staged.replace(files_root)


def _names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def _taken(place: str) -> ParameterError:
    return ParameterError(
        f"The simulated help desk was not built: {place} is there already.",
        next_step="remove it, or choose another place; nothing in it was changed.",
    )
