"""The export package: whole or not there, the same bytes each time, and nothing dropped without a word."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from migrator_lib.errors import StorageError
from migrator_lib.gorgias.help_center import package as module
from migrator_lib.gorgias.help_center.articles import Article, KnowledgeBase, Media, Translation
from migrator_lib.gorgias.help_center.package import ExportPackage, file_name
from migrator_lib.gorgias.help_center.package_check import check
from tests.gorgias.help_center.conftest import PICTURE, gone


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def package(tmp_path: Path) -> ExportPackage:
    return ExportPackage(tmp_path / "kb", company="Fernhill <Outfitters>")


def test_every_article_has_a_line_for_each_language(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    lines = rows(package.folder, "articles")
    assert [(line["article"], line["locale"], line["status"], line["category"]) for line in lines] == [
        ("a1", "en-US", "published", "c2"), ("a1", "de-DE", "published", "c2"), ("a2", "en-US", "draft", "c1"),
        ("a3", "de-DE", "unlisted", ""), ("a4", "en-US", "published", "c1"),
    ]  # fmt: skip
    assert lines[0]["brand"] == "Fernhill"
    assert [line["category"] for line in rows(package.folder, "categories")] == ["c1", "c1", "c2"]


def test_the_html_is_as_it_is(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    line = rows(package.folder, "articles")[0]
    text = (package.folder / line["html_file"]).read_text(encoding="utf-8")
    assert text == base.articles[0].translations["en-US"].html


def test_files_are_there_once_and_say_what_they_are_for(package: ExportPackage, base: KnowledgeBase) -> None:
    again = base.articles[3].model_copy(update={"media": base.articles[0].media})
    package.publish(base.model_copy(update={"articles": (*base.articles[:3], again)}))
    lines = rows(package.folder, "images")
    assert [(line["article"], line["reference"]) for line in lines] == [
        ("a1", "/KB/Größe.png"), ("a1", "manual.pdf"), ("a4", "/KB/Größe.png"), ("a4", "manual.pdf")
    ]  # fmt: skip
    assert lines[0]["file"] == lines[2]["file"]
    assert lines[0]["file"].endswith("-grosse.png")
    assert (package.folder / lines[0]["file"]).read_bytes() == PICTURE
    assert lines[0]["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    assert len(list((package.folder / "images").iterdir())) == 2


def test_old_addresses_lead_to_their_article(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    assert rows(package.folder, "redirects") == [
        {"from_url": url, "article": "a1", "locale": "en-US", "to_slug": "returns"}
        for url in ("/kb/a1.aspx", "/kb/a1-old.aspx")
    ]


def test_the_same_articles_make_the_same_bytes(base: KnowledgeBase, tmp_path: Path) -> None:
    one, other = ExportPackage(tmp_path / "1" / "kb"), ExportPackage(tmp_path / "2" / "kb")
    one.publish(base)
    other.publish(base)
    assert tree(one.folder) == tree(other.folder)
    assert one.zip_file.read_bytes() == other.zip_file.read_bytes()


def test_the_zip_holds_what_the_folder_holds(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    with zipfile.ZipFile(package.zip_file) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == tree(package.folder)


def test_the_page_tells_the_admin_and_is_safe_to_open(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    page = (package.folder / "README.html").read_text(encoding="utf-8")
    assert "Fernhill &lt;Outfitters&gt;" in page
    assert "begins like a formula" in page
    assert "en-US: 3 articles" in page


def test_the_page_lists_every_text_with_who_may_read_it(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    page = (package.folder / "README.html").read_text(encoding="utf-8")
    for row in rows(package.folder, "articles"):
        assert f"<td>{row['html_file']}</td>" in page
    assert "nobody: a draft" in page
    assert "The importer may not know the column" in page
    assert "href" not in page.partition("<main>")[2]
    assert "Hide those with nothing for everybody" in page
    package.publish(base.model_copy(update={"articles": ()}))
    page = (package.folder / "README.html").read_text(encoding="utf-8")
    assert "The importer may not know the column" not in page
    assert "images.csv" not in page


def test_an_empty_knowledge_base_is_a_package_too(package: ExportPackage) -> None:
    assert package.publish(KnowledgeBase()).counts() == {}
    assert rows(package.folder, "articles") == []
    assert check(package.folder) == []


# --- again, and after a kill ---------------------------------------------------------------------------


def test_a_later_package_takes_the_place_of_the_first(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    package.publish(base.model_copy(update={"articles": base.articles[:1]}))
    assert {line["article"] for line in rows(package.folder, "articles")} == {"a1"}
    assert len(list((package.folder / "html").iterdir())) == 2
    assert sorted(one.name for one in package.folder.parent.iterdir()) == ["kb", "kb.zip"]


class Killed(BaseException):
    """What no code of ours catches."""


def killed() -> bytes:
    raise Killed


def with_media(base: KnowledgeBase, *media: Media) -> KnowledgeBase:
    """The same articles, the last of which has these files."""
    last = base.articles[-1].model_copy(update={"media": media})
    return base.model_copy(update={"articles": (*base.articles[:-1], last)})


def test_one_that_is_stopped_leaves_the_last_one_and_goes_on_later(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    before = tree(package.folder)
    file = Media(reference="x", name="x.png", content_type="image/png", read=killed)
    with pytest.raises(Killed):
        package.publish(with_media(base, file))
    assert tree(package.folder) == before
    partial = package.folder.with_name("kb.partial")
    written = {file: file.stat().st_mtime_ns for file in partial.rglob("*") if file.is_file()}
    assert written
    seen = []

    def read() -> bytes:
        seen.extend(file for file, at in written.items() if file.stat().st_mtime_ns == at)
        return b"x"

    package.publish(with_media(base, file.model_copy(update={"read": read})))
    assert set(seen) == set(written)  # nothing that was there is written anew
    assert check(package.folder) == []
    assert not partial.exists()


def test_a_stop_between_the_two_renames_costs_nothing(
    package: ExportPackage, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.publish(base)
    before = tree(package.folder)

    def stop(_place: Path) -> None:
        raise Killed

    monkeypatch.setattr(module, "flush", stop)
    with pytest.raises(Killed):
        package.publish(base)
    monkeypatch.undo()
    package.publish(base)
    assert tree(package.folder) == before
    assert sorted(one.name for one in package.folder.parent.iterdir()) == ["kb", "kb.zip"]


# --- what a package is checked for ---------------------------------------------------------------------


def test_a_package_that_was_changed_is_told(package: ExportPackage, base: KnowledgeBase) -> None:
    package.publish(base)
    line = rows(package.folder, "articles")[0]
    (package.folder / line["html_file"]).write_text("changed")
    (package.folder / "more.txt").write_text("more")
    (package.folder / "README.html").unlink()
    assert check(package.folder) == [
        "more.txt is not listed", "README.html is not there", f"{line['html_file']} was changed"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("articles", ",c2,", ",c9,", "the category c9 is not in categories.csv"),
        ("articles", ",not-yet,", ",returns,", "returns is there twice for en-US"),
        ("articles", "html/00002", "html/99999", "html/99999-not-yet.en-US.html is not there"),
        ("images", "images/", "pictures/", "is not there"),
        ("redirects", ",returns", ",nowhere", "nowhere is no article for en-US"),
    ],
)
def test_lists_that_do_not_fit_one_another_are_told(
    package: ExportPackage, base: KnowledgeBase, name: str, old: str, new: str, words: str
) -> None:
    package.publish(base)
    file = package.folder / f"{name}.csv"
    text = file.read_bytes().replace(old.encode(), new.encode())
    file.write_bytes(text)
    manifest = package.folder / "manifest.json"
    told = json.loads(manifest.read_text())
    told["files"][file.name]["sha256"] = hashlib.sha256(text).hexdigest()
    manifest.write_text(json.dumps(told))
    assert any(words in problem for problem in check(package.folder))


def test_a_disk_that_does_not_hold_what_was_written_is_told(
    package: ExportPackage, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "readme", lambda *_: (package.folder.with_name("kb.partial") / "html/x").mkdir() or "")
    monkeypatch.setattr(module, "check", lambda _: ["html/1 was changed"])
    with pytest.raises(StorageError, match=r"html/1 was changed[\s\S]*Next: look after that disk"):
        package.publish(base)
    assert not package.folder.exists()


# --- what cannot be in it ------------------------------------------------------------------------------


def test_a_file_that_is_missing_is_listed_and_the_article_stays(package: ExportPackage, base: KnowledgeBase) -> None:
    file = Media(reference="lost.png", name="lost.png", content_type="image/png", read=gone)
    outcome = package.publish(with_media(base, file))
    assert outcome.counts() == {"written": 5}
    assert ("a4", "file missing") in {(line["record"], line["kind"]) for line in rows(package.folder, "problems")}


@pytest.mark.parametrize(
    ("name", "content_type", "end"),
    [
        ("../../etc/passwd", "text/plain", "-etc-passwd.txt"),
        ("C:\\x\\Bild 1.PNG", "image/png", "-c-x-bild-1.png"),
        ("图.jpg", "image/jpeg", ".jpg"),
        ("no suffix", "application/pdf", "-no-suffix.pdf"),
        ("x.tar.gz", "application/gzip", "-x-tar.gz"),
        (".png", "image/png", "-png.png"),
        ("a\0b\n.gif", "image/gif", "-a-b.gif"),
        ("", "weird", ""),
    ],
)
def test_a_files_name_is_one_that_every_system_takes(name: str, content_type: str, end: str) -> None:
    media = Media(reference="x", name=name, content_type=content_type, read=lambda: b"")
    assert file_name(media) == end


def test_half_a_letter_keeps_nothing_from_being_written(package: ExportPackage) -> None:
    text = Translation(title="Broken \ud83d", html="<p>\udc00</p>")
    article = Article(external_id="a1", category=None, status="published", translations={"en-US": text})
    package.publish(KnowledgeBase(articles=(article,)))
    assert rows(package.folder, "articles")[0]["title"] == "Broken ?"
