"""Engagements over a help desk of three tickets, and the audit of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.audit import Audit, run_audit
from migrator_lib.engagement import Engagement
from migrator_lib.simulators.gorgias import Account, in_thread
from tests.audit.desk import SEED, More, Open, open_engagement


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Two accounts of which our key is an admin's; the key of ``agents`` belongs to an agent."""
    folder = tmp_path_factory.mktemp("accounts")
    agent = {**SEED, "users": [{"email": "migration@demo.example", "name": "Migration", "role": "agent"}]}
    seeds = {"production": SEED, "sandbox": SEED, "agents": agent}
    made = {name: Account(name, folder / f"{name}.sqlite3", seed=seed) for name, seed in seeds.items()}
    with in_thread(made) as urls:
        yield urls


@pytest.fixture
def engage(tmp_path: Path, accounts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open an engagement; ``more``, ``without``, ``sql`` change the source, other keywords what is in its YAML."""
    monkeypatch.setenv("TEST_KEY", "demo-key")
    opened: list[Engagement] = []

    def make(
        *, more: More | None = None, without: tuple[str, ...] = (), sql: tuple[str, ...] = (), **values: str
    ) -> Engagement:
        opened.append(open_engagement(tmp_path, {**accounts, **values}, more=more, without=without, sql=sql))
        return opened[-1]

    yield make
    for engagement in opened:
        engagement.close()


@pytest.fixture(scope="session")
def audit(tmp_path_factory: pytest.TempPathFactory, accounts: dict[str, str]) -> Audit:
    """The audit of the small help desk as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY", "demo-key")
        engagement = open_engagement(tmp_path_factory.mktemp("audited"), accounts)
        found = run_audit(engagement)
        engagement.close()
    return found
