"""Content gaps: what people finish of the knowledge base, of macros, and of placeholders that Gorgias does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from migrator_lib.knowledge.gaps import gaps
from migrator_lib.lookups import Lookups
from migrator_lib.objects.macro import left_out, placeholders_in
from migrator_lib.objects.macro import to_finish as macros_to_finish
from migrator_lib.reconcile.differences import shortened
from migrator_lib.staging import Row as Article
from migrator_lib.staging import Staged

Row = dict[str, object]
STALE = timedelta(days=365)
"""How long before the newest review an article's own may be."""


def articles(lookups: Lookups) -> list[Row]:
    """Return what is to be done about articles, a row for each point, article by article."""
    rules, known = lookups.article_rules, lookups.knowledge.articles
    newest = max((row["DateLastReviewedUTC"] for row in known.values() if row.get("DateLastReviewedUTC")), default=None)
    told = [
        (row["Subject"], number, what, do)
        for number, row in sorted(known.items())
        if rules.moves(number)
        for what, do in _points(number, row, newest, lookups)
    ]
    told += [(gap.title, gap.article, gap.what, gap.to_do) for gap in gaps(lookups)]
    return [
        {"article": f"{shortened(title or '(no title)')} ({number})", "what": what, "to do": do}
        for title, number, what, do in sorted(told, key=lambda row: row[1])
    ]


def _points(number: int, row: Article, newest: object, lookups: Lookups) -> Iterator[tuple[str, str]]:
    if row.get("IsDraft"):
        yield "is a draft", "finish it and publish it, or delete it"
    if row.get("IsPrivate"):
        yield "was for agents alone", "see that it stays unpublished, or move it to where agents keep notes"
    if lookups.article_rules.is_empty(number):
        yield "has no text", "write it, or delete it"
    if lookups.article_rules.category_of(number) is None:
        yield "is in no category", "choose one: articles without one are not found by browsing"
    if row.get("IsFlaggedForReview"):
        yield "was flagged for review", "review it; the Help Center has no such flag"
    if row.get("IsFeaturedInPortal"):
        yield "was featured in the portal", "put it on the Help Center's first page"
    reviewed = row.get("DateLastReviewedUTC")
    if reviewed and newest and newest - reviewed > STALE:
        yield f"was last reviewed on {reviewed:%Y-%m-%d}", "read it again: it may be out of date"


def translations(lookups: Lookups) -> list[Row]:
    """Return the articles that lack a language which others have, the most common languages first."""
    groups = lookups.article_rules.groups
    used = Counter(locale for group in groups.values() for locale in group.members)
    found: list[Row] = []
    for leader, group in sorted(groups.items()):
        missing = [locale for locale, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))
                   if locale not in group.members]  # fmt: skip
        if missing:
            title = lookups.knowledge.articles[leader]["Subject"] or "(no title)"
            found.append(
                {
                    "article": f"{shortened(title)} ({leader})",
                    "has": ", ".join(sorted(group.members)),
                    "lacks": ", ".join(missing),
                    "to do": "translate it, or let it be: the Help Center shows the first language then",
                }
            )
    return found


def macros(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return what a person finishes of macros by hand."""
    return macros_to_finish(staged, lookups)


def placeholders(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return every placeholder with the variable that it becomes, and where it is used; those without one first."""
    uses: dict[str, Counter[str]] = {}
    for where, text in _texts(staged, lookups):
        for name in placeholders_in(text):
            uses.setdefault(name, Counter())[where] += 1
    rows: list[Row] = []
    for name in sorted({*uses, *lookups.mapping.placeholders}):
        entry, own = lookups.mapping.placeholders.get(name), uses.get(name, Counter())
        variable = entry.becomes if entry else ""
        rows.append(
            {
                "placeholder": f"#{name}#",
                "in Gorgias": variable or "none",
                "canned replies": own["canned reply"],
                "auto-responders": own["auto-responder"],
                "events": own["event"],
                "to do": "nothing in macros; write it so in rules and auto-replies" if variable
                else "write words in its place wherever it is used",
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row["in Gorgias"] != "none", row["placeholder"]))


def _texts(staged: Staged, lookups: Lookups) -> Iterator[tuple[str, str]]:
    for row in staged.rows("CannedReplies"):
        if left_out(row, lookups) is None:
            yield "canned reply", row["Body"] or ""
    for row in staged.rows("AutoResponders"):
        yield "auto-responder", f"{row.get('Subject') or ''} {row.get('Body') or ''}"
    for row in staged.rows("EventInputs"):
        yield "event", str(row["EventValue"] or "")
