"""A simulated account with a life of its own, a shop that is loaded into it, and the account as it is, to compare."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import Loader, LoadReport
from migrator_lib.progress import Progress
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.rollback import Blast, Context, RollBack, take
from migrator_lib.rollback.proof import Proof
from migrator_lib.rollback.step import tags_on_the_fly
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.database import Saved
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.loading import TARGET, filled
from tests.shop import Shop
from tests.simulated_account import SEED

START = datetime.fromisoformat("2026-03-01T08:00:00+00:00")
COMPARED = (
    "ticket", "message", "customer", "tag", "team", "user", "custom_field", "macro", "view", "rule", "integration",
    "setting",
)  # fmt: skip
Documents = dict[str, dict[int, dict[str, Any]]]


@dataclass
class Place:
    """An account, its client, the ledger, and what is loaded."""

    account: Account
    api: GorgiasApi
    ledger: Ledger
    shop: Shop
    staged: Staged
    clock: ManualClock
    folder: Path
    job: bool = True
    lists_have_values: bool = True
    held: Documents = field(default_factory=dict)
    """What the account held before anything was loaded."""

    @property
    def context(self) -> Context:
        behaviour = Behaviour(delete_job=self.job, lookup_lag_seconds=4.0, values_in_lists=self.lists_have_values)
        tags = tags_on_the_fly(self.ledger, TARGET, self.shop.lookups(self.staged))
        return Context(
            self.api, TARGET, self.ledger, "demo", self.folder / "state", self.progress, behaviour, self.staged, tags
        )

    @property
    def progress(self) -> Progress:
        return Progress(self.folder / "progress.json", "90_rollback")

    def load(self) -> LoadReport:
        return Loader(
            api=self.api, target=TARGET, ledger=self.ledger, staged=self.staged, lookups=self.shop.lookups(self.staged),
            files_root=FilesRoot.at(self.shop.files), progress=self.progress,
        ).run()  # fmt: skip

    def snapshot(self, **more: Any) -> None:
        take(self.context, now=self.clock.now(), **more)

    def rolling(self) -> RollBack:
        return RollBack(self.context, now=self.clock.now())

    def look(self) -> Blast:
        rolling = self.rolling()
        try:
            return rolling.look(fresh=True)
        finally:
            rolling.close()

    def roll_back(self) -> Proof:
        """Plan, remove and prove, as the step does."""
        rolling = self.rolling()
        try:
            rolling.look(fresh=False)
            rolling.remove()
            return rolling.prove()
        finally:
            rolling.close()

    def ledger_counts(self) -> dict[str, dict[str, int]]:
        return self.ledger.counts(TARGET)

    def later(self, hours: float = 5.0) -> None:
        self.clock.advance(timedelta(hours=hours).total_seconds())


def place(folder: Path, *, tickets: int = 8, fill: Callable[[GorgiasApi], None] | None = None) -> Place:
    """Return a shop that is staged, and an account that something was in before."""
    clock = ManualClock(START)
    account = Account("demo", None, seed=SEED, clock=clock)
    api = api_of(account)
    if fill is not None:
        fill(api)
    clock.advance(3600)
    shop = filled(folder / "shop", tickets)
    return Place(account, api, Ledger.in_folder(folder / "state"), shop, shop.stage(), clock, folder)


@dataclass(frozen=True)
class Loaded:
    """A place as it was at one moment, of which copies are made."""

    made: Place
    held: Saved

    @classmethod
    def of(cls, made: Place) -> Loaded:
        """Keep a place; it is closed."""
        made.ledger.close()
        return cls(made, made.account.store.saved())

    def copy(self, folder: Path) -> Place:
        """Return the same once more, with a life of its own; the shop and what is staged are shared."""
        clock = ManualClock(self.made.clock.now())
        account = Account("demo", None, seed=SEED, clock=clock)
        with account.store.transaction():
            account.store.restore(self.held)
        shutil.copytree(self.made.folder / "state", folder / "state")
        ledger = Ledger.in_folder(folder / "state")
        return Place(account, api_of(account), ledger, self.made.shop, self.made.staged, clock, folder)


def lived_in(api: GorgiasApi) -> None:
    """Put into an account what a company has that works with it: Ann is a customer already, and vip a tag."""
    ann = api.customers.create({"channels": [{"type": "email", "address": "ann@home.example"}], "name": "Ann B.",
                                "email": "ann@home.example", "note": "calls on Mondays"})  # fmt: skip
    api.tags.create({"name": "vip", "description": "of the shop"})
    api.teams.create({"name": "Sales", "members": [{"id": 3}]})
    text = {"data_type": "text", "input_settings": {"input_type": "input"}}
    api.custom_fields.create({"object_type": "Ticket", "label": "Colour", "definition": text})
    api.tickets.create(ticket(ann.id, tags=[{"name": "vip"}, {"name": "seen"}]))
    api.tickets.create(ticket(ann.id, trashed_datetime="2026-02-01T00:00:00Z"))


def ticket(customer: int, **fields: Any) -> dict[str, Any]:
    message = {
        "channel": "email", "via": "api", "from_agent": False, "sender": {"id": customer}, "body_text": "Where is it?",
        "source": {"from": {"address": "ann@home.example"}, "to": [{"address": "help@demo.example"}]},
        "sent_datetime": "2026-02-01T09:00:00Z", "created_datetime": "2026-02-01T09:00:00Z",
    }  # fmt: skip
    return {"channel": "email", "via": "api", "customer": {"id": customer}, "messages": [message], **fields}


def reply(sender: int, receiver: int) -> dict[str, Any]:
    """Return a message of an agent."""
    return {
        "channel": "email", "via": "api", "from_agent": True, "sender": {"id": sender}, "receiver": {"id": receiver},
        "source": {"from": {"address": "help@demo.example"}, "to": [{"address": "a@b.example"}]},
        "body_text": "On its way", "sent_datetime": "2026-03-01T09:00:00Z",
    }  # fmt: skip


def documents(account: Account) -> Documents:
    """Return everything that an account holds, by kind and id."""
    return {kind: {one["id"]: one for one in account.store.by_kind(kind)} for kind in COMPARED}


def differing(before: Documents, after: Documents) -> dict[str, set[int]]:
    """Return the ids of what is not the same, by kind."""
    found = {
        kind: {i for i in before[kind].keys() | after[kind].keys() if before[kind].get(i) != after[kind].get(i)}
        for kind in COMPARED
    }
    return {kind: ids for kind, ids in found.items() if ids}
