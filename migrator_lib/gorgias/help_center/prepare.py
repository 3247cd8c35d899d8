"""Making a knowledge base fit for a help center: addresses that are good and unique, categories that are there.

Nothing is dropped: what has to change is changed alike for every way into a help center, and listed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from migrator_lib.csv_file import FORMULA
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, Category, CategoryText, KnowledgeBase, Translation
from migrator_lib.gorgias.help_center.outcome import Problem

SLUG_LENGTH = 200


def prepared(base: KnowledgeBase) -> tuple[KnowledgeBase, list[Problem]]:
    """Return a knowledge base that fits, and what had to change or should be looked at."""
    problems: list[Problem] = []
    categories = tuple(_categories(base, problems))
    known = {category.external_id for category in categories}
    taken: set[tuple[str, str]] = set()
    articles = tuple(_article(base, article, known, taken, problems) for article in base.articles)
    problems += _twice("article", [article.external_id for article in base.articles])
    problems += _twice("category", [category.external_id for category in base.categories])
    return base.model_copy(update={"categories": categories, "articles": articles}), problems


def as_slug(text: str) -> str:
    """Return a text as the end of an address: small letters, digits and single dashes; maybe nothing."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")


def _twice(what: str, ids: list[str]) -> Iterator[Problem]:
    for one in sorted({one for one in ids if ids.count(one) > 1}):
        yield Problem(one, "", "id twice", f"this {what}'s id is another one's, too")


def _slug(
    record: str, locale: str, given: str, title: str, taken: set[tuple[str, str]], problems: list[Problem]
) -> str:
    wanted = as_slug(given or title) or as_slug(f"article-{record}") or "article"
    if given and wanted != given:
        problems.append(
            Problem(record, locale, "address changed", f"'{given[:80]}' is no address; it is '{wanted}' now")
        )
    unique, number = wanted, 1
    while (locale, unique) in taken:
        number += 1
        unique = f"{wanted}-{number}"
    if unique != wanted:
        problems.append(Problem(record, locale, "address twice", f"'{wanted}' is another one's; it is '{unique}' now"))
    taken.add((locale, unique))
    return unique


def _categories(base: KnowledgeBase, problems: list[Problem]) -> Iterator[Category]:
    """Yield categories, parents first; one whose parent is not there, or is below itself, has none."""
    known = {category.external_id: category for category in base.categories}
    taken: set[tuple[str, str]] = set()
    depths = {one: _depth(one, known) for one in known}
    for category in sorted(
        known.values(), key=lambda one: (depths[one.external_id] or 0, one.position, one.external_id)
    ):
        record = category.external_id
        parent = category.parent
        if parent is not None and (parent not in known or depths[record] is None):
            words = "it is below itself" if parent in known else "the one it is below is not there"
            problems.append(Problem(record, "", "category without a place", f"{words}; it is at the top now"))
            parent = None
        texts = {}
        for locale in base.locales(category.texts):
            text = category.texts[locale]
            slug = _slug(record, locale, text.slug, text.name, taken, problems)
            texts[locale] = CategoryText(name=text.name.strip() or record, slug=slug, description=text.description)
            problems += _formula(record, locale, text.name, text.description)
        if not texts:
            problems.append(
                Problem(record, base.default_locale, "category without a name", "it is called by its id now")
            )
            slug = _slug(record, base.default_locale, "", record, taken, problems)
            texts[base.default_locale] = CategoryText(name=record, slug=slug)
        yield category.model_copy(update={"parent": parent, "texts": texts})


def _depth(one: str, known: dict[str, Category]) -> int | None:
    """Return how many categories one is below, or None where that has no end."""
    depth, seen, parent = 0, {one}, known[one].parent
    while parent is not None and parent in known:
        if parent in seen:
            return None
        seen.add(parent)
        depth, parent = depth + 1, known[parent].parent
    return depth


def _article(
    base: KnowledgeBase, article: Article, known: set[str], taken: set[tuple[str, str]], problems: list[Problem]
) -> Article:
    record, category = article.external_id, article.category
    if category is not None and category not in known:
        problems.append(Problem(record, "", "category not there", f"'{category[:80]}' is not there; it has none now"))
        category = None
    if not article.translations:
        problems.append(Problem(record, "", "nothing to show", "it has no text in any language, and is not moved"))
    translations = {}
    for locale in base.locales(article.translations):
        given = _whole(article.translations[locale])
        title = given.title.strip()
        if not title:
            problems.append(Problem(record, locale, "no title", "it is called by its id now"))
        slug = _slug(record, locale, given.slug, given.title, taken, problems)
        translations[locale] = given.model_copy(update={"title": title or record, "slug": slug})
        problems += _formula(record, locale, given.title, given.excerpt, given.seo_title, given.seo_description)
        problems += _images(article, locale, given)
    return article.model_copy(update={"category": category, "translations": translations})


def _whole(given: Translation) -> Translation:
    """Return a translation without halves of letters, which no file can hold."""
    texts = ("title", "slug", "excerpt", "seo_title", "seo_description")
    whole = {name: getattr(given, name).encode("utf-8", "replace").decode() for name in texts}
    return given.model_copy(update=whole)


def _formula(record: str, locale: str, *texts: str) -> Iterator[Problem]:
    if any(text.strip().startswith((*FORMULA, "'")) for text in texts):
        words = "a text of it begins as a formula does; the list of the package has an apostrophe before it"
        yield Problem(record, locale, "begins like a formula", words)


def _images(article: Article, locale: str, translation: Translation) -> Iterator[Problem]:
    known = {media.reference for media in article.files}
    for reference in html.shown(translation.text):
        if reference in known:
            continue
        if html.is_elsewhere(reference):
            yield Problem(article.external_id, locale, "image elsewhere", "it shows a picture of another site")
        else:
            yield Problem(article.external_id, locale, "image missing", "it shows a picture that no file is for")
