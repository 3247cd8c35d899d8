"""What people should mend, and where old addresses lead."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.knowledge.addresses import old_addresses
from migrator_lib.knowledge.gaps import content_gaps
from tests.knowledge.conftest import Base
from tests.loading import TARGET
from tests.objects.kb import desk, translated


def test_every_gap_is_named_with_what_to_do(tmp_path: Path) -> None:
    body = ('<img src="/FileStorage/gone.png"><img src="https://else.example/x.png"><a href="/kb/a8/">x</a>'
            '<a href="/kb/a99/">y</a>')  # fmt: skip
    shop = desk(
        tmp_path,
        {"KbArticleID": 1, "KbCategoryID": 1, "Body": body, "IsFeaturedInPortal": True},
        {"KbArticleID": 2, "KbCategoryID": 1, "Body": None},
        {"KbArticleID": 3, "KbCategoryID": 1, "IsDraft": True, "IsFlaggedForReview": True},
        {"KbArticleID": 4, "IsPrivate": True},
        {"KbArticleID": 5, "KbCategoryID": 1},
        {"KbArticleID": 6, "KbCategoryID": 1, "Subject": "x" * 300},
        {"KbArticleID": 7, "KbArticleID_ForwardTo": 7},
        {"KbArticleID": 8, "IsDeleted": True},
        {"KbArticleID": 9, "LanguageID": 77},
        categories=({"KbCategoryID": 1},),
    )  # fmt: skip
    translated(shop, (1, 5))
    found = [(gap.article, gap.kind) for gap in content_gaps(shop.lookups())]
    assert found == [
        (1, "featured"), (1, "picture missing"), (1, "picture elsewhere"), (1, "link to nowhere"),
        (1, "link to nowhere"), (2, "empty"), (3, "draft"), (3, "to be reviewed"), (4, "private"), (4, "no category"),
        (5, "same language twice"), (6, "long title"), (7, "forward to nowhere"), (9, "not moved"),
    ]  # fmt: skip


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
