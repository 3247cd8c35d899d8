"""Knowledge base article: an article of Gorgias' Help Center, in every language that it has.

Translations are articles of their own in SmarterTrack, connected in pairs: a group of them becomes one article, and
each is a translation of it (``translation``); two of one language cannot be, so the later one stays alone. One that
forwards to another becomes an old address of that one (``forward``). Deleted ones are left out (``deleted_article``),
private ones become drafts, unlisted, or are left out (``private_article``), as ``policy.private_articles`` says.

By the export package an article is handed over (``help_center_package``) to whoever imports it; by the API it is
created. See :mod:`migrator_lib.knowledge`.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.help_center.prepare import as_slug
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects.base import MappedField, Merge, MigrationObject, Outcome, Quarantine, Record, Send, Skip
from migrator_lib.staging import Staged

TITLE_MAXIMUM = 255
"""Characters of a title (UNVERIFIED: no limit is published); the whole of a longer one is the title for search."""


class KbArticle(MigrationObject):
    """Articles, whatever becomes of them."""

    name = "kb_article"
    title = "Knowledge base article"
    becomes = "Help Center article"
    reads = (
        "KbArticles", "KbArticleTranslations", "KbArticlesBrands", "KbCategories", "Languages", "Files",
    )  # fmt: skip
    undo = "by the API: deleted, where nobody has touched it; the export package is left to whoever imports it"
    verified = "the package, or the Help Center, is read back and compared field by field"
    fields = (
        MappedField("KbArticles.KbArticleID", "redirect", "its old address, /kb/a<id>/<title>.aspx, leads to it"),
        MappedField("KbArticles.KbCategoryID", "article.category_id", "the next category above it that is made"),
        MappedField("KbArticles.Subject", "translation.title, translation.slug", "cut at 255 characters: then the "
                    "whole is the title for search engines"),
        MappedField("KbArticles.Body", "translation.content", "as it is, but for the addresses of files that go up "
                    "and of other articles"),
        MappedField("KbArticles.Summary", "translation.excerpt", "as it is"),
        MappedField("KbArticles.LanguageID", "translation.locale", "by mapping.languages"),
        MappedField("KbArticles.DetectedLanguage", "translation.locale", "where it has no language"),
        MappedField("KbArticles.IsPrivate", "translation.visibility_status", "by policy.private_articles"),
        MappedField("KbArticles.IsDraft", "translation.is_current", "a draft stays unpublished"),
        MappedField("KbArticles.IsDeleted", "", "deleted ones are left out"),
        MappedField("KbArticles.IsFlaggedForReview", "content gaps", "nothing in the Help Center says it"),
        MappedField("KbArticles.DisplayInAllBrands", "help center", "by policy.articles_of_all_brands"),
        MappedField("KbArticles.KbArticleID_ForwardTo", "redirect", "its old address leads to where the chain ends"),
        MappedField("KbArticles.IsFeaturedInPortal", "content gaps", "the Help Center's API has no featured articles"),
        MappedField("KbArticles.DateCreatedUTC", "articles.csv", "the Help Center dates an article by its import"),
        MappedField("KbArticles.DateModifiedUTC", "articles.csv", "the Help Center dates an article by its import"),
        MappedField("KbArticles.DateLastReviewedUTC", "articles.csv, content gaps", "the Help Center has none"),
        MappedField("KbArticleTranslations.KbArticleTranslationID", "", "only tells the pairs apart"),
        MappedField("KbArticleTranslations.KbArticleID_Primary + KbArticleTranslations.KbArticleID_Secondary",
                    "translation.article_id", "articles that pairs connect become one article"),
        MappedField("KbArticlesBrands.KbArticleID + KbArticlesBrands.BrandID", "help center",
                    "by mapping.brands: each brand's own, else the common one"),
        MappedField("Languages.LanguageID + Languages.CultureName + Languages.LanguageName", "translation.locale",
                    "by mapping.languages"),
        MappedField("Languages.IsDefault", "help center", "its first language"),
        MappedField("Files.FileID + Files.FileNameOriginal + Files.FileNameOnDisk", "translation.content",
                    "a file that an article shows goes up, and the article shows that"),
        MappedField("Files.Length + Files.Crc + Files.CompressionType", "",
                    "compared with the file on disk before it goes up"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield every row of KbArticles, without its body."""
        for article, row in lookups.knowledge.articles.items():
            yield Record(str(article), row)

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The article in all its languages, where it leads a group; else where it went."""
        rules, article = lookups.article_rules, int(record.key)
        if record.data["IsDeleted"]:
            return Skip("deleted_article")
        if rules.forwards_to(article) is not None:
            end = rules.end(article)
            return Quarantine(end) if isinstance(end, str) else Merge(str(rules.leaders[end]), "forward")
        rule, reason = rules.left_out(article), rules.unusable(article)
        if rule:
            return Skip(rule)
        if reason:
            return Quarantine(reason)
        leader = rules.leaders[article]
        return Send(payload(leader, lookups)) if leader == article else Merge(str(leader), "translation")


def payload(leader: int, lookups: Lookups) -> Json:
    """Return an article as it should be in the Help Center, its texts as SmarterTrack has them."""
    rules = lookups.article_rules
    members = rules.groups[leader].members
    category = rules.category_of(leader)
    return {
        "external_id": lookups.external_id(KbArticle.name, leader),
        "category": None if category is None else lookups.external_id("kb_category", category),
        "translations": {
            locale: {**translation(article, lookups), "html": rules.body(article)}
            for locale, article in sorted(members.items())
        },
    }


def translation(article: int, lookups: Lookups) -> Json:
    """Return one language of an article but for its HTML, which may be long."""
    rules, row = lookups.article_rules, lookups.knowledge.articles[article]
    whole = " ".join((row["Subject"] or "").split())
    title = whole if len(whole) <= TITLE_MAXIMUM else whole[: TITLE_MAXIMUM - 1].rstrip() + "…"
    return {
        "article": article,
        "title": title,
        "seo_title": whole if title != whole else "",
        "excerpt": row["Summary"] or "",
        "status": rules.status(article),
        "brand": rules.brands_of(article),
        "centers": list(rules.centers_of(article)),
        "old_urls": [old_url(one, lookups) for one in (article, *rules.forwarded.get(article, ()))],
        "dates": [iso(row[name]) or "" for name in ("DateCreatedUTC", "DateModifiedUTC", "DateLastReviewedUTC")],
    }


def old_url(article: int, lookups: Lookups) -> str:
    """Return the path of an article in SmarterTrack's portal (as portal.smartertools.com has it)."""
    name = as_slug(lookups.knowledge.articles[article]["Subject"] or "") or "article"
    return f"/kb/a{article}/{name}.aspx"
