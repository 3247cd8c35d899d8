"""The page in a package that tells the account's admin what it is and what to do with it."""

from __future__ import annotations

from collections import Counter

from migrator_lib import pages
from migrator_lib.gorgias.help_center.articles import KnowledgeBase
from migrator_lib.gorgias.help_center.outcome import Outcome

STEPS = (
    "Make a help center in Gorgias (Settings, Help Center), with the languages below, and leave it unpublished.",
    "Make the categories of categories.csv in it: they have to be there before their articles.",
    "Import articles.csv with the product's own importer. A column that it does not ask for can be left out.",
    "Where it does not take files along, upload those of images/ and put them in: images.csv says which is which.",
    "Links between articles go on working by the redirects; links.csv says which article each one means.",
    "Look at problems.csv line by line.",
    "Look at some articles of every category and language, then publish; drafts and unlisted ones stay as they are.",
    "Enter redirects.csv where the old addresses are served, so that old links keep working.",
)


def readme(base: KnowledgeBase, outcome: Outcome, company: str) -> str:
    """Return the page. It is the same whenever it is made."""
    statuses = Counter(article.status_of(locale) for article in base.articles for locale in article.translations)
    locales = Counter(locale for article in base.articles for locale in article.translations)
    kinds = Counter(problem.kind for problem in outcome.problems)
    tone: pages.Tone = "warn" if kinds else "good"
    words = f"{sum(kinds.values())} things to look at" if kinds else "Nothing to look at"
    body = pages.join(
        [
            pages.heading(f"Articles for the Help Center{f' of {company}' if company else ''}", 1),
            pages.status(words, tone),
            pages.tiles(
                {"articles": len(base.articles), "categories": len(base.categories), **dict(sorted(statuses.items()))}
            ),
            pages.heading("What to do"),
            pages.tag("ol", pages.join(pages.tag("li", step) for step in STEPS)),
            pages.heading("Languages"),
            pages.bullets(f"{locale}: {count} articles" for locale, count in sorted(locales.items())),
            pages.heading("What to look at"),
            pages.bullets(f"{kind}: {count}" for kind, count in sorted(kinds.items()))
            if kinds
            else pages.paragraph("Nothing."),
            pages.note("problems.csv names the records; manifest.json has the SHA-256 of every file."),
        ]
    )
    return pages.document("Articles for the Help Center", body, footer="Written by the migration.")
