"""What is there of the knowledge base, in a package or in a help center, beside what should be there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

from migrator_lib import canonical
from migrator_lib.canonical import markup
from migrator_lib.csv_file import FORMULA
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, Category, KnowledgeBase, Media, read_media
from migrator_lib.gorgias.help_center.contract import article_address, visibility
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.memory import SLUG, Memory, fingerprint, fingerprints, is_as
from migrator_lib.gorgias.help_center.package import is_inside
from migrator_lib.gorgias.help_center.package_check import MANIFEST, read_list
from migrator_lib.gorgias.help_center.there import There
from migrator_lib.storage import refusals

ARTICLE_COLUMNS = (
    "title", "slug", "category", "status", "visibility", "brand", "excerpt", "seo_title", "seo_description", "created",
    "modified", "reviewed",
)  # fmt: skip
CATEGORY_COLUMNS = ("slug", "description", "parent", "position")


QUOTED = re.compile(r"""=["']([^"'\s]+)["']""")
"""What an attribute of HTML holds, where it is an address."""


class Side(Protocol):
    """A package, or a help center."""

    def there(self, article: Article, locale: str) -> Json | None:
        """Return one language of an article as it is there, and None where it is not."""

    def meant(self, article: Article, locale: str) -> Json:
        """Return the same as it should be there."""

    def category(self, category: Category, locale: str) -> Json | None:
        """Return one language of a category as it is there, and None where it is not."""

    def meant_category(self, category: Category, locale: str) -> Json:
        """Return the same as it should be there."""

    def unexpected(self) -> Iterator[tuple[str, str]]:
        """Yield (external id, language) of what is ours and should not be there, where that can be told."""

    def shows(self, media: Media) -> bool:
        """Whether a file is there."""

    def is_others_work(self, article: Article, locale: str) -> bool:
        """Whether what is there is not what was sent: somebody has changed it."""


class Package:
    """An export package."""

    def __init__(self, folder: Path, base: KnowledgeBase) -> None:
        self._folder = folder
        self._base = base
        self._articles: dict[tuple[str, str], Json] = {}
        self._categories: dict[tuple[str, str], Json] = {}
        self._images: dict[str, str] = {}
        self._redirects: dict[tuple[str, str], list[list[str]]] = {}
        if (folder / MANIFEST).is_file():
            with refusals(f"{folder} cannot be read"):
                self._read()

    def _read(self) -> None:
        for row in read_list(self._folder / "articles.csv"):
            self._articles[row["article"], row["locale"]] = {name: _plain(value) for name, value in row.items()}
        for row in read_list(self._folder / "categories.csv"):
            self._categories[row["category"], row["locale"]] = {name: _plain(value) for name, value in row.items()}
        for row in read_list(self._folder / "images.csv"):
            self._images[row["sha256"]] = row["file"]
        for row in read_list(self._folder / "redirects.csv"):
            lead = [_plain(row["from_url"]), row["to_slug"]]
            self._redirects.setdefault((row["article"], row["locale"]), []).append(lead)

    def there(self, article: Article, locale: str) -> Json | None:
        """See :class:`Side`."""
        row = self._articles.get((article.external_id, locale))
        file = self._folder / row["html_file"] if row is not None else None
        if row is None or file is None or not file.is_file():
            return None
        old = sorted(self._redirects.get((article.external_id, locale), ()))
        with refusals(f"{file} cannot be read"):
            content = file.read_bytes().decode("utf-8", "replace")
        return {**{name: row[name] for name in ARTICLE_COLUMNS}, "old_urls": old, "content": content}

    def meant(self, article: Article, locale: str) -> Json:
        """See :class:`Side`."""
        one, locales = article.translations[locale], self._base.locales(article.translations)
        inside = {
            media.reference: self._images.get(hashlib.sha256(media.read()).hexdigest(), "")
            for media in article.files
            if is_inside(media)
        }
        return {
            "title": one.title, "slug": one.slug, "status": article.status_of(locale),
            "visibility": visibility(article.status_of(locale))[0], "category": article.category or "",
            "brand": article.brand, "excerpt": one.excerpt, "seo_title": one.seo_title,
            "seo_description": one.seo_description, "created": one.created, "modified": one.modified,
            "reviewed": one.reviewed, "content": html.rewritten(one.text, inside),
            "old_urls": sorted([url, one.slug] for url, to in article.old_addresses(locales) if to == locale),
        }  # fmt: skip

    def category(self, category: Category, locale: str) -> Json | None:
        """See :class:`Side`."""
        row = self._categories.get((category.external_id, locale))
        return row and {"title": row["name"], **{name: row[name] for name in CATEGORY_COLUMNS}}

    def meant_category(self, category: Category, locale: str) -> Json:
        """See :class:`Side`."""
        text = category.texts[locale]
        return {
            "title": text.name, "slug": text.slug, "description": text.description, "parent": category.parent or "",
            "position": str(category.position),
        }  # fmt: skip

    def unexpected(self) -> Iterator[tuple[str, str]]:
        """See :class:`Side`."""
        articles = {(one.external_id, locale) for one in self._base.articles for locale in one.translations}
        categories = {(one.external_id, locale) for one in self._base.categories for locale in one.texts}
        yield from sorted(self._articles.keys() - articles)
        yield from sorted(self._categories.keys() - categories)

    def shows(self, media: Media) -> bool:
        """See :class:`Side`."""
        content = read_media(media)
        digest = hashlib.sha256(content).hexdigest() if content is not None else ""
        file = self._folder / self._images.get(digest, "?")
        with refusals(f"{file} cannot be read"):
            return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest

    def is_others_work(self, article: Article, locale: str) -> bool:
        """See :class:`Side`. A package is nobody's but ours."""
        return False


