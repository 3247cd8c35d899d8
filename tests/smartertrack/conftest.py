"""Where the source tests run: on SQLite always, on a SQL Server where one is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.smartertrack.source_desk import scratch_database, sqlite_url

SERVERS = ["sqlite", pytest.param("sqlserver", marks=pytest.mark.sqlserver)]


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind of server in turn."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    with scratch_database() as address:
        yield address
