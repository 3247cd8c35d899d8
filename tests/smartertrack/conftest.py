"""Where the source tests run: on SQLite always, on the servers that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smartertrack.source_desk import empty_postgresql, scratch_database

SERVERS = ["sqlite", "postgresql", "mariadb", pytest.param("sqlserver", marks=pytest.mark.sqlserver)]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One database for all tests of this worker: PostgreSQL takes long to make one."""
    with scratch_database("postgresql", tmp_path_factory.getbasetemp()) as address:
        yield address


@pytest.fixture
def url(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind of server in turn."""
    if server == "postgresql":
        address: str = request.getfixturevalue("postgresql_url")
        empty_postgresql(address)
        yield address
        return
    with scratch_database(server, tmp_path) as address:
        yield address
