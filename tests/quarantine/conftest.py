"""An engagement that was loaded into an account in this process, with something in quarantine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import mapping, runbook
from migrator_lib.clock import ManualClock
from migrator_lib.engagement import Engagement
from migrator_lib.errors import RecordRejected
from migrator_lib.evidence import publish
from migrator_lib.objects import PEOPLE
from migrator_lib.quarantine import again
from migrator_lib.quiet import making
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.loading import PNG, filled
from tests.shop import ANN, BOB, Shop
from tests.simulated_account import EMAIL, FALLBACK, SEED

ANNS = "ann@home.example"
FILE = {"FileNameOnDisk": "7.att", "Length": len(PNG)}
URL = "https://fernhill.gorgias.com"
REFUSED = "Gorgias answered POST /api/customers with 400: Bad request (name: Not a valid name.)"


class World:
    """A home with one engagement, the help desk that it reads, and the account that it writes to."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, account: Path | None = None, seed: Any = SEED
    ) -> None:
        """Open it; ``account`` is the file of an account that outlives this process, ``seed`` what it holds first."""
        self.root = root
        self.shop = _shop(root / "reports" / "demo" / "state")
        self.account = Account("demo", account, seed=seed, clock=ManualClock())
        self.api = api_of(self.account)
        self.refused: set[str] = set()
        """Source keys of requesters whom the account refuses."""
        self._refuse(monkeypatch)
        monkeypatch.setattr(Engagement, "api", lambda _self, _target: self.api)
        monkeypatch.setattr(making, "_require_signed", lambda *_: None)
        for module in (runbook, again):
            monkeypatch.setattr(module, "require_staged", lambda _engagement: None)

    def _refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        requester = PEOPLE[0]  # the one that loads: a test before this one may have left a method on it
        create: Callable[..., str] = requester.create

        def picky(api: Any, payload: dict[str, Any]) -> str:
            if payload["external_id"].rpartition(":")[2] in self.refused:
                raise RecordRejected(REFUSED, status=400)
            return create(api, payload)

        monkeypatch.setattr(requester, "create", picky)

    def settle(self) -> None:
        """Write parameters, mapping and the staged data."""
        place = self.root / "parameters" / "demo"
        place.mkdir(parents=True)
        account = {"url": URL, "email": EMAIL, "api_key": "env:KEY"}
        document = {
            "engagement": "demo", "company": "Fernhill",
            "source": {"url": "sqlite:///x", "files_root": str(self.shop.files)},
            "target": {
                "production": account, "sandbox": {**account, "url": "https://fernhill-sandbox.gorgias.com"},
                "side_effects": {"switch_off": ["rules", "settings"]},
                "mailbox": "help@demo.example", "canary": {"address": "canary@demo.example"},
            },
            "agents": {"fallback": FALLBACK},
        }  # fmt: skip
        (place / "engagement.yaml").write_text(json.dumps(document))
        mapping.merge_into_file(place / "mapping.yaml", self.shop.mapping(self.stage()))

    def stage(self) -> Staged:
        return self.shop.stage()

    def opened(self, *, execute: bool = True) -> Engagement:
        return Engagement(self.root, "demo", step="05_load", execute=execute)

    def load(self) -> None:
        """Load everything, as notebook 05 does, and bring the pages up to date."""
        engagement = self.opened()
        engagement.ledger.take_lease()
        engagement.ledger.mark_step("05_load", "running")
        result = runbook.load(engagement)
        engagement.ledger.mark_step("05_load", "done", result.summary())
        publish.pages_of(engagement)
        engagement.close()

    @property
    def reports(self) -> Path:
        return self.root / "reports" / "demo"

    def page(self, name: str) -> str:
        return (self.reports / name).read_text(encoding="utf-8")


def _shop(folder: Path) -> Shop:
    """Two tickets of Bob's and one of Ann's, and a comment that hangs on no ticket."""
    shop = filled(folder, tickets=0)
    for number, who, address in ((1, BOB, "bob@home.example"), (2, BOB, "bob@home.example"), (3, ANN, ANNS)):
        shop.add("Tickets", {"TicketID": number, "UserID_Customer": who, "CustomerEmailAddress": address})
        shop.add("TicketMessages", {"TicketID": number, "TicketMessageID": 100 * number, "FromAddress": address})
    shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 7, "TicketMessageID": 100, **FILE})
    return shop.add("TicketComments", {"TicketID": 4711, "TicketCommentID": 99})


@contextmanager
def loaded(root: Path, account: Path | None = None, seed: Any = SEED) -> Iterator[World]:
    """A loaded engagement: requester u101 was refused, so ticket 3 waits; a comment hangs on no ticket, and the file
    of ticket 1 was not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY", "demo-key")
        patch.setenv("MIGRATOR_HOME", str(root))
        found = World(root, patch, account, seed)
        found.settle()
        found.refused.add("u101")
        found.load()
        found.refused.clear()
        yield found
        found.account.store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An engagement of the test's own."""
    with loaded(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One that tests only look at."""
    with loaded(tmp_path_factory.mktemp("seen")) as found:
        yield found


@pytest.fixture(autouse=True)
def at_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in the home of the test's engagement."""
    for name in ("world", "seen"):
        if name in request.fixturenames:
            monkeypatch.setenv("MIGRATOR_HOME", str(request.getfixturevalue(name).root))
