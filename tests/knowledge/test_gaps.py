"""What people should mend, and where old addresses lead."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.handoff.redirects import OldLink, old_articles
from migrator_lib.knowledge.addresses import old_addresses
from migrator_lib.knowledge.gaps import gaps
from tests.knowledge.conftest import Base
from tests.loading import TARGET
from tests.objects.kb import desk, translated


def test_every_gap_is_named_with_what_to_do(tmp_path: Path) -> None:
    body = ('<img src="/FileStorage/gone.png"><img src="https://else.example/x.png"><a href="/kb/a8/">x</a>'
            '<a href="/kb/a99/">y</a>')  # fmt: skip
    shop = desk(
        tmp_path,
        {"KbArticleID": 1, "KbCategoryID": 1, "Body": body},
        {"KbArticleID": 2, "KbCategoryID": 1, "Body": None},
        {"KbArticleID": 3, "KbCategoryID": 1, "IsDraft": True, "IsFlaggedForReview": True},
        {"KbArticleID": 4, "DisplayInAllBrands": False},
        {"KbArticleID": 5, "KbCategoryID": 1},
        {"KbArticleID": 6, "KbCategoryID": 1, "Subject": "x" * 300},
        {"KbArticleID": 7, "KbArticleID_ForwardTo": 7},
        {"KbArticleID": 8, "IsDeleted": True},
        {"KbArticleID": 9, "LanguageID": 77},
        {"KbArticleID": 10, "KbArticleID_ForwardTo": 1},
        categories=({"KbCategoryID": 1},),
    )  # fmt: skip
    translated(shop, (1, 5))
    found = [(gap.article, gap.what) for gap in gaps(shop.lookups())]
    assert found == [
        (1, "shows '/FileStorage/gone.png', for which no file is known"),
        (1, "shows 'https://else.example/x.png', a picture of another site"),
        (1, "links to article 8, which is not there afterwards (it does not move: deleted_article)"),
        (1, "links to article 99, which is not there afterwards (it is not in the source)"),
        (4, "counts as private: its category is, or no brand shows it"),
        (5, "is a translation into the same language as article 1"),
        (6, "has a title of more than 255 characters, which was cut"),
        (7, "it forwards in a circle: 7 → 7"),
        (9, "does not move"),
        (10, "has a text, but forwards to article 1"),
    ]


def test_old_addresses_lead_to_the_new_ones(base: Base) -> None:
    base.load()
    staged = base.shop.stage()
    found = {one.path: one for one in old_addresses(base.lookups(staged), base.ledger, TARGET)}
    assert list(found) == [
        "/kb/a1/returns.aspx", "/kb/a5/send-back.aspx", "/kb/a3/rucksendung.aspx", "/kb/a2/paying.aspx",
        "/kb/a4/not-yet.aspx",
    ]  # fmt: skip
    assert {one.address for one in found.values()} == {""}
    assert (found["/kb/a3/rucksendung.aspx"].locale, found["/kb/a3/rucksendung.aspx"].article) == ("de-DE", 1)
    base.by_api()
    base.load()
    found = {one.path: one for one in old_addresses(base.lookups(staged), base.ledger, TARGET)}
    (german,) = (one for one in base.center.documents("hc_article_translation") if one["slug"] == "rucksendung")
    assert found["/kb/a3/rucksendung.aspx"].address == f"/de-DE/rucksendung-{german['article_id']}"
    assert found["/kb/a5/send-back.aspx"].slug == "returns"


def test_old_links_lead_to_articles_as_far_as_anybody_knows_where_they_are(base: Base) -> None:
    base.load()
    staged = base.shop.stage()
    assert {link.target_id for link in old_articles(base.lookups(staged), base.ledger)} == {""}
    base.way = {"addresses": {0: "https://help.example/"}}
    package = {link.number: link for link in old_articles(base.lookups(staged), base.ledger)}
    assert package["/kb/a5/"] == OldLink("article", "/kb/a5/", 5, "https://help.example")
    base.by_api()
    base.load()
    base.way["addresses"] = {1: "https://help.example"}
    (german,) = (one for one in base.center.documents("hc_article_translation") if one["slug"] == "rucksendung")
    found = {link.old_id: link.target_id for link in old_articles(base.lookups(staged), base.ledger)}
    assert set(found) == {1, 2, 3, 4, 5}
    assert found[3] == f"https://help.example/de-DE/rucksendung-{german['article_id']}"
    assert found[5] == found[1] == f"https://help.example/en-US/returns-{german['article_id']}"
