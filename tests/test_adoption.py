"""The sample is kept: what notebook 03 brought into the production account is adopted by the load, not made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrator_lib import runbook, sample
from migrator_lib.adoption import ADOPTED, adopt, note_account
from migrator_lib.clock import ManualClock
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.gates import SignOffs
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import PENDING, REMOVED, Ledger
from migrator_lib.load import Loader, LoadReport, references
from migrator_lib.objects import TICKET
from migrator_lib.parameters import Parameters
from migrator_lib.plan import make_plan
from migrator_lib.progress import Progress
from migrator_lib.sample.choice import choose
from migrator_lib.side_effects import still_off
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.files import FilesRoot
from tests.desk import desk
from tests.load.test_profiles import picture
from tests.loading import everything, filled, load
from tests.shop import Shop
from tests.simulated_account import SEED

pytestmark = pytest.mark.xdist_group("adoption")  # what its tests share is made once

SAMPLE, EXTRACT, LOAD = "03_sample_migration", "04_extract", "05_load"
HERE, THERE = "https://fernhill.gorgias.com", "https://fernhill-sandbox.gorgias.com"


# --- a sample that goes into production ----------------------------------------------------------------


@dataclass
class Story:
    """What happened to an engagement whose sample goes into production."""

    closed: list[str] = field(default_factory=list)
    """Gates at which notebook 03 waited before anybody had signed."""
    written_before: list[str] = field(default_factory=list)
    """Writing requests until then."""
    first: dict[str, str | None] = field(default_factory=dict)
    """Tickets of the sample, with their Gorgias ids."""
    off_after_sample: int = -1
    asked_of_sandbox: int = -1
    loaded: dict[str, str | None] = field(default_factory=dict)
    """Tickets after the load."""
    wrong: int = -1
    again: dict[str, str | None] = field(default_factory=dict)
    """Tickets after the sample was run once more."""
    held: dict[str, Any] = field(default_factory=dict)
    mails: int = -1
    no_sandbox: str = ""


def load_sample(engagement: Engagement) -> None:
    choice = choose(engagement)
    staged = sample.extract(engagement, choice)
    sample.load(engagement, staged)
    review = sample.review(engagement, choice, staged)
    assert not [one.name for one in review.records if one.all_differences]


def of_ledger(engagement: Engagement) -> dict[str, str | None]:
    return {e.source_key: e.target_id for e in engagement.ledger.entries("production", "ticket", "created")}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    rule = {"name": "Reply", "code": "", "event_types": "ticket-created", "priority": 1, "enabled": True}
    told = Story()
    with desk(tmp_path_factory.mktemp("adoption"), seed={"rules": [rule]}, sample={"size": 5}) as made:
        target = json.loads(made.file.read_text())["target"]
        target |= {"sample_in_production": True, "side_effects": {"switch_off": ["rules"]}}
        made.change(target={name: value for name, value in target.items() if name != "sandbox"})
        planning = made.open("02_schema_design")
        make_plan(planning)
        planning.close()
        signatures = SignOffs(made.file.parent / "signoffs.yaml").file
        signed = signatures.read_text()
        signatures.unlink()
        waiting = made.open(SAMPLE)
        staged = sample.extract(waiting, choose(waiting))
        for begin in (lambda: sample.prove(waiting), lambda: sample.load(waiting, staged)):
            with pytest.raises(GateClosed) as closed:
                begin()
            told.closed.append(closed.value.gate)
        told.written_before = [n for n in made.production.stats.by_endpoint if not n.startswith("GET")]
        waiting.close()
        signatures.write_text(signed)
        sampling = made.open(SAMPLE)
        load_sample(sampling)
        told.first, told.off_after_sample = of_ledger(sampling), len(still_off(sampling.ledger, "production"))
        sampling.close()
        extracting = made.open(EXTRACT)
        runbook.extract(extracting)
        extracting.close()
        loading = made.open(LOAD)
        assert all(account.balanced for account in runbook.load(loading).accounts)
        told.loaded, told.wrong = of_ledger(loading), runbook.reconcile(loading).reconciliation.wrong
        loading.close()
        again = made.open(SAMPLE)
        load_sample(again)
        told.again = of_ledger(again)
        with pytest.raises(ParameterError) as refused:
            again.api("sandbox")
        told.no_sandbox = refused.value.message
        again.close()
        told.asked_of_sandbox = sum(made.sandbox.stats.by_endpoint.values())
        told.held, told.mails = everything(made.production.store), len(made.production.store.outbox())
    return told


def test_before_a_sample_goes_into_production_a_person_states_that_nothing_acts_there(story: Story) -> None:
    assert story.closed == ["hands_off", "hands_off"]
    assert story.written_before == []


def test_what_was_switched_off_in_production_is_put_back_when_the_sample_was_read(story: Story) -> None:
    assert story.off_after_sample == 0


def test_a_sample_in_production_is_adopted_by_the_load_and_nothing_of_it_is_made_again(story: Story) -> None:
    assert len(story.first) >= 4
    assert story.first.items() <= story.loaded.items()
    assert story.wrong == 0
    twice = {
        kind: [n for n, times in names.items() if times > 1] for kind, names in story.held.items() if kind != "tag"
    }
    assert not any(twice.values()), twice
    assert (story.mails, story.asked_of_sandbox) == (0, 0)


def test_a_sample_that_is_run_again_after_the_load_takes_nothing_out_of_the_accounts(story: Story) -> None:
    assert story.again == story.loaded


def test_where_there_is_no_sandbox_whoever_asks_for_it_is_told_why(story: Story) -> None:
    assert "no sandbox account: its sample goes into production" in story.no_sandbox


# --- a sandbox that became the production account ------------------------------------------------------


class Moving:
    """An engagement whose sandbox becomes production, as far as an adoption sees one."""

    def __init__(self, shop: Shop, ledger: Ledger, sandbox: str = THERE, production: str = HERE) -> None:
        self.shop, self.ledger, self.staged = shop, ledger, shop.stage()
        self.account = Account("demo", None, seed=SEED, clock=ManualClock())
        self.api: GorgiasApi = api_of(self.account)
        self.paths = SimpleNamespace(state=shop.folder)
        self.lies_at(production=production, sandbox=sandbox)

    def lies_at(self, **urls: str) -> None:
        """Say where the accounts are; without a sandbox the sample goes into production."""
        key = {"email": "migration@demo.example", "api_key": "env:KEY"}
        accounts = {name: {**key, "url": url} for name, url in urls.items()}
        target = {**accounts, "mailbox": "help@demo.example", "sample_in_production": "sandbox" not in urls}
        settings = json.loads(self.shop.parameters().model_dump_json()) | {"target": target}
        self.parameters = Parameters.model_validate(settings)

    def sample(self) -> LoadReport:
        """Load two tickets into the sandbox, with the people they need."""
        lookups = self.shop.lookups(self.staged)
        records = list(TICKET.records(self.staged, lookups, {1, 3}))
        note_account(self, "sandbox")  # type: ignore[arg-type]
        return Loader(
            api=self.api, target="sandbox", ledger=self.ledger, staged=self.staged, lookups=lookups,
            files_root=FilesRoot.at(self.shop.files), progress=Progress(self.shop.folder / "progress.json", SAMPLE),
        ).run(only=references(TICKET.transform(record, lookups) for record in records), tickets={1, 3})  # fmt: skip

    def adopt(self) -> int:
        return adopt(self)  # type: ignore[arg-type]

    def load(self) -> LoadReport:
        return load(self.shop, self.api, self.ledger, self.staged)


@pytest.fixture
def moving(tmp_path: Path, ledger: Ledger) -> Iterator[Moving]:
    made = Moving(filled(tmp_path / "shop"), ledger)
    made.sample()
    yield made
    made.account.store.close()


@pytest.fixture
def undisturbed(tmp_path: Path) -> Any:
    """What an account holds into which everything was loaded at once."""
    ledger, shop = Ledger.in_folder(tmp_path / "undisturbed"), filled(tmp_path / "other")
    account = Account("demo", None, seed=SEED, clock=ManualClock())
    load(shop, api_of(account), ledger)
    ledger.close()
    return picture(account)


def test_a_sandbox_that_became_the_production_account_is_adopted_with_what_was_under_way(
    moving: Moving, undisturbed: Any
) -> None:
    known = moving.ledger.entry("sandbox", "ticket", "3")
    assert known is not None
    moving.ledger.intend("sandbox", replace(known, state=PENDING, target_id=None))
    moving.ledger.set_meta("snapshot:sandbox", {"state": "complete", "at": "2026-01-01T00:00:00+00:00"})
    (moving.paths.state / "snapshot_sandbox.sqlite3").write_text("as it was before the sample")
    moving.lies_at(production=f"{THERE}/")
    assert moving.adopt() > 4
    report = moving.load()
    assert report.counts["ticket", "created"] == 5  # one of them was on its way, and is found
    assert picture(moving.account) == undisturbed
    assert {entry.state for entry in moving.ledger.entries("sandbox", "ticket")} == {REMOVED}
    assert {entry.rule for entry in moving.ledger.entries("sandbox", "ticket")} == {ADOPTED}
    assert (moving.paths.state / "snapshot_production.sqlite3").exists()
    assert moving.ledger.meta("snapshot:production")["state"] == "complete"
    assert moving.ledger.verify()
    assert moving.adopt() == 0


def test_an_adoption_that_dies_anywhere_is_finished_by_the_next_run(
    moving: Moving, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving.lies_at(production=THERE)
    settle = moving.ledger.settle
    for lives in (0, 1, 3, 6, 7):
        left = [lives]

        def die(*args: Any, left: list[int] = left, **more: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            settle(*args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(moving.ledger, "settle", die)
            with pytest.raises(KeyboardInterrupt):
                moving.adopt()
    moving.adopt()
    moving.load()
    assert picture(moving.account) == undisturbed
    assert {entry.state for entry in moving.ledger.entries("sandbox", "ticket")} == {REMOVED}
    assert moving.ledger.verify()


def test_a_separate_sandbox_stays_separate(moving: Moving) -> None:
    note_account(moving, "production")  # type: ignore[arg-type]
    assert moving.adopt() == 0
    assert list(moving.ledger.entries("production")) == []
    assert moving.ledger.counts("sandbox")["ticket"] == {"created": 2}


def test_an_account_without_an_address_of_its_own_adopts_nothing(tmp_path: Path, ledger: Ledger) -> None:
    made = Moving(filled(tmp_path / "shop"), ledger, sandbox="", production="")
    made.sample()
    assert made.adopt() == 0
    made.account.store.close()
