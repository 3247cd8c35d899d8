"""One built help desk of the default size for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulated_shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("default"))


@pytest.fixture
def small(tmp_path: Path) -> Shop:
    return Shop(tmp_path, tickets=30)
