"""What becomes of every article: in which group of translations it goes, where, in which language, and who may see it.

All of it follows from the staged rows, the mapping and the parameters. Whatever is not known makes an article less
visible, never more: one whose category is private, hidden or below such a one counts as private, and so does one that
no brand shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from migrator_lib.gorgias.help_center.articles import Status
from migrator_lib.knowledge.references import Found, Names, find, hosts_of
from migrator_lib.knowledge.source import Knowledge
from migrator_lib.staging import Row

if TYPE_CHECKING:
    from migrator_lib.lookups import Lookups

DEFAULT_LOCALE = "en-US"
ONLY = 0
"""The help center of brands that have none of their own, where it has no number: of the export package."""
AGAIN = "run notebook 02 again, and have the mapping signed"


@dataclass(frozen=True)
class Group:
    """An article in every language that it has."""

    leader: int
    """The source's article that it is known by."""
    members: Mapping[str, int]
    """Locale to the source's article in that language."""


class Rules:
    """The rules, applied to one stage."""

    def __init__(self, lookups: Lookups) -> None:
        self.knowledge: Knowledge = lookups.knowledge
        self._mapping = lookups.mapping
        self._policy = lookups.parameters.policy
        self._center = lookups.parameters.help_center.id or ONLY
        self._brands = lookups.brands
        self._portal = lookups.parameters.source.portal_url

    # --- one article -------------------------------------------------------------------------------

    def row(self, article: int) -> Row:
        """Return the row of an article, without its body."""
        return self.knowledge.articles[article]

    def forwards_to(self, article: int) -> int | None:
        """Return the article that one forwards to, or None: it is an article of its own."""
        return self.row(article).get("KbArticleID_ForwardTo") or None

    def end(self, article: int) -> int | str:
        """Return the article at which a chain of forwards ends, or the words why there is none."""
        chain = [article]
        while (following := self.forwards_to(chain[-1])) is not None:
            if following in chain:
                words = " → ".join(map(str, [*chain[chain.index(following) :], following]))
                return f"it forwards in a circle: {words}"
            if following not in self.knowledge.articles:
                return f"it forwards to article {following}, which is not in the source"
            chain.append(following)
        reason = self.left_out(chain[-1]) or self.unusable(chain[-1])
        if reason and len(chain) == 1:
            return f"it does not move: {reason}"
        return f"it forwards to article {chain[-1]}, which does not move: {reason}" if reason else chain[-1]

    def left_out(self, article: int) -> str | None:
        """Return the rule by which an article is left out."""
        if self.row(article)["IsDeleted"]:
            return "deleted_article"
        skipped = self._policy.private_articles == "skip" and self.is_private(article)
        return "private_article" if skipped else None

    def unusable(self, article: int) -> str | None:
        """Return why an article cannot move: what it needs is not in the mapping."""
        language = self.language(article)
        if language is None:
            return "it has no language, and SmarterTrack has no default one: give it one there"
        if self.locale(article) is None:
            return f"language {language} is not in mapping.yaml: {AGAIN}"
        category = self.row(article)["KbCategoryID"]
        if category in self.knowledge.categories and str(category) not in self._mapping.kb_categories:
            return f"category {category} is not in mapping.yaml: {AGAIN}"
        return None

    def moves(self, article: int) -> bool:
        """Whether an article is in the Help Center afterwards, alone or as a translation."""
        is_content = article in self.knowledge.articles and self.forwards_to(article) is None
        return is_content and not self.left_out(article) and not self.unusable(article)

    def is_empty(self, article: int) -> bool:
        """Whether there is nothing to read in it."""
        return not self.body(article).strip()

    def body(self, article: int) -> str:
        """Return its HTML."""
        return self.knowledge.bodies.of(article)

    # --- languages ---------------------------------------------------------------------------------

    @cached_property
    def _default_language(self) -> int | None:
        rows = self.knowledge.languages
        return next((one for one, row in sorted(rows.items()) if row.get("IsDefault")), None)

    @cached_property
    def default_locale(self) -> str:
        """The locale that every help center has."""
        entry = self._mapping.languages.get(str(self._default_language))
        return entry.becomes if entry else DEFAULT_LOCALE

    def language(self, article: int) -> int | None:
        """Return an article's language: what it says, else what was detected, else SmarterTrack's default."""
        row = self.row(article)
        if row["LanguageID"]:
            return int(row["LanguageID"])
        detected = (row.get("DetectedLanguage") or "").strip().lower()
        for language, known in sorted(self.knowledge.languages.items()):
            culture = (known.get("CultureName") or "").lower()
            if detected and detected in (culture, culture.partition("-")[0], (known.get("LanguageName") or "").lower()):
                return language
        return self._default_language

    def locale(self, article: int) -> str | None:
        """Return an article's locale in the Help Center, or None where the mapping has none."""
        entry = self._mapping.languages.get(str(self.language(article)))
        return entry.becomes if entry else None

    # --- who may see it ----------------------------------------------------------------------------

    def above(self, category: int | None) -> Iterator[int]:
        """Yield a category and those above it, each once."""
        seen: set[int] = set()
        while category in self.knowledge.categories and category not in seen:
            assert category is not None
            seen.add(category)
            yield category
            category = self.knowledge.categories[category].get("KbCategoryID_Parent") or None

    def is_hidden(self, category: int | None) -> bool:
        """Whether a category, or one above it, is for agents alone or not shown."""
        rows = (self.knowledge.categories[one] for one in self.above(category))
        return any(row["IsPrivate"] is not False or row["IsVisible"] is False for row in rows)

    def is_private(self, article: int) -> bool:
        """Whether the public cannot read an article in SmarterTrack, for whatever reason but that it is a draft."""
        row = self.row(article)
        in_no_brand = row["DisplayInAllBrands"] is False and not self.knowledge.brands.get(article)
        return row["IsPrivate"] is not False or in_no_brand or self.is_hidden(row["KbCategoryID"])

    def status(self, article: int) -> Status:
        """Return who may see it in the Help Center: nobody, whoever has its address, or everybody."""
        if self.row(article)["IsDraft"] is not False or self.is_empty(article):
            return "draft"
        if self.is_private(article):
            return "unlisted" if self._policy.private_articles == "unlisted" else "draft"
        return "published"

    # --- where it goes -----------------------------------------------------------------------------

    def center_of(self, brand: int) -> int:
        """Return the help center of a brand."""
        entry = self._mapping.brands.get(str(brand))
        return (entry.help_center if entry else None) or self._center

    @cached_property
    def centers(self) -> tuple[int, ...]:
        """Every help center, the one of brands without their own first."""
        return tuple(dict.fromkeys([self._center, *(self.center_of(brand) for brand in sorted(self._brands))]))

    def centers_of(self, article: int) -> tuple[int, ...]:
        """Return the help centers that an article goes to."""
        shown = self.knowledge.brands.get(article, frozenset())
        if self.row(article)["DisplayInAllBrands"] or (self.row(article)["DisplayInAllBrands"] is None and not shown):
            return self.centers if self._policy.articles_of_all_brands == "every" else (self._center,)
        found = {self.center_of(brand) for brand in shown} & set(self.centers) or {self._center}
        return tuple(center for center in self.centers if center in found)

    def brands_of(self, article: int) -> str:
        """Return the brands that show it, by name; empty where all do."""
        if self.row(article)["DisplayInAllBrands"]:
            return ""
        shown = sorted(self.knowledge.brands.get(article, ()))
        return ", ".join(str(self._brands[brand]["BrandName"]) for brand in shown if brand in self._brands)

    def category_of(self, article: int) -> int | None:
        """Return the category it goes into: its own, or the next above it that is made."""
        return self.made_category(self.row(article)["KbCategoryID"])

    def made_category(self, category: int | None) -> int | None:
        """Return a category, or the next above it, that is made in the Help Center."""
        chosen = self._mapping.kb_categories
        entries = ((one, chosen.get(str(one))) for one in self.above(category))
        return next((one for one, entry in entries if entry and entry.becomes == "category"), None)

    # --- translations ------------------------------------------------------------------------------

    @cached_property
    def groups(self) -> dict[int, Group]:
        """Every article that moves, by the article that leads its group, in their order."""
        found: dict[int, Group] = {}
        for component in self._components():
            members: dict[str, int] = {}
            for article in component:
                if self.moves(article):
                    locale = self.locale(article)
                    assert locale is not None
                    if locale in members:
                        found[article] = Group(article, {locale: article})
                    members.setdefault(locale, article)
            if members:
                leader = min(members.values(), key=lambda one: (one in self._secondary, one))
                found[leader] = Group(leader, members)
        return dict(sorted(found.items()))

    @cached_property
    def _secondary(self) -> set[int]:
        return {secondary for _, secondary in self.knowledge.pairs}

    def _components(self) -> list[list[int]]:
        """Return articles that pairs of translations connect, each list in order: no pair says more than that."""
        beside: dict[int, set[int]] = {}
        for one, other in self.knowledge.pairs:
            beside.setdefault(one, set()).add(other)
            beside.setdefault(other, set()).add(one)
        left, found = dict.fromkeys(self.knowledge.articles), []
        while left:
            todo, component = [next(iter(left))], set[int]()
            while todo:
                article = todo.pop()
                if article not in component:
                    component.add(article)
                    left.pop(article, None)
                    todo += beside.get(article, ())
            found.append(sorted(component & self.knowledge.articles.keys()))
        return found

    @cached_property
    def leaders(self) -> dict[int, int]:
        """Article that moves to the one that leads its group."""
        return {one: group.leader for group in self.groups.values() for one in group.members.values()}

    @cached_property
    def same_language(self) -> dict[int, int]:
        """Article that is alone, since another one of its translations has its language, to that other one."""
        found: dict[int, int] = {}
        for component in self._components():
            first: dict[str | None, int] = {}
            for article in (one for one in component if self.moves(one)):
                other = first.setdefault(self.locale(article), article)
                if other != article:
                    found[article] = other
        return found

    @cached_property
    def forwarded(self) -> dict[int, list[int]]:
        """Article to those that forward to it, at whatever length."""
        found: dict[int, list[int]] = {}
        for article in self.knowledge.articles:
            if self.forwards_to(article) is not None and not self.row(article)["IsDeleted"]:
                end = self.end(article)
                if isinstance(end, int):
                    found.setdefault(end, []).append(article)
        return found

    # --- what it refers to -------------------------------------------------------------------------

    @cached_property
    def _names(self) -> Names:
        return Names(self.knowledge.files)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Host names of the company's own sites."""
        brands = (str(row.get("HostHeaderValue") or "") for row in self._brands.values())
        return hosts_of(iter([self._portal, *brands]))

    def refers_to(self, article: int) -> Found:
        """Return what an article's HTML refers to."""
        return find(self.body(article), self._names, self.hosts)

    @cached_property
    def files(self) -> dict[int, bool]:
        """FileID that an article shows which is not deleted, to whether one of them moves."""
        found: dict[int, bool] = {}
        for article, row in self.knowledge.articles.items():
            if not row["IsDeleted"] and self.forwards_to(article) is None:
                for file in self.refers_to(article).files.values():
                    found[file] = found.get(file, False) or self.moves(article)
        return found
