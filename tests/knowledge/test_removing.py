"""A roll-back takes out of a help center what was made there, and leaves what somebody touched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from migrator_lib.gorgias.help_center.articles import Category, CategoryText, KnowledgeBase
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.knowledge.removing import NOT_SIGNED, Radius, Remover
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.rollback import Context, RollBack
from tests.knowledge.conftest import Base
from tests.knowledge.test_publishing import Killed, edit
from tests.loading import TARGET


def remover(base: Base) -> Remover:
    return Remover(base.ledger, TARGET, base.api, base.lookups(base.shop.stage()).parameters.help_center)


def test_everything_goes_that_nobody_touched_and_a_later_load_makes_it_anew(base: Base) -> None:
    base.by_api()
    base.load()
    whole = base.center.holds()
    planned = remover(base).look()
    assert (planned.goes, planned.removed, planned.stays) == (5, 0, 0)
    assert planned.going[0] == "kb_article 1 of help center 1"
    assert base.center.holds() == whole
    assert remover(base).remove().removed == 5
    assert base.center.holds() == {"categories": {}, "articles": {}, "redirects": []}
    assert base.states()["1"] == ("removed", None)
    assert remover(base).remove() == Radius()
    base.load()
    again = base.center.holds()
    assert (again["categories"], again["redirects"]) == (whole["categories"], whole["redirects"])
    assert again["articles"].keys() == whole["articles"].keys()


def test_what_an_editor_touched_stays_with_its_categories(base: Base) -> None:
    base.by_api()
    base.load()
    edit(base.center, "rucksendung", title="Zurückschicken")
    found = remover(base).remove()
    assert (found.removed, found.stays) == (2, 3)
    assert set(base.texts()) == {"returns", "rucksendung"}
    assert found.words[0] == "kb_article 1: somebody has changed it in help center 1"


def test_a_package_is_left_to_whoever_imports_it(base: Base) -> None:
    base.load()
    assert remover(base).remove() == Radius()
    assert base.package().zip_file.exists()
    assert base.states()["1"] == ("handed_over", "help_center_package")


def test_a_roll_back_that_dies_behind_a_removal_goes_on(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.by_api()
    base.load()
    delete = Endpoints.delete

    def deadly(self: Endpoints, kind: str, thing: int) -> None:
        delete(self, kind, thing)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Endpoints, "delete", deadly)
        with pytest.raises(Killed):
            remover(base).remove()
    remover(base).remove()
    assert base.center.holds() == {"categories": {}, "articles": {}, "redirects": []}
    assert set(dict(base.states().values())) == {"removed", "merged", "skipped"}


def rolling(base: Base) -> RollBack:
    progress = Progress(base.shop.folder / "progress.json", "90_rollback")
    context = Context(
        base.api, TARGET, base.ledger, "demo", base.shop.folder, progress, Behaviour(delete_job=True), base.shop.stage()
    )
    return RollBack(context, now=datetime(2026, 3, 1, tzinfo=UTC), remover=remover(base))


def test_a_signature_is_bound_to_the_articles_that_go(base: Base) -> None:
    base.by_api()
    base.load()
    first = rolling(base).look(fresh=True)
    assert first.to_remove >= first.articles.goes == 5
    edit(base.center, "rucksendung", title="Zurückschicken")
    second = rolling(base).look(fresh=True)
    assert second.articles.goes == 2
    assert second.protects >= second.articles.stays == 3
    assert second.digest != first.digest


def test_what_was_not_in_the_signed_plan_stays(base: Base) -> None:
    base.by_api()
    base.load()
    edit(base.center, "rucksendung", title="Zurückschicken")
    rolling(base).look(fresh=True)
    edit(base.center, "rucksendung", title="Rücksendung")
    roll_back = rolling(base)
    assert roll_back.look(fresh=False).articles.goes == 2
    roll_back.remove()
    assert roll_back.articles.removed == 2
    assert f"kb_article 1: {NOT_SIGNED}" in roll_back.articles.words
    assert set(base.texts()) == {"returns", "rucksendung"}


def test_a_category_of_the_companys_own_is_matched_and_stays(base: Base) -> None:
    own = Category(external_id="x", texts={"en-US": CategoryText(name="Orders", slug="orders")})
    base.center.by_api().publish(KnowledgeBase(categories=(own,)))
    (before,) = base.center.holds()["categories"].values()
    base.by_api()
    base.load()
    assert base.states("kb_category") == {"1": ("matched", None), "2": ("created", None)}
    remover(base).remove()
    there = base.center.holds()["categories"]
    assert (set(there), there["orders"]["texts"]["en-US"]) == ({"orders"}, before["texts"]["en-US"])
