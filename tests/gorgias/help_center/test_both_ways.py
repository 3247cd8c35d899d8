"""Whichever way the articles take, the help center holds the same in the end."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.gorgias.help_center.articles import KnowledgeBase
from migrator_lib.gorgias.help_center.package import ExportPackage
from tests.gorgias.help_center.center import Center


def test_both_ways_end_in_the_same_articles(
    center: Center, other_center: Center, base: KnowledgeBase, tmp_path: Path
) -> None:
    by_api = center.by_api().publish(base)

    package = ExportPackage(tmp_path / "kb")
    by_package = package.publish(base)
    assert other_center.import_package(package.zip_file.read_bytes()).json() == {
        "categories": 2, "articles": 4, "redirects": 2
    }  # fmt: skip

    assert center.holds() == other_center.holds()
    assert by_api.counts() == {"created": 5}
    assert by_package.counts() == {"written": 5}
    assert by_api.problems == by_package.problems
    assert {problem.kind for problem in by_api.problems} == {"begins like a formula"}


def test_what_the_help_center_holds_is_what_was_given(center: Center, base: KnowledgeBase) -> None:
    center.by_api().publish(base)
    held = center.holds()
    assert held["categories"]["returning"]["parent"] == "shipping-more"
    assert set(held["categories"]["shipping-more"]["texts"]) == {"en-US", "de-DE"}
    returns = held["articles"]["returns"]
    assert returns["category"] == "returning"
    english = returns["texts"]["en-US"]
    assert english["seo_meta"] == {"title": "Returns", "description": "All about returns"}
    assert (english["visibility_status"], english["is_current"]) == ("PUBLIC", True)
    assert english["content"].startswith('<p>Within 30 days.</p><img alt="a > b" src="')
    assert "KB/" not in english["content"]
    assert "manual.pdf" not in english["content"]
    assert returns["texts"]["de-DE"]["slug"] == "ruckgabe-eines-pakets"
    draft, unlisted = (
        held["articles"]["not-yet"]["texts"]["en-US"],
        held["articles"]["nur-auf-deutsch"]["texts"]["de-DE"],
    )
    assert (draft["visibility_status"], draft["is_current"]) == ("UNLISTED", False)
    assert (unlisted["visibility_status"], unlisted["is_current"]) == ("UNLISTED", True)
    assert held["articles"]["sizes"]["texts"]["en-US"]["excerpt"] == "=1+1"
    assert held["redirects"] == [("/kb/a1-old.aspx", "en-US"), ("/kb/a1.aspx", "en-US")]