class HelpCenter:
    """A help center, by its API."""

    def __init__(self, api: Endpoints, memory: Memory, base: KnowledgeBase) -> None:
        self._memory = memory
        self._base = base
        self._articles = There(api, "articles")
        self._categories = There(api, "categories")

    def _id(self, article: str) -> int | None:
        known = self._memory.known("articles", article)
        return known.id if known is not None else None

    def there(self, article: Article, locale: str) -> Json | None:
        """See :class:`Side`."""
        made = self._id(article.external_id)
        text = self._articles.text(made, locale) if made is not None else None
        if text is None or made is None:
            return None
        found = {
            "title": canonical.text(text.title), "slug": text.slug, "content": markup.normal(text.content),
            "category": self._articles.above.get(made),
        }  # fmt: skip
        more: Json = {"visibility_status": text.visibility_status, "is_current": text.is_current}
        if text.seo_meta is not None:
            more |= {"seo_title": text.seo_meta.title or "", "seo_description": text.seo_meta.description or ""}
        more["excerpt"] = None if text.excerpt is None else canonical.text(text.excerpt)
        return {**found, **{name: value for name, value in more.items() if value is not None}}

    def meant(self, article: Article, locale: str) -> Json:
        """See :class:`Side`. What this API does not tell of an article is not compared."""
        one = article.translations[locale]
        seen_by, current = visibility(article.status_of(locale))
        urls = {media.reference: self._memory.url_of(media.key) for media in article.files}
        targets = {reference: url for reference, url in urls.items() if url is not None}
        for link in one.links:
            made = self._id(link.article)
            text = self._articles.text(made, link.locale) if made is not None else None
            if made is not None and text is not None:
                _, mark, place = link.reference.partition("#")
                targets[link.reference] = article_address(link.locale, text.slug, made) + mark + place
        known = self._memory.known("categories", article.category) if article.category else None
        there = self.there(article, locale)
        whole = {
            "title": canonical.text(one.title), "content": markup.normal(html.rewritten(one.text, targets)),
            "slug": there["slug"] if there is not None and self._has_its_address(article, locale) else one.slug,
            "category": known.id if known is not None else None, "excerpt": canonical.text(one.excerpt),
            "visibility_status": seen_by, "is_current": current, "seo_title": one.seo_title,
            "seo_description": one.seo_description,
        }  # fmt: skip
        return whole if there is None else {name: value for name, value in whole.items() if name in there}

    def category(self, category: Category, locale: str) -> Json | None:
        """See :class:`Side`. Its address may be another one where the company had a category of that name."""
        known = self._memory.known("categories", category.external_id)
        text = self._categories.text(known.id, locale) if known is not None and known.id is not None else None
        if text is None or known is None or known.id is None:
            return None
        found: Json = {"title": canonical.text(text.title)}
        if known.ours:
            found |= {"slug": text.slug, "parent": self._categories.above.get(known.id)}
            found |= {} if text.description is None else {"description": canonical.text(text.description)}
        return found

    def meant_category(self, category: Category, locale: str) -> Json:
        """See :class:`Side`. One that the company had already is known by its name, and the rest of it is theirs."""
        text, above = category.texts[locale], category.parent and self._memory.known("categories", category.parent)
        whole = {
            "title": canonical.text(text.name), "slug": text.slug, "description": canonical.text(text.description),
            "parent": above.id if above else None,
        }  # fmt: skip
        there = self.category(category, locale)
        return whole if there is None else {name: value for name, value in whole.items() if name in there}

    def unexpected(self) -> Iterator[tuple[str, str]]:
        """See :class:`Side`. Nothing there says whose an article is."""
        yield from ()

    def _has_its_address(self, article: Article, locale: str) -> bool:
        """Whether it has the address that it was sent with; another title gives it no other one."""
        known = self._memory.known("articles", article.external_id)
        text = self._articles.text(known.id, locale) if known is not None and known.id is not None else None
        was = known.sent.get(locale, {}).get(SLUG) if known is not None else None
        return text is not None and was in (None, fingerprint(text.slug))

    def url_of(self, media: Media) -> str | None:
        """Return where a file was uploaded to."""
        return self._memory.url_of(media.key)

    @cached_property
    def _all_content(self) -> list[str]:
        found = []
        for article in self._base.articles:
            made = self._id(article.external_id)
            for locale in article.translations:
                text = self._articles.text(made, locale) if made is not None else None
                found.append(text.content if text is not None else "")
        return found

    @cached_property
    def _sources(self) -> set[str]:
        """What stands in quotes in any article: an address that is among it need not be looked for in all of them."""
        return {one for content in self._all_content for one in QUOTED.findall(content)}

    def shows(self, media: Media) -> bool:
        """See :class:`Side`."""
        url = self._memory.url_of(media.key)
        return url is not None and (url in self._sources or any(url in content for content in self._all_content))

    def is_others_work(self, article: Article, locale: str) -> bool:
        """See :class:`Side`."""
        known = self._memory.known("articles", article.external_id)
        text = self._articles.text(known.id, locale) if known is not None and known.id is not None else None
        was = known.sent.get(locale) if known is not None else None
        if text is None or was is None:
            return False
        return not is_as(fingerprints(text), was) or not self._has_its_address(article, locale)


def _plain(value: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value
