"""Reading the knowledge base back: what is there as it should be, what is not, and what editors did."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from migrator_lib.knowledge.comparing import ELSEWHERE, Comparer
from migrator_lib.progress import Progress
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.result import CHANGED, Reconciliation
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.knowledge.conftest import Base
from tests.knowledge.test_publishing import edit
from tests.loading import TARGET

ALL_WELL = {
    "kb_category": {"validated": 2}, "kb_article": {"validated": 3}, "attachment": {"validated": 1}
}  # fmt: skip


def compared(base: Base, contents: Contents | None = None) -> Reconciliation:
    staged = Staged([base.shop.folder / "staged" / "full"])
    result = Reconciliation()
    Comparer(
        base.lookups(staged), base.ledger, TARGET, base.api, base.packages, FilesRoot.at(base.shop.files), staged.blobs,
        contents=contents,
    ).run(result)  # fmt: skip
    return result


def counts(base: Base) -> dict[str, dict[str, int]]:
    return {obj: dict(states) for obj, states in compared(base).counts.items()}


@pytest.mark.parametrize("way", ["package", "api"])
def test_what_was_loaded_is_there_as_it_should_be(base: Base, way: str) -> None:
    if way == "api":
        base.by_api()
    base.load()
    assert counts(base) == ALL_WELL


def test_a_picture_that_is_another_or_gone_behind_its_address_is_found_by_a_download(base: Base) -> None:
    base.by_api()
    base.load()
    url = base.ledger.entry(TARGET, "attachment", "f7").target_id  # type: ignore[union-attr]
    name = str(url).rsplit("/", 1)[-1]
    progress = Progress(base.shop.folder / "progress.json", "06_reconcile")

    def found(contents: Contents) -> dict[tuple[str, str], tuple[str, set[str]]]:
        contents.look(base.api, 1.0, 0, most_bytes=1000, hosts=(), progress=progress)
        findings = compared(base, contents).findings
        return {(f.object, f.source_key): (f.state, {one.field for one in f.differences}) for f in findings}

    with closing(Contents(base.ledger, TARGET)) as contents:
        assert found(contents) == {}
        base.account.store._connection.execute("UPDATE file SET content=? WHERE name=?", (b"another one", name))
        assert found(contents) == {("attachment", "f7"): ("mismatched", {"sha256", "size"})}
        base.account.store._connection.execute("DELETE FROM file WHERE name=?", (name,))
        assert found(contents) == {("attachment", "f7"): ("missing", set())}


def html_of(base: Base, title: str) -> Path:
    return next((base.package().folder / "html").glob(f"*{title}*"))


def test_a_package_that_was_changed_or_is_gone_is_told(base: Base) -> None:
    base.load()
    html_of(base, "returns").write_text("<p>Something else</p>")
    html_of(base, "paying").unlink()
    next((base.package().folder / "images").glob("*.png")).write_bytes(b"?")
    result = compared(base)
    states = {(one.object, one.source_key): one.state for one in result.findings}
    assert states == {
        ("kb_article", "1"): "mismatched",
        ("kb_article", "2"): "missing",
        ("attachment", "f7"): "missing",
    }
    (wrong,) = (one for one in result.findings if one.state == "mismatched")
    assert [one.field for one in wrong.differences] == ["content"]
    assert "Something" not in str(wrong.differences)
    for file in base.package().folder.rglob("manifest.json"):
        file.unlink()
    assert counts(base)["kb_article"] == {"missing": 3}


def test_a_help_center_tells_editors_work_from_what_is_wrong(base: Base) -> None:
    base.by_api()
    base.load()
    edit(base.center, "paying", content="<p>By card or cash.</p>")
    edit(base.center, "not-yet", visibility_status="PUBLIC")
    assert counts(base)["kb_article"] == {"validated": 1, "changed": 2}
    base.shop.tables["KbArticles"][0]["Summary"] = "In 90 days"
    base.shop.stage()
    result = compared(base)
    (wrong,) = result.findings
    assert (wrong.object, wrong.source_key, wrong.state) == ("kb_article", "1", "mismatched")
    assert [one.field for one in wrong.differences] == ["excerpt"]


def test_what_is_gone_from_a_help_center_is_missing(base: Base) -> None:
    base.by_api()
    base.load()
    with base.account.store.lock:
        for kind in ("hc_article", "hc_article_translation", "hc_category", "hc_category_translation"):
            for one in base.account.store.by_kind(kind):
                base.account.store.delete(kind, one["id"])
    assert counts(base) == {"kb_category": {"missing": 2}, "kb_article": {"missing": 3}, "attachment": {"missing": 1}}


def test_an_article_in_another_category_is_no_mismatch_but_told(base: Base) -> None:
    base.by_api()
    base.load()
    base.shop.tables["KbArticles"][1]["KbCategoryID"] = 2
    base.load("delta-001")
    staged = base.shop.stage()
    result = Reconciliation()
    Comparer(
        base.lookups(staged), base.ledger, TARGET, base.api, base.packages, FilesRoot.at(base.shop.files), staged.blobs
    ).run(result)
    (found,) = result.changes
    assert (found.source_key, found.state, found.words) == ("2", CHANGED, ELSEWHERE)
