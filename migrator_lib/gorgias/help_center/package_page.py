"""The page in a package that tells the account's admin what it is and what to do with it, box by box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from migrator_lib import pages
from migrator_lib.gorgias.help_center.articles import KnowledgeBase
from migrator_lib.gorgias.help_center.outcome import Outcome
from migrator_lib.pages import Html

OPEN = "☐"
MOST = 1_000
"""Rows that a table of the page has; the lists have all. Texts are named and not linked: they may hold scripts."""
SEEN_BY = {"published": "everybody", "unlisted": "whoever has its address", "draft": "nobody: a draft"}


def readme(base: KnowledgeBase, outcome: Outcome, company: str) -> str:
    """Return the page. It is the same whenever it is made."""
    count = len(outcome.problems)
    words = f"{pages.counted(count, 'thing')} to look at" if count else "Nothing went wrong with any article"
    rows = list(_articles(base, outcome))
    parts: list[object] = [
        pages.heading(f"Articles for the Help Center{f' of {company}' if company else ''}", 1),
        pages.status(words, "warn" if count else "good"),
        pages.tiles(
            {"articles": len(base.articles), "articles, each language": len(rows), "categories": len(base.categories),
             **{f"read by {who}": n for who, n in _counted(rows, "read by").items()}}
        ),
        pages.heading("What to do"),
        pages.table([{"done": OPEN, "step": n, "what": what} for n, what in enumerate(_steps(base, count), 1)]),
        pages.heading("Languages"),
        pages.bullets(f"{locale}: {pages.counted(n, 'article')}" for locale, n in _counted(rows, "language").items()),
        pages.heading("Categories"),
        pages.table(list(_categories(base)), empty="There are none."),
        pages.heading("Articles"),
        _first(rows, "articles.csv", "There are none."),
        pages.heading("What to look at"),
        _first(list(_problems(base, outcome)), "problems.csv", "Nothing."),
        pages.note("manifest.json has the SHA-256 of every file."),
    ]  # fmt: skip
    return pages.document("Articles for the Help Center", pages.join(parts), footer="Written by the migration.")


def _steps(base: KnowledgeBase, problems: int) -> Iterator[str]:
    """Yield what to do, in order; what this package needs nothing of is left out."""
    yield "Make a help center in Gorgias (Settings, Help Center) with the languages below, and leave it unpublished."
    if base.categories:
        yield (
            "Make the categories below in it (categories.csv): they have to be there before their articles. Hide those "
            "with nothing for everybody, if the Help Center shows empty ones: their names may be for agents alone."
        )
    yield (
        "Import articles.csv with the product's own importer. A column that it does not ask for can be left out; the "
        "texts are in html/."
    )
    if any(article.status_of(locale) != "published" for article in base.articles for locale in article.translations):
        yield (
            "Before anything is published: see that every article below which not everybody reads is a draft, or "
            "unlisted. The importer may not know the column 'status'."
        )
    if any(article.files for article in base.articles):
        yield "Where it takes no files along, upload those of images/ and put them in: images.csv says which is which."
    if any(one.links for article in base.articles for one in article.translations.values()):
        yield "Links between articles go on working by the redirects; links.csv says which article each one means."
    if problems:
        yield "Go through what to look at, at the end of this page (problems.csv)."
    yield "Look at some articles of every category and language, then publish."
    yield (
        "Enter redirects.csv where the old addresses are served, so that old links go on working: in the Help Center, "
        "if it takes over the old portal's address, else on the old portal's web server."
    )


def _categories(base: KnowledgeBase) -> Iterator[dict[str, object]]:
    inside = Counter(article.category for article in base.articles)
    public = Counter(
        article.category
        for article in base.articles
        if any(article.status_of(locale) == "published" for locale in article.translations)
    )
    names = _names(base)
    for category in base.categories:
        yield {
            "done": OPEN, "category": names[category.external_id], "below": names.get(category.parent or "", ""),
            "languages": ", ".join(base.locales(category.texts)), "articles in it": inside[category.external_id],
            "of these for everybody": public[category.external_id],
        }  # fmt: skip


def _names(base: KnowledgeBase) -> dict[str, str]:
    """Return external id to the name of a category, in its first language."""
    return {one.external_id: one.texts[base.locales(one.texts)[0]].name for one in base.categories}


def _articles(base: KnowledgeBase, outcome: Outcome) -> Iterator[dict[str, object]]:
    names = _names(base)
    files = {(entry.article, entry.locale): entry.target for entry in outcome.entries}
    for article in base.articles:
        for locale in base.locales(article.translations):
            yield {
                "done": OPEN, "article": article.translations[locale].title, "language": locale,
                "category": names.get(article.category or "", "(none)"), "read by": SEEN_BY[article.status_of(locale)],
                "brand": article.brand or "all", "text": files.get((article.external_id, locale), ""),
            }  # fmt: skip


def _problems(base: KnowledgeBase, outcome: Outcome) -> Iterator[dict[str, object]]:
    titles = {
        article.external_id: article.translations[locales[0]].title
        for article in base.articles
        if (locales := base.locales(article.translations))
    }
    known = {**_names(base), **titles}
    for one in outcome.problems:
        what = known.get(one.record, one.record)
        yield {"done": OPEN, "what": one.kind, "of": what, "language": one.locale or "all", "why": one.words}


def _counted(rows: list[dict[str, object]], column: str) -> dict[str, int]:
    return dict(sorted(Counter(str(row[column]) for row in rows).items()))


def _first(rows: list[dict[str, object]], file: str, empty: str) -> Html:
    more = pages.note(f"The first {MOST:,} of {len(rows):,}; {file} has all.") if len(rows) > MOST else ""
    return pages.join([pages.table(rows[:MOST], empty=empty), more])
