"""What can be wrong with a knowledge base: in the files of its export package, and in the help center itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from migrator_lib.csv_file import write_csv
from migrator_lib.external_id import parse
from migrator_lib.gorgias.help_center.package import ARTICLES, CATEGORIES, REDIRECTS
from migrator_lib.gorgias.help_center.package_check import files_of, read_list
from migrator_lib.simulators.gorgias.store import Store
from tests.loading import TARGET
from tests.mutations.catalogue import Expected, Mutation, Named, setter
from tests.mutations.payloads import NOBODY, leaves
from tests.mutations.world import World

Rows = list[dict[str, str]]
Change = Callable[[Rows], object]
LISTS = {"articles.csv": ARTICLES, "categories.csv": CATEGORIES, "redirects.csv": REDIRECTS}
TOLD_AS = {"name": "title", "from_url": "old_urls", "to_slug": "old_urls"}
"""Column to what a difference calls it, where that is another word."""
KEYS = ("article", "category", "locale", "html_file")
IN_HELP_CENTER = ("mismatched", "changed")
"""Its API does not tell whether an editor changed something, or somebody else."""


class OfPackage:
    """Mutations of the export package in a folder."""

    def __init__(self, folder: Path) -> None:
        (self.folder,) = (one for one in folder.iterdir() if (one / "articles.csv").is_file())
        self._held = {name: (self.folder / name).read_bytes() for name in files_of(self.folder)}

    def restore(self) -> None:
        """Put all files back as they were."""
        for name, content in self._held.items():
            (self.folder / name).write_bytes(content)

    def all(self) -> list[Mutation]:
        """Return every mutation."""
        return [*self._cells(), *self._rows(), *self._files()]

    def _cells(self) -> Iterator[Mutation]:
        for file, columns in LISTS.items():
            key = "category" if file == "categories.csv" else "article"
            rows = read_list(self.folder / file)
            for n, column in enumerate(
                name for name in columns if name not in KEYS or (key, name) == ("article", "category")
            ):
                place = n % len(rows)
                record = _record(rows[place][key])
                change = self._in(file, lambda held, p=place, c=column: held[p].update({c: f"x{held[p][c]}"}))
                yield Mutation(
                    record, column, "another value", change,
                    (Expected(record, fields=frozenset({TOLD_AS.get(column, column)})),), alone=True,
                )  # fmt: skip

    def _rows(self) -> Iterator[Mutation]:
        for file, key in (("articles.csv", "article"), ("categories.csv", "category")):
            record = _record(read_list(self.folder / file)[0][key])
            missing = (Expected(record, ("missing",)),)
            yield Mutation(record, "-", "dropped", self._in(file, lambda held: held.pop(0)), missing, alone=True)
            locale = self._in(file, lambda held: held[0].update(locale="pt-BR"))
            yield Mutation(record, "locale", "another language", locale, missing, alone=True)
            new = record[0], "4242"
            name = f"st:demo:{new[0]}:{new[1]}"
            more = self._in(file, lambda held, k=key, n=name: held.append({**held[0], k: n}))
            yield Mutation(new, "-", "added", more, (Expected(new, ("unexpected",)),), alone=True)
        record = _record(read_list(self.folder / "redirects.csv")[0]["article"])
        yield Mutation(
            record, "redirect", "dropped", self._in("redirects.csv", lambda held: held.pop(0)),
            (Expected(record, fields=frozenset({"old_urls"})),), alone=True,
        )  # fmt: skip

    def _files(self) -> Iterator[Mutation]:
        row = read_list(self.folder / "articles.csv")[-1]
        file, record = self.folder / row["html_file"], _record(row["article"])
        yield Mutation(
            record, "content", "another value", lambda _: file.write_text("<p>x</p>"),
            (Expected(record, fields=frozenset({"content"})),), alone=True,
        )  # fmt: skip
        yield Mutation(
            record, "content", "file dropped", lambda _: file.unlink(), (Expected(record, ("missing",)),), alone=True
        )

    def _in(self, file: str, change: Change) -> Callable[[Store], None]:
        def apply(_: Store) -> None:
            rows = read_list(self.folder / file)
            change(rows)
            columns = LISTS[file]
            write_csv(self.folder / file, columns, [[row[name] for name in columns] for row in rows])

        return apply


def of_help_center(world: World) -> list[Mutation]:
    """Return the mutations of what was made in a help center: each field that was sent, in each language."""
    return [*_texts(world), *_places(world), *_dropped(world)]


def _texts(world: World) -> Iterator[Mutation]:
    for obj, kind in (("kb_article", "hc_article"), ("kb_category", "hc_category")):
        for record, thing in _made(world, obj):
            for text in world.account.store.by(f"{kind}_translation", "parent", thing):
                sent = {name: value for name, value in text.items() if name not in ("id", f"{kind[3:]}_id", "locale")}
                for path in leaves({name: sent[name] for name in sent if not name.endswith("_datetime")}):
                    told = str(path[0]) if path[0] != "seo_meta" else f"seo_{path[1]}"
                    yield Mutation(
                        record, f"{told} ({text['locale']})", "another value",
                        setter((f"{kind}_translation", text["id"]), path),
                        (Expected(record, IN_HELP_CENTER, frozenset({told})),), alone=True,
                    )  # fmt: skip


def _places(world: World) -> Iterator[Mutation]:
    for obj, kind, name, told in (
        ("kb_article", "hc_article", "category_id", "category"),
        ("kb_category", "hc_category", "parent_category_id", "parent"),
    ):
        record, thing = _made(world, obj)[-1]
        expected = (Expected(record, IN_HELP_CENTER, frozenset({told})),)
        yield Mutation(
            record, told, "another value", setter((kind, thing), (name,), lambda _: NOBODY), expected, alone=True
        )


def _dropped(world: World) -> Iterator[Mutation]:
    for obj, kind in (("kb_article", "hc_article"), ("kb_category", "hc_category")):
        record, thing = _made(world, obj)[-1]

        def apply(store: Store, kind: str = kind, thing: int = thing) -> None:
            store.delete(kind, thing)
            store.delete_children(f"{kind}_translation", thing)

        yield Mutation(record, "-", "dropped", apply, (Expected(record, ("missing",)),), alone=True, echoes=True)
    record, thing = _made(world, "kb_article")[0]
    text = world.account.store.by("hc_article_translation", "parent", thing)[-1]
    yield Mutation(
        record, f"- ({text['locale']})", "a language dropped",
        lambda store: store.delete("hc_article_translation", text["id"]), (Expected(record, ("missing",)),), alone=True,
    )  # fmt: skip


def _made(world: World, obj: str) -> Sequence[tuple[Named, int]]:
    """Return records that were made in the help center, each with its id there."""
    found: list[tuple[Named, int]] = []
    for entry in world.ledger.entries(TARGET, obj, "created"):
        target: Any = entry.target_id
        found.append(((obj, entry.source_key), int(str(target).rpartition(":")[2])))
    return sorted(found)


def _record(external_id: str) -> Named:
    found = parse(external_id, "demo")
    assert found is not None
    return found
