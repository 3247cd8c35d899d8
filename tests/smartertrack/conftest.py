"""Where the source tests run: on SQLite always, on the servers that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smartertrack.source_desk import scratch_database

SERVERS = ["sqlite", "postgresql", "mariadb", pytest.param("sqlserver", marks=pytest.mark.sqlserver)]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn."""
    return str(request.param)


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind of server in turn."""
    with scratch_database(server, tmp_path) as address:
        yield address
