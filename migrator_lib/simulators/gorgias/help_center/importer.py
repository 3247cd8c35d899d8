"""The product's own importer of articles, as a simulated account has it: takes an export package.

Gorgias' importer is reported to take CSV files; which columns is not documented. This one reads the lists of the
package, puts the files in place of what the HTML refers to, and makes what an admin would have made.
"""

from __future__ import annotations

import csv
import io
import secrets
import zipfile
import zlib
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from migrator_lib.gorgias.help_center.contract import (
    ArticleCreate,
    ArticleTranslation,
    CategoryCreate,
    CategoryTranslation,
    RedirectCreate,
    SeoMeta,
)
from migrator_lib.gorgias.help_center.html import rewritten
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.help_center.service import (
    add_text,
    centers,
    create_article,
    create_category,
    create_redirect,
)
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.request import required
from migrator_lib.simulators.gorgias.web.validation import Refused

Line = dict[str, str]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_route(app: FastAPI, name: str, account: Account) -> None:
    """Let a package be imported, as an admin does in the product: ``POST /_simulator/help-centers/{id}/import``."""

    async def imported(request: Request) -> JSONResponse:
        content, center = await request.body(), int(request.path_params["id"])
        with account.store.transaction():
            return JSONResponse(import_package(account, center, content))

    path = f"/{name}/_simulator/help-centers/{{id:number}}/import"
    app.add_api_route(path, imported, methods=["POST"], response_model=None, include_in_schema=False)


def import_package(account: Account, center_id: int, content: bytes) -> dict[str, int]:
    """Import a package, and return how much of what was made.

    Raises:
        Refused: 400, it is no package, or holds what the Help Center would not take; 404, there is no such center.
    """
    centers(account)
    center = required(account, "help_center", center_id)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Import(account, center, archive).carry_out()
    except (zipfile.BadZipFile, zlib.error, KeyError, UnicodeDecodeError) as error:
        raise Refused(400, "Failed to import", {"file": ["This is no package."]}) from error
    except ValidationError as error:
        raise Refused(400, "Failed to import", {"file": [f"{error.error_count()} values are not valid."]}) from error


class _Import:
    """One import."""

    def __init__(self, account: Account, center: Document, archive: zipfile.ZipFile) -> None:
        self.account, self.center, self.archive = account, center, archive
        self.categories: dict[str, Document] = {}
        self.articles: dict[str, Document] = {}
        self.targets: dict[str, dict[str, str]] = {}

    def carry_out(self) -> dict[str, int]:
        for line in self._lines("categories.csv"):
            self._category(line)
        for line in self._lines("images.csv"):
            self._image(line)
        for line in self._lines("articles.csv"):
            self._article(line)
        redirects = [self._redirect(line) for line in self._lines("redirects.csv")]
        return {"categories": len(self.categories), "articles": len(self.articles), "redirects": len(redirects)}

    def _lines(self, name: str) -> Iterator[Line]:
        text = self.archive.read(name).decode("utf-8")
        for line in csv.DictReader(io.StringIO(text, newline="")):
            yield {column: _plain(value) for column, value in line.items() if isinstance(value, str)}

    def _category(self, line: Line) -> None:
        text = CategoryTranslation(
            locale=line["locale"], title=line["name"], slug=line["slug"], description=line["description"]
        )
        made = self.categories.get(line["category"])
        if made is not None:
            add_text(self.account, "hc_category", made, text)
            return
        parent = self.categories[line["parent"]]["id"] if line["parent"] else None
        given = CategoryCreate(parent_category_id=parent, translation=text)
        self.categories[line["category"]] = create_category(self.account, self.center, given)

    def _image(self, line: Line) -> None:
        name = f"{secrets.token_hex(16)}-{self.account.store.next_id('upload')}"
        content = self.archive.read(line["file"])
        self.account.store.save_file(name, line["name"], line["content_type"], True, content)
        url = f"https://attachments.{self.account.name}.invalid/{name}"
        self.targets.setdefault(line["article"], {})[line["reference"]] = url

    def _article(self, line: Line) -> None:
        content = self.archive.read(line["html_file"]).decode("utf-8")
        text = ArticleTranslation(
            locale=line["locale"], title=line["title"], slug=line["slug"], excerpt=line["excerpt"],
            content=rewritten(content, self.targets.get(line["article"], {})),
            seo_meta=SeoMeta(title=line["seo_title"], description=line["seo_description"]),
            visibility_status="PUBLIC" if line["status"] == "published" else "UNLISTED",
            is_current=line["status"] != "draft",
        )  # fmt: skip
        made = self.articles.get(line["article"])
        if made is not None:
            add_text(self.account, "hc_article", made, text)
            return
        category = self.categories[line["category"]]["id"] if line["category"] else None
        given = ArticleCreate(category_id=category, translation=text)
        self.articles[line["article"]] = create_article(self.account, self.center, given)

    def _redirect(self, line: Line) -> Document:
        article = self.articles[line["article"]]["id"]
        given = RedirectCreate(from_url=line["from_url"], article_id=article, locale=line["locale"])
        return create_redirect(self.account, self.center, given)


def _plain(value: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value
