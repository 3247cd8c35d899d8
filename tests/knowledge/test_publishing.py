"""Loading the knowledge base, from source rows to what a visitor of the help center sees, both ways."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.ledger import Ledger
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from tests.gorgias.help_center.center import Center
from tests.knowledge.conftest import PICTURE, Base
from tests.loading import TARGET

DIGEST = hashlib.sha256(PICTURE).hexdigest()[:8]


def balanced(base: Base, stage: str = "full") -> None:
    staged = base.shop.stage(stage)
    settle_strays(base.ledger, TARGET, staged)
    require_balanced(accounts(base.ledger, TARGET, staged, base.lookups(staged)))


def test_the_package_is_written_and_every_record_handed_over_for_who_imports_it(base: Base) -> None:
    base.load()
    assert base.states() == {
        "1": ("handed_over", "help_center_package"), "2": ("handed_over", "help_center_package"),
        "3": ("merged", "translation"), "4": ("handed_over", "help_center_package"), "5": ("merged", "forward"),
        "6": ("skipped", "deleted_article"),
    }  # fmt: skip
    assert base.states("attachment") == {"f7": ("handed_over", "help_center_package")}
    assert base.states("kb_category")["2"] == ("handed_over", "help_center_package")
    balanced(base)


def test_what_was_imported_is_what_the_source_says(base: Base) -> None:
    base.load()
    reply = base.center.import_package(base.package().zip_file.read_bytes())
    assert reply.json() == {"categories": 2, "articles": 3, "redirects": 5}
    texts = base.texts()
    returns, german = texts["returns"], texts["rucksendung"]
    assert f'<p>Print the label.</p><img src="{DIGEST}"><img src="' in returns["content"]
    assert "data:" not in returns["content"]
    assert 'href="/kb/a2/paying.aspx#how">Pay</a><a href="https://else.example/kb/a2/x">' in returns["content"]
    assert (returns["excerpt"], returns["visibility_status"], returns["category"]) == (
        "In 60 days", "PUBLIC", "sending-back"
    )  # fmt: skip
    assert (german["title"], german["content"], german["locale"]) == ("Rücksendung", "<p>Größe</p>", "de-DE")
    assert (texts["not-yet"]["visibility_status"], texts["not-yet"]["is_current"]) == ("UNLISTED", False)
    held = base.center.holds()
    assert held["categories"]["sending-back"]["parent"] == "orders"
    assert ("/kb/a5/send-back.aspx", "en-US") in held["redirects"]
    assert ("/kb/a3/rucksendung.aspx", "de-DE") in held["redirects"]


def test_by_the_api_articles_are_created_and_links_lead_to_the_new_ones(base: Base) -> None:
    base.by_api()
    report = base.load()
    assert base.states() == {
        "1": ("created", None), "2": ("created", None), "3": ("merged", "translation"), "4": ("created", None),
        "5": ("merged", "forward"), "6": ("skipped", "deleted_article"),
    }  # fmt: skip
    assert base.states("attachment") == {"f7": ("created", None)}
    assert report.counts["kb_article", "created"] == 3
    texts = base.texts()
    ids = {text["slug"]: text["article_id"] for text in base.center.documents("hc_article_translation")}
    assert f'href="/en-US/paying-{ids["paying"]}#how">Pay' in texts["returns"]["content"]
    assert f'href="/en-US/returns-{ids["returns"]}">R' in texts["paying"]["content"]
    assert f'<img src="{DIGEST}">' in texts["returns"]["content"]
    assert texts["not-yet"]["is_current"] is False
    balanced(base)


def test_both_ways_show_the_same_but_for_the_links(base: Base) -> None:
    base.load()
    base.center.import_package(base.package().zip_file.read_bytes(), center=1)
    imported = base.center.holds()
    base.account.reset()
    base.by_api()
    base.load()
    created = base.center.holds()
    assert created["categories"] == imported["categories"]
    assert created["redirects"] == imported["redirects"]
    assert created["articles"].keys() == imported["articles"].keys()


def test_a_second_load_changes_nothing(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.by_api()
    base.load()
    held, length = base.center.holds(), base.ledger.head()[0]
    dies_at(monkeypatch, 1, arrives=False)
    report = base.load()
    assert base.center.holds() == held
    assert report.counts["kb_article", "unchanged"] == 6
    assert base.ledger.head()[0] - length <= 1


def test_a_rehearsal_writes_nothing(base: Base) -> None:
    report = base.load(rehearsal=True)
    assert not base.packages.exists()
    assert report.counts["kb_article", "handed_over"] == 3
    base.by_api()
    assert base.load(rehearsal=True).counts["kb_article", "would create"] == 3
    assert base.states() == {}


def test_what_changed_in_the_source_is_changed_and_what_an_editor_changed_is_left(base: Base) -> None:
    base.by_api()
    base.load()
    edit(base.center, "paying", content="<p>By card or cash.</p>")
    one, two = base.shop.tables["KbArticles"][:2]
    one["Body"], two["Subject"] = "<p>In 90 days.</p>", "Paying at once"
    report = base.load("delta-001")
    texts = base.texts()
    assert texts["returns"]["content"] == "<p>In 90 days.</p>"
    assert (texts["paying"]["title"], texts["paying"]["content"]) == ("Paying", "<p>By card or cash.</p>")
    assert report.counts["kb_article", "updated"] == 1
    assert any("kb_article 2: another text there: article" in line for line in report.conflicts)
    balanced(base)


def test_an_article_that_somebody_deleted_in_gorgias_is_not_made_again(base: Base) -> None:
    base.by_api()
    base.load()
    (paying,) = (text for text in base.center.documents("hc_article_translation") if text["slug"] == "paying")
    with base.account.store.lock:
        base.account.store.delete("hc_article", paying["article_id"])
        base.account.store.delete("hc_article_translation", paying["id"])
    report = base.load()
    assert "paying" not in base.texts()
    assert any("kb_article 2: deleted in Gorgias" in line for line in report.conflicts)


def test_what_the_source_deletes_stays_public_and_is_told_with_what_to_do(base: Base) -> None:
    base.by_api()
    base.load()
    base.shop.tables["KbArticles"][1]["IsDeleted"] = base.shop.tables["KbArticles"][2]["IsDeleted"] = True
    report = base.load("delta-001")
    assert {"paying", "rucksendung"} <= set(base.texts())
    assert any(line.startswith("kb_article 2: loaded, and now skipped (deleted_article); it stays in the Help Center: "
                               "take it out by hand") for line in report.conflicts)  # fmt: skip
    assert any(line.startswith("kb_article 1: language gone from the source: ") for line in report.conflicts)


def test_an_article_of_a_brand_that_is_gone_goes_to_the_common_help_center(base: Base) -> None:
    base.shop.mapped["brands"] = {"9": {"name": "Gone", "tag": "g", "help_center": 9}}
    base.shop.tables["KbArticles"][1]["DisplayInAllBrands"] = False
    base.shop.add("KbArticlesBrands", {"KbArticleID": 2, "BrandID": 9})
    base.load()
    base.center.import_package(base.package().zip_file.read_bytes())
    assert "paying" in base.texts()


def test_a_file_that_is_missing_is_quarantined_and_its_article_moves(base: Base) -> None:
    (base.shop.files / "App_Data" / "TicketAttachments" / "0123456789abcdef.att").unlink()
    base.load()
    assert base.states()["1"] == ("handed_over", "help_center_package")
    assert base.states("attachment")["f7"][0] == "quarantined"
    balanced(base)


def test_brands_have_packages_of_their_own(base: Base) -> None:
    base.shop.add("Brands", {"BrandID": 2, "BrandName": "Home"})
    base.shop.mapped["brands"] = {"1": {"name": "F", "tag": "f"}, "2": {"name": "Home", "tag": "h", "help_center": 2}}
    base.shop.tables["KbArticles"][1]["DisplayInAllBrands"] = False
    base.shop.add("KbArticlesBrands", {"KbArticleID": 2, "BrandID": 2})
    base.load()
    found = {}
    for center in (0, 2):
        base.account.reset()
        base.center.import_package(base.package(center).zip_file.read_bytes())
        found[center] = set(base.texts())
    assert found == {0: {"returns", "rucksendung", "not-yet"}, 2: {"returns", "rucksendung", "not-yet", "paying"}}


class Killed(BaseException):
    """The process dies."""


WRITES = ("create_category", "create_article", "add_translation", "change_translation", "create_redirect")


@pytest.mark.parametrize("arrives", [True, False], ids=["behind a write", "before a write"])
def test_a_load_that_dies_at_any_write_goes_on_without_a_double(
    base: Base, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    base.by_api()
    base.load()
    whole, states = base.center.holds(), base.states()
    for moment in range(1, 30, 2 if arrives else 4):
        base.account.reset()
        forget(base)
        with monkeypatch.context() as patch:
            dies_at(patch, moment, arrives=arrives)
            try:
                base.publish()
            except Killed:
                pass
            else:
                break
        base.publish()
        assert (base.center.holds(), base.states()) == (whole, states)
        assert base.states("attachment") == {"f7": ("created", None)}
    assert moment > 12


def dies_at(patch: pytest.MonkeyPatch, moment: int, *, arrives: bool) -> None:
    """Let the process die at a write to the Help Center, before it leaves or behind it."""
    left = [moment]

    def deadly(name: str) -> Any:
        write = getattr(Endpoints, name)

        def call(self: Endpoints, *given: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not arrives:
                raise Killed
            done = write(self, *given)
            if left[0] == 0:
                raise Killed
            return done

        return call

    for name in WRITES:
        patch.setattr(Endpoints, name, deadly(name))


def forget(base: Base) -> None:
    """Begin with a new ledger."""
    base.ledger.close()
    (base.shop.folder / "state" / "ledger.sqlite3").unlink()
    base.ledger = Ledger.in_folder(base.shop.folder / "state")


def edit(center: Center, slug: str, **changes: str) -> None:
    """What an editor does in the help center."""
    (text,) = (one for one in center.documents("hc_article_translation") if one["slug"] == slug)
    with center.account.store.lock:
        center.account.store.replace("hc_article_translation", {**text, **changes})
