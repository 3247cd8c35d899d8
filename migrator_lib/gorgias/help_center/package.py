"""The default way into a help center: a folder, and a zip of it, for the product's own importer.

::

    README.html        what is in it, and what to do with it
    articles.csv       a line for each article and language
    categories.csv     a line for each category and language
    images.csv         which file is what an article's HTML refers to
    links.csv          which article a link of another one means
    redirects.csv      old addresses, and the articles that they are to lead to
    problems.csv       what a person should look at
    html/              the articles' HTML, as it is; a picture inside a text is a file instead
    images/            the files, each once
    manifest.json      every file's size and SHA-256

The same knowledge base makes the same bytes. A run that is stopped leaves the last package as it was; the next one
goes on with what is written already. Unverified: which columns the importer takes; the lists say everything.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from migrator_lib.csv_file import write_csv
from migrator_lib.errors import StorageError
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, KnowledgeBase, Media, read_media
from migrator_lib.gorgias.help_center.contract import visibility
from migrator_lib.gorgias.help_center.outcome import Outcome, Problem
from migrator_lib.gorgias.help_center.package_check import MANIFEST, check, files_of
from migrator_lib.gorgias.help_center.package_page import readme
from migrator_lib.gorgias.help_center.prepare import as_slug, prepared
from migrator_lib.storage import beside, flush, refusals

FORMAT = 1
ARTICLES = (
    "article", "locale", "title", "slug", "category", "status", "visibility", "brand", "excerpt", "seo_title",
    "seo_description", "html_file", "created", "modified", "reviewed",
)  # fmt: skip
CATEGORIES = ("category", "locale", "parent", "position", "name", "slug", "description")
IMAGES = ("article", "reference", "file", "name", "content_type", "bytes", "sha256")
LINKS = ("article", "locale", "reference", "to_article", "to_locale", "to_slug")
REDIRECTS = ("from_url", "article", "locale", "to_slug")
PROBLEMS = ("record", "locale", "kind", "words")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of every file in the zip, so that the same files make the same zip."""


class ExportPackage:
    """Writes the package; see :class:`~migrator_lib.gorgias.help_center.outcome.HelpCenter`."""

    def __init__(self, folder: Path, *, company: str = "") -> None:
        """Take the place of the package: ``folder``, and ``<folder>.zip`` beside it."""
        self.folder = folder
        self.company = company

    @property
    def zip_file(self) -> Path:
        """The package in one file."""
        return self.folder.with_name(self.folder.name + ".zip")

    def publish(self, base: KnowledgeBase) -> Outcome:
        """Write everything; what cannot be in the package is listed in it.

        Raises:
            StorageError: the disk is full or cannot be written, or does not hold what was written.
        """
        base, problems = prepared(base)
        outcome = Outcome(problems=problems)
        work = self.folder.with_name(self.folder.name + ".partial")
        with refusals(f"{work} could not be written"):
            writer = _Writer(work)
            writer.write(base, outcome, self.company)
            found = check(work)
        if found:
            raise StorageError(
                f"The package does not hold what was written: {'; '.join(found[:5])}.",
                next_step=f"look after that disk, delete {work}, and run again.",
            )
        with refusals(f"{self.folder} could not be put in its place"):
            _swap(work, self.folder)
        _zip(self.folder, self.zip_file)
        return outcome


