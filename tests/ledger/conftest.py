"""Where tests keep a ledger: in a file, and on a real PostgreSQL server, each test in a schema of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import servers
from migrator_lib.ledger import Ledger
from tests.ledger.ledgers import Place


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A database of PostgreSQL; without the server the test is skipped, or fails where MIGRATOR_CI is set."""
    with ExitStack() as held:
        try:
            url = held.enter_context(servers.scratch_database("postgresql", Path()))
        except servers.ServerMissing as missing:
            pytest.fail(str(missing)) if os.environ.get("MIGRATOR_CI") else pytest.skip(str(missing))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        made = Place(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    else:
        made = Place(request.getfixturevalue("server"), f"migrator_{uuid.uuid4().hex[:12]}")
    yield made
    for ledger in made.opened:
        ledger.close()


@pytest.fixture
def ledger(place: Place) -> Ledger:
    return place.open()
