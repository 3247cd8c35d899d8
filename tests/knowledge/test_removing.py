"""A roll-back takes out of a help center what was made there, and leaves what somebody touched."""

from __future__ import annotations

import pytest

from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.knowledge.removing import Radius, Remover
from tests.knowledge.conftest import Base
from tests.knowledge.test_publishing import Killed, edit
from tests.loading import TARGET


def remover(base: Base) -> Remover:
    return Remover(base.ledger, TARGET, base.api, base.lookups(base.shop.stage()).parameters.help_center)


def test_everything_goes_that_nobody_touched_and_a_later_load_makes_it_anew(base: Base) -> None:
    base.by_api()
    base.load()
    whole = base.center.holds()
    assert remover(base).look() == Radius(goes=5)
    assert base.center.holds() == whole
    assert remover(base).remove() == Radius(goes=5, removed=5)
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
