"""Articles as they are staged: everything but their texts in memory, and the texts in a temporary file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from migrator_lib.smartertrack.tables import STORED_FILES, source_table
from migrator_lib.staging import Row, Staged
from migrator_lib.storage import scratch

ARTICLES = "KbArticles"
BODY = "Body"
PAGE = 100
"""Bodies that are in memory at once while they are read."""


class Bodies:
    """The HTML of articles, by article, in a temporary file that is filled when it is first asked for."""

    def __init__(self, staged: Staged | None = None) -> None:
        self._staged = staged
        self._lock = Lock()

    def of(self, article: int) -> str:
        """Return the HTML of an article; empty where it has none."""
        with self._lock:
            row = self._file.execute("SELECT body FROM body WHERE article = ?", (article,)).fetchone()
        return bytes(row[0]).decode("utf-8", "surrogatepass") if row else ""

    @cached_property
    def _file(self) -> sqlite3.Connection:
        file = scratch(threads=True)
        file.execute("CREATE TABLE body (article INTEGER PRIMARY KEY, body BLOB)")
        for row in self._staged.stream(ARTICLES, ["KbArticleID", BODY], PAGE) if self._staged else ():
            if row[BODY]:
                text = row[BODY].encode("utf-8", "surrogatepass")
                file.execute("INSERT OR REPLACE INTO body VALUES (?, ?)", (row["KbArticleID"], text))
        return file

    def close(self) -> None:
        """Remove the file."""
        with closing(self._file):
            del self._file


@dataclass
class Knowledge:
    """What is staged of the knowledge base."""

    articles: Mapping[int, Row] = field(default_factory=dict)
    """By id, without the body."""
    categories: Mapping[int, Row] = field(default_factory=dict)
    languages: Mapping[int, Row] = field(default_factory=dict)
    pairs: tuple[tuple[int, int], ...] = ()
    """(primary, secondary) of translations."""
    brands: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Article to the brands that show it."""
    files: Mapping[int, Row] = field(default_factory=dict)
    bodies: Bodies = field(default_factory=Bodies)

    @classmethod
    def of(cls, staged: Staged) -> Knowledge:
        """Return what a stage holds; files are read where there is an article that may show one."""
        names = [column for column in source_table(ARTICLES).columns if column != BODY]
        articles = {row["KbArticleID"]: row for row in staged.stream(ARTICLES, names)}
        brands: dict[int, set[int]] = {}
        for row in staged.rows("KbArticlesBrands"):
            brands.setdefault(row["KbArticleID"], set()).add(row["BrandID"])
        pairs = ((row["KbArticleID_Primary"], row["KbArticleID_Secondary"]) for row in staged.rows(
            "KbArticleTranslations"))  # fmt: skip
        return cls(
            articles=dict(sorted(articles.items())),
            categories={row["KbCategoryID"]: row for row in staged.rows("KbCategories")},
            languages={row["LanguageID"]: row for row in staged.rows("Languages")},
            pairs=tuple(sorted((a, b) for a, b in pairs if a is not None and b is not None)),
            brands={article: frozenset(found) for article, found in brands.items()},
            files={row["FileID"]: row for row in staged.rows(STORED_FILES)} if articles else {},
            bodies=Bodies(staged),
        )
