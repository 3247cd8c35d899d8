"""What is there of the knowledge base, in a package or in a help center, beside what should be there."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Protocol

from migrator_lib.csv_file import FORMULA
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, Category, KnowledgeBase, Media, read_media
from migrator_lib.gorgias.help_center.contract import article_address, visibility
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.memory import Memory, fingerprints, is_as
from migrator_lib.gorgias.help_center.package import is_inside
from migrator_lib.gorgias.help_center.package_check import MANIFEST, read_list
from migrator_lib.gorgias.help_center.there import There
from migrator_lib.storage import refusals


class Side(Protocol):
    """A package, or a help center."""

    def there(self, article: Article, locale: str) -> Json | None:
        """Return one language of an article as it is there, and None where it is not."""

    def meant(self, article: Article, locale: str) -> Json:
        """Return the same as it should be there."""

    def category(self, category: Category, locale: str) -> Json | None:
        """Return one language of a category as it is there, and None where it is not."""

    def shows(self, media: Media) -> bool:
        """Whether a file is there."""

    def is_others_work(self, article: Article, locale: str) -> bool:
        """Whether what is there is not what was sent: somebody has changed it."""


class Package:
    """An export package."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._articles: dict[tuple[str, str], Json] = {}
        self._categories: dict[tuple[str, str], Json] = {}
        self._images: dict[str, str] = {}
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

    def there(self, article: Article, locale: str) -> Json | None:
        """See :class:`Side`."""
        row = self._articles.get((article.external_id, locale))
        file = self._folder / row["html_file"] if row is not None else None
        if row is None or file is None or not file.is_file():
            return None
        names = ("title", "slug", "status", "category", "brand", "excerpt", "seo_title", "created", "modified")
        with refusals(f"{file} cannot be read"):
            return {**{name: row[name] for name in names}, "content": file.read_bytes().decode("utf-8", "replace")}

    def meant(self, article: Article, locale: str) -> Json:
        """See :class:`Side`."""
        one = article.translations[locale]
        inside = {
            media.reference: self._images.get(hashlib.sha256(media.read()).hexdigest(), "")
            for media in article.files
            if is_inside(media)
        }
        return {
            "title": one.title, "slug": one.slug, "status": article.status_of(locale),
            "category": article.category or "", "brand": article.brand, "excerpt": one.excerpt,
            "seo_title": one.seo_title, "created": one.created, "modified": one.modified,
            "content": html.rewritten(one.text, inside),
        }  # fmt: skip

    def category(self, category: Category, locale: str) -> Json | None:
        """See :class:`Side`."""
        row = self._categories.get((category.external_id, locale))
        return None if row is None else {"title": row["name"], "slug": row["slug"]}

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
        found = {"title": text.title, "content": text.content, "category": self._articles.above.get(made)}
        more = {"excerpt": text.excerpt, "visibility_status": text.visibility_status, "is_current": text.is_current}
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
        whole = {
            "title": one.title, "content": html.rewritten(one.text, targets),
            "category": known.id if known is not None else None, "excerpt": one.excerpt,
            "visibility_status": seen_by, "is_current": current,
        }  # fmt: skip
        there = self.there(article, locale)
        return whole if there is None else {name: value for name, value in whole.items() if name in there}

    def category(self, category: Category, locale: str) -> Json | None:
        """See :class:`Side`. Its address may be another one where the company had a category of that name."""
        known = self._memory.known("categories", category.external_id)
        text = self._categories.text(known.id, locale) if known is not None and known.id is not None else None
        return None if text is None else {"title": text.title, "slug": category.texts[locale].slug}

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

    def shows(self, media: Media) -> bool:
        """See :class:`Side`."""
        url = self._memory.url_of(media.key)
        return url is not None and any(url in content for content in self._all_content)

    def is_others_work(self, article: Article, locale: str) -> bool:
        """See :class:`Side`."""
        known = self._memory.known("articles", article.external_id)
        text = self._articles.text(known.id, locale) if known is not None and known.id is not None else None
        was = known.sent.get(locale) if known is not None else None
        return text is not None and was is not None and not is_as(fingerprints(text), was)


def _plain(value: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value
