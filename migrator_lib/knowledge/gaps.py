"""Content gaps: what people should mend in articles, before or after they move. It quotes no text but titles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib.gorgias.help_center import html
from migrator_lib.knowledge.assembling import file_row
from migrator_lib.knowledge.references import is_own
from migrator_lib.lookups import Lookups
from migrator_lib.objects.attachment import problem_of
from migrator_lib.objects.kb_article import TITLE_MAXIMUM


@dataclass(frozen=True)
class Gap:
    """One thing to mend."""

    kind: str
    article: int
    title: str
    locale: str
    words: str
    """What it is, and what to do."""


def content_gaps(lookups: Lookups) -> Iterator[Gap]:
    """Yield what to mend of every article that is not deleted, by article."""
    rules = lookups.article_rules
    for article, row in lookups.knowledge.articles.items():
        if row["IsDeleted"]:
            continue
        title = " ".join((row["Subject"] or "").split())
        locale = rules.locale(article) or ""
        found = _of_forward(article, lookups) if rules.forwards_to(article) is not None else _of(article, lookups)
        for kind, words in found:
            yield Gap(kind, article, title, locale, words)


def _of_forward(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    end = lookups.article_rules.end(article)
    if isinstance(end, str):
        yield "forward to nowhere", f"{end}: its old address leads nowhere. Give it a text or another end"
    elif not lookups.article_rules.is_empty(article):
        yield "text behind a forward", f"it forwards to article {end}, so that its own text is not moved"


def _of(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules, row = lookups.article_rules, lookups.knowledge.articles[article]
    reason = rules.unusable(article)
    if reason:
        yield "not moved", reason
        return
    yield from _of_state(article, lookups)
    if row["KbCategoryID"] is None or rules.category_of(article) is None:
        yield "no category", "it is in none, and only search finds it: put it into one"
    if article in rules.same_language:
        other = rules.same_language[article]
        yield (
            "same language twice",
            f"a translation of its has the same language as {other}: it stays alone, merge them",
        )
    if len(" ".join((row["Subject"] or "").split())) > TITLE_MAXIMUM:
        yield "long title", f"longer than {TITLE_MAXIMUM} characters, and cut: shorten it"
    if row.get("IsFeaturedInPortal"):
        yield "featured", "it was featured in the portal: feature it in the Help Center by hand"
    yield from _of_references(article, lookups)


def _of_state(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules, row = lookups.article_rules, lookups.knowledge.articles[article]
    if rules.is_empty(article):
        yield "empty", "it has no text, and becomes a draft: write it, or delete it"
    elif row["IsDraft"] is not False:
        yield "draft", "it was never finished, and stays a draft: finish it, or delete it"
    elif rules.is_private(article):
        state = "left out" if rules.left_out(article) else rules.status(article)
        yield "private", f"the public could not read it; it is {state}: decide who may"
    if row.get("IsFlaggedForReview"):
        yield "to be reviewed", "somebody flagged it for review: the flag does not move, review it"


def _of_references(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules = lookups.article_rules
    found = rules.refers_to(article)
    for number in found.files.values():
        row = file_row(number, lookups)
        problem = problem_of(lookups.files.match(row), row, lookups.parameters.target.upload_limit_bytes)
        if problem:
            yield "file missing", f"file {number}: {problem}"
    for reference in html.shown(rules.body(article)):
        if reference not in found.files and reference not in found.pictures:
            own = is_own(reference, rules.hosts)
            words = "no file is known for it: put it in again" if own else "it will vanish when that site removes it"
            yield ("picture missing" if own else "picture elsewhere"), f"'{reference[:120]}': {words}"
    for linked in sorted(set(found.articles.values())):
        known = linked in lookups.knowledge.articles
        end = rules.end(linked) if known else "it is not in the source"
        if isinstance(end, str):
            yield "link to nowhere", f"it links to article {linked}, which is not there afterwards: {end}"
