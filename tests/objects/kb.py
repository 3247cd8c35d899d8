"""A small knowledge base as SmarterTrack's tables hold it, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrator_lib.lookups import Lookups
from migrator_lib.objects.base import Outcome, Record
from migrator_lib.objects.kb_article import KbArticle
from tests.shop import Shop

LANGUAGES = (
    {"LanguageID": 1, "CultureName": "en-US", "LanguageName": "English", "IsDefault": True},
    {"LanguageID": 2, "CultureName": "de-DE", "LanguageName": "German", "IsDefault": False},
    {"LanguageID": 3, "CultureName": "fr-FR", "LanguageName": "French", "IsDefault": False},
)
MAPPED = {
    "1": {"name": "English", "becomes": "en-US"},
    "2": {"name": "German", "becomes": "de-DE"},
    "3": {"name": "French", "becomes": "fr-FR"},
}


def desk(folder: Path, *articles: dict[str, Any], categories: tuple[dict[str, Any], ...] = (), **policy: str) -> Shop:
    """Return a shop with these articles; categories are mapped to themselves."""
    shop = Shop(folder, policy=policy)
    shop.add("Languages", *LANGUAGES)
    shop.add("KbCategories", *({"CategoryName": f"Category {one['KbCategoryID']}", **one} for one in categories))
    shop.add("KbArticles", *articles)
    shop.mapped["languages"] = dict(MAPPED)
    shop.mapped["kb_categories"] = {
        str(one["KbCategoryID"]): {"name": "x", "category": one.get("CategoryName", f"Category {one['KbCategoryID']}")}
        for one in categories
    }
    return shop


def translated(shop: Shop, *pairs: tuple[int, int]) -> None:
    """Connect articles as translations of each other."""
    for n, (primary, secondary) in enumerate(pairs, 1):
        shop.add(
            "KbArticleTranslations",
            {"KbArticleTranslationID": n, "KbArticleID_Primary": primary, "KbArticleID_Secondary": secondary},
        )


def outcomes(lookups: Lookups) -> dict[int, Outcome]:
    """Return what becomes of every article."""
    obj = KbArticle()
    return {int(key): obj.transform(Record(str(key), row), lookups) for key, row in lookups.knowledge.articles.items()}