class _Writer:
    """Fills a folder, and leaves what is there already and right."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, object]] = {}
        self._images: list[tuple[object, ...]] = []
        self._named: dict[str, str] = {}

    def write(self, base: KnowledgeBase, outcome: Outcome, company: str) -> None:
        """Write everything, the manifest last."""
        (self.folder / MANIFEST).unlink(missing_ok=True)
        rows = [
            row
            for number, article in enumerate(base.articles, 1)
            for row in self._article(base, number, article, outcome)
        ]
        self._list("articles.csv", ARTICLES, rows)
        self._list("categories.csv", CATEGORIES, list(_category_rows(base)))
        self._list("images.csv", IMAGES, self._images)
        self._list("links.csv", LINKS, list(_link_rows(base)))
        self._list("redirects.csv", REDIRECTS, list(_redirect_rows(base)))
        problems = [(one.record, one.locale, one.kind, one.words) for one in outcome.problems]
        self._list("problems.csv", PROBLEMS, problems)
        self._put("README.html", readme(base, outcome, company).encode())
        self._remove_others()
        manifest = {"format": FORMAT, "articles": len(base.articles), "files": dict(sorted(self.files.items()))}
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        with beside(self.folder / MANIFEST) as place:
            place.write_text(text, encoding="utf-8")

    def _article(
        self, base: KnowledgeBase, number: int, article: Article, outcome: Outcome
    ) -> Iterator[tuple[object, ...]]:
        inside = {
            media.reference: name
            for media in article.files
            if (name := self._media(article, media, outcome)) is not None and is_inside(media)
        }
        for locale in base.locales(article.translations):
            one, status = article.translations[locale], article.status_of(locale)
            seen_by, _ = visibility(status)
            name = f"html/{number:05d}-{one.slug[:80]}.{locale}.html"
            self._put(name, html.rewritten(one.text, inside).encode())
            outcome.add(article.external_id, locale, "written", name)
            yield (
                article.external_id, locale, one.title, one.slug, article.category or "", status, seen_by,
                article.brand, one.excerpt, one.seo_title, one.seo_description, name, one.created, one.modified,
                one.reviewed,
            )  # fmt: skip

    def _media(self, article: Article, media: Media, outcome: Outcome) -> str | None:
        """Write a file, and return its name in the package; what cannot be read is listed."""
        content = read_media(media)
        if content is None:
            problem = Problem(article.external_id, "", "file missing", f"'{media.reference[:200]}' could not be read")
            outcome.problems.append(problem)
            return None
        digest = hashlib.sha256(content).hexdigest()
        name = self._named.setdefault(digest, f"images/{digest[:16]}{file_name(media)}")
        self._put(name, content)
        reference = name if is_inside(media) else media.reference
        self._images.append(
            (article.external_id, reference, name, media.name, media.content_type, len(content), digest)
        )
        return name

    def _list(self, name: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> None:
        write_csv(self.folder / name, columns, rows)
        self._note(name, (self.folder / name).read_bytes())

    def _put(self, name: str, content: bytes) -> None:
        file = self.folder / name
        if not (file.is_file() and file.read_bytes() == content):
            with beside(file) as place:
                place.write_bytes(content)
        self._note(name, content)

    def _note(self, name: str, content: bytes) -> None:
        self.files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def _remove_others(self) -> None:
        """Remove what an earlier run left and this one has not written."""
        for file in files_of(self.folder):
            if file not in self.files:
                (self.folder / file).unlink()


def is_inside(media: Media) -> bool:
    """Whether a picture is inside the text: the text of the package names its file instead, as its list does."""
    return media.reference[:5].lower() == "data:"


def file_name(media: Media) -> str:
    """Return the end of a file's name in the package: letters that every system takes, and the right suffix."""
    stem, _, suffix = media.name.rpartition(".")
    named = bool(stem and re.fullmatch(r"[A-Za-z0-9]{1,8}", suffix))
    end = (
        f".{suffix.lower()}" if named else mimetypes.guess_extension(media.content_type.partition(";")[0].strip()) or ""
    )
    readable = as_slug(stem if named else media.name)[:60]
    return (f"-{readable}" if readable else "") + end


def _category_rows(base: KnowledgeBase) -> Iterator[tuple[object, ...]]:
    for category in base.categories:
        for locale in base.locales(category.texts):
            text = category.texts[locale]
            yield (
                category.external_id, locale, category.parent or "", category.position, text.name, text.slug,
                text.description,
            )  # fmt: skip


def _redirect_rows(base: KnowledgeBase) -> Iterator[tuple[object, ...]]:
    for article in base.articles:
        for url, locale in article.old_addresses(base.locales(article.translations)):
            yield url, article.external_id, locale, article.translations[locale].slug


def _link_rows(base: KnowledgeBase) -> Iterator[tuple[object, ...]]:
    slugs = {
        (article.external_id, locale): one.slug
        for article in base.articles
        for locale, one in article.translations.items()
    }
    for article in base.articles:
        for locale in base.locales(article.translations):
            for link in article.translations[locale].links:
                to = slugs.get((link.article, link.locale), "")
                yield article.external_id, locale, link.reference, link.article, link.locale, to


def _swap(work: Path, folder: Path) -> None:
    """Put a finished package in its place; whenever this is stopped, one of the two is whole."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    work.rename(folder)
    flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _zip(folder: Path, file: Path) -> None:
    with beside(file) as place, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files_of(folder):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (folder / name).read_bytes())
