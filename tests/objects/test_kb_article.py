"""Articles: what becomes of each, by which rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib.objects.base import Merge, Quarantine, Record, Send, Skip
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from tests.objects.kb import desk, outcomes, translated


def status(folder: Path, article: dict[str, Any], category: tuple[dict[str, Any], ...] = (), **policy: str) -> str:
    lookups = desk(folder, {"KbArticleID": 1, **article}, categories=category, **policy).lookups()
    (found,) = outcomes(lookups).values()
    assert isinstance(found, Send)
    return str(found.payload["translations"]["en-US"]["status"])


def test_an_article_becomes_one_of_the_help_center(tmp_path: Path) -> None:
    html = '<p dir="rtl">سياسة\r\n<b>x</B>&nbsp;</p>'
    shop = desk(tmp_path, {"KbArticleID": 7, "KbCategoryID": 3, "Body": html, "Summary": "Short"},
                categories=({"KbCategoryID": 3, "CategoryName": "Returns"},))  # fmt: skip
    (found,) = outcomes(shop.lookups()).values()
    assert isinstance(found, Send)
    assert found.payload["external_id"] == "st:demo:kb_article:7"
    assert found.payload["category"] == "st:demo:kb_category:3"
    text = found.payload["translations"]["en-US"]
    assert (text["title"], text["html"], text["excerpt"]) == ("How to return a parcel", html, "Short")
    assert text["status"] == "published"
    assert text["old_urls"] == ["/kb/a7/how-to-return-a-parcel.aspx"]


@pytest.mark.parametrize("article", [{"IsDraft": True}, {"IsDraft": None}, {"Body": "  "}, {"IsPrivate": True},
                                     {"IsPrivate": None}, {"DisplayInAllBrands": False}])  # fmt: skip
def test_what_the_public_could_not_read_is_a_draft(tmp_path: Path, article: dict[str, Any]) -> None:
    assert status(tmp_path, article) == "draft"


@pytest.mark.parametrize("hidden", [{"IsPrivate": True}, {"IsVisible": False}])
def test_an_article_below_a_hidden_category_is_private(tmp_path: Path, hidden: dict[str, Any]) -> None:
    categories = ({"KbCategoryID": 1, **hidden}, {"KbCategoryID": 2, "KbCategoryID_Parent": 1})
    assert status(tmp_path, {"KbCategoryID": 2}, categories) == "draft"
    assert status(tmp_path / "b", {"KbCategoryID": 2}, categories, private_articles="unlisted") == "unlisted"


def test_a_private_draft_stays_a_draft_where_private_ones_are_unlisted(tmp_path: Path) -> None:
    assert status(tmp_path, {"IsDraft": True, "IsPrivate": True}, private_articles="unlisted") == "draft"


def test_private_articles_are_left_out_where_the_engagement_says_so(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1, "IsPrivate": True}, {"KbArticleID": 2}, private_articles="skip")
    found = outcomes(shop.lookups())
    assert found[1] == Skip("private_article")
    assert isinstance(found[2], Send)


def test_a_deleted_article_is_left_out(tmp_path: Path) -> None:
    assert outcomes(desk(tmp_path, {"KbArticleID": 1, "IsDeleted": True}).lookups()) == {1: Skip("deleted_article")}


def test_translations_are_one_article_however_they_are_paired(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1, "LanguageID": 3}, {"KbArticleID": 2}, {"KbArticleID": 3, "LanguageID": 2},
                {"KbArticleID": 4})  # fmt: skip
    translated(shop, (2, 3), (3, 1))
    found = outcomes(shop.lookups())
    assert (found[1], found[3]) == (Merge("2", "translation"), Merge("2", "translation"))
    assert isinstance(found[2], Send)
    assert isinstance(found[4], Send)
    assert {locale: one["article"] for locale, one in found[2].payload["translations"].items()} == {
        "en-US": 2, "de-DE": 3, "fr-FR": 1
    }  # fmt: skip


def test_a_private_translation_does_not_become_public_with_the_others(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1}, {"KbArticleID": 2, "LanguageID": 2, "IsPrivate": True})
    translated(shop, (1, 2))
    found = outcomes(shop.lookups())[1]
    assert isinstance(found, Send)
    assert {locale: one["status"] for locale, one in found.payload["translations"].items()} == {
        "de-DE": "draft", "en-US": "published"
    }  # fmt: skip


def test_two_of_one_language_cannot_be_one_article(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1}, {"KbArticleID": 2, "LanguageID": 2}, {"KbArticleID": 3})
    translated(shop, (1, 2), (1, 3))
    lookups = shop.lookups()
    found = outcomes(lookups)
    assert isinstance(found[3], Send)
    assert list(found[3].payload["translations"]) == ["en-US"]
    assert found[2] == Merge("1", "translation")
    assert lookups.article_rules.same_language == {3: 1}


def test_a_deleted_translation_still_connects_the_others(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1}, {"KbArticleID": 2, "LanguageID": 2, "IsDeleted": True},
                {"KbArticleID": 3, "LanguageID": 3})  # fmt: skip
    translated(shop, (1, 2), (2, 3))
    found = outcomes(shop.lookups())
    assert (found[2], found[3]) == (Skip("deleted_article"), Merge("1", "translation"))


def test_forwards_become_old_addresses_of_where_they_end(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1}, {"KbArticleID": 2, "KbArticleID_ForwardTo": 1, "Subject": "Old"},
                {"KbArticleID": 3, "KbArticleID_ForwardTo": 2, "Subject": "Older!"})  # fmt: skip
    found = outcomes(shop.lookups())
    assert (found[2], found[3]) == (Merge("1", "forward"), Merge("1", "forward"))
    assert isinstance(found[1], Send)
    urls = found[1].payload["translations"]["en-US"]["old_urls"]
    assert urls == ["/kb/a1/how-to-return-a-parcel.aspx", "/kb/a2/old.aspx", "/kb/a3/older.aspx"]


@pytest.mark.parametrize(("target", "words"), [
    (1, "it forwards in a circle: 1 → 1"), (2, "it forwards in a circle: 1 → 2 → 1"), (9, "article 9, which is not in"),
    (3, "article 3, which does not move: deleted_article"),
])  # fmt: skip
def test_a_forward_that_leads_nowhere_is_quarantined(tmp_path: Path, target: int, words: str) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1, "KbArticleID_ForwardTo": target},
                {"KbArticleID": 2, "KbArticleID_ForwardTo": 1}, {"KbArticleID": 3, "IsDeleted": True})  # fmt: skip
    found = outcomes(shop.lookups())[1]
    assert isinstance(found, Quarantine)
    assert words in found.reason


def test_an_article_without_a_language_has_the_detected_one_else_the_default(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1, "LanguageID": None, "DetectedLanguage": "de"},
                {"KbArticleID": 2, "LanguageID": None})  # fmt: skip
    found = outcomes(shop.lookups())
    assert [list(one.payload["translations"]) for one in found.values() if isinstance(one, Send)] == [
        ["de-DE"], ["en-US"]
    ]  # fmt: skip


def test_what_is_not_in_the_mapping_is_asked_for(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1, "LanguageID": 3}, {"KbArticleID": 2, "KbCategoryID": 5},
                categories=({"KbCategoryID": 5},))  # fmt: skip
    del shop.mapped["languages"]["3"]
    shop.mapped["kb_categories"] = {}
    lookups = shop.lookups()
    assert all("is not in mapping.yaml: run notebook 02" in one.reason for one in outcomes(lookups).values()
               if isinstance(one, Quarantine))  # fmt: skip
    assert [type(one) for one in outcomes(lookups).values()] == [Quarantine, Quarantine]
    assert isinstance(KbCategory().transform(Record("5", {}), lookups), Quarantine)


def test_an_article_goes_up_from_a_category_that_is_not_made(tmp_path: Path) -> None:
    categories = ({"KbCategoryID": 1}, {"KbCategoryID": 2, "KbCategoryID_Parent": 1},
                  {"KbCategoryID": 3, "KbCategoryID_Parent": 2})  # fmt: skip
    shop = desk(tmp_path, {"KbArticleID": 1, "KbCategoryID": 2}, categories=categories)
    shop.mapped["kb_categories"]["2"]["becomes"] = "nothing"
    lookups = shop.lookups()
    (found,) = outcomes(lookups).values()
    assert isinstance(found, Send)
    assert found.payload["category"] == "st:demo:kb_category:1"
    made = {one.key: KbCategory().transform(one, lookups) for one in KbCategory().records(shop.stage(), lookups)}
    assert made["2"] == Skip("mapped_to_nothing")
    assert isinstance(made["3"], Send)
    assert made["3"].payload["parent"] == "st:demo:kb_category:1"


def test_an_over_long_title_is_cut_and_whole_for_search(tmp_path: Path) -> None:
    long = "Which tent " * 30
    (found,) = outcomes(desk(tmp_path, {"KbArticleID": 1, "Subject": long}).lookups()).values()
    assert isinstance(found, Send)
    text = found.payload["translations"]["en-US"]
    assert len(text["title"]) <= 255
    assert text["title"].endswith("…")
    assert text["seo_title"] == long.strip()


def test_articles_go_to_the_help_centers_of_their_brands(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 1}, *({"KbArticleID": n, "DisplayInAllBrands": False} for n in (2, 3, 4)))
    shop.add("Brands", {"BrandID": 2, "BrandName": "Home"}, {"BrandID": 3, "BrandName": "Kids"})
    for article, brand in ((2, 2), (3, 2), (3, 3), (4, 3)):
        shop.add("KbArticlesBrands", {"KbArticleID": article, "BrandID": brand})
    tags = {str(n): {"name": "x", "tag": f"b{n}"} for n in (1, 2, 3)}
    shop.mapped["brands"] = {**tags, "2": {**tags["2"], "help_center": 22}}
    rules = shop.lookups().article_rules
    assert [rules.centers_of(article) for article in (1, 2, 3, 4)] == [(0, 22), (22,), (0, 22), (0,)]
    assert (rules.brands_of(1), rules.brands_of(3)) == ("", "Home, Kids")
    shop.policy["articles_of_all_brands"] = "default"
    assert shop.lookups().article_rules.centers_of(1) == (0,)


def test_every_record_is_there_once_and_without_its_body(tmp_path: Path) -> None:
    shop = desk(tmp_path, {"KbArticleID": 2}, {"KbArticleID": 1})
    staged = shop.stage()
    records = list(KbArticle().records(staged, shop.lookups(staged)))
    assert [record.key for record in records] == ["1", "2"]
    assert all("Body" not in record.data for record in records)
