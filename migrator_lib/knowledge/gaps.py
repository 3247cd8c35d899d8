"""What stands in the way of an article, or is lost of it: what its forwards, translations, pictures and links tell.

It quotes no text but titles. What an article's own row tells (a draft, flagged for review) is listed beside it, by the
handoff documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib.gorgias.help_center import html
from migrator_lib.knowledge.assembling import file_row
from migrator_lib.knowledge.references import is_own
from migrator_lib.lookups import Lookups
from migrator_lib.objects.attachment import problem_of
from migrator_lib.objects.kb_article import TITLE_MAXIMUM

SHOWN = 120
"""Letters of an address that are shown."""


@dataclass(frozen=True)
class Gap:
    """One thing to mend."""

    article: int
    title: str
    what: str
    to_do: str


def gaps(lookups: Lookups) -> Iterator[Gap]:
    """Yield what to mend of every article that is not deleted, by article."""
    rules = lookups.article_rules
    for article, row in lookups.knowledge.articles.items():
        if row["IsDeleted"]:
            continue
        title = " ".join((row["Subject"] or "").split())
        found = _of_forward(article, lookups) if rules.forwards_to(article) is not None else _of(article, lookups)
        for what, to_do in found:
            yield Gap(article, title, what, to_do)


def _of_forward(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    end = lookups.article_rules.end(article)
    if isinstance(end, str):
        yield end, "give it a text of its own or another end: its old address leads nowhere"
    elif not lookups.article_rules.is_empty(article):
        yield f"has a text, but forwards to article {end}", "nothing, or put its text there: it does not move"


def _of(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules, row = lookups.article_rules, lookups.knowledge.articles[article]
    reason = rules.unusable(article)
    if reason:
        yield "does not move", reason
        return
    if rules.is_private(article) and row["IsPrivate"] is False:
        yield "counts as private: its category is, or no brand shows it", "decide who may read it"
    if article in rules.same_language:
        other = rules.same_language[article]
        yield (
            f"is a translation into the same language as article {other}",
            "merge the two: it stays an article of its own",
        )
    if len(" ".join((row["Subject"] or "").split())) > TITLE_MAXIMUM:
        yield f"has a title of more than {TITLE_MAXIMUM} characters, which was cut", "shorten it"
    yield from _of_files(article, lookups)
    yield from _of_links(article, lookups)


def _of_files(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules = lookups.article_rules
    found = rules.refers_to(article)
    for number in found.files.values():
        row = file_row(number, lookups)
        problem = problem_of(lookups.files.match(row), row, lookups.parameters.target.upload_limit_bytes)
        if problem:
            yield f"shows file {number}, and {problem}", "restore the file, or put the picture in again"
    for reference in html.shown(rules.body(article)):
        if reference in found.files or reference in found.pictures:
            continue
        if is_own(reference, rules.hosts):
            yield f"shows '{reference[:SHOWN]}', for which no file is known", "put the picture in again"
        else:
            yield f"shows '{reference[:SHOWN]}', a picture of another site", "put it in, before that site removes it"


def _of_links(article: int, lookups: Lookups) -> Iterator[tuple[str, str]]:
    rules = lookups.article_rules
    for linked in sorted(set(rules.refers_to(article).articles.values())):
        end = rules.end(linked) if linked in lookups.knowledge.articles else "it is not in the source"
        if isinstance(end, str):
            yield f"links to article {linked}, which is not there afterwards ({end})", "take the link out, or change it"
