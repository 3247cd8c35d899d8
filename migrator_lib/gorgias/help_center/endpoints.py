"""The requests of the Help Center's API that a migration makes: one small method for each, all unverified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from migrator_lib.errors import Unanswered
from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.walk import walk
from migrator_lib.gorgias.help_center.contract import (
    CENTERS,
    ArticleCreate,
    ArticleTranslation,
    CategoryCreate,
    CategoryTranslation,
    RedirectCreate,
)
from migrator_lib.gorgias.help_center.replies import Center, RedirectReply, Row, TranslationReply
from migrator_lib.gorgias.transport import Transport


class Endpoints:
    """One help center."""

    def __init__(self, transport: Transport, center: int) -> None:
        self.transport = transport
        self.center = center
        self._path = f"{CENTERS}/{center}"

    def centers(self) -> list[Center]:
        """``GET /help-centers``: all of the account's, of every type."""
        return [border.parse(Center, row, f"GET /api/{CENTERS}") for row in self._walk(CENTERS)]

    def rows(self, kind: str) -> Iterator[Row]:
        """``GET /help-centers/{id}/articles`` or ``categories``."""
        path = f"{self._path}/{kind}"
        for row in self._walk(path):
            yield border.parse(Row, row, f"GET /api/{path}")

    def translations(self, kind: str, thing: int) -> list[TranslationReply]:
        """``GET /help-centers/{id}/{articles|categories}/{id}/translations``."""
        path = f"{self._path}/{kind}/{thing}/translations"
        return [border.parse(TranslationReply, row, f"GET /api/{path}") for row in self._walk(path)]

    def redirects(self) -> list[RedirectReply]:
        """``GET /help-centers/{id}/redirects``."""
        path = f"{self._path}/redirects"
        return [border.parse(RedirectReply, row, f"GET /api/{path}") for row in self._walk(path)]

    def create_category(self, body: CategoryCreate) -> int:
        """``POST /help-centers/{id}/categories``."""
        return self._made(f"{self._path}/categories", body)

    def create_article(self, body: ArticleCreate) -> int:
        """``POST /help-centers/{id}/articles``."""
        return self._made(f"{self._path}/articles", body)

    def create_redirect(self, body: RedirectCreate) -> int:
        """``POST /help-centers/{id}/redirects``."""
        return self._made(f"{self._path}/redirects", body)

    def add_translation(self, kind: str, thing: int, body: ArticleTranslation | CategoryTranslation) -> None:
        """``POST /help-centers/{id}/{articles|categories}/{id}/translations``: one language more."""
        self.transport.call("POST", f"{self._path}/{kind}/{thing}/translations", body=body.model_dump())

    def change_translation(self, article: int, body: ArticleTranslation) -> None:
        """``PUT /help-centers/{id}/articles/{id}/translations/{locale}``: one language as it is now."""
        path = f"{self._path}/articles/{article}/translations/{body.locale}"
        self.transport.call("PUT", path, body=body.model_dump())

    def delete(self, kind: str, thing: int) -> None:
        """``DELETE /help-centers/{id}/{articles|categories}/{id}``."""
        self.transport.call("DELETE", f"{self._path}/{kind}/{thing}")

    def try_empty(self, kind: str) -> None:
        """``POST`` an empty body, which makes nothing: how it is refused tells whether one could make something."""
        self.transport.call("POST", f"{self._path}/{kind}", body={})

    def _made(self, path: str, body: BaseModel) -> int:
        reply = self.transport.call("POST", path, body=body.model_dump())
        made = reply.get("id") if isinstance(reply, Mapping) else None
        if not isinstance(made, int):
            raise Unanswered(f"POST /api/{path} was answered without an id")
        return made

    def _walk(self, path: str) -> Iterator[dict[str, Any]]:
        for page in walk(self.transport, path, {}):
            yield from page
