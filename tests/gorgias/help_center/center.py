"""A help center of a simulated account, and what is in it, however it came there."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center.api import HelpCenterApi
from migrator_lib.gorgias.help_center.way import way_in
from migrator_lib.parameters import HelpCenterSettings
from migrator_lib.simulators.gorgias import Account

TEXT = ("locale", "title", "slug", "excerpt", "seo_meta", "visibility_status", "is_current")


@dataclass(frozen=True)
class Center:
    account: Account
    url: str
    api: GorgiasApi

    def by_api(self, center: int = 1) -> HelpCenterApi:
        """The way by the API, as an engagement takes it."""
        way = way_in(HelpCenterSettings(way="api", id=center, api_url=self.url), self.api, Path("nowhere"))
        assert isinstance(way, HelpCenterApi)
        return way

    def import_package(self, content: bytes, center: int = 1) -> requests.Response:
        """What an admin does in the product."""
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{self.url}/_simulator/help-centers/{center}/import", data=content, timeout=30)

    def documents(self, kind: str) -> list[dict[str, Any]]:
        with self.account.store.lock:
            return self.account.store.by_kind(kind)

    def holds(self) -> dict[str, Any]:
        """Everything in it, by addresses rather than ids, files by what is in them."""
        categories = {one["id"]: self._texts("hc_category", one["id"]) for one in self.documents("hc_category")}
        names = {one: sorted(texts.items())[-1][1]["slug"] for one, texts in categories.items()}
        articles = {}
        for one in self.documents("hc_article"):
            texts = self._texts("hc_article", one["id"])
            key = sorted(texts.items())[-1][1]["slug"]
            articles[key] = {"category": names.get(one["category_id"]), "texts": texts}
        parents = {one["id"]: names.get(one["parent_category_id"]) for one in self.documents("hc_category")}
        return {
            "categories": {names[one]: {"parent": parents[one], "texts": categories[one]} for one in categories},
            "articles": articles,
            "redirects": sorted((one["from_url"], one["locale"]) for one in self.documents("hc_redirect")),
        }

    def _texts(self, kind: str, thing: int) -> dict[str, dict[str, Any]]:
        with self.account.store.lock:
            found = self.account.store.by(f"{kind}_translation", "parent", thing)
        shown = {}
        for text in found:
            kept = {name: text[name] for name in (*TEXT, "description") if name in text}
            shown[text["locale"]] = {**kept, "content": self._by_content(text.get("content", ""))}
        return shown

    def _by_content(self, html: str) -> str:
        def digest(found: re.Match[str]) -> str:
            with self.account.store.lock:
                file = self.account.store.file(found[0].rpartition("/")[2])
            return hashlib.sha256(file[3]).hexdigest()[:8] if file and file[2] else found[0]

        return re.sub(r"""https?://[^"'<> ]+""", digest, html)
