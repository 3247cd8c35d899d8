"""A knowledge base that is loaded into a simulated account's help centers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center.package import ExportPackage
from migrator_lib.knowledge.assembling import folder_name
from migrator_lib.ledger import Ledger
from migrator_lib.load import LoadReport
from migrator_lib.load.knowledge import Publisher
from migrator_lib.lookups import Lookups
from migrator_lib.simulators.gorgias import Account
from migrator_lib.staging import Staged
from tests.gorgias.help_center.center import Center
from tests.loading import TARGET, loader
from tests.objects.kb import desk, translated
from tests.shop import Shop
from tests.simulated_account import SimulatedGorgias

PICTURE = b"\x89PNG a picture"
BODY = (
    '<p>Print the label.</p><img src="/FileStorage/0123456789abcdef.att"><img src="data:image/gif;base64,R0lGOD">'
    '<a href="/kb/a2/paying.aspx#how">Pay</a><a href="https://else.example/kb/a2/x">Else</a>'
)


@dataclass
class Base:
    """A small knowledge base, its ledger and its account."""

    shop: Shop
    account: Account
    api: GorgiasApi
    url: str
    ledger: Ledger
    way: dict[str, Any] = field(default_factory=dict)
    """``help_center`` of the engagement."""

    @property
    def packages(self) -> Path:
        return self.shop.folder / "documents"

    def lookups(self, staged: Staged) -> Lookups:
        self.shop.help_center = self.way
        return self.shop.lookups(staged)

    def load(self, stage: str = "full", **more: Any) -> LoadReport:
        self.shop.help_center = self.way
        staged = self.shop.stage(stage)
        return loader(self.shop, self.api, self.ledger, staged, packages=self.packages, **more).run()

    def publish(self) -> None:
        """Load the knowledge base alone, of the stage that is there."""
        self.shop.help_center = self.way
        staged = Staged([self.shop.folder / "staged" / "full"])
        context = loader(self.shop, self.api, self.ledger, staged).context
        Publisher(context, staged, self.packages).run()

    def by_api(self) -> None:
        """Take the undocumented way from now on, into help center 1."""
        self.way = {"way": "api", "id": 1, "api_url": self.url}

    @property
    def center(self) -> Center:
        return Center(self.account, self.url, self.api)

    def package(self, center: int = 0) -> ExportPackage:
        return ExportPackage(self.packages / folder_name(center))

    def states(self, obj: str = "kb_article") -> dict[str, tuple[str, str | None]]:
        return {entry.source_key: (entry.state, entry.rule) for entry in self.ledger.entries(TARGET, obj)}

    def texts(self) -> dict[str, dict[str, Any]]:
        """What a visitor of the help center sees, by address: of every language what it says."""
        found = {}
        for article in self.center.holds()["articles"].values():
            for text in article["texts"].values():
                found[text["slug"]] = {**text, "category": article["category"]}
        return found


@pytest.fixture
def base(tmp_path: Path, gorgias: SimulatedGorgias, ledger: Ledger) -> Base:
    """Six articles: two translations, one with pictures and links, a draft, a forward, one that is deleted."""
    shop = desk(
        tmp_path,
        {"KbArticleID": 1, "KbCategoryID": 2, "Subject": "Returns", "Body": BODY, "Summary": "In 60 days"},
        {"KbArticleID": 2, "KbCategoryID": 1, "Subject": "Paying", "Body": '<p>By card.</p><a href="/kb/a1/">R</a>'},
        {"KbArticleID": 3, "KbCategoryID": 2, "Subject": "Rücksendung", "Body": "<p>Größe</p>", "LanguageID": 2},
        {"KbArticleID": 4, "IsDraft": True, "Subject": "Not yet"},
        {"KbArticleID": 5, "KbArticleID_ForwardTo": 1, "Subject": "Send back"},
        {"KbArticleID": 6, "IsDeleted": True},
        categories=({"KbCategoryID": 1, "CategoryName": "Orders"},
                    {"KbCategoryID": 2, "CategoryName": "Sending back", "KbCategoryID_Parent": 1}),
    )  # fmt: skip
    translated(shop, (1, 3))
    shop.add("Files", {"FileID": 7, "FileNameOriginal": "label.png", "FileNameOnDisk": "0123456789abcdef.att",
                       "Length": len(PICTURE)})  # fmt: skip
    shop.file("0123456789abcdef.att", PICTURE)
    return Base(shop, gorgias.account, gorgias.api, gorgias.url, ledger)
